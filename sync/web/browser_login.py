"""Signing in with a browser: /auth/login, /auth/callback, /auth/done (authorization code with PKCE).

The browser goes to the provider and comes back with a code, for which the hub asks the provider whom it
speaks of (RFC 6749, RFC 7636, OpenID Connect Core 1.0 section 3.1; RFC 9700 for what can go wrong). What
it gets from the hub is a one-time code, in the fragment of an address, where no server and no proxy sees
it: whoever redeems it, over the WebSocket, has made a token of their own. The page at /auth/done is the
dashboard's: it redeems the code, or says by which command another program does. Nothing here redirects
anywhere but to the provider and to that page.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs

from websockets.http11 import Request, Response

from stackroom.events.deciding.rules import Refusal
from stackroom.sync.errors import FetchFailed
from stackroom.sync.hosting.security_log import Notes
from stackroom.sync.people.proving import Prover
from stackroom.sync.sockets.porch import Guest
from stackroom.sync.web import cookies
from stackroom.sync.web.answers import answer
from stackroom.sync.web.pages import Pages

LOGIN: Final = "/auth/login"
CALLBACK: Final = "/auth/callback"
DONE: Final = "/auth/done"

FIELDS_MOST: Final = 20
"""Fields in what a browser brings back."""

COOKIE: Final = "stackroom-login"


class BrowserLogin:
    """Answers the three; `steady` is in seconds."""

    def __init__(
        self, prover: Prover, pages: Pages, security: Notes, steady: Callable[[], float]
    ) -> None:
        self.prover = prover
        self.pages = pages
        self.logins = prover.logins
        self.security = security
        self.steady = steady

    @staticmethod
    def answers(path: str) -> bool:
        """Whether the path is one of the three."""
        return path in (LOGIN, CALLBACK, DONE)

    async def answer(
        self, guest: Guest, request: Request, path: str, query: str, origin: str
    ) -> Response:
        """The answer to a GET; `origin` is the hub's, as the browser calls it."""
        if self.prover.provider is None:
            return answer(404, "this hub has no OpenID provider\n")
        if path == DONE:
            return self.pages.page(request)
        if path == LOGIN:
            return await self._login(self.prover.provider.oidc.redirect_uri or origin + CALLBACK)
        return await self._came_back(guest, request, query)

    async def _login(self, redirect: str) -> Response:
        begun, secret = self.logins.begin(redirect, self.steady())
        try:
            there = await self.prover.login(begun)
        except FetchFailed as error:
            return answer(502, f"the hub cannot ask the provider: {error}\n")
        seconds = int(self.prover.settings.login_seconds)
        cookie = _set_cookie(secret, seconds, redirect)
        return answer(303, "", more=[("Location", there), cookie])

    async def _came_back(self, guest: Guest, request: Request, query: str) -> Response:
        try:
            brought = parse_qs(query, max_num_fields=FIELDS_MOST)
        except ValueError:
            return answer(400, "this is not what the provider sends\n")
        said = {name: values[0] for name, values in brought.items() if len(values) == 1}
        begun = None
        for cookie in cookies.values(request, COOKIE):
            begun = begun or self.logins.end(said.get("state", ""), cookie, self.steady())
        if begun is None:
            return self._refuse(
                guest, "bad_state", f"this sign-in was not begun here, or is over: begin at {LOGIN}"
            )
        try:
            of_another = await self._is_of_another(said)
        except FetchFailed as error:
            return self._refuse(guest, "provider_failed", str(error))
        if of_another:
            return self._refuse(guest, "bad_identity", "this comes from another provider")
        if "code" not in said:
            why = said.get("error", "nothing")[:100]
            return self._refuse(guest, "bad_identity", f"the provider says {why!r}")
        who = await self.prover.came_back(said["code"], begun.verifier, begun.redirect, begun.nonce)
        if isinstance(who, Refusal):
            return self._refuse(guest, who.code, who.sentence)
        code = self.logins.code_for(who, self.steady())
        forget = _set_cookie("", 0, begun.redirect)
        return answer(303, "", more=[("Location", f"{DONE}#{code}"), forget])

    async def _is_of_another(self, said: dict[str, str]) -> bool:
        """Whether the issuer that came back is not the one that was asked (RFC 9207)."""
        assert self.prover.provider is not None
        if "iss" in said:
            return said["iss"] != self.prover.provider.oidc.issuer
        return await self.prover.names_issuer()

    def _refuse(self, guest: Guest, code: str, sentence: str) -> Response:
        self.security.note("sign_in_refused", code=code, address=guest.address, what="browser")
        return answer(403, f"{sentence}\n")


def _set_cookie(value: str, seconds: int, redirect: str) -> tuple[str, str]:
    secure = redirect.startswith("https:")
    return cookies.setting(COOKIE, value, secure=secure, same_site="Lax", seconds=seconds)
