"""Browsers that were sent to the provider, and the one-time codes of those who came back. Sans I/O.

What is remembered of a browser is found by the `state` that it must bring back, once, together with the
cookie that it was given (RFC 9700, section 4.7): a link that somebody else began leads nowhere. Times are
in seconds, of a clock that never goes back; all is bounded.
"""

from collections.abc import Callable

from msgspec import Struct

from stackroom.sync.oidc.authorization import base64url, challenge_of
from stackroom.sync.people import tokens
from stackroom.sync.people.proofs import Identified
from stackroom.sync.settings import Settings


class Begun(Struct, frozen=True):
    """A browser on its way: what it brings back, and what is held against that."""

    state: str
    nonce: str
    verifier: str
    cookie: bytes
    """The hash of the cookie that the browser was given."""
    redirect: str
    until: float

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier."""
        return challenge_of(self.verifier)


class Logins:
    """All of them; `random` gives so many bytes from the system's source of secrets."""

    def __init__(self, settings: Settings, random: Callable[[int], bytes]) -> None:
        self._settings = settings
        self._random = random
        self._begun: dict[str, Begun] = {}
        self._codes: dict[str, tuple[bytes, Identified, float]] = {}

    def begin(self, redirect: str, now: float) -> tuple[Begun, str]:
        """A browser is sent to the provider, to come back to `redirect`; and the cookie that it is given."""
        state, nonce, verifier, cookie = (base64url(self._random(32)) for _ in range(4))
        until = now + self._settings.login_seconds
        begun = Begun(state, nonce, verifier, tokens.digest(cookie), redirect, until)
        self._begun[state] = begun
        _bound(self._begun, self._settings.logins)
        return begun, cookie

    def end(self, state: str, cookie: str, now: float) -> Begun | None:
        """The browser that comes back with `state` and `cookie`; None if there is none, or no more."""
        begun = self._begun.get(state)
        if begun is None or not tokens.is_it(cookie, begun.cookie):
            return None
        del self._begun[state]
        return begun if now < begun.until else None

    def code_for(self, who: Identified, now: float) -> str:
        """A one-time code for whoever came back."""
        made = tokens.make(tokens.LOGIN, self._random)
        self._codes[made.prefix] = (made.hash, who, now + self._settings.login_code_seconds)
        _bound(self._codes, self._settings.logins)
        return made.text

    def redeem(self, code: str, now: float) -> Identified | None:
        """Whom the code is good for, once; None if for nobody."""
        prefix = tokens.prefix_of(code)
        hash, who, until = self._codes.get(prefix, (None, None, 0.0))
        if not tokens.is_it(code, hash):
            return None
        del self._codes[prefix]
        return who if now < until else None


def _bound(kept: dict[str, Begun] | dict[str, tuple[bytes, Identified, float]], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]
