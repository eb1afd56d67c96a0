"""The hub's door: plain HTTP for reading, and who may knock. All writes go through the protocol."""

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import NegotiationError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from stackroom.events.counting import counted
from stackroom.events.deciding.rules import Refusal
from stackroom.sync import protocol as wire
from stackroom.sync.people.access import Principal
from stackroom.sync.sockets.addresses import address_of, is_loopback, speaks_for
from stackroom.sync.sockets.porch import Guest
from stackroom.sync.web.answers import answer, without_body
from stackroom.sync.web.browser_cookie import BrowserCookie
from stackroom.sync.web.browser_login import BrowserLogin
from stackroom.sync.web.names import Names
from stackroom.sync.web.pages import HUB_VIEWS, VIEWS, Pages, wants_page

if TYPE_CHECKING:
    from stackroom.sync.server import Server

WELCOME: Final = """This is a Stackroom hub, version {version}.

Join it with:  stackroom connect {url} --token TOKEN
In a browser, this address is its dashboard.
"""


METRICS_CLOSED: Final = (
    "metrics are for this machine, or for a token (Authorization: Bearer TOKEN)\n"
)


class Door:
    """Answers plain requests, and turns away handshakes that should not be.

    `holder` says who holds a token, or why nobody does: for what not everybody may read.
    """

    def __init__(
        self,
        server: "Server",
        holder: Callable[[str], Principal | Refusal],
        login: BrowserLogin,
        cookie: BrowserCookie,
        pages: Pages,
    ) -> None:
        settings = server.settings
        self.server = server
        self.holder = holder
        self.login = login
        self.cookie = cookie
        self.pages = pages
        self.encrypted = server.porch.tls is not None
        self.schemes = ("https",) if self.encrypted else ("http", "https")
        """Of our own pages: a proxy may add TLS before a hub that has none."""
        self._settings = settings

    @property
    def names(self) -> Names:
        """By which names the hub may be called; a new certificate may bring others."""
        settings, tls = self._settings, self.server.porch.tls
        return Names.of(
            settings.host,
            settings.allowed_hosts,
            tls.names if tls is not None else (),
            settings.allowed_origins,
        )

    def process_request(
        self, socket: ServerConnection, request: Request
    ) -> Awaitable[Response] | Response | None:
        """An answer, or None for a handshake that may go on."""
        assert isinstance(socket, Guest)
        porch = self.server.porch
        porch.introduce(socket)
        if socket.wait:
            wait = math.ceil(socket.wait)
            return answer(
                429, f"too many connections a second: come again in {wait} s\n", wait=wait
            )
        if porch.turnstile.is_crowded(socket.party):
            porch.limited(socket, "connections_address")
            most = self._settings.connections_address
            return answer(
                429, f"an address has at most {counted(most, 'connection')} to this hub\n", wait=5
            )
        hosts = request.headers.get_all("Host")
        if len(hosts) != 1:
            return answer(400, "a request names one host\n")
        host = hosts[0]
        names = self.names
        if not names.is_ours(host, address_of(socket.local_address)):
            self._refuse(socket, "host", host)
            return answer(421, "this hub does not go by that name (hub up --host-name NAME)\n")
        # websockets before 17 answers other methods itself, and has no attribute for them.
        method = getattr(request, "method", "GET")
        if method not in ("GET", "HEAD"):
            return answer(405, "this hub takes GET and HEAD\n", allow="GET, HEAD")
        socket.bearer = _bearer(request)
        if "Upgrade" not in request.headers:
            try:
                address = urlsplit(request.path)
            except ValueError:
                return answer(400, "the path in this request is none\n")
            if BrowserLogin.answers(address.path) and method == "GET":
                origin = f"{'https' if self.encrypted else 'http'}://{host}"
                return self.login.answer(socket, request, address.path, address.query, origin)
            if BrowserCookie.answers(address.path) and method == "GET":
                return self.cookie.answer(socket, request, address.path, encrypted=self.encrypted)
            read = self._read(socket, request, address.path, host)
            return read if method == "GET" else without_body(read)
        origins = request.headers.get_all("Origin")
        for origin in origins:
            if not any(names.may_connect(origin, host, scheme) for scheme in self.schemes):
                self._refuse(socket, "origin", origin)
                return answer(403, "a page of another site may not connect to this hub\n")
        if origins and all(
            any(names.is_own(origin, host, scheme) for scheme in self.schemes) for origin in origins
        ):
            # Sites that were allowed may connect, and bring a token of their own.
            socket.bearer = socket.bearer or self.cookie.token(request)
        return None

    def _refuse(self, guest: Guest, what: str, value: str) -> None:
        self.server.security.note("refused", what=what, value=value, address=guest.address)

    def select_subprotocol(
        self, socket: ServerConnection, offered: Sequence[Subprotocol]
    ) -> Subprotocol | None:
        """The coding that both speak, by the hub's preference; a handshake without one is refused."""
        for known in wire.SUBPROTOCOLS:
            if known in offered:
                return Subprotocol(known)
        raise NegotiationError(f"this hub speaks {', '.join(wire.SUBPROTOCOLS)}")

    def _read(self, guest: Guest, request: Request, path: str, host: str) -> Response:
        server = self.server
        match path:
            case "/healthz":
                return answer(200, "ok\n")
            case "/readyz":
                if server.ready:
                    return answer(200, "ready\n")
                return answer(503, "not ready: the hub cannot take changes now\n")
            case "/metrics":
                if not self._may_measure(guest, request):
                    return answer(401, METRICS_CLOSED, challenge=True)
                text = server.metrics.text(self._gauges(), server.version)
                return answer(200, text, "text/plain; version=0.0.4; charset=utf-8")
            case "/":
                if wants_page(request.headers):
                    return self.pages.page(request)
                url = f"{'wss' if self.encrypted else 'ws'}://{host}"
                text = WELCOME.format(version=server.version, url=url)
                return answer(200, text, more=[("Vary", "Accept")])
            case _ if path.startswith(VIEWS) or path in HUB_VIEWS:
                return self.pages.page(request)
            case "/worker.js":
                return self.pages.work(request)
            case _ if (file := self.pages.file(path, request)) is not None:
                self.server.porch.came_for_file(guest)
                return file
            case _:
                return answer(404, "there is nothing here\n")

    def _may_measure(self, guest: Guest, request: Request) -> bool:
        """Whoever is on this machine, or holds a token that this hub accepts."""
        if not speaks_for(request.headers):
            local = address_of(guest.local_address)
            if is_loopback(guest.address) or guest.address == local:
                return True
        return bool(guest.bearer) and isinstance(self.holder(guest.bearer), Principal)

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


def _bearer(request: Request) -> str:
    """The token in the Authorization header (RFC 6750 section 2.1); it is looked for nowhere else."""
    given = request.headers.get_all("Authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""
