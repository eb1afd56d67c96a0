"""What can happen: the changes, the events that carry them, proposals and commits.

A change is what happened to one entity. An event is a change as it is kept: its type, the entity, and
the body as the very bytes that its author wrote. A proposal is the events of one step that asks to be
taken; a commit is the proposal that was.
"""

from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct

from stackroom.events import limits
from stackroom.events.values import Maybe, Path, Value

Kind: TypeAlias = Literal[
    "profile",
    "flavor",
    "component",
    "stack",
    "tag",
    "conflict",
    "request",
    "run",
    "hub",
    "user",
    "team",
    "project",
    "role",
    "assignment",
    "token",
    "invitation",
    "identity",
    "password",
    "key",
]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=limits.COUNT_MOST)]
"""A seq, a number, a version."""

Millis: TypeAlias = Annotated[int, Meta(ge=0, le=limits.COUNT_MOST)]
"""Milliseconds since 1970-01-01T00:00:00Z."""

Id: TypeAlias = Annotated[str, Meta(pattern=limits.ID_PATTERN)]
"""A UUID in lower case, of the kinds that are looked up before anything else is known of them."""

Key: TypeAlias = Annotated[bytes, Meta(max_length=limits.KEY_BYTES)]
"""The public half of an Ed25519 key (32 bytes), or nothing."""

Signature: TypeAlias = Annotated[bytes, Meta(max_length=limits.SIGNATURE_BYTES)]
"""An Ed25519 signature (64 bytes), or nothing."""


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


OverlapKind: TypeAlias = Literal["edit/edit", "edit/delete", "name"]


class Overlap(Struct, frozen=True, omit_defaults=True):
    """One place where a proposal and what others committed after its base cannot both stand.

    `theirs` stands now, `ours` was proposed, `before` stood at the proposal's base; each is absent where
    there is no value. `seq` and `author` are those of the commit that wrote `theirs`.
    """

    kind: OverlapKind
    entity: str
    path: Path
    seq: int
    author: str = ""
    before: Maybe = UNSET
    theirs: Maybe = UNSET
    ours: Maybe = UNSET


class Event(Struct, frozen=True, omit_defaults=True):
    """A change as it is kept: `body` is its JSON text, byte for byte as its author wrote it.

    `salt` (16 bytes, the author's) makes the digest of the body say nothing about the body. An event
    that was redacted has a salt of the hub's, and keeps the `digest` that it had before (hexadecimal).
    """

    type: str
    version: Count
    entity: str
    salt: Annotated[bytes, Meta(max_length=limits.SALT_BYTES_MOST)]
    body: str
    digest: str = ""


class Proposal(Struct, frozen=True, omit_defaults=True):
    """A commit that has not been taken yet; who proposes it, the connection proves.

    `number` counts the proposals of one replica in one profile; `base` is the seq of the state that
    the author had in view; `time` is the author's clock. `signature` is that of the replica's `key`
    over what `codec.statement` gives; both are empty in a proposal that is not signed.
    """

    id: str
    number: Count
    base: Count
    message: str
    time: Millis
    events: tuple[Event, ...]
    key: Key = b""
    signature: Signature = b""


class Held(Struct, frozen=True):
    """A proposal that a conflict or a change request keeps safe, with who made it."""

    author: str
    replica: str
    proposal: Proposal


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


class Rewritten(Struct, frozen=True):
    """An event that values were taken out of: commit, number of the event in it, pointers into its body.

    `digest` is that of its new salt and body (hexadecimal). In a conflict or change request, a pointer goes
    on through the body of a held event.
    """

    seq: Count
    event: Count
    paths: tuple[Path, ...]
    digest: str


class Redacted(Change, frozen=True):
    """A value was taken out of the history, everywhere, on somebody's order; made by the hub alone.

    It vouches for what the events say that are no more what their authors wrote, until a later one does;
    the state is what the redacted history folds to.
    """

    kind = "profile"
    reason: str
    rewritten: tuple[Rewritten, ...]


class Commit(Struct, frozen=True, omit_defaults=True):
    """A proposal that was taken, at its place `seq` in its profile.

    `id` is the proposal's; `accepted` is the hub's clock; `root` is the Merkle root of the profile's
    commits up to and including this one (32 bytes). `key` and `signature` are the proposal's where the
    events are: not where the hub put others in their place, which hold the proposal.
    """

    seq: Count
    id: str
    replica: str
    number: Count
    base: Count
    author: str
    message: str
    time: Millis
    accepted: Millis
    events: tuple[Event, ...]
    root: bytes
    key: Key = b""
    signature: Signature = b""
