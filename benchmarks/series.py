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

    def shown(self, digits: int = 0) -> str:
        """`median (least–most)`; the median alone where there was one round."""
        low, high = min(self.values), max(self.values)
        if len(self.values) == 1:
            return f"{low:,.{digits}f}"
        return f"{self.median:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of `values` do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
