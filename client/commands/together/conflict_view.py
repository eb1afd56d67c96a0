"""How an open conflict is shown: for programs as data, for people base, theirs and ours side by side."""

from msgspec import UNSET, Struct

from stackroom.client.commands.naming import Names
from stackroom.client.commands.output import Fields, Lines, Table, View
from stackroom.client.commands.times import ago, local
from stackroom.client.commands.together.places import contended, spelled
from stackroom.events.model import Held, Millis, Overlap
from stackroom.events.state import Conflict
from stackroom.events.values import Maybe, Path


class Difference(Struct, frozen=True, omit_defaults=True):
    """One contended place for programs: `what` and `path` as people name them, values as kept."""

    kind: str
    what: str
    path: str
    entity: str
    pointer: Path
    seq: int
    theirs_author: str
    base: Maybe = UNSET
    theirs: Maybe = UNSET
    ours: Maybe = UNSET


class Holding(Struct, frozen=True):
    """A proposal that the conflict keeps."""

    id: str
    author: str
    message: str
    base: int
    time: str


class Shown(Struct, frozen=True):
    """One conflict for programs."""

    id: str
    seq: int
    held: list[Holding]
    differences: list[Difference]


def shown(id: str, conflict: Conflict, names: Names) -> Shown:
    """The conflict for programs."""
    return Shown(
        id,
        conflict.opened,
        [_holding(held) for held in conflict.held],
        [_difference(overlap, names) for overlap in conflict.overlaps],
    )


def _holding(held: Held) -> Holding:
    proposal = held.proposal
    return Holding(proposal.id, held.author, proposal.message, proposal.base, local(proposal.time))


def _difference(overlap: Overlap, names: Names) -> Difference:
    return Difference(
        overlap.kind,
        names.entity(overlap.entity),
        names.path(overlap.path),
        overlap.entity,
        overlap.path,
        overlap.seq,
        overlap.author,
        overlap.before,
        overlap.theirs,
        overlap.ours,
    )


def row(conflict: Conflict, names: Names) -> tuple[str, ...]:
    """The conflict as one row: its number, what it is about, theirs, ours, and who opened it."""
    first, more = conflict.overlaps[0], len(contended(conflict)) - 1
    what = spelled((first.entity, first.path), names) + (f" and {more} more" if more else "")
    return (
        f"#{conflict.opened}",
        what,
        names.value(first.path, first.theirs),
        names.value(first.path, first.ours),
        conflict.held[0].author,
    )


def view(conflict: Conflict, names: Names, now: Millis, profile: str) -> list[View]:
    """The whole conflict for people."""
    proposals = [
        (
            f"{held.author} proposed",
            f"{_quoted(held)} on top of #{held.proposal.base}, {ago(held.proposal.time, now)}",
        )
        for held in conflict.held
    ]
    rows = [
        (
            names.entity(overlap.entity),
            names.path(overlap.path),
            names.value(overlap.path, overlap.before),
            f"{names.value(overlap.path, overlap.theirs)}  ({overlap.author}, #{overlap.seq})",
            f"{names.value(overlap.path, overlap.ours)}  ({conflict.held[0].author})",
        )
        for overlap in conflict.overlaps
    ]
    id = conflict.opened
    return [
        Fields(proposals, title=f"Conflict #{id} in profile {profile!r}"),
        Table(("what", "path", "base", "theirs", "ours"), rows),
        Lines(
            [
                "Decide with one of",
                f"  stackroom conflicts resolve {id} --theirs             keep what stands",
                f"  stackroom conflicts resolve {id} --ours               take what was proposed",
                f"  stackroom conflicts resolve {id} --set PATH=VALUE     something else",
                f"  stackroom conflicts resolve {id} --take PATH=SIDE     path by path",
            ]
        ),
    ]


def _quoted(held: Held) -> str:
    return f"{held.proposal.message!r}" if held.proposal.message else "a change"
