"""How history is told: commits and changes as `--output json` and tables have them."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import UNSET, Struct, structs

from stackroom.client.commands.naming import Names, short
from stackroom.events.carriers import HOLDING, REPORTS, REQUESTING, Commit, Event, Proposal
from stackroom.events.errors import UnknownEvent
from stackroom.events.proofs.fingerprints import fingerprint
from stackroom.events.state import Holding, State
from stackroom.events.values import Maybe, Path

if TYPE_CHECKING:
    from stackroom.events.history.history import Difference

Kind: TypeAlias = Literal[
    "commit", "conflict", "resolution", "request", "approval", "closing", "run", "pending"
]

MARKS: dict[Kind, str] = {
    "commit": "",
    "conflict": "conflict",
    "resolution": "resolves a conflict",
    "request": "change request",
    "approval": "approves a request",
    "closing": "ends a request",
    "run": "run",
    "pending": "pending",
}


MEMBER: Final = 3
"""Segments of a path that leads to one member of a stack."""

NAMED: Final = 2
"""Entities named in one line of the log; the rest is counted."""

STACKS: Final = 3
"""Stacks of a component that are named; the rest is counted."""

IN_HEADING: Final = ("/name", "/component_type")
"""What the heading of a new or deleted entity says already."""


class EventRow(Struct, frozen=True):
    """One event: what happened (`ComponentUpdated`), and to what."""

    type: str
    entity: str
    name: str


class CommitRow(Struct, frozen=True):
    """A commit, or (`kind` pending, no seq, root and `accepted`) a proposal that waits for the hub.

    The hub names the author when it takes a proposal. `time` is the author's clock, `accepted` the
    hub's, both in milliseconds since 1970; `root` is hexadecimal. `key` is the fingerprint of the key that
    signed it, or the proposal that a conflict or change request holds; null if none did.
    """

    seq: int | None
    id: str
    kind: Kind
    author: str | None
    replica: str
    message: str
    time: int
    accepted: int | None
    root: str | None
    events: list[EventRow]
    base: int
    """The commit after which its author had seen nothing."""
    profile: str
    """The name of the profile that it is of."""
    tags: list[str] = []
    """The tags that name it."""
    signed: bool = False
    key: str | None = None


class ChangeRow(Struct, frozen=True):
    """One value that changed; `before` or `after` is absent where there is no value."""

    id: str
    kind: str
    type: str
    name: str
    path: Path
    place: str
    """The path as people read it, with names for ids."""
    before: Maybe = UNSET
    after: Maybe = UNSET
    stacks: list[str] = []
    """Of a component, the names of the stacks that have it."""


class OverlapRow(Struct, frozen=True):
    """Where a losing proposal (`ours`) meets what stood (`theirs`, by `author` in #`seq`)."""

    kind: str
    id: str
    name: str
    path: Path
    place: str
    seq: int
    author: str
    before: Maybe = UNSET
    theirs: Maybe = UNSET
    ours: Maybe = UNSET


class DecidedRow(Struct, frozen=True):
    """A conflict or change request that a commit ended: the `seq` that opened it, and how it ended.

    `choice` is `theirs`, `ours` or `edited`; of a request `approved`, `rejected` or `withdrawn`.
    """

    kind: str
    id: str
    seq: int
    choice: str


class Shown(CommitRow, frozen=True):
    """A commit with what it changed, what it decided, and, of a conflict, where the sides meet.

    Of an approval, `requested_by` names those who had asked for the changes. `signature` is what a look at
    its author came to here: valid, unsigned, invalid, unregistered, or unbound (one cannot see the people).
    """

    signature: str = "unsigned"
    changes: list[ChangeRow] = []
    overlaps: list[OverlapRow] = []
    requested_by: list[str] = []
    decided: list[DecidedRow] = []

    @classmethod
    def of(
        cls,
        row: CommitRow,
        signature: str,
        changes: list[ChangeRow],
        overlaps: list[OverlapRow],
        requested_by: list[str],
        decided: list[DecidedRow],
    ) -> "Shown":
        """`row` with more."""
        return cls(
            **structs.asdict(row),
            signature=signature,
            changes=changes,
            overlaps=overlaps,
            requested_by=requested_by,
            decided=decided,
        )


def committed(commit: Commit, names: Names, profile: str) -> CommitRow:
    """A commit."""
    key = _signing_key(commit)
    return CommitRow(
        commit.seq,
        commit.id,
        _kind(commit.events),
        commit.author,
        commit.replica,
        commit.message,
        commit.time,
        commit.accepted,
        commit.root.hex(),
        _events(commit.events, names),
        commit.base,
        profile,
        names.tags.get(commit.seq, []),
        bool(key),
        fingerprint(key) if key else None,
    )


def _signing_key(commit: Commit) -> bytes:
    """The key that signed the commit, or what it holds; empty if none did, or that is too new to read."""
    if not any(event.type in HOLDING for event in commit.events):
        return commit.key
    from stackroom.events.proofs.authors import held_by

    try:
        held = held_by(commit)
    except UnknownEvent:
        return b""
    return commit.key if held is None else held.proposal.key


def proposed(proposal: Proposal, replica: str, names: Names, profile: str = "") -> CommitRow:
    """A proposal that waits for the hub."""
    return CommitRow(
        None,
        proposal.id,
        "pending",
        None,
        replica,
        proposal.message,
        proposal.time,
        None,
        None,
        _events(proposal.events, names),
        proposal.base,
        profile,
        signed=bool(proposal.key),
        key=fingerprint(proposal.key) if proposal.key else None,
    )


def changed(differences: "Iterable[Difference]", names: Names) -> list[ChangeRow]:
    """What differs, with names."""
    return [
        ChangeRow(
            d.entity,
            d.kind,
            d.component_type,
            d.name,
            d.path,
            names.path(d.path),
            d.before,
            d.after,
            names.users.get(d.entity, []),
        )
        for d in differences
    ]


def overlaps(commit: Commit, names: Names) -> list[OverlapRow]:
    """Where the proposals that lost in `commit` meet what stood."""
    from stackroom.events.bodies import unseal
    from stackroom.events.model import ConflictJoined, ConflictOpened

    return [
        OverlapRow(
            overlap.kind,
            overlap.entity,
            names.entity(overlap.entity),
            overlap.path,
            names.path(overlap.path),
            overlap.seq,
            overlap.author,
            overlap.before,
            overlap.theirs,
            overlap.ours,
        )
        for change in map(unseal, commit.events)
        if isinstance(change, ConflictOpened | ConflictJoined)
        for overlap in change.overlaps
    ]


def decided(commit: Commit, before: State, after: State) -> list[DecidedRow]:
    """The conflicts and change requests that were open before the commit, and not after it."""
    waiting = {event.entity: before.get(event.entity) for event in commit.events}
    return [
        DecidedRow(held.kind, id, held.opened, str(after.gone[id].choice))
        for id, held in waiting.items()
        if isinstance(held, Holding) and id in after.gone
    ]


def what(row: CommitRow) -> str:
    """What a commit is about, in a few words: each entity once."""
    found = list(dict.fromkeys(event.name for event in row.events))
    more = len(found) - NAMED
    return ", ".join(found[:NAMED]) + (f" +{more}" if more > 0 else "")


def change_lines(
    rows: Sequence[ChangeRow], names: Names, words: tuple[str, str] = ("new", "deleted")
) -> Iterable[str]:
    """Changes for people: entity by entity, `+` added, `-` removed, `~` before → after.

    `words` say of an entity that only the later side has it, or the earlier.
    """
    for _, group in groupby(rows, key=lambda row: row.id):
        members = list(group)
        called, whole = _heading(members, names, words)
        yield called
        for row in members:
            if not (whole and row.path in IN_HEADING):
                yield f"  {_change(row, names)}"


def _heading(rows: Sequence[ChangeRow], names: Names, words: tuple[str, str]) -> tuple[str, bool]:
    """What the entity is called, and whether it came or went as a whole."""
    called = names.entity(rows[0].id)
    if rows[0].stacks:
        shown = ", ".join(rows[0].stacks[:STACKS])
        more = f" +{len(rows[0].stacks) - STACKS}" if len(rows[0].stacks) > STACKS else ""
        called += f" in {shown}{more}"
    for row in rows:
        if row.path == "/name":
            if row.before is UNSET:
                return f"{called} ({words[0]})", True
            if row.after is UNSET:
                return f"{called} ({words[1]})", True
    return called, False


def _change(row: ChangeRow, names: Names) -> str:
    before, after = names.value(row.path, row.before), names.value(row.path, row.after)
    if row.path.startswith("/components/") and row.path.count("/") == MEMBER:
        return f"{'+' if row.before is UNSET else '-'} {row.place.removeprefix('components.')}"
    if row.before is UNSET:
        return f"+ {row.place}: {after}"
    if row.after is UNSET:
        return f"- {row.place}: {before}"
    return f"~ {row.place}: {before} → {after}"


def _events(events: Iterable[Event], names: Names) -> list[EventRow]:
    return [EventRow(e.type, e.entity, _name(e, names)) for e in events]


def _name(event: Event, names: Names) -> str:
    """What the event's entity is called; for a conflict or request, what the held proposal is about."""
    if event.type not in HOLDING | REPORTS:
        return names.entity(event.entity)
    # Late: most of what is told is neither, and needs none of the changes.
    from stackroom.events.bodies import unseal
    from stackroom.events.model import (
        ChangeRequested,
        ConflictJoined,
        ConflictOpened,
        RequestJoined,
        RunRecorded,
        RunUpdated,
    )

    try:
        change = unseal(event)
    except UnknownEvent:
        return names.entity(event.entity)
    if isinstance(change, RunRecorded):
        return f"run of {change.pipeline} on {names.member(change.stack)}"
    if isinstance(change, RunUpdated):
        return f"run {short(event.entity)}"
    assert isinstance(change, ConflictOpened | ConflictJoined | ChangeRequested | RequestJoined)
    held = change.held
    return ", ".join(dict.fromkeys(names.entity(e.entity) for e in held.proposal.events))


def _kind(events: Sequence[Event]) -> Kind:
    types = {event.type for event in events}
    if types & HOLDING:
        return "request" if types & REQUESTING else "conflict"
    if "RequestApproved" in types:
        return "approval"
    if "RequestClosed" in types:
        return "closing"
    if types & REPORTS:
        return "run"
    return "resolution" if "ConflictResolved" in types else "commit"
