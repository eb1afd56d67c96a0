"""What a hub and its replicas say to each other when their histories have parted; see `healing`.

The rules of `protocol` hold for these, too. A hub sends them to those alone who have said `compare`.
"""

from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from stackroom.events.frontier import HASH_BYTES
from stackroom.events.model import Commit, Count, Id, Millis
from stackroom.sync.messages.message import Message

POINTS: Final = 64
"""Places that are compared at once: four rounds find the common one among sixteen million."""

PROPOSALS: Final = 1_000
"""Proposals that are asked for at once."""

Root: TypeAlias = Annotated[bytes, Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]


class Point(Struct, frozen=True):
    """The Merkle root after commit `seq`."""

    seq: Count
    root: Root


class Compare(Message, frozen=True, tag="compare"):
    """Of a profile in which the histories have parted: at which of these points has the hub this root?

    And of which of these proposals does it know what became of them there?
    """

    profile: Id
    points: Annotated[tuple[Point, ...], Meta(max_length=POINTS)] = ()
    proposals: Annotated[tuple[Id, ...], Meta(max_length=PROPOSALS)] = ()


class Offer(Message, frozen=True, tag="offer"):
    """What the sender has of a profile and the hub has not: the commits after `common`, up to `seq`.

    `root` is the Merkle root at `seq`, `epoch` that of the hub that it last knew, and `checkpoint` the
    last statement that the hub signed of this profile (its text), if there is one.
    """

    profile: Id
    common: Count
    seq: Count
    root: Root
    epoch: Count = 0
    checkpoint: Annotated[str, Meta(max_length=4_096)] = ""


class Returned(Message, frozen=True, tag="returned"):
    """A page of what was recalled: commits after `after`; none, if the sender has them no more."""

    profile: Id
    after: Count
    commits: tuple[Commit, ...] = ()


class Compared(Message, frozen=True, tag="compared"):
    """Where the histories part: `common` is the highest of the points that the hub has, too (or 0).

    `seq` is the hub's head; of the `unknown` proposals it has no answer. Up to `given_up`, an administrator
    said that what parts there is not taken back: the receiver keeps it aside, and begins anew.
    """

    profile: str
    seq: int
    common: int
    given_up: int = -1
    unknown: tuple[str, ...] = ()


class Recall(Message, frozen=True, tag="recall"):
    """Asks for commits of the profile after `after`, up to `upto`: as many as fit in a message."""

    profile: str
    after: int
    upto: int


class Healed(Message, frozen=True, tag="healed"):
    """The profile was healed, in that epoch of the hub: subscribe to it again."""

    profile: str
    epoch: int


class Offered(Struct, frozen=True, omit_defaults=True):
    """What one connection offers, for an administrator.

    The hub is at `head`, and has commits of its own after `common` if that is lower. `proven` is the seq
    up to which the hub's own signature stands for the commits; 0 for none.
    """

    profile: str
    user: str
    replica: str
    since: Millis
    common: int
    seq: int
    head: int
    proven: int = 0


class Mended(Struct, frozen=True, omit_defaults=True):
    """What came of one profile: refused (`code`, `sentence`), or healed.

    Commits after `common` were offered up to `seq`: `kept` of them with their places, their hashes and
    signatures; or else `brought` as proposals, of which those at `conflicts` and `requests` wait for a
    decision; `known` were there already, `redone` redactions were made anew, and those that had been at
    `left` cannot come back: their replica gave their number to something else. `given_up`: none was taken.
    """

    profile: str
    code: str = ""
    sentence: str = ""
    common: int = 0
    seq: int = 0
    kept: int = 0
    brought: int = 0
    conflicts: tuple[int, ...] = ()
    requests: tuple[int, ...] = ()
    known: int = 0
    redone: int = 0
    left: tuple[int, ...] = ()
    given_up: bool = False
