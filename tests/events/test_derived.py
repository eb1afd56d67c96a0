"""What follows from the commits is held against them: a changed snapshot, index or catalogue is found."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from stackroom.events.audit.derived import Derived
from stackroom.events.audit.verify import verify
from stackroom.events.codec import leaf
from stackroom.events.errors import HistoryFault, UnknownEvent
from stackroom.events.fold import fold
from stackroom.events.log import Snapshot, Taken
from stackroom.events.model import Commit, Event
from stackroom.events.proofs import merkle
from stackroom.events.sqlite.log import LogFile, open_reader
from stackroom.events.state import State, encode
from tests.events.commits import LOG_ID, NOON, PROFILE, event

CREATED = Event("ProfileCreated", 1, PROFILE, bytes(16), '{"name":"team"}')


def rename(n: int) -> Event:
    return Event("ProfileRenamed", 1, PROFILE, bytes(16), f'{{"name":"team {n}"}}')


class Log:
    """A hub's log of one profile, written commit by commit, with all that is kept beside them."""

    def __init__(self, path: Path) -> None:
        self.file = LogFile.open(path, new_id=LOG_ID, synchronous="OFF")
        self.frontier = merkle.Frontier()
        self.state = State()

    def append(self, *events: Event, snapshot: bool = False) -> None:
        seq = self.frontier.size + 1
        commit = Commit(
            seq, f"id-{seq}", "r", seq, seq - 1, "ann", "", NOON, NOON + seq, events, b""
        )
        hashed = merkle.leaf_hash(leaf(PROFILE, commit))
        self.frontier = merkle.grow(self.frontier, hashed)
        commit = structs.replace(commit, root=merkle.root(self.frontier))
        with self.file.writing() as log:
            log.append(PROFILE, [Taken(commit, "accepted", hashed)], self.frontier)
            try:
                self.state = fold(self.state, commit)
            except UnknownEvent:
                return
            assert self.state.profile is not None
            log.list_profile(PROFILE, self.state.profile.name)
            if snapshot:
                log.put_snapshot(PROFILE, Snapshot(seq, self.frontier, encode(self.state)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "hub.db"
    log = Log(path)
    log.append(CREATED)
    for n in range(2, 6):
        log.append(rename(n), snapshot=n % 2 == 0)
    with log.file.writing() as writer:
        writer._conn.execute(
            "INSERT INTO touched SELECT 1, 0, ?, seq FROM commits WHERE seq <= 4", (PROFILE[-12:],)
        )
        writer._conn.execute("UPDATE profiles SET indexed = 4")
    log.file.close()
    return path


def audit(path: Path) -> Derived:
    with open_reader(path) as log:
        derived = Derived(log.beside(PROFILE), PROFILE)
        verify(log, PROFILE, [derived])
        return derived


def test_what_follows_holds(path: Path) -> None:
    assert audit(path).newer is None


@pytest.mark.parametrize(
    ("statement", "seq", "what"),
    [
        (
            "UPDATE snapshots SET state = CAST(replace(state, 'team 2', 'X') AS BLOB) WHERE seq = 2",
            2,
            "#2",
        ),
        ("UPDATE snapshots SET state = CAST('{' AS BLOB) WHERE seq = 4", 4, "at #4"),
        ("UPDATE snapshots SET peaks = zeroblob(32) WHERE seq = 4", 4, "at #4"),
        ("UPDATE snapshots SET peaks = zeroblob(31) WHERE seq = 4", 4, "at #4"),
        ("UPDATE snapshots SET seq = 3 WHERE seq = 4", 3, "at #3"),
        ("UPDATE snapshots SET seq = 9 WHERE seq = 4", 9, "at #9"),
        ("UPDATE touched SET seq = 5 WHERE seq = 2", 2, "index of events at #2"),
        ("UPDATE touched SET bucket = 1 WHERE seq = 4", 4, "index of events at #4"),
        ("DELETE FROM touched WHERE seq = 3", 3, "index of events at #3"),
        ("UPDATE profiles SET indexed = 3", 4, "index of events at #4"),
        ("UPDATE numbers SET last = 6", 5, "used numbers"),
        ("UPDATE numbers SET first = 2", 5, "used numbers"),
        ("UPDATE numbers SET replica = 's'", 5, "used numbers"),
        ("UPDATE profiles SET name = 'other'", 5, "catalogue"),
        ("UPDATE profiles SET deleted = 1", 5, "catalogue"),
        ("UPDATE commits SET outcome = 'conflict' WHERE seq = 3", 3, "outcome of commit #3"),
    ],
)
def test_what_was_changed_beside_the_commits_is_named(
    path: Path, statement: str, seq: int, what: str
) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("DROP TRIGGER commits_are_not_updated")
        conn.execute(statement)
    with pytest.raises(HistoryFault, match=what) as caught:
        audit(path)
    assert (caught.value.part, caught.value.seq) == ("derived", seq)


def test_past_what_is_newer_states_are_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    log = Log(path)
    log.append(CREATED)
    log.append(Event("SomethingNew", 1, PROFILE, bytes(16), "{}"))
    with log.file.writing() as writer:
        writer.put_snapshot(PROFILE, Snapshot(2, log.frontier, b'{"seq":2,"new":"field"}'))
    log.file.close()
    newer = audit(path).newer
    assert newer is not None
    assert newer.type == "SomethingNew"


def test_a_cache_has_no_catalogue(tmp_path: Path) -> None:
    file = LogFile.open(tmp_path / "cache.db", new_id=LOG_ID, use="cache")
    with file.writing() as log:
        hashed = bytes(32)
        commit = Commit(1, "a", "r", 1, 0, "ann", "", NOON, NOON, (event("e1"),), bytes(32))
        log.append(PROFILE, [Taken(commit, "accepted", hashed)], merkle.Frontier(1, (hashed,)))
        assert log.beside(PROFILE).listing() is None
        assert not log.beside(PROFILE).miscounted()
    file.close()
