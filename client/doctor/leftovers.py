"""What a process that was killed left behind, and is of no use to anybody."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stackroom.client.doctor.finding import REPAIR, Finding

OF_A_HOME: Final = ("*.unfinished", "replica.db.fetching*", "rescue")
OF_A_HUB: Final = ("*.unfinished", "hub.db.preparing")


def leftovers(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    """The files and folders that were never ended."""
    return sorted(_found(folder, patterns))


def left(what: str, found: list[Path]) -> list[Finding]:
    """What was left in the folder of the home or hub."""
    if not found:
        return []
    names = ", ".join(path.name for path in found)
    said = f"a process that was killed left in the {what}: {names}"
    return [Finding("leftovers", "note", said, REPAIR, {"left": len(found)})]


def _found(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from folder.glob(pattern)
