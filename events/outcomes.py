"""What can become of a proposal, and what is committed for it."""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from stackroom.events.carriers import HOLDING, REQUESTING
from stackroom.events.log import Taking
from stackroom.events.model import (
    Change,
    ChangeRequested,
    Commit,
    ConflictJoined,
    ConflictOpened,
    Held,
    Overlap,
    RequestJoined,
)
from stackroom.events.refusal import Refusal
from stackroom.events.state import State
from stackroom.events.values import WHOLE, Path

Changes: TypeAlias = Sequence[tuple[str, Change]]
"""Changes in their order, each with the id of its entity."""


class Accepted(Struct, frozen=True):
    """It stands. `merged`: others changed other paths of the same entities since its base."""

    merged: bool = False
    converged: tuple[Path, ...] = ()


class Converged(Struct, frozen=True):
    """It says what others said since its base; nothing is left to change."""


class Conflicted(Struct, frozen=True):
    """It cannot stand beside what others committed since its base.

    `joins` is the id of the conflict of an earlier proposal of the same replica on which it builds.
    """

    overlaps: tuple[Overlap, ...]
    joins: str | None = None


class Requested(Struct, frozen=True):
    """It could stand, but changes what is protected: another person must approve it.

    `protected` are the ids of what it touches. `joins` is the id of the change request of an earlier
    proposal of the same replica on which it builds.
    """

    protected: tuple[str, ...]
    joins: str | None = None


class Rejected(Struct, frozen=True):
    """It breaks a rule regardless of others."""

    refusal: Refusal


Outcome: TypeAlias = Accepted | Converged | Conflicted | Requested | Rejected


def holding(outcome: Conflicted | Requested, held: Held) -> tuple[str, Change]:
    """What is committed in the place of the proposal `held`: (id of what holds it, change)."""
    id = held.proposal.id if outcome.joins is None else outcome.joins
    if isinstance(outcome, Conflicted):
        conflict = ConflictOpened if outcome.joins is None else ConflictJoined
        return id, conflict(held, outcome.overlaps)
    request = ChangeRequested if outcome.joins is None else RequestJoined
    return id, request(held, outcome.protected)


def set_aside(state: State, changes: Changes) -> tuple[Overlap, ...]:
    """The overlaps of a proposal that must not be lost, and that breaks a rule upon `state`.

    One for each entity that it is about, as a whole, with the commit that touched that last.
    """
    return tuple(
        Overlap("edit/delete", id, WHOLE, _touched(state, id))
        for id in dict.fromkeys(id for id, _ in changes)
    )


def _touched(state: State, id: str) -> int:
    entity, gone = state.get(id), state.gone.get(state.resolve(id))
    if entity is not None:
        return max(seq for seq, _ in entity.stamps.values())
    return gone.stamp[0] if gone is not None else state.seq


def taking(commit: Commit) -> Taking:
    """How a commit came about, as far as it tells by itself."""
    first = commit.events[0].type if commit.events else ""
    if first in REQUESTING:
        return "requested"
    return "conflict" if first in HOLDING else "accepted"
