"""The door to aiosqlite: whole functions, whatever happens to those who wait for them."""

import asyncio
import gc
import inspect
import sqlite3
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from stackroom.events.errors import LogError
from stackroom.events.sqlite.database import Database
from stackroom.events.sqlite.file import connect, transaction

Play = Callable[[Database], Coroutine[Any, Any, None]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.db"


@pytest.fixture
def play(path: Path) -> Callable[[Play], None]:
    async def whole(test: Play) -> None:
        database = await Database.open(lambda: connect(path, create=True))
        try:
            await database.run(lambda conn: conn.execute("CREATE TABLE t (x UNIQUE)"))
            await test(database)
        finally:
            await database.aclose()

    return lambda test: asyncio.run(whole(test))


def insert(x: int) -> Callable[[sqlite3.Connection], None]:
    def work(conn: sqlite3.Connection) -> None:
        with transaction(conn, "BEGIN IMMEDIATE"):
            conn.execute("INSERT INTO t VALUES (?)", (x,))

    return work


def rows(conn: sqlite3.Connection) -> list[int]:
    return [x for (x,) in conn.execute("SELECT x FROM t ORDER BY x")]


def test_the_private_call_is_what_we_take_it_for(play: Callable[[Play], None]) -> None:
    """Fails where a new aiosqlite has changed what `Database.run` stands on."""
    signature = inspect.signature(aiosqlite.Connection._execute)
    assert [str(p) for p in signature.parameters.values()] == ["self", "fn", "*args", "**kwargs"]
    assert inspect.iscoroutinefunction(aiosqlite.Connection._execute)

    async def test(database: Database) -> None:
        ran_on = await database.run(lambda conn: threading.get_ident())
        assert ran_on != threading.get_ident()
        assert await database.run(lambda conn: threading.get_ident()) == ran_on
        order: list[int] = []

        def note(n: int, conn: sqlite3.Connection) -> None:
            order.append(n)

        async with asyncio.TaskGroup() as group:
            for n in range(50):
                group.create_task(database.run(partial(note, n)))
        assert order == list(range(50))

    play(test)


def test_errors_come_to_the_caller_and_undo_the_work(play: Callable[[Play], None]) -> None:
    async def test(database: Database) -> None:
        await database.run(insert(1))
        with pytest.raises(sqlite3.IntegrityError):
            await database.run(insert(1))
        assert await database.run(lambda conn: conn.in_transaction) is False
        await database.run(insert(2))
        assert await database.run(rows) == [1, 2]

    play(test)


def test_cancelled_while_the_work_runs_it_still_ends(play: Callable[[Play], None]) -> None:
    async def test(database: Database) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def work(conn: sqlite3.Connection) -> None:
            with transaction(conn, "BEGIN IMMEDIATE"):
                conn.execute("INSERT INTO t VALUES (1)")
                begun.set()
                assert go_on.wait(30)
                conn.execute("INSERT INTO t VALUES (2)")

        task = asyncio.create_task(database.run(work))
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        later = asyncio.create_task(database.run(insert(3)))
        go_on.set()
        await later
        assert await database.run(rows) == [1, 2, 3]

    play(test)


def test_cancelled_before_it_runs_it_still_does(play: Callable[[Play], None]) -> None:
    async def test(database: Database) -> None:
        hold = threading.Event()
        first = asyncio.create_task(database.run(lambda conn: hold.wait(30)))
        second = asyncio.create_task(database.run(insert(1)))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
        hold.set()
        assert await first
        assert await database.run(rows) == [1]

    play(test)


def test_a_commit_that_fails_is_rolled_back(path: Path) -> None:
    conn = connect(path, create=True)
    conn.execute("CREATE TABLE a (x PRIMARY KEY)")
    conn.execute("CREATE TABLE b (x REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
    with (
        pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"),
        transaction(conn, "BEGIN IMMEDIATE"),
    ):
        conn.execute("INSERT INTO b VALUES (1)")
    assert not conn.in_transaction
    assert conn.execute("SELECT count(*) FROM b").fetchone() == (0,)
    conn.close()


def test_interrupted_work_is_rolled_back(path: Path) -> None:
    conn = connect(path, create=True)
    conn.execute("CREATE TABLE t (x)")

    def work() -> None:
        with transaction(conn, "BEGIN IMMEDIATE"):
            conn.execute("INSERT INTO t VALUES (1)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert not conn.in_transaction
    assert rows(conn) == []
    conn.close()


def test_cancelled_aclose_still_closes(path: Path) -> None:
    async def test() -> None:
        database = await Database.open(lambda: connect(path, create=True))
        hold = threading.Event()
        work = asyncio.create_task(database.run(lambda conn: hold.wait(30)))
        closing = asyncio.create_task(database.aclose())
        await asyncio.sleep(0)
        for _ in range(3):
            closing.cancel()
            await asyncio.sleep(0)
        assert not closing.done()
        hold.set()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert await work
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            database._raw.execute("SELECT 1")
        with pytest.raises(LogError, match="closed"):
            await database.run(rows)

    asyncio.run(test())


def test_cancelled_open_closes_what_it_opened(path: Path) -> None:
    made: list[sqlite3.Connection] = []
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> sqlite3.Connection:
        made.append(connect(path, create=True))
        begun.set()
        assert go_on.wait(30)
        return made[0]

    async def test() -> None:
        opening = asyncio.create_task(Database.open(slowly))
        await asyncio.to_thread(begun.wait, 30)
        opening.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await opening
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            made[0].execute("SELECT 1")

    asyncio.run(test())


def test_failed_open_leaves_no_thread() -> None:
    def fail() -> sqlite3.Connection:
        raise LogError("no")

    before = set(threading.enumerate())
    with pytest.raises(LogError, match="no"):
        asyncio.run(Database.open(fail))
    gc.collect()
    assert set(threading.enumerate()) <= before
