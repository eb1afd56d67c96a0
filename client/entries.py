"""What stands in the precious file of a home, as its store gives it."""

from typing import Protocol

from msgspec import Struct

from stackroom.events.model import Millis, Proposal
from stackroom.events.signing import Signer


class HubEntry(Struct, frozen=True):
    """A hub that was joined: its address, its identity when last met, and who we are there.

    `key` is the public key that is pinned for it.
    """

    url: str
    hub: str
    epoch: int
    user: str
    rights: str = ""
    key: str = ""


class ProfileEntry(Struct, frozen=True):
    """A profile in the registry; without a `hub` it is local. `synced_at` is the last contact."""

    id: str
    name: str
    hub: str | None
    synced_at: Millis | None = None
    deleted: bool = False


class Parked(Struct, frozen=True):
    """A proposal that was refused, and why."""

    proposal: Proposal
    code: str
    sentence: str


class Authored(Struct, frozen=True):
    """A proposal as it is kept, with its author."""

    proposal: Proposal
    author: str


class Counts(Struct, frozen=True):
    """How many proposals of a profile wait, and how many were refused."""

    pending: int = 0
    parked: int = 0


class Keys(Protocol):
    """The keys of a home's replicas; called while the file is locked."""

    def signer(self, replica: str) -> Signer:
        """The key of the replica, made and kept if it has none."""

    def forget(self, replica: str) -> None:
        """Forgets the key of a replica that this home is no more."""


class Identity(Struct, frozen=True):
    """Which replica a home is, and the key by which it signs, if it does."""

    replica: str
    signer: Signer | None


class Renewal(Struct, frozen=True):
    """That this home took a new identity at `time`: which replica it `was`, and the hub's `code` for why."""

    was: str
    code: str
    time: Millis
