"""A figure measured several times: its median, with the least and the most beside it."""

import math
import statistics
from collections.abc import Sequence

from msgspec import Struct


class Series(Struct, frozen=True):
    """Values of one figure, one a round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value in the middle."""
        return statistics.median(self.values)

    @property
    def least(self) -> float:
        """The smallest of the rounds."""
        return min(self.values)

    @property
    def most(self) -> float:
        """The largest of the rounds."""
        return max(self.values)

    def shown(self, digits: int = 0) -> str:
        """`median (least–most)`, the median alone where there was one round; a `Shown`."""
        if len(self.values) == 1:
            return Shown(f"{self.least:,.{digits}f}", self)
        spread = f"({self.least:,.{digits}f}–{self.most:,.{digits}f})"
        return Shown(f"{self.median:,.{digits}f} {spread}", self)


class Shown(str):
    """A cell of a table that still knows the values it shows: results.json has all of them."""

    series: Series

    def __new__(cls, text: str, series: Series) -> "Shown":
        """The text is what a reader sees."""
        made = super().__new__(cls, text)
        made.series = series
        return made


def ratios(ours: Series, theirs: Series) -> Series:
    """Ours to theirs, round by round: what the machine did meanwhile, it did to both."""
    pairs = zip(ours.values, theirs.values, strict=True)
    return Series(tuple(a / b if b else math.inf for a, b in pairs))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of `values` do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
