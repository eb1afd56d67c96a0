"""The hub's door: plain HTTP for reading, and who may knock. All writes go through the protocol."""

from collections.abc import Sequence
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from stackroom.sync import protocol as wire

if TYPE_CHECKING:
    from stackroom.sync.server import Server

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})

HEADERS: Final = (
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)

WELCOME: Final = """This is a Stackroom hub, version {version}.

Join it with:  stackroom connect ws://{host} --token TOKEN
"""


class Door:
    """Answers plain requests, and turns away handshakes that should not be."""

    def __init__(self, server: "Server") -> None:
        self.server = server

    def process_request(self, socket: ServerConnection, request: Request) -> Response | None:
        """An answer, or None for a handshake that may go on."""
        if any(len(request.headers.get_all(name)) > 1 for name in ("Host", "Origin")):
            return _answer(400, "a header that names one thing came twice\n")
        try:
            return self._process(request)
        except ValueError:
            return _answer(400, "an address in this request is none\n")

    def _process(self, request: Request) -> Response | None:
        """`process_request`; ValueError if the path or the Origin header is no URL."""
        host = request.headers.get("Host", "")
        if not self._ours(host):
            return _answer(421, "this hub does not go by that name (the Host header)\n")
        # websockets before 17 answers other methods itself, and has no attribute for them.
        method = getattr(request, "method", "GET")
        if method not in ("GET", "HEAD"):
            return _answer(405, "this hub takes GET and HEAD\n", allow="GET, HEAD")
        if "Upgrade" not in request.headers:
            answer = self._read(request, host)
            return answer if method == "GET" else _without_body(answer)
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return _answer(403, "a page of another site may not connect to this hub\n")
        return None

    def select_subprotocol(
        self, socket: ServerConnection, offered: Sequence[Subprotocol]
    ) -> Subprotocol | None:
        """The coding that both speak, by the hub's preference; a handshake without one is refused."""
        for known in wire.SUBPROTOCOLS:
            if known in offered:
                return Subprotocol(known)
        raise NegotiationError(f"this hub speaks {', '.join(wire.SUBPROTOCOLS)}")

    def _ours(self, host: str) -> bool:
        """Whether the Host header names this hub, as far as a hub on loopback can tell (DNS rebinding)."""
        settings = self.server.settings
        if settings.host not in ("localhost", "127.0.0.1", "::1"):
            return True
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        return name.lower() in LOOPBACK or name.lower() in settings.allowed_hosts

    def _read(self, request: Request, host: str) -> Response:
        path = urlsplit(request.path).path
        server = self.server
        match path:
            case "/healthz":
                return _answer(200, "ok\n")
            case "/readyz":
                if server.committer.ready and not server.stopping.is_set():
                    return _answer(200, "ready\n")
                return _answer(503, "not ready: the hub cannot take changes now\n")
            case "/metrics":
                text = server.metrics.text(self._gauges(), server.version)
                return _answer(200, text, "text/plain; version=0.0.4; charset=utf-8")
            case "/":
                return _answer(200, WELCOME.format(version=server.version, host=host))
            case _:
                return _answer(404, "there is nothing here\n")

    def _gauges(self) -> dict[str, tuple[str, float]]:
        hub = self.server.hub
        subscriptions = sum(len(ids) for ids in hub.subscribers.values())
        unsent = sum(link.unsent() for link in self.server.links.values())
        return {
            "sessions": ("Connections that are open.", len(hub.sessions)),
            "subscriptions": ("Subscriptions to profiles.", subscriptions),
            "profiles_followed": ("Profiles with a subscriber.", len(hub.subscribers)),
            "pushes_waiting": (
                "Pushes that wait for a transaction.",
                self.server.committer.waiting,
            ),
            "unsent_bytes": ("Bytes that wait for slow connections.", unsent),
        }


def _without_body(answer: Response) -> Response:
    return Response(answer.status_code, answer.reason_phrase, answer.headers, b"")


def _answer(
    status: int, text: str, kind: str = "text/plain; charset=utf-8", *, allow: str = ""
) -> Response:
    body = text.encode()
    headers = Headers(
        (
            ("Date", formatdate(usegmt=True)),
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
            ("Content-Type", kind),
            *HEADERS,
            *([("Allow", allow)] if allow else []),
        )
    )
    return Response(status, HTTPStatus(status).phrase, headers, body)
