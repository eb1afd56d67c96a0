"""Histories to measure on: the same seed makes the same log, byte for byte.

A team's profile: an opening commit creates it with all its components (and stacks), and every commit
after it updates one component, in an event of about 300 bytes. The log is decided on by the hub's own
authority, with all its checks, so that it is a log like any other; only the flushes are left out.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from msgspec import Struct

from stackroom.events.codec import seal
from stackroom.events.model import (
    Change,
    Commit,
    ComponentRegistered,
    ComponentUpdated,
    Event,
    ProfileCreated,
    Proposal,
    StackRegistered,
)
from stackroom.events.people.permissions import Who
from stackroom.events.sqlite.log import LogFile
from stackroom.events.values import Value
from stackroom.sync.deciding.authority import Authority, Submission
from stackroom.sync.settings import Settings

FIRST_TIME: Final = 1_750_000_000_000
REPLICA: Final = "00000000-0000-7000-8000-000000000001"
AUTHOR: Final = "ada"
BATCH: Final = 300
"""Commits in one transaction while a log is made."""


class Shape(Struct, frozen=True):
    """How large a profile is, and how long its history."""

    components: int = 1_000
    stacks: int = 0
    commits: int = 1
    """All of them, the opening one included."""


class Ids:
    """Ids in the form of UUIDv7, counted up: what they are does not matter, that they differ does."""

    def __init__(self, space: int) -> None:
        self._prefix = f"{0x0197_0000_0000 + space:012x}"
        self._last = 0

    def __call__(self) -> str:
        self._last += 1
        high, low = divmod(self._last, 1 << 48)
        return f"{self._prefix[:8]}-{self._prefix[8:]}-7{high:03x}-8000-{low:012x}"


class Team:
    """One profile and its components: makes up the events of its history."""

    def __init__(self, name: str, shape: Shape, *, seed: int, space: int) -> None:
        self.name = name
        self.shape = shape
        self.random = Random(seed)
        self.new_id = Ids(space)
        self.profile = self.new_id()
        self.components = [self.new_id() for _ in range(shape.components)]

    def opening(self) -> tuple[Event, ...]:
        """The profile, its components, and its stacks of an orchestrator and an artifact store."""
        changes: list[tuple[str, Change]] = [(self.profile, ProfileCreated(self.name, "measured"))]
        for n, id in enumerate(self.components):
            changes.append((id, registration(n)))
        half = max(1, len(self.components) // 2)
        for n in range(self.shape.stacks):
            members = {
                "orchestrator": [self.components[2 * (n % half)]],
                "artifact_store": [self.components[2 * (n % half) + 1]],
            }
            changes.append((self.new_id(), StackRegistered(f"stack-{n:04d}", members)))
        return tuple(self.seal(id, change) for id, change in changes)

    def update(self, n: int, component: str | None = None) -> Event:
        """The `n`th update, of any component unless one is named; no two write the same values."""
        id = self.random.choice(self.components) if component is None else component
        return self.seal(id, update(n))

    def seal(self, id: str, change: Change) -> Event:
        """The event of a change, its salt out of the seed."""
        return seal(id, change, self.random.randbytes(16))

    def begin(self) -> Proposal:
        """The first proposal of all, which makes the profile with all that is in it."""
        return Proposal(self.new_id(), 1, 0, "begin", FIRST_TIME, self.opening())

    def history(self) -> Iterator[Proposal]:
        """All proposals in order, each made in view of the one before."""
        yield self.begin()
        for n in range(1, self.shape.commits):
            event = self.update(n)
            yield Proposal(self.new_id(), n + 1, n, f"change {n}", FIRST_TIME + n, (event,))


def registration(n: int) -> ComponentRegistered:
    """Component `n`: orchestrators and artifact stores in turn."""
    type, flavor = (("orchestrator", "kubernetes"), ("artifact_store", "s3"))[n % 2]
    config: dict[str, Value] = {
        "path": f"s3://bucket-{n % 97}/team",
        "region": "eu-west-1",
        "retries": n % 7,
    }
    return ComponentRegistered(f"{flavor}-{n:05d}", type, flavor, config, {"team": "ml"})


def update(n: int) -> ComponentUpdated:
    """An update of three values; its event is about 300 bytes as JSON."""
    written: dict[str, Value] = {
        "/config/path": f"s3://bucket-{n % 97}/team/revision-{n:08d}",
        "/config/credentials": {"secret": f"vault/{n * 2654435761 % 2**32:08x}", "rotate": True},
        "/labels/change": f"change-{n:08d}",
    }
    return ComponentUpdated(written)


def committed(seq: int, proposal: Proposal) -> Commit:
    """The commit that a proposal becomes, without its root."""
    return Commit(
        seq,
        proposal.id,
        REPLICA,
        proposal.number,
        proposal.base,
        AUTHOR,
        proposal.message,
        proposal.time,
        FIRST_TIME,
        proposal.events,
        bytes(32),
        proposal.key,
        proposal.signature,
    )


def build(path: Path, teams: list[Team]) -> None:
    """Makes a hub's log at `path` with the histories of `teams`, one after the other.

    Nothing is flushed while it is made; it is read only once the file has been closed.
    """
    log = LogFile.open(path, new_id=Ids(0xFFFF)(), synchronous="OFF")
    settings = Settings()
    authority = Authority(
        lambda: bytes(16),
        snapshot_every=settings.snapshot_every,
        states_kept=settings.states_kept,
    )
    try:
        for team in teams:
            batch: list[Submission] = []
            for proposal in team.history():
                batch.append(Submission(team.profile, Who(REPLICA, AUTHOR), proposal))
                if len(batch) == BATCH:
                    _decide(log, authority, batch)
                    batch = []
            _decide(log, authority, batch)
    finally:
        log.close()


def _decide(log: LogFile, authority: Authority, batch: list[Submission]) -> None:
    now = FIRST_TIME
    decision = log.write(lambda writer: authority.decide(batch, now, writer))
    for answer in decision.answers:
        if answer.outcome != "accepted":
            raise AssertionError(f"the history does not stand: {answer}")
