"""What others wrote in one entity since a base, found by path."""

from bisect import bisect_left
from typing import Final

from stackroom.events.entity import Stamp
from stackroom.events.values import Path, prefixes


class Since:
    """The stamps of those writes; an entity may have very many, and a proposal very many paths."""

    def __init__(self, stamps: dict[Path, Stamp]) -> None:
        self.stamps = stamps
        self.last = max(stamps.values(), default=None)
        self._paths = sorted(stamps)

    def __bool__(self) -> bool:
        return bool(self.stamps)

    def overlapping(self, path: Path) -> Stamp | None:
        """The last of the writes at `path`, at a prefix of it, or below it."""
        above = [self.stamps[place] for place in prefixes(path) if place in self.stamps]
        first, end = (bisect_left(self._paths, path + after) for after in ("/", "0"))
        below = [self.stamps[place] for place in self._paths[first:end]]
        return max(above + below, default=None)


NOTHING_SINCE: Final = Since({})
"""Nobody wrote anything: so it is of most entities."""
