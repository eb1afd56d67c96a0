"""What can happen: the changes, the events that carry them, proposals and commits.

A change is what happened to one entity. An event is a change as it is kept: its type, the entity, and
the body as the very bytes that its author wrote. A proposal is the events of one step that asks to be
taken; a commit is the proposal that was. What carries the changes is in `carriers`.
"""

from typing import ClassVar, Literal, TypeAlias

from msgspec import Struct

from stackroom.events.carriers import (
    Commit,
    Count,
    Event,
    Held,
    Id,
    Key,
    Kind,
    Millis,
    Overlap,
    OverlapKind,
    Proposal,
    Rewritten,
    Signature,
)
from stackroom.events.values import Path, Value

__all__ = [
    "Change",
    "ChangeRequested",
    "Commit",
    "ComponentDeleted",
    "ComponentRegistered",
    "ComponentRenamed",
    "ComponentUpdated",
    "ConflictJoined",
    "ConflictOpened",
    "ConflictResolved",
    "Count",
    "DefaultStackSet",
    "Deleted",
    "Event",
    "FlavorDeleted",
    "FlavorRegistered",
    "FlavorRenamed",
    "FlavorUpdated",
    "Held",
    "Id",
    "Key",
    "Kind",
    "Millis",
    "Overlap",
    "OverlapKind",
    "ProfileCreated",
    "ProfileDeleted",
    "ProfileRenamed",
    "ProfileUpdated",
    "Proposal",
    "Redacted",
    "Registered",
    "Renamed",
    "RequestApproved",
    "RequestClosed",
    "RequestJoined",
    "Rewritten",
    "RunRecorded",
    "RunReport",
    "RunUpdated",
    "Signature",
    "StackDeleted",
    "StackRegistered",
    "StackRenamed",
    "StackUpdated",
    "TagDeleted",
    "TagRegistered",
    "TagUpdated",
    "Updated",
]


class Change(Struct, frozen=True, omit_defaults=True):
    """Base of all changes; `kind` is the kind of entity that it changes."""

    kind: ClassVar[Kind]


class Registered(Change, frozen=True):
    """An entity came to be, whole; with the id of a deleted entity, it came back."""

    name: str


class Updated(Change, frozen=True):
    """Paths of an entity were written (`set`) or removed (`unset`)."""

    set: dict[Path, Value] = {}
    unset: tuple[Path, ...] = ()


class Renamed(Change, frozen=True):
    """An entity took another name."""

    name: str


class Deleted(Change, frozen=True):
    """An entity ended."""


class ProfileCreated(Registered, frozen=True):
    """The first event of every profile; its entity is the profile's own id."""

    kind = "profile"
    description: str = ""
    settings: dict[str, Value] = {}


class ProfileUpdated(Updated, frozen=True):
    kind = "profile"


class ProfileRenamed(Renamed, frozen=True):
    kind = "profile"


class ProfileDeleted(Deleted, frozen=True):
    """The profile is closed: its history stays, and takes nothing more."""

    kind = "profile"


class FlavorRegistered(Registered, frozen=True):
    kind = "flavor"
    component_type: str
    source: str = ""
    integration: str | None = None
    config_schema: dict[str, Value] | None = None
    extra: dict[str, Value] = {}


class FlavorUpdated(Updated, frozen=True):
    kind = "flavor"


class FlavorRenamed(Renamed, frozen=True):
    kind = "flavor"


class FlavorDeleted(Deleted, frozen=True):
    kind = "flavor"


class ComponentRegistered(Registered, frozen=True):
    kind = "component"
    component_type: str
    flavor: str
    config: dict[str, Value] = {}
    labels: dict[str, str] = {}
    extra: dict[str, Value] = {}
    protected: bool = False


class ComponentUpdated(Updated, frozen=True):
    kind = "component"


class ComponentRenamed(Renamed, frozen=True):
    kind = "component"


class ComponentDeleted(Deleted, frozen=True):
    kind = "component"


class StackRegistered(Registered, frozen=True):
    """`components` maps a component type to ids, the first being that type's default."""

    kind = "stack"
    components: dict[str, list[str]] = {}
    labels: dict[str, str] = {}
    description: str = ""
    extra: dict[str, Value] = {}
    protected: bool = False


class StackUpdated(Updated, frozen=True):
    kind = "stack"


class StackRenamed(Renamed, frozen=True):
    kind = "stack"


class StackDeleted(Deleted, frozen=True):
    kind = "stack"


class DefaultStackSet(Change, frozen=True):
    """The profile has another default stack, or none; its entity is the profile."""

    kind = "profile"
    stack: str | None = None


class TagRegistered(Registered, frozen=True):
    """A name was given to the state after commit `seq`, which its author had in view."""

    kind = "tag"
    seq: Count


class TagUpdated(Updated, frozen=True):
    """The name was given to another commit: its one path is `/seq`."""

    kind = "tag"


class TagDeleted(Deleted, frozen=True):
    kind = "tag"


class ConflictOpened(Change, frozen=True):
    """A proposal lost; the hub keeps it. The conflict's id is the id of that proposal."""

    kind = "conflict"
    held: Held
    overlaps: tuple[Overlap, ...]


class ConflictJoined(Change, frozen=True):
    """A later proposal of the same replica builds on one that is in conflict."""

    kind = "conflict"
    held: Held
    overlaps: tuple[Overlap, ...] = ()


class ConflictResolved(Change, frozen=True):
    """Somebody decided; the changes that carry the decision out stand beside it in the commit.

    `choice` says which side in words (`ours`, `theirs`, `edited`). `aliases` maps ids that the losing
    proposals registered to the entities that stand for them from now on.
    """

    kind = "conflict"
    choice: str
    aliases: dict[str, str] = {}


class ChangeRequested(Change, frozen=True):
    """A proposal changes what is protected: the hub keeps it until another person approves it.

    The request's id is the id of that proposal; `protected` are the ids of what it touches.
    """

    kind = "request"
    held: Held
    protected: tuple[str, ...]


class RequestJoined(Change, frozen=True):
    """A later proposal of the same replica builds on one that waits in a request."""

    kind = "request"
    held: Held
    protected: tuple[str, ...] = ()


class RequestApproved(Change, frozen=True):
    """Somebody else approved; beside it in the commit stand the very events that the request holds."""

    kind = "request"


class RequestClosed(Change, frozen=True):
    """The request ended without a change: rejected by somebody, or withdrawn by its author."""

    kind = "request"
    choice: Literal["rejected", "withdrawn"]


class RunRecorded(Change, frozen=True):
    """A pipeline ran on a stack, or began to; of several reports of one run, the last counts.

    `stack` is the id of the stack, and `commit` that of the commit (of its proposal) that made the stack
    what it was; empty is the commit at the proposal's base. `name` is what others call the run, if it is no
    id. A run changes nothing, and has no state: the log alone tells of it.
    """

    kind = "run"
    pipeline: str
    stack: str
    commit: str = ""
    status: str = "completed"
    name: str = ""
    url: str = ""
    labels: dict[str, str] = {}


class RunUpdated(Change, frozen=True):
    """A run went on: what is None stays as it was, `labels` are set beside those that there are."""

    kind = "run"
    status: str | None = None
    url: str | None = None
    labels: dict[str, str] = {}


RunReport: TypeAlias = RunRecorded | RunUpdated
"""What is said of a run."""


class Redacted(Change, frozen=True):
    """A value was taken out of the history, everywhere, on somebody's order; made by the hub alone.

    It vouches for what the events say that are no more what their authors wrote, until a later one does;
    the state is what the redacted history folds to.
    """

    kind = "profile"
    reason: str
    rewritten: tuple[Rewritten, ...]
