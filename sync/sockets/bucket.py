"""Token buckets: how much of something may pass in the long run, and how much at once.

Sources: the leaky bucket as a meter of ITU-T I.371, annex A; times are passed in, in seconds.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct


class Rate(Struct, frozen=True):
    """So much a second in the long run, and `burst` at once after a pause."""

    second: float
    burst: float


class Bucket:
    """What is left of one rate. It may be overdrawn: whoever does so waits until it is level again."""

    __slots__ = ("_at", "_left", "rate")

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self._left = rate.burst
        self._at = now

    def take(self, amount: float, now: float) -> float:
        """Takes `amount`; the seconds until that is paid off, 0 if it was there."""
        rate, left = self.rate, self._left
        # As in `_level`, which would be a call more for every message.
        if (passed := now - self._at) > 0 and (left := left + passed * rate.second) > rate.burst:
            left = rate.burst
        left = self._left = left - amount
        self._at = now
        return 0.0 if left >= 0 else -left / rate.second

    def debt(self, now: float) -> float:
        """The seconds until what was taken is paid off."""
        return max(0.0, -self._level(now) / self.rate.second)

    def is_full(self, now: float) -> bool:
        """Whether nothing is missing: a fresh one would be the same."""
        return self._level(now) >= self.rate.burst

    def _level(self, now: float) -> float:
        passed = now - self._at
        if passed <= 0:
            return self._left
        level = self._left + passed * self.rate.second
        return level if level < self.rate.burst else self.rate.burst


class Meters:
    """Buckets for each of many names (tokens, addresses), a bucket a rate; full ones are forgotten."""

    SWEEP: Final = 64
    """Names that one look for full buckets goes through."""

    def __init__(self, *rates: Rate) -> None:
        self.rates = rates
        self._buckets: OrderedDict[str, tuple[Bucket, ...]] = OrderedDict()

    def take(self, name: str, amounts: Sequence[float], now: float) -> float:
        """Takes an amount from each bucket of `name`; the seconds until all is paid off."""
        buckets = self._buckets.get(name)
        if buckets is None:
            self._forget(now)
            buckets = self._buckets[name] = tuple(Bucket(rate, now) for rate in self.rates)
        self._buckets.move_to_end(name)
        longest = 0.0
        for bucket, amount in zip(buckets, amounts, strict=True):
            if (wait := bucket.take(amount, now)) > longest:
                longest = wait
        return longest

    def debt(self, name: str, now: float) -> float:
        """The seconds until all that `name` took is paid off."""
        return max((bucket.debt(now) for bucket in self._buckets.get(name, ())), default=0.0)

    def __len__(self) -> int:
        return len(self._buckets)

    def _forget(self, now: float) -> None:
        """Lets go of the least recently used, as far as their buckets have filled up again."""
        for _ in range(min(self.SWEEP, len(self._buckets))):
            name, buckets = next(iter(self._buckets.items()))
            if not all(bucket.is_full(now) for bucket in buckets):
                return
            del self._buckets[name]
