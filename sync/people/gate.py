"""The wait before a sign-in is looked at, for those that failed before; see `throttle`."""

from collections import Counter
from collections.abc import Callable
from typing import Final, TypeAlias

import anyio

from stackroom.sync import protocol as wire
from stackroom.sync.people import tokens
from stackroom.sync.people.throttle import Throttle
from stackroom.sync.settings import Settings

SignIn: TypeAlias = wire.Hello | wire.SigningIn

FAILURES: Final = frozenset({"unauthorised", "bad_code", "wrong_password", "bad_identity"})
"""What whoever guesses is told; a token that has ended is no guess."""


class Gate:
    """Has sign-ins wait, a bounded number of them; `clock` is in seconds and never goes back."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.clock = clock
        self.throttle = Throttle(settings)
        self._waiting: Counter[str] = Counter()

    async def passes(self, address: str, message: SignIn) -> bool:
        """Waits as long as the address and the account must; False if too many wait already."""
        delay = self.throttle.delay(address, account_of(message), self.clock())
        if not delay:
            return True
        most, of_one = self.settings.delayed, self.settings.delayed_address
        if self._waiting.total() >= most or self._waiting[address] >= of_one:
            return False
        self._waiting[address] += 1
        try:
            await anyio.sleep(delay)
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]
        return True

    def answered(self, address: str, message: SignIn, code: str) -> None:
        """How it ended; `code` is that of the refusal, empty for none."""
        account = account_of(message)
        if not code and account:
            self.throttle.succeeded(address, account, self.clock())
        elif code in FAILURES:
            self.throttle.failed(address, account, self.clock())


def account_of(message: SignIn) -> str:
    """What is signed in to; empty where that is not known before."""
    match message:
        case wire.Hello(token=text) | wire.Redeem(code=text):
            return tokens.shown_prefix(text)
        case wire.SignIn(user):
            return f"user {user.casefold()}"
        case wire.SignInOidc():
            return ""
