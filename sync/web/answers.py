"""Answers over plain HTTP, put together."""

from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Response


def answer(
    status: int,
    text: str | bytes,
    kind: str = "text/plain; charset=utf-8",
    *,
    allow: str = "",
    wait: int = 0,
    challenge: bool = False,
    more: Iterable[tuple[str, str]] = (),
) -> Response:
    """An answer that ends its connection; `more` are headers beside the usual ones (see `headers`)."""
    body = text.encode() if isinstance(text, str) else text
    headers = Headers(
        (
            ("Date", formatdate(usegmt=True)),
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
            ("Content-Type", kind),
            *([("Allow", allow)] if allow else []),
            *([("Retry-After", str(wait))] if wait else []),
            *([("WWW-Authenticate", "Bearer")] if challenge else []),
            *more,
        )
    )
    return Response(status, HTTPStatus(status).phrase, headers, body)


def without_body(answer: Response) -> Response:
    """The same, for HEAD."""
    return Response(answer.status_code, answer.reason_phrase, answer.headers, b"")
