"""Commits to fill a log with: valid hashes, plain contents."""

from hashlib import sha256

from msgspec import structs

from stackroom.events import codec
from stackroom.events.log import Head, Taken, Taking
from stackroom.events.model import Commit, Event
from stackroom.events.proofs import merkle
from stackroom.events.proofs.signing import Signer

PROFILE = "00000000-0000-7000-8000-00000000000a"
OTHER = "00000000-0000-7000-8000-00000000000b"
LOG_ID = "00000000-0000-7000-8000-0000000000ff"
NOON = 1_800_000_000_000


def event(entity: str, body: str = '{"name":"x"}') -> Event:
    return Event("ComponentRenamed", 1, entity, sha256(body.encode()).digest()[:16], body)


class Chain:
    """Makes the commits of one profile, one after the other."""

    def __init__(self, profile: str = PROFILE, head: Head | None = None) -> None:
        self.profile = profile
        self.frontier = (head or Head()).frontier

    def commit(
        self,
        *events: Event,
        id: str | None = None,
        replica: str = "replica-1",
        outcome: Taking = "accepted",
        number: int | None = None,
        accepted: int | None = None,
        signer: Signer | None = None,
        author: str = "ann",
        message: str | None = None,
    ) -> Taken:
        """The next commit; with one event of entity `e1` unless others are given, signed by `signer`."""
        seq = self.frontier.size + 1
        commit = Commit(
            seq,
            id or f"{self.profile[-1]}-{seq}",
            replica,
            number or seq,
            seq - 1,
            author,
            f"change {seq}" if message is None else message,
            NOON + seq,
            NOON + 10 * seq if accepted is None else accepted,
            events or (event("e1"),),
            b"",
        )
        if signer is not None:
            commit = signer.sign(self.profile, replica, commit)
        leaf = merkle.leaf_hash(codec.leaf(self.profile, commit))
        self.frontier = merkle.grow(self.frontier, leaf)
        return Taken(structs.replace(commit, root=merkle.root(self.frontier)), outcome, leaf)

    def commits(self, count: int) -> list[Taken]:
        """The next `count` commits."""
        return [self.commit() for _ in range(count)]
