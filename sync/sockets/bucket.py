"""Token buckets: how much of something may pass in the long run, and how much at once.

Sources: the leaky bucket as a meter of ITU-T I.371, annex A; times are passed in, in seconds.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct


class Rate(Struct, frozen=True):
    """So much a second in the long run, and `burst` at once after a pause."""

    second: float
    burst: float


class Meter:
    """What is left of some rates. It may be overdrawn: whoever does so waits until all are level again."""

    __slots__ = ("_at", "_lefts", "_rates")

    def __init__(self, rates: Sequence[Rate], now: float) -> None:
        self._rates = [(rate.second, rate.burst) for rate in rates]
        self._lefts = [rate.burst for rate in rates]
        self._at = now

    def take(self, amounts: Sequence[float], now: float) -> float:
        """Takes an amount of each rate; the seconds until all is paid off, 0 if it was there."""
        if (passed := now - self._at) > 0:
            self._at = now
        else:
            passed = 0.0
        # As in `_levels`, which would be more calls for every message.
        self._lefts = lefts = [
            (level if (level := left + passed * second) < burst else burst) - amount
            for (second, burst), left, amount in zip(self._rates, self._lefts, amounts, strict=True)
        ]
        return 0.0 if min(lefts) >= 0 else self.debt(now)

    def debt(self, now: float) -> float:
        """The seconds until what was taken is paid off."""
        return max(max(0.0, -level / second) for level, second, _ in self._levels(now))

    def is_full(self, now: float) -> bool:
        """Whether nothing is missing: a fresh one would be the same."""
        return all(level >= burst for level, _, burst in self._levels(now))

    def _levels(self, now: float) -> Iterator[tuple[float, float, float]]:
        passed = max(0.0, now - self._at)
        for (second, burst), left in zip(self._rates, self._lefts, strict=True):
            yield min(burst, left + passed * second), second, burst


class Meters:
    """A meter for each of many names (tokens, addresses); full ones are forgotten."""

    SWEEP: Final = 8
    """Names that one look for full meters goes through."""

    def __init__(self, *rates: Rate) -> None:
        self.rates = rates
        self._meters: OrderedDict[str, Meter] = OrderedDict()
        """Those that were looked at longest ago come first."""

    def take(self, name: str, amounts: Sequence[float], now: float) -> float:
        """Takes an amount of each rate of `name`; the seconds until all is paid off."""
        meter = self._meters.get(name)
        if meter is None:
            self._forget(now)
            meter = self._meters[name] = Meter(self.rates, now)
        return meter.take(amounts, now)

    def debt(self, name: str, now: float) -> float:
        """The seconds until all that `name` took is paid off."""
        meter = self._meters.get(name)
        return meter.debt(now) if meter is not None else 0.0

    def __len__(self) -> int:
        return len(self._meters)

    def _forget(self, now: float) -> None:
        """Lets go of those that have filled up again, among the next to be looked at."""
        for name in list(islice(self._meters, self.SWEEP)):
            if self._meters[name].is_full(now):
                del self._meters[name]
            else:
                self._meters.move_to_end(name)
