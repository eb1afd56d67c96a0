"""The messages by which a hub works out a proposal for whoever does not know the rules: a browser, a script.

What is to be done goes in as a step, what to propose for it comes out, with what would become of that.
Nothing is saved by it: the proposal is then made, saved and pushed like any other.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from stackroom.events.composing.resolve import Side
from stackroom.events.limits import EVENTS_PER_PROPOSAL
from stackroom.events.model import Count, Id, Overlap
from stackroom.events.values import Path
from stackroom.sync.messages.message import Message
from stackroom.sync.messages.showing import Entities

Text: TypeAlias = str
"""JSON text of one value."""


class Intended(Struct, frozen=True):
    """A change as an event would hold it: its type, its entity, and its body as JSON text."""

    type: str
    entity: str
    body: str


Many = Annotated[tuple[Intended, ...], Meta(max_length=EVENTS_PER_PROPOSAL)]


class Do(Struct, frozen=True, tag_field="step", tag="change"):
    """These very changes."""

    changes: Many


class Resolve(Struct, frozen=True, tag_field="step", tag="resolve"):
    """End a conflict: a side for all of it, others path by path, and values typed in place.

    `takes` are (entity, path, side); `edits` are (entity, path, value), the value being JSON text, or None
    to have nothing there. Places are those of the conflict's overlaps.
    """

    conflict: str
    side: Side
    takes: tuple[tuple[str, Path, Side], ...] = ()
    edits: tuple[tuple[str, Path, Text | None], ...] = ()


class Approve(Struct, frozen=True, tag_field="step", tag="approve"):
    """Carry out a change request."""

    request: str


class Revert(Struct, frozen=True, tag_field="step", tag="revert"):
    """Undo the commit `seq`; with `overwrite`, also where others changed since what it wrote."""

    seq: Count
    overwrite: bool = False


Intent: TypeAlias = Do | Resolve | Approve | Revert


class Draft(Message, frozen=True, tag="draft"):
    """Asks what to propose for a step, and what would become of that, made upon seq `base` (0: the head).

    Answered by `drafted` with the same `id`, which the sender chooses.
    """

    id: Count
    profile: Id
    step: Intent
    base: Count = 0


Foreseen: TypeAlias = Literal[
    "accepted", "merged", "converged", "conflict", "requested", "rejected"
]


class Drafted(Message, frozen=True, tag="drafted"):
    """What to propose, and what would become of it upon the state at `seq`.

    `outcome` is that of the rules; what the hub looks at beside them (whether a profile's name is free, how
    much it may hold) only the push tells. `changes` are what to propose, none where the step cannot be done:
    then it is `rejected`, with the reason. `entities` are those that it touches, as they would stand;
    `left_out` is how many more there are. `overlaps` are what it would be in conflict about, and `protected`
    the ids for whose sake another person would have to approve it. What a change request comes to is told
    to those, too, who may not approve it. `kept` says what a revert leaves as it
    is.
    """

    id: int
    profile: str
    seq: int
    outcome: Foreseen
    code: str = ""
    sentence: str = ""
    changes: tuple[Intended, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    protected: tuple[str, ...] = ()
    entities: Entities = "{}"
    left_out: int = 0
    kept: tuple[str, ...] = ()
