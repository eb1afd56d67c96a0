"""How long to wait before the next attempt: exponential, with full jitter.

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from random import Random


class Backoff:
    """Delays in seconds, uniform between 0 and `base` doubled at each attempt, `cap` at the most."""

    def __init__(self, base: float, cap: float, random: Random) -> None:
        self.base = base
        self.cap = cap
        self._random = random
        self._attempts = 0

    def next(self) -> float:
        """The delay before the next attempt."""
        longest = min(self.cap, self.base * 2 ** min(self._attempts, 32))
        self._attempts += 1
        return self._random.uniform(0, longest)

    def reset(self) -> None:
        """Something went well."""
        self._attempts = 0
