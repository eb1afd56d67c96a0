"""Asking an OpenID provider over HTTP: one small JSON object an answer, in a bounded time.

TLS is verified by the system's authorities (SSL_CERT_FILE adds a company's own); redirects are not
followed; without TLS, only this machine is asked. Blocking: call it on a thread.
"""

import time
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Final
from urllib.error import HTTPError
from urllib.parse import quote_plus, urlencode, urlsplit
from urllib.request import (
    HTTPRedirectHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

import msgspec

from stackroom.sync.errors import FetchFailed
from stackroom.sync.oidc.oidc_settings import is_safe

MOST: Final = 1 << 20
"""Bytes of an answer."""


class _Stay(HTTPRedirectHandler):
    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def fetch(
    url: str,
    timeout: float,
    form: Mapping[str, str] | None = None,
    authorization: str = "",
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object at `url`, which is sent `form`, if there is one.

    `authorization` is the header of that name, if there is one. Raises FetchFailed.
    """
    if not is_safe(url):
        raise FetchFailed(f"{url[:200]!r} is no https:// address")
    data = urlencode(form).encode() if form is not None else None
    headers = {"Accept": "application/json"}
    if authorization:
        headers["Authorization"] = authorization
    request = Request(url, data, headers)  # noqa: S310 (see is_safe)
    until = time.monotonic() + timeout
    try:
        try:
            answer = opener(url).open(request, timeout=timeout)
        except HTTPError as error:
            answer = error
        with answer:
            status, body = answer.status or 0, _read(answer, until)
    except (OSError, HTTPException, ValueError) as error:
        raise FetchFailed(f"{_place(url)} does not answer: {error}") from error
    try:
        return status, msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise FetchFailed(f"{_place(url)} answered {status}, and no JSON object") from error


def opener(url: str) -> OpenerDirector:
    """What asks at `url`: it follows no redirects, and without TLS it takes no way over a proxy."""
    direct = [ProxyHandler({})] if urlsplit(url).scheme == "http" else []
    return build_opener(_Stay(), *direct)


def basic(client: str, secret: str) -> str:
    """The header by which a client says who it is (RFC 6749, section 2.3.1)."""
    pair = f"{quote_plus(client)}:{quote_plus(secret)}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _read(answer: Any, until: float) -> bytes:
    body = b""
    while chunk := answer.read1(1 << 16):
        body += chunk
        if len(body) > MOST:
            raise ValueError("it says too much")
        if time.monotonic() > until:
            raise ValueError("it is too slow")
    return body


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
