"""Durations as people write them: `90d`, `12h`, `30m`."""

import re
from typing import Final

UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
"""Milliseconds in each unit."""

DAY: Final = UNITS["d"]

_FORM: Final = re.compile(r"([1-9][0-9]{0,8})([smhdw])")


def milliseconds(text: str) -> int:
    """How long `text` says; ValueError, with a sentence, if it says nothing."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f"{text[:40]!r} is no duration: a number and one of s, m, h, d, w (90d is 90 days)"
        )
    return int(found[1]) * UNITS[found[2]]
