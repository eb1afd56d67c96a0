"""What is made ahead, while a transaction is on its way to the disk, for when that is done."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Ahead(Generic[K, V]):
    """Made in rounds, one for each transaction; the next may be decided while the last is on its way.

    So the last two rounds are kept. What was made for a transaction that failed is never taken, and goes
    with its round.
    """

    __slots__ = ("_before", "_now")

    def __init__(self) -> None:
        self._now: dict[K, V] = {}
        self._before: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._now) + len(self._before)

    def begin(self) -> None:
        """A round begins; the one before the last is forgotten."""
        self._before, self._now = self._now, {}

    def put(self, key: K, made: V) -> None:
        """Keeps something for this round."""
        self._now[key] = made

    def take(self, key: K) -> V | None:
        """Takes it out; None if there is no such thing."""
        made = self._now.pop(key, None)
        return made if made is not None else self._before.pop(key, None)
