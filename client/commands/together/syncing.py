"""What an exchange with the hub brought, told to people and programs."""

from collections.abc import Iterable
from shlex import quote
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from stackroom.client.connection.exchange import Exchanged

Took: TypeAlias = Literal["committed", "merged", "converged", "conflict", "requested"]

_TOOK: dict[str, Took] = {
    "accepted": "committed",
    "merged": "merged",
    "converged": "converged",
    "conflict": "conflict",
    "requested": "requested",
}


class Pushed(Struct, frozen=True):
    """An own proposal that the hub took."""

    id: str
    outcome: Took
    seq: int


class Kept(Struct, frozen=True):
    """An own proposal that the hub refused."""

    id: str
    code: str
    sentence: str


class Synced(Struct, frozen=True):
    """What happened to one profile; `conflicts` and `requests` are the seqs of those that are open now."""

    profile: str
    name: str
    seq: int
    received: int
    pushed: list[Pushed]
    parked: list[Kept]
    pending: int
    conflicts: list[int]
    problem: str | None
    requests: list[int] = []


def took(outcome: str) -> Took:
    """A hub's answer in the words of the command line."""
    return _TOOK[outcome]


def synced(
    name: str, done: "Exchanged", conflicts: Iterable[int], requests: Iterable[int]
) -> Synced:
    """What happened to the profile called `name`, for programs."""
    return Synced(
        done.profile,
        name,
        done.seq,
        done.received,
        [Pushed(each.id, took(each.outcome), each.seq) for each in done.committed],
        [Kept(each.id, each.code, each.sentence) for each in done.parked],
        done.pending,
        list(conflicts),
        done.problem.sentence if done.problem is not None else None,
        list(requests),
    )


def told(done: Synced) -> list[str]:
    """What happened to a profile, a line each."""
    see = f"stackroom --profile {quote(done.name)}"
    counts = [f"{done.received} received"] if done.received else []
    counts += [
        f"{each.outcome} as #{each.seq}"
        for each in done.pushed
        if each.outcome not in ("conflict", "requested")
    ]
    if done.pending:
        counts.append(f"{done.pending} pending")
    lines = [f"{done.name}: at #{done.seq}, {', '.join(counts) or 'nothing new'}"]
    for each in done.pushed:
        if each.outcome == "conflict":
            lines.append(
                f"  your change is in conflict #{each.seq}: {see} conflicts show {each.seq}"
            )
        if each.outcome == "requested":
            lines.append(
                f"  your change is change request #{each.seq}, another person must approve it: "
                f"{see} request show {each.seq}"
            )
    own = {each.seq for each in done.pushed}
    for seq in done.conflicts:
        if seq not in own:
            lines.append(f"  conflict #{seq} is open: {see} conflicts show {seq}")
    for seq in done.requests:
        if seq not in own:
            lines.append(f"  change request #{seq} waits for approval: {see} request show {seq}")
    for kept in done.parked:
        lines.append(f"  parked: {kept.sentence} ({see} pending list)")
    if done.problem is not None:
        lines.append(f"  {done.problem}")
    return lines
