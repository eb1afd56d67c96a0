"""The ceilings: what each guarded path may take, by the version of Python that executed what was counted.

A version without ceilings of its own is held to those of the newest before it: newer ones have executed
fewer instructions for the same code so far.
"""

import json
import sys
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("ceilings.json")
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
HEADROOM: Final = 1.15
"""How far a ceiling is above what was counted when it was set."""
ANEW: Final = "if that is on purpose, say why in the commit, and set it anew: make guard"


def held() -> dict[str, int] | None:
    """The ceilings of this Python, or of the newest before it; None if there are none."""
    found = _all()
    upto = [version for version in found if _order(version) <= _order(PYTHON)]
    return found[max(upto, key=_order)] if upto else None


def hold(counts: dict[str, int]) -> None:
    """Sets the ceilings of this Python anew; those of others stay."""
    raised = {name: max(round(count * HEADROOM), count + 1) for name, count in counts.items()}
    found = dict(sorted({**_all(), PYTHON: raised}.items()))
    FILE.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


def exceeded(counts: dict[str, int], ceilings: dict[str, int]) -> list[str]:
    """A sentence for each path that takes more than it may, or that nothing holds."""
    found = [
        f"{name}: {count:,} now, at most {ceilings[name]:,}"
        for name, count in counts.items()
        if name in ceilings and count > ceilings[name]
    ]
    found += [f"{name}: no ceiling" for name in counts.keys() - ceilings.keys()]
    found += [f"{name}: not counted any more" for name in ceilings.keys() - counts.keys()]
    return found


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _all() -> dict[str, dict[str, int]]:
    return dict(json.loads(FILE.read_text("utf-8"))) if FILE.exists() else {}
