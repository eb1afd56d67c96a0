"""Virtual time: what is to happen, in the order in which it happens."""

import heapq
from collections.abc import Callable
from itertools import count

EPOCH = 1_790_000_000_000
"""The clock's zero, in milliseconds since 1970."""


class Clock:
    """An event loop without I/O: `after` and `at` plan, `run` lets it happen."""

    def __init__(self) -> None:
        self.now = 0.0
        self._planned: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def millis(self) -> int:
        """The time of day, in milliseconds."""
        return EPOCH + int(self.now * 1000)

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        """Has `what` called `seconds` from now."""
        self.at(self.now + seconds, what)

    def at(self, moment: float, what: Callable[[], None]) -> None:
        """Has `what` called at `moment`, after what was planned for the same moment before."""
        heapq.heappush(self._planned, (moment, next(self._order), what))

    def run(self, until: float) -> None:
        """Lets happen what is planned up to `until`."""
        while self._planned and self._planned[0][0] <= until:
            self.now, _, what = heapq.heappop(self._planned)
            what()
        self.now = until
