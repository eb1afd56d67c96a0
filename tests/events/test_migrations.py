"""Steps are run once, whole, recorded, and after a backup."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from stackroom.events.audit.verify import verify
from stackroom.events.codec import seal
from stackroom.events.errors import LogError, LogFull, LogNewer
from stackroom.events.model import ComponentUpdated, Event
from stackroom.events.proofs import merkle
from stackroom.events.proofs.signing import Signer
from stackroom.events.secrets.redaction import redacted
from stackroom.events.sqlite.file import connect, explained, make_durable
from stackroom.events.sqlite.log import LogFile, open_reader
from stackroom.events.sqlite.migrations import Step, migrate, schema_of, statements
from stackroom.events.sqlite.schema import APPLICATION_ID, steps
from tests.events.commits import LOG_ID, NOON, PROFILE, Chain

OURS = 0x4F757273
THEIRS = 0x54686972


def sql(name: str, *lines: str) -> Step:
    def run(conn: sqlite3.Connection) -> None:
        for line in lines:
            conn.execute(line)

    return Step(name, run)


FIRST = sql("create", "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)")
SECOND = sql("add y", "ALTER TABLE t ADD COLUMN y", "UPDATE t SET y = x + 1")
THIRD = sql("create u", "CREATE TABLE u (z)")
FAILING = sql("fail", "CREATE TABLE half (x)", "INSERT INTO nowhere VALUES (1)")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.db"


@pytest.fixture
def bring(path: Path) -> Callable[..., Path | None]:
    """Runs steps on the file, by a connection of its own."""

    def run(*steps: Step, now: int = NOON) -> Path | None:
        with closing(connect(path, create=True)) as conn:
            make_durable(conn, "OFF")
            return migrate(conn, path, OURS, steps, now=now)

    return run


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(statement).fetchall()


def keep_unsigned(conn: sqlite3.Connection, chain: Chain, *events: Event) -> None:
    """Keeps the next commit of the chain as programs did that knew no signatures."""
    taken = chain.commit(*events)
    c = taken.commit
    row = (1, c.seq, c.id, c.replica, c.number, c.base, c.author, c.message, c.time, c.accepted,
           taken.outcome, taken.leaf, c.root, msgspec.json.encode(c.events).decode())  # fmt: skip
    columns = "profile, seq, id, replica, number, base, author, message, time, accepted, outcome, leaf, root, events"
    conn.execute(
        "INSERT OR IGNORE INTO profiles VALUES (1, ?, 'team', 0, 0, ?, x'', 0, 0)",
        (PROFILE, bytes(32)),
    )
    conn.execute(f"INSERT INTO commits ({columns}) VALUES ({','.join('?' * len(row))})", row)
    peaks = merkle.pack(chain.frontier)
    conn.execute("UPDATE profiles SET seq = ?, root = ?, peaks = ?", (c.seq, c.root, peaks))


def test_new_file_gets_every_step_and_no_backup(
    path: Path, bring: Callable[..., Path | None]
) -> None:
    assert bring(FIRST, SECOND) is None
    assert query(path, "SELECT x, y FROM t") == [(1, 2)]
    recorded = [(1, "create", NOON), (2, "add y", NOON)]
    assert query(path, "SELECT * FROM migrations") == recorded
    assert query(path, "PRAGMA user_version") == [(2,)]
    assert query(path, "PRAGMA application_id") == [(OURS,)]
    assert [p.name for p in path.parent.iterdir() if "backup" in p.name] == []


def test_older_file_is_copied_first(path: Path, bring: Callable[..., Path | None]) -> None:
    bring(FIRST)
    backup = bring(FIRST, SECOND, THIRD, now=NOON + 60_000)
    assert backup == path.with_name("some.db.schema-1.20270115T080100Z.backup")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert query(backup, "SELECT * FROM t") == [(1,)]
    assert query(backup, "PRAGMA user_version") == [(1,)]
    assert query(path, "SELECT * FROM t") == [(1, 2)]
    times = [NOON, NOON + 60_000, NOON + 60_000]
    assert [t for (t,) in query(path, "SELECT time FROM migrations")] == times


def test_file_of_today_is_left_alone(path: Path, bring: Callable[..., Path | None]) -> None:
    bring(FIRST)
    before = path.read_bytes()
    assert bring(FIRST) is None
    assert path.read_bytes() == before


def test_steps_that_fail_leave_the_file_as_it_was(
    path: Path, bring: Callable[..., Path | None]
) -> None:
    bring(FIRST)
    before = query(path, "SELECT * FROM sqlite_master")
    for _ in range(2):
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            bring(FIRST, SECOND, FAILING)
        assert query(path, "SELECT * FROM sqlite_master") == before
        assert query(path, "PRAGMA user_version") == [(1,)]
    copies = sorted(p.name for p in path.parent.iterdir() if p.name.endswith(".backup"))
    stem = "some.db.schema-1.20270115T080000Z"
    assert copies == [f"{stem}-2.backup", f"{stem}.backup"]
    bring(FIRST, SECOND)
    assert query(path, "SELECT * FROM t") == [(1, 2)]


def test_no_backup_no_migration(path: Path, bring: Callable[..., Path | None]) -> None:
    bring(FIRST)
    path.parent.joinpath("some.db.schema-1.20270115T080000Z.unfinished").mkdir()
    with pytest.raises(OSError):
        bring(FIRST, SECOND)
    assert query(path, "PRAGMA user_version") == [(1,)]


def test_unfinished_copy_is_made_anew(path: Path, bring: Callable[..., Path | None]) -> None:
    bring(FIRST)
    unfinished = path.with_name("some.db.schema-1.20270115T080000Z.unfinished")
    unfinished.write_bytes(b"half a copy")
    backup = bring(FIRST, SECOND)
    assert backup is not None
    assert query(backup, "SELECT * FROM t") == [(1,)]
    assert not unfinished.exists()


def test_newer_file_is_refused(path: Path, bring: Callable[..., Path | None]) -> None:
    bring(FIRST, SECOND)
    before = path.read_bytes()
    with pytest.raises(LogNewer, match="has schema 2, and this program knows 1"):
        bring(FIRST)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "made",
    [
        f"PRAGMA application_id = {THEIRS}",
        "CREATE TABLE notes (text)",
        "PRAGMA user_version = 7",
    ],
)
def test_file_of_another_program_is_refused(path: Path, made: str) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(made)
    with (
        closing(connect(path)) as conn,
        pytest.raises(LogError, match="belongs to another program"),
    ):
        schema_of(conn, path, OURS, 1)


def test_several_processes_migrate_once(path: Path, bring: Callable[..., Path | None]) -> None:
    bring(FIRST)
    with ThreadPoolExecutor(6) as pool:
        backups = list(pool.map(lambda _: bring(FIRST, SECOND), range(6)))
    assert sum(b is not None for b in backups) == 1
    assert query(path, "SELECT * FROM t") == [(1, 2)]


def test_statements() -> None:
    script = (
        "-- a; b\nSELECT 1;\nCREATE TRIGGER x BEFORE UPDATE ON t BEGIN\n  SELECT ';';\nEND;\n\n"
    )
    assert [s.split()[-1] for s in statements(script)] == ["1;", "END;"]
    with pytest.raises(ValueError, match="has no end"):
        list(statements("SELECT 1;\nSELECT 2"))


# The log's own schema


def test_log_is_migrated_with_its_commits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Chain()
    file = LogFile.open(path, new_id=LOG_ID, now=NOON, synchronous="OFF")
    with file.writing() as log:
        log.append(PROFILE, chain.commits(3), chain.frontier)
    file.close()
    tomorrow = sql("note", "ALTER TABLE commits ADD COLUMN note TEXT")
    monkeypatch.setattr(
        "stackroom.events.sqlite.log.steps", lambda id, use: (*steps(id, use), tomorrow)
    )
    before = len(steps(LOG_ID, "log"))
    with pytest.raises(LogError, match=f"has schema {before}"), open_reader(path):
        pass
    file = LogFile.open(path, new_id="another", now=NOON, synchronous="OFF")
    with file.reading() as log:
        assert log.identity().id == LOG_ID
        assert verify(log, PROFILE).frontier == chain.frontier
    file.close()
    monkeypatch.undo()
    with pytest.raises(LogNewer):
        LogFile.open(path, new_id=LOG_ID)
    backup = path.with_name(f"some.db.schema-{before}.20270115T080000Z.backup")
    with open_reader(backup) as log:
        assert verify(log, PROFILE).frontier == chain.frontier


def test_a_log_from_before_redactions_can_be_redacted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a redaction of today rewrites may have been kept by a program of long ago."""
    chain = Chain()
    with monkeypatch.context() as before:
        before.setattr("stackroom.events.sqlite.log.steps", lambda id, use: steps(id, use)[:2])
        LogFile.open(path, new_id=LOG_ID, now=NOON, synchronous="OFF").close()
    change = ComponentUpdated({"/config/key": "secret"})
    with closing(connect(path)) as conn:
        keep_unsigned(conn, chain, seal(PROFILE, change, bytes(16)))
    file = LogFile.open(path, new_id=LOG_ID, now=NOON, synchronous="OFF")
    with file.writing() as log:
        (commit,) = log.commits(PROFILE, 0, 9)
        after, _ = redacted(commit, {"secret": "[redacted in #2]"}, lambda: bytes(16))
        log.redact(PROFILE, [after])
        assert log.commits(PROFILE, 0, 9) == [after]
    file.scrub()
    file.close()
    assert b"secret" not in path.read_bytes()


def test_every_step_of_the_log_is_recorded(path: Path) -> None:
    LogFile.open(path, new_id=LOG_ID, now=NOON).close()
    names = [(n, step.name, NOON) for n, step in enumerate(steps(LOG_ID, "log"), 1)]
    assert query(path, "SELECT * FROM migrations") == names
    assert query(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert query(path, "SELECT value FROM meta WHERE key = 'id'") == [(LOG_ID,)]


def test_no_room_for_a_new_file(path: Path) -> None:
    known = len(steps(LOG_ID, "log"))
    with closing(connect(path, create=True)) as conn:
        conn.execute("PRAGMA max_page_count = 3")
        with pytest.raises(LogFull), explained(path):
            migrate(conn, path, APPLICATION_ID, steps(LOG_ID, "log"), now=NOON)
        assert schema_of(conn, path, APPLICATION_ID, known) == 0
        conn.execute("PRAGMA max_page_count = 1000")
        migrate(conn, path, APPLICATION_ID, steps(LOG_ID, "log"), now=NOON)
        assert schema_of(conn, path, APPLICATION_ID, known) == known


def test_commits_that_were_there_before_requests_are_kept_and_guarded(path: Path) -> None:
    """The table is copied for its wider CHECK; what watches over it watches over the copy."""
    chain = Chain()
    earlier = next(n for n, s in enumerate(steps(LOG_ID, "log")) if s.name == "requests")
    with closing(connect(path, create=True)) as conn:
        migrate(conn, path, APPLICATION_ID, steps(LOG_ID, "log")[:earlier], now=NOON)
    guards = "SELECT name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY name"
    before = query(path, guards)
    with closing(connect(path)) as conn:
        for _ in range(2):
            keep_unsigned(conn, chain)
    rows = query(path, "SELECT * FROM commits")
    LogFile.open(path, new_id=LOG_ID, now=NOON, synchronous="OFF").close()
    assert query(path, "SELECT * FROM commits") == [(*row, b"", b"") for row in rows]
    assert {name for name, _ in query(path, guards)} == {name for name, _ in before} | {"v_runs"}
    with closing(connect(path)) as conn:
        for statement in ("UPDATE commits SET author = 'x'", "DELETE FROM commits"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                conn.execute(statement)


def test_a_history_from_before_signatures_goes_on_signed(path: Path) -> None:
    """The leaves of what was there stay what they were; who signed what comes next cannot be changed."""
    chain = Chain()
    earlier = next(n for n, s in enumerate(steps(LOG_ID, "log")) if s.name == "signatures")
    with closing(connect(path, create=True)) as conn:
        migrate(conn, path, APPLICATION_ID, steps(LOG_ID, "log")[:earlier], now=NOON)
        for _ in range(3):
            keep_unsigned(conn, chain)
    file = LogFile.open(path, new_id="another", now=NOON, synchronous="OFF")
    with file.writing() as log:
        taken = chain.commit(signer=Signer(bytes(32)))
        log.append(PROFILE, [taken], chain.frontier)
        assert [bool(c.signature) for c in log.commits(PROFILE, 0, 9)] == [False] * 3 + [True]
        assert verify(log, PROFILE).frontier == chain.frontier
    file.close()
    with closing(connect(path)) as conn:
        conn.execute("INSERT INTO redactions VALUES (1, 4)")
        for change in ("key = x''", "signature = x''", "key = zeroblob(32)"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                conn.execute(f"UPDATE commits SET {change} WHERE seq = 4")
