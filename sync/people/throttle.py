"""Failed sign-ins: who must wait before the next one is answered, without locking anybody out.

Three counts of failures: of an address, for an account, and of both together. Whoever has signed in to
an account from an address before waits there only for failures of that very pair: neither a neighbour
behind the same address nor a stranger who guesses at the account can delay them. Everybody else waits
for the longer of the address's and the account's delay. Nobody is refused for ever.

Sans I/O: times are in seconds, of a clock that never goes back. What is remembered is bounded.
"""

from collections import OrderedDict
from typing import Final, TypeAlias

from msgspec import Struct

from stackroom.sync.settings import Settings

Key: TypeAlias = tuple[str, ...]
"""("address", it), ("account", it) or ("both", address, account)."""

_DOUBLINGS: Final = 30


class _Failures(Struct):
    count: int
    last: float


class Throttle:
    """Counts failures and remembers successes.

    An account is what is signed in to: the public prefix of a token, or a name where passwords are used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._failures: OrderedDict[Key, _Failures] = OrderedDict()
        self._good: OrderedDict[Key, float] = OrderedDict()

    def delay(self, address: str, account: str, now: float) -> float:
        """Seconds that an attempt must wait for its answer."""
        both = ("both", address, account)
        if both in self._good:
            return self._delay(both, now)
        return max(self._delay(("address", address), now), self._delay(("account", account), now))

    def failed(self, address: str, account: str, now: float) -> None:
        """An attempt failed."""
        keys: list[Key] = [("address", address)]
        if account:
            keys = [("both", address, account), ("account", account), *keys]
        for key in keys:
            found = self._failures.pop(key, None)
            count = 0 if found is None or self._is_old(found.last, now) else found.count
            self._failures[key] = _Failures(count + 1, now)
        self._bound(self._failures)

    def succeeded(self, address: str, account: str, now: float) -> None:
        """An attempt succeeded. What the address failed at elsewhere still counts."""
        both = ("both", address, account)
        self._failures.pop(both, None)
        self._good[both] = now
        self._good.move_to_end(both)
        self._bound(self._good)

    def __len__(self) -> int:
        return len(self._failures) + len(self._good)

    def _delay(self, key: Key, now: float) -> float:
        found = self._failures.get(key)
        if found is None or self._is_old(found.last, now):
            return 0.0
        beyond = found.count - self._settings.failures_free
        if beyond < 0:
            return 0.0
        grown = self._settings.failure_delay * 2.0 ** min(beyond, _DOUBLINGS)
        return min(grown, self._settings.failure_delay_most)

    def _is_old(self, last: float, now: float) -> bool:
        return now - last > self._settings.failures_forgotten

    def _bound(self, remembered: "OrderedDict[Key, _Failures] | OrderedDict[Key, float]") -> None:
        while len(remembered) > self._settings.failures_kept:
            remembered.popitem(last=False)
