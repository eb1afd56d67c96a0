"""What a report finds: the words and numbers that every form of it shows.

Times are the hub's, in milliseconds since 1970. Conflicts and requests are named by the seq that opened them.
"""

from datetime import date

from msgspec import Struct

from stackroom.client.reports.acts import Act
from stackroom.events.values import Maybe


class Side(Struct, frozen=True):
    """Where a conflict's two sides met: `ours` is what its author proposed, `theirs` what stood."""

    name: str
    path: str
    theirs: Maybe
    their_author: str
    ours: Maybe


class Decision(Struct, frozen=True):
    """How a conflict or request ended: `choice` says it in a word."""

    seq: int
    accepted: int
    author: str
    choice: str
    message: str


class Clash(Struct, frozen=True):
    """A conflict, by the `seq` that opened it; `accepted` None if that was before the period."""

    profile: str
    seq: int
    accepted: int | None
    author: str
    message: str
    sides: tuple[Side, ...]
    decided: Decision | None = None


class Asked(Struct, frozen=True):
    """A change request, by the `seq` that opened it; `accepted` None if that was before the period."""

    profile: str
    seq: int
    accepted: int | None
    author: str
    message: str
    what: tuple[str, ...]
    decided: Decision | None = None


class Person(Struct):
    """What somebody did. `changes` are changes of values, also those that another approved.

    `conflicts` are proposals of theirs that came into one, `decisions` those that they ended.
    """

    name: str
    commits: int = 0
    changes: int = 0
    conflicts: int = 0
    decisions: int = 0
    approvals: int = 0
    runs: int = 0
    last: int = 0


class Touched(Struct):
    """What happened to a stack and the components in it; an empty name is for what is in none."""

    profile: str
    name: str
    changes: int = 0
    runs: int = 0
    by: dict[str, int] = {}
    last: tuple[int, int] = (0, 0)
    """The seq and time of the last of it."""


class Ran(Struct, frozen=True):
    """The runs of a pipeline on a stack that began in the period, by how they stood at its end."""

    profile: str
    pipeline: str
    stack: str
    statuses: dict[str, int]


class Activity(Struct, frozen=True):
    """All of it; `access` is None where it may not be seen.

    `commits` are those that do more than report runs, and `days` counts them, from first to last day.
    """

    acts: list[Act]
    commits: int
    days: list[tuple[date, int]]
    people: list[Person]
    stacks: list[Touched]
    conflicts: list[Clash]
    requests: list[Asked]
    runs: list[Ran]
    access: list[Act] | None

    def of(self, *kinds: str) -> list[Act]:
        """The acts of these kinds, in their order."""
        return [act for act in self.acts if act.kind in kinds]
