"""What carries changes: events, proposals, commits, and what is said beside them.

Apart from `model`, because most that is done with commits needs none of the changes in them.
"""

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct

from stackroom.events import limits
from stackroom.events.values import Maybe, Path

PeopleKind: TypeAlias = Literal[
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
"""The kinds of entity that a hub's stream of people has, beside conflicts."""

Kind: TypeAlias = Literal[
    "profile", "flavor", "component", "stack", "tag", "conflict", "request", "run", PeopleKind
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


class Rewritten(Struct, frozen=True):
    """An event that values were taken out of: commit, number of the event in it, pointers into its body.

    `digest` is that of its new salt and body (hexadecimal). In a conflict or change request, a pointer goes
    on through the body of a held event.
    """

    seq: Count
    event: Count
    paths: tuple[Path, ...]
    digest: str


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


HOLDING: Final = frozenset({"ConflictOpened", "ConflictJoined", "ChangeRequested", "RequestJoined"})
"""The types of event by which a proposal is kept for a decision: each the name of its change in `model`."""

REQUESTING: Final = frozenset({"ChangeRequested", "RequestJoined"})
"""Those of them that wait for an approval."""

DECIDING: Final = frozenset({"ConflictResolved", "RequestApproved", "RequestClosed"})
"""The types that end a conflict or change request."""

REPORTS: Final = frozenset({"RunRecorded", "RunUpdated"})
"""The types that report a run."""

REDACTED: Final = "Redacted"
"""The type by which values are taken out of others."""
