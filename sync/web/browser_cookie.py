"""A token in a cookie, for the dashboard alone: /auth/cookie and /auth/forget.

A page signs in over the WebSocket as any client does, and has the hub turn the token into a cookie that no
script can read. It is good for one thing: a handshake that a page of this very hub makes, whose hello is
empty then. Cookies are shared by all ports of a host (RFC 6265bis, section 8.5): its name has the hub's id.
"""

from collections.abc import Callable
from typing import Final

from websockets.http11 import Request, Response

from stackroom.events.deciding.rules import Refusal
from stackroom.sync.hosting.security_log import Notes
from stackroom.sync.people.access import Principal
from stackroom.sync.sockets.porch import Guest
from stackroom.sync.web import cookies
from stackroom.sync.web.answers import answer

COOKIE: Final = "/auth/cookie"
FORGET: Final = "/auth/forget"


class BrowserCookie:
    """Answers both, for the hub of that id; `holder` says who holds a token, or why nobody does."""

    def __init__(
        self, hub: str, holder: Callable[[str], Principal | Refusal], security: Notes
    ) -> None:
        self.name = f"stackroom-{hub[-12:]}"
        self.holder = holder
        self.security = security

    @staticmethod
    def answers(path: str) -> bool:
        """Whether the path is one of the two."""
        return path in (COOKIE, FORGET)

    def answer(self, guest: Guest, request: Request, path: str, *, encrypted: bool) -> Response:
        """The answer to a GET. A proxy that adds TLS says so; nobody gains by claiming it."""
        secure = encrypted or request.headers.get_all("X-Forwarded-Proto") == ["https"]
        if request.headers.get_all("Sec-Fetch-Site") not in ([], ["same-origin"]):
            return answer(403, "this is for pages of this hub\n")
        if path == FORGET:
            return answer(204, "", more=[self._setting("", secure=secure, seconds=0)])
        who = self.holder(guest.bearer)
        if isinstance(who, Refusal):
            self.security.note(
                "sign_in_refused", code=who.code, address=guest.address, what="cookie"
            )
            return answer(401, f"{who.sentence}\n", challenge=True)
        return answer(204, "", more=[self._setting(guest.bearer, secure=secure)])

    def token(self, request: Request) -> str:
        """The token in the request's cookie; empty without one."""
        return next(iter(cookies.values(request, self.name)), "")

    def _setting(self, value: str, *, secure: bool, seconds: int | None = None) -> tuple[str, str]:
        return cookies.setting(self.name, value, secure=secure, same_site="Strict", seconds=seconds)
