"""What is done for a hub's file between its commits: the index by entity, and checkpoints of the WAL."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from stackroom.events.sqlite import upkeep as sqlite_upkeep
from stackroom.events.sqlite.file import make_durable
from stackroom.events.sqlite.log import LogFile, SqliteLog
from tests.events.commits import LOG_ID, OTHER, PROFILE, Chain, event

ENTITIES = [f"00000000-0000-7000-8000-{n:012d}" for n in range(7)]


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round after each transaction; the index is due after four commits, and gets four rows at once."""
    monkeypatch.setattr(sqlite_upkeep, "ROUND_PAGES", 1)
    monkeypatch.setattr(sqlite_upkeep, "INDEX_DUE", 4)
    monkeypatch.setattr(sqlite_upkeep, "INDEXED_TOGETHER", 4)


async def settled(log: SqliteLog) -> None:
    """Waits for the round under way."""
    if log._upkeep._round is not None:
        await asyncio.wait([log._upkeep._round])


async def add(log: SqliteLog, chain: Chain, count: int) -> None:
    for _ in range(count):
        n = chain.frontier.size
        taken = [chain.commit(event(ENTITIES[n % 7]), event(ENTITIES[n % 3]))]
        await log.write(lambda w, t=taken: w.append(chain.profile, t, chain.frontier))  # type: ignore[misc]


def indexed(path: Path) -> list[tuple[int, str, int]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute("SELECT profile, entity, seq FROM touched ORDER BY 1, 2, 3").fetchall()


@pytest.mark.usefixtures("often")
def test_commits_are_indexed_by_entity(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"

    async def test() -> None:
        log = await SqliteLog.open(path, new_id=LOG_ID, synchronous="OFF")
        for profile in (PROFILE, OTHER):
            chain = Chain(profile)
            for _ in range(24):
                await add(log, chain, 1)
                await settled(log)
        found = await log.read(lambda r: r.touching(PROFILE, [ENTITIES[6]], 24))
        assert [c.seq for c in found] == [7, 14, 21]
        await log.aclose()

    asyncio.run(test())
    with closing(sqlite3.connect(path)) as conn:
        upto = [upto for (upto,) in conn.execute("SELECT indexed FROM profiles")]
    assert all(20 < each <= 24 for each in upto)
    assert indexed(path) == sorted(
        {
            (number, id[-12:], n + 1)
            for number in (1, 2)
            for n in range(upto[number - 1])
            for id in (ENTITIES[n % 7], ENTITIES[n % 3])
        }
    )


@pytest.mark.usefixtures("often")
def test_an_index_that_was_cut_short_holds_and_is_completed(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"

    async def write(short: bool) -> None:
        log = await SqliteLog.open(path, new_id=LOG_ID, synchronous="OFF")
        head = await log.read(lambda r: r.head(PROFILE))
        run, pieces = log._writer.run, 0

        async def once(fn):  # type: ignore[no-untyped-def]
            nonlocal pieces
            if isinstance(fn, partial):
                pieces += 1
                if pieces > 1:
                    raise sqlite3.OperationalError("cut short")
            return await run(fn)

        if short:  # The process ends after the first piece.
            log._writer.run = once  # type: ignore[method-assign]
        chain = Chain(head=head)
        taken = [chain.commit(event(ENTITIES[n % 7])) for n in range(12)]
        await log.write(lambda w: w.append(PROFILE, taken, chain.frontier))
        await settled(log)
        await log.aclose()

    def wrong() -> int | None:
        file = LogFile.open(path, new_id=LOG_ID, synchronous="OFF")
        with file.reading() as reader:
            found = reader.beside(PROFILE).misindexed()
        file.close()
        return found

    asyncio.run(write(short=True))
    assert {seq for _, _, seq in indexed(path)} == {1, 2, 3, 4}
    assert wrong() is None
    asyncio.run(write(short=False))
    assert {seq for _, _, seq in indexed(path)} == set(range(1, 25))
    assert wrong() is None


def test_the_wal_is_bounded_while_commits_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_upkeep, "ROUND_PAGES", 60)
    path = tmp_path / "hub.db"

    async def test() -> int:
        log = await SqliteLog.open(path, new_id=LOG_ID, synchronous="OFF")
        chain = Chain()
        await add(log, chain, 400)
        size = path.with_name("hub.db-wal").stat().st_size
        await log.aclose()
        return size

    # Each commit writes five pages or so; without a checkpoint the WAL would have 2,000.
    assert asyncio.run(test()) < 600 * 4_096


def test_the_writer_moves_the_wal_itself_if_nobody_keeps_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_upkeep, "ROUND_PAGES", 1_000_000)
    monkeypatch.setattr(sqlite_upkeep, "MOST_PAGES", 100)
    path = tmp_path / "hub.db"

    async def test() -> int:
        log = await SqliteLog.open(path, new_id=LOG_ID, synchronous="OFF")
        await add(log, Chain(), 200)
        size = path.with_name("hub.db-wal").stat().st_size
        await log.aclose()
        return size

    assert asyncio.run(test()) < 200 * 4_096


@pytest.mark.usefixtures("often")
def test_a_failing_upkeep_fails_no_commit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "hub.db"

    def broken() -> sqlite3.Connection:
        conn = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        make_durable(conn, "OFF")
        return conn  # It has no such table.

    async def test() -> int:
        log = await SqliteLog.open(path, new_id=LOG_ID, synchronous="OFF")
        log._upkeep._connect = broken
        await add(log, Chain(), 12)
        await settled(log)
        head = await log.read(lambda r: r.head(PROFILE))
        await log.aclose()
        return head.seq

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(test()) == 12
    assert "the upkeep of the log failed: no such table: profiles" in caplog.text


def test_the_wal_has_its_length_from_the_first_commit_on(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    wal = path.with_name("hub.db-wal")

    async def test() -> None:
        log = await SqliteLog.open(path, new_id=LOG_ID)
        chain = Chain()
        await add(log, chain, 1)
        # Commits go on meanwhile, in what is written already.
        await add(log, chain, 30)
        await settled(log)
        assert wal.stat().st_size == sqlite_upkeep.READY_BYTES
        await add(log, chain, 30)
        assert wal.stat().st_size == sqlite_upkeep.READY_BYTES
        # As a crash leaves it: the file and its WAL, zeros and all.
        for file in (path, wal):
            (tmp_path / file.name.replace("hub", "copy")).write_bytes(file.read_bytes())
        await log.aclose()

    asyncio.run(test())
    for each in ("hub.db", "copy.db"):
        file = LogFile.open(tmp_path / each, new_id=LOG_ID)
        assert file.read(lambda log: log.head(PROFILE).seq) == 61
        assert len(file.read(lambda log: log.commits(PROFILE, 0, 100))) == 61
        file.close()


def test_a_crash_before_the_first_commit_in_a_long_wal(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    LogFile.open(path, new_id=LOG_ID).close()
    path.with_name("hub.db-wal").write_bytes(bytes(sqlite_upkeep.PIECE_BYTES))
    file = LogFile.open(path, new_id=LOG_ID)
    chain = Chain()
    file.write(lambda log: log.append(PROFILE, [chain.commit()], chain.frontier))
    assert file.read(lambda log: log.head(PROFILE).seq) == 1
    file.close()
    assert not path.with_name("hub.db-wal").exists()
