"""The messages by which whoever keeps no replica verifies commits: as they are stored, with their proofs.

The rules of `protocol` hold for them, too. `docs/proofs.md` says what is proved, and how it is verified.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from stackroom.events.model import Commit, Count, Id
from stackroom.sync.messages.message import Message

PROVED_MOST: Final = 64
"""Commits that are proved at once."""


class Prove(Message, frozen=True, tag="prove"):
    """Asks for commits as they are stored, and the proofs that they are in the tree that the hub signs.

    `seen` is the size of the last checkpoint that the sender has of the profile, 0 for none. Answered by
    `proved` with the same `id`, which the sender chooses.
    """

    id: Count
    profile: Id
    seqs: Annotated[tuple[Count, ...], Meta(max_length=PROVED_MOST)] = ()
    seen: Count = 0


class Proven(Struct, frozen=True):
    """One commit; `path` is the inclusion proof (RFC 9162, 2.1.3) of its leaf, with index seq - 1."""

    commit: Commit
    path: tuple[bytes, ...]


class Proved(Message, frozen=True, tag="proved"):
    """The answer to `prove`: commits and proofs for the tree of `size` leaves, which `checkpoint` signs.

    `consistency` is the proof (RFC 9162, 2.1.4) that this tree begins with the one that was `seen`; empty
    where it does not need one. Fewer commits than asked for may come, and none that is not there.
    """

    id: int
    profile: str
    size: int
    checkpoint: str
    proven: tuple[Proven, ...] = ()
    consistency: tuple[bytes, ...] = ()
