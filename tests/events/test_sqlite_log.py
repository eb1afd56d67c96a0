"""The SQLite form of the log: the specification, and what only a file can do."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from stackroom.events.audit.verify import verify
from stackroom.events.errors import (
    Gap,
    IntegrityError,
    LogCorrupt,
    LogError,
    LogFull,
    LogNewer,
)
from stackroom.events.log import Answer, EventLog, Head, Refused, Snapshot
from stackroom.events.sqlite.log import LogFile, SqliteLog, open_reader
from tests.events.commits import LOG_ID, NOON, OTHER, PROFILE, Chain, event
from tests.events.log_conformance import LogConformance, Open


class TestSqliteLog(LogConformance):
    def new_log(self, request: pytest.FixtureRequest) -> Open:
        path = request.getfixturevalue("tmp_path") / "hub.db"

        async def opened() -> EventLog:
            return await SqliteLog.open(path, new_id=LOG_ID, synchronous="OFF")

        return opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


def written(path: Path, count: int = 3) -> Chain:
    """A closed log with `count` commits and a refusal."""
    chain = Chain()
    file = LogFile.open(path, new_id=LOG_ID, synchronous="OFF")
    with file.writing() as log:
        log.append(PROFILE, chain.commits(count), chain.frontier)
        log.list_profile(PROFILE, "team")
        answer = Answer("r-1", "rejected", None, "in_use", "it is used")
        log.refuse(Refused(answer, PROFILE, "replica-1", 99, NOON))
    file.close()
    return chain


# Append-only


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE commits SET author = 'eve' WHERE seq = 2",
        "UPDATE commits SET events = '[]'",
        "UPDATE refusals SET code = 'x'",
        "DELETE FROM commits WHERE seq = 3",
        "DELETE FROM commits",
        "DELETE FROM refusals",
        (
            "INSERT OR REPLACE INTO commits SELECT profile, seq, id || 'x', replica, number, base, "
            "'eve', message, time, accepted, outcome, leaf, root, events, key, signature FROM commits WHERE seq = 2"
        ),
        (
            "INSERT OR REPLACE INTO commits SELECT profile, 9, id, replica, 9, base, "
            "'eve', message, time, accepted, outcome, leaf, root, events, key, signature FROM commits WHERE seq = 2"
        ),
        (
            "INSERT OR REPLACE INTO refusals SELECT id, profile, replica, number, 'x', 'y', 0 "
            "FROM refusals"
        ),
    ],
)
def test_history_cannot_be_rewritten(path: Path, statement: str) -> None:
    written(path)
    with closing(sqlite3.connect(path)) as conn:
        before = list(conn.iterdump())
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|before"):
            conn.execute(statement)
        conn.rollback()
        assert list(conn.iterdump()) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE commits SET events = '[]' WHERE seq = 1",
        "UPDATE commits SET message = 'other' WHERE seq = 2",
        "UPDATE commits SET leaf = x'00' WHERE seq = 2",
        "UPDATE commits SET seq = 9 WHERE seq = 2",
        "UPDATE commits SET key = zeroblob(32), signature = zeroblob(64) WHERE seq = 2",
        "UPDATE redactions SET seq = 1",
        "DELETE FROM redactions",
        "DELETE FROM commits WHERE seq = 2",
    ],
)
def test_a_redaction_opens_nothing_but_the_events_of_its_commit(path: Path, statement: str) -> None:
    written(path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("INSERT INTO redactions SELECT number, 2 FROM profiles")
        conn.commit()
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|before"):
            conn.execute(statement)
        conn.rollback()
        assert conn.execute("UPDATE commits SET events = '[]' WHERE seq = 2").rowcount == 1


# Room


def test_full_disk_loses_nothing_acknowledged(path: Path) -> None:
    async def test() -> None:
        log = await SqliteLog.open(path, new_id=LOG_ID, synchronous="OFF")
        chain = Chain()
        body = '{"name":"' + "x" * 2_000 + '"}'

        async def add() -> None:
            chain.frontier = (await log.read(lambda r: r.head(PROFILE))).frontier
            taken = [chain.commit(event("e", body)) for _ in range(3)]
            await log.write(lambda w: w.append(PROFILE, taken, chain.frontier))

        (pages,) = await log._writer.run(lambda c: c.execute("PRAGMA page_count").fetchone())
        await log._writer.run(lambda c: c.execute(f"PRAGMA max_page_count = {pages + 20}"))
        acknowledged = 0

        async def fill() -> None:
            nonlocal acknowledged
            for _ in range(100):
                await add()
                acknowledged += 3

        with pytest.raises(LogFull) as caught:
            await fill()
        assert "disk space" in caught.value.hint
        assert 0 < acknowledged < 60
        for _ in range(3):
            with pytest.raises(LogFull):
                await add()
        commits = await log.read(lambda r: r.commits(PROFILE, 0, 1_000))
        assert [c.seq for c in commits] == list(range(1, acknowledged + 1))
        assert not await log._writer.run(lambda c: c.in_transaction)
        await log._writer.run(lambda c: c.execute(f"PRAGMA max_page_count = {pages + 2000}"))
        await add()
        assert (await log.read(lambda r: r.head(PROFILE))).seq == acknowledged + 3
        await log.aclose()

    asyncio.run(test())
    with open_reader(path) as log:
        verify(log, PROFILE)


# Several at once


def test_another_writer_is_waited_for_and_then_named(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = written(path)
    monkeypatch.setattr("stackroom.events.sqlite.file.BUSY_SECONDS", 0.01)
    file = LogFile.open(path, new_id=LOG_ID)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogError, match="another process holds"), file.writing():
            pass
        with file.reading() as log:
            assert log.head(PROFILE).seq == 3
        other.execute("ROLLBACK")
    with file.writing() as log:
        log.append(PROFILE, [chain.commit()], chain.frontier)
    file.close()


@pytest.mark.parametrize("attempt", range(10))
def test_many_open_a_new_file_at_once(path: Path, attempt: int) -> None:
    def visit(n: int) -> str:
        file = LogFile.open(path, new_id=f"log-{n}", synchronous="OFF")
        try:
            with file.reading() as log:
                return log.identity().id
        finally:
            file.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(visit, range(8)))) == 1


def test_long_read_does_not_hold_up_a_write(path: Path) -> None:
    async def test() -> None:
        log = await SqliteLog.open(path, new_id=LOG_ID, synchronous="OFF")
        loop, chain = asyncio.get_running_loop(), Chain()
        reading, wrote = asyncio.Event(), asyncio.Event()

        async def waiting() -> None:
            reading.set()
            await wrote.wait()

        def look(r: object) -> None:
            asyncio.run_coroutine_threadsafe(waiting(), loop).result()

        task = asyncio.create_task(log.read(look))
        await reading.wait()
        taken = [chain.commit()]
        await log.write(lambda w: w.append(PROFILE, taken, chain.frontier))
        assert not task.done()
        wrote.set()
        await task
        await log.aclose()

    asyncio.run(test())


# Which file


def test_file_of_another_program_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE notes (text)")
    before = path.read_bytes()
    for open_it in (lambda: LogFile.open(path, new_id=LOG_ID), lambda: read_head(path)):
        with pytest.raises(LogError, match="belongs to another program"):
            open_it()
    assert path.read_bytes() == before


def test_newer_file_is_left_alone(path: Path) -> None:
    written(path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA user_version = 1000")
    before = path.read_bytes()
    with pytest.raises(LogNewer) as caught:
        LogFile.open(path, new_id=LOG_ID)
    assert caught.value.found == 1000
    with pytest.raises(LogNewer):
        asyncio.run(SqliteLog.open(path, new_id=LOG_ID))
    assert path.read_bytes() == before


def test_file_that_is_no_database_is_corrupt(path: Path) -> None:
    path.write_bytes(b"these are notes, not pages " * 100)
    with pytest.raises(LogCorrupt):
        LogFile.open(path, new_id=LOG_ID)


def test_damaged_page_is_corrupt(path: Path) -> None:
    written(path, 500)
    data = bytearray(path.read_bytes())
    for page in range(4, len(data) // 4096):
        data[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(data)
    with pytest.raises(LogCorrupt), open_reader(path) as log:
        log.commits(PROFILE, 0, 500)


def test_damaged_head_is_corrupt(path: Path) -> None:
    written(path)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE profiles SET peaks = x'00'")
    with pytest.raises(LogCorrupt, match="does not add up"):
        read_head(path)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="cannot be opened"):
        LogFile.open(tmp_path / "nowhere" / "hub.db", new_id=LOG_ID)


def read_head(path: Path) -> Head:
    with open_reader(path) as log:
        return log.head(PROFILE)


def test_open_reader_creates_and_writes_nothing(path: Path) -> None:
    with pytest.raises(LogError):
        read_head(path)
    assert not path.exists()
    written(path)
    assert read_head(path).seq == 3
    with open_reader(path) as log, pytest.raises(sqlite3.OperationalError, match="readonly"):
        log._conn.execute("DELETE FROM snapshots")
    path.unlink()
    path.touch()
    with pytest.raises(LogError, match="schema 0"):
        read_head(path)


def test_reading_needs_no_event_loop(path: Path) -> None:
    """Commands start at once: neither asyncio nor aiosqlite is imported for them."""
    code = (
        "import sys; from stackroom.events.sqlite.log import LogFile; "
        "print([m for m in ('asyncio', 'aiosqlite') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Verifying


def test_verify(path: Path) -> None:
    chain = written(path, 1_500)
    with open_reader(path) as log:
        assert verify(log, PROFILE).frontier == chain.frontier
        assert verify(log, OTHER) == Head()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE commits SET author = 'eve' WHERE seq = 2", "#2"),
        ("UPDATE commits SET events = json_set(events, '$[0].body', '{}') WHERE seq = 3", "#3"),
        ("UPDATE commits SET events = json_set(events, '$[0].entity', 'e2') WHERE seq = 1", "#1"),
        ("UPDATE commits SET events = '[]' WHERE seq = 1", "#1"),
        ("UPDATE commits SET leaf = zeroblob(32) WHERE seq = 2", "#2"),
        ("UPDATE commits SET root = zeroblob(32) WHERE seq = 3", "#3"),
        ("DELETE FROM commits WHERE seq = 2", "#2"),
        ("DELETE FROM commits WHERE seq = 3", "head"),
        ("UPDATE profiles SET root = zeroblob(32)", "head"),
    ],
)
def test_verify_names_what_was_changed(path: Path, statement: str, sentence: str) -> None:
    written(path)
    with closing(sqlite3.connect(path)) as conn, conn:
        names = conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            conn.execute(f"DROP TRIGGER {name}")
        conn.execute(statement)
    with open_reader(path) as log, pytest.raises(IntegrityError, match=sentence):
        verify(log, PROFILE)


# A replica's cache


@pytest.fixture
def cache(path: Path) -> "Callable[[], LogFile]":
    return lambda: LogFile.open(path, new_id=LOG_ID, synchronous="OFF", use="cache")


def test_cache_begins_at_a_snapshot_and_is_filled_in(cache: Callable[[], LogFile]) -> None:
    chain = Chain()
    taken = chain.commits(5)
    begun = Snapshot(5, chain.frontier, b"{}")
    tail = chain.commits(2)
    file = cache()
    with file.writing() as log:
        log.begin(PROFILE, begun)
        assert log.head(PROFILE) == Head(5, taken[-1].commit.root, begun.frontier)
        assert log.snapshot(PROFILE) == begun
        assert log.missing(PROFILE) == range(1, 6)
        log.append(PROFILE, tail, chain.frontier)
        with pytest.raises(IntegrityError, match="#1 to #5"):
            verify(log, PROFILE)
        for wrong in (taken[1:2], [taken[0], taken[2]], [*taken, tail[0]]):
            with pytest.raises(Gap):
                log.backfill(PROFILE, wrong)
        log.backfill(PROFILE, taken[:2])
        assert log.missing(PROFILE) == range(3, 6)
        log.backfill(PROFILE, taken[2:])
        assert log.missing(PROFILE) is None
        with pytest.raises(Gap):
            log.backfill(PROFILE, [chain.commit()])
    with file.reading() as log:
        assert [c.seq for c in log.commits(PROFILE, 0, 9)] == list(range(1, 8))
        assert verify(log, PROFILE).seq == 7
    file.close()


def test_cache_forgets_and_begins_again(cache: Callable[[], LogFile]) -> None:
    chain, other = Chain(), Chain(OTHER)
    file = cache()
    with file.writing() as log:
        for c in (chain, other):
            log.append(c.profile, c.commits(3), c.frontier)
        with pytest.raises(LogError, match="already"):
            log.begin(PROFILE, Snapshot(3, chain.frontier, b"{}"))
        log.put_snapshot(PROFILE, Snapshot(3, chain.frontier, b"{}"))
        log.forget(PROFILE)
        log.forget("unknown")
        assert [p.id for p in log.profiles()] == [OTHER]
        assert log.head(PROFILE) == Head()
        assert log.answers(["a-1"]) == {}
        chain = Chain()
        log.append(PROFILE, chain.commits(2), chain.frontier)
        assert verify(log, OTHER).seq == 3
        assert verify(log, PROFILE).seq == 2
    file.close()


def test_log_of_a_hub_does_not_forget(path: Path) -> None:
    written(path)
    file = LogFile.open(path, new_id=LOG_ID)
    with pytest.raises(LogError, match="append-only"), file.writing() as log:
        log.forget(PROFILE)
    assert read_head(path).seq == 3
    file.close()
