"""Snapshots of large states: written later, and never of what does not stand."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from stackroom.events.codec import seal
from stackroom.events.fold import fold
from stackroom.events.history.history import load
from stackroom.events.log import LogWriter
from stackroom.events.model import Change, ComponentUpdated, Proposal
from stackroom.events.people.permissions import Who
from stackroom.events.sqlite.log import LogFile
from stackroom.events.state import State, encode, pieces
from stackroom.sync import protocol as wire
from stackroom.sync.deciding import authority as deciding
from stackroom.sync.deciding.authority import Authority, Submission
from stackroom.sync.deciding.snapshots import Snapshots
from stackroom.sync.settings import Settings
from tests.events.world import uid
from tests.sync.speaking import HUB, PROFILE, SALT, component, created, serving, speaking

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "AT_ONCE", 0)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    file = LogFile.open(tmp_path / "hub.db", new_id=HUB.id, synchronous="OFF")
    yield file
    file.close()


class Deciding:
    """An authority whose snapshots are written later, and who proposes to it."""

    def __init__(self, log: LogFile, every: int = 2) -> None:
        self.log = log
        self.snapshots = Snapshots()
        self.authority = Authority(
            lambda: SALT, snapshot_every=every, states_kept=4, snapshots=self.snapshots
        )
        self.count = 0

    def decide(self, writer: LogWriter) -> None:
        n = self.count
        self.count += 1
        change = (created(), component(1))[n] if n < 2 else _update(n)
        proposal = Proposal(uid(100 + n), n + 1, n, "", n, (seal(*change, SALT),))
        submission = Submission(PROFILE, Who(uid(7), "ann"), proposal)
        (answer,) = self.authority.decide([submission], n, writer).answers
        assert answer.outcome == "accepted"

    def commit(self, count: int) -> None:
        for _ in range(count):
            self.log.write(self.decide)

    def kept(self) -> int:
        """The seq of the newest snapshot."""
        found = self.log.read(lambda reader: reader.snapshot(PROFILE))
        return found.seq if found is not None else 0


def _update(n: int) -> tuple[str, Change]:
    """Of the one component: the profile has as many entities as before."""
    return component(1)[0], ComponentUpdated({"/config/value": str(n)})


def test_the_newest_that_is_due_is_written_later(log: LogFile) -> None:
    hub = Deciding(log)
    hub.commit(5)
    assert hub.kept() == 0
    due = hub.snapshots.take()
    assert due is not None
    assert due.state.seq == 4
    hub.commit(3)  # What comes meanwhile changes nothing of it, and the next is due.
    log.write(lambda writer: hub.snapshots.put(due, pieces(due.state, 2), writer))
    assert hub.kept() == 4
    state, _, since = log.read(lambda reader: load(reader, PROFILE))
    assert (state.seq, since) == (8, 4)
    folded = fold(State(), *log.read(lambda reader: reader.commits(PROFILE, 0, 4)))
    assert encode(folded) == encode(due.state)
    after = hub.snapshots.take()
    assert after is not None
    assert after.state.seq == 8
    assert hub.snapshots.take() is None


def test_what_was_forgotten_meanwhile_is_not_written(log: LogFile) -> None:
    hub = Deciding(log)
    hub.commit(2)
    due = hub.snapshots.take()
    assert due is not None
    hub.authority.forget_profile(PROFILE)  # As a redaction does.
    log.write(lambda writer: hub.snapshots.put(due, pieces(due.state, 2), writer))
    assert hub.kept() == 0


def test_what_did_not_come_to_stand_is_not_written(log: LogFile) -> None:
    hub = Deciding(log)
    hub.commit(1)

    def fail(writer: LogWriter) -> None:
        hub.decide(writer)
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        log.write(fail)
    due = hub.snapshots.take()
    assert due is not None
    assert due.state.seq == 2
    log.write(lambda writer: hub.snapshots.put(due, pieces(due.state, 2), writer))
    assert hub.kept() == 0
    hub.authority.forget()
    proposal = Proposal(uid(300), 9, 1, "", 9, (seal(*component(77), SALT),))
    who = Who(uid(7), "ann")
    log.write(lambda w: hub.authority.decide([Submission(PROFILE, who, proposal)], 9, w))
    log.write(lambda writer: hub.snapshots.put(due, pieces(due.state, 2), writer))
    assert hub.kept() == 0


async def test_a_hub_writes_them_by_itself(tmp_path: Path) -> None:
    settings = Settings(port=0, snapshot_every=4, snapshot_worth=5)
    async with serving(tmp_path / "hub.db", settings) as hub, speaking(hub.url) as ann:
        for n in range(10):
            await ann.push(ann.proposal(component(n) if n else created()))
        with anyio.fail_after(10):
            while (found := await hub.log.read(lambda r: r.snapshot(PROFILE))) is None:
                await anyio.sleep(0.01)
        async with speaking(hub.url, 71) as bob:
            tail = await bob.subscribe(snapshot=True)
            (snapshot,) = [m for m in bob.heard if isinstance(m, wire.Snapshot)]
            assert snapshot.seq >= found.seq
            assert [c.seq for c in tail] == list(range(snapshot.seq + 1, 11))
