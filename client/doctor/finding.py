"""What a check finds: how bad it is, a sentence, and the command that mends it."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

Level: TypeAlias = Literal["ok", "note", "warning", "error"]
"""As it should be; good to know; mend it soon; something does not work, or does not add up."""

LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "note", "ok")

Fact: TypeAlias = int | float | bool | str | None

REPAIR: Final = "stackroom doctor --repair"


class Finding(Struct, frozen=True):
    """What one check says of one thing.

    `command` mends it, or is empty. `facts` are all that a bundle takes of it: numbers, and words of this
    program's own; never a name, a path or a value that somebody chose.
    """

    check: str
    level: Level
    sentence: str
    command: str = ""
    facts: Mapping[str, Fact] = {}
    integrity: bool = False
    """Whether something that is stored does not add up."""


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """In the order in which people should read them."""
    return sorted(findings, key=lambda finding: LEVELS.index(finding.level))


def of(findings: Iterable[Finding], check: str) -> list[Finding]:
    """The findings of one check that are worse than a note."""
    return [f for f in findings if f.check == check and f.level in ("warning", "error")]
