"""The log in a SQLite file: `LogFile` for plain callers, `SqliteLog` for the event loop.

Both run the same readers and writers. Importing this imports neither asyncio nor what writes.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from stackroom.events.carriers import Millis
from stackroom.events.errors import LogError
from stackroom.events.log import LogReader, LogWriter
from stackroom.events.sqlite.blocks import SqliteCacheReader
from stackroom.events.sqlite.file import (
    CACHE_CHECKPOINT_PAGES,
    Durability,
    checkpoint_every,
    connect,
    explained,
    make_durable,
    scrub,
    transaction,
)
from stackroom.events.sqlite.heads import Heads
from stackroom.events.sqlite.migrations import migrate, schema_of
from stackroom.events.sqlite.read import SqliteReader
from stackroom.events.sqlite.schema import APPLICATION_ID, Use, steps

if TYPE_CHECKING:
    from stackroom.events.sqlite.cache import SqliteCacheWriter
    from stackroom.events.sqlite.database import Database
    from stackroom.events.sqlite.upkeep import Upkeep

T = TypeVar("T")


class LogFile:
    """A log, used by one thread that may wait for the disk."""

    def __init__(self, conn: sqlite3.Connection, path: Path) -> None:
        self._conn = conn
        self.path = path

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        new_id: str,
        now: Millis = 0,
        synchronous: Durability = "FULL",
        use: Use = "log",
    ) -> "LogFile":
        """Opens the file; makes it, with the identity `new_id`, if there is none.

        An older file is brought to the schema of today, after a backup that has `now` in its name.
        Raises LogNewer, LogCorrupt, LogFull, or LogError for a file that is not ours.
        """
        return cls(_open(path, new_id, now, synchronous, use), path)

    @contextmanager
    def reading(self) -> Iterator[SqliteCacheReader]:
        """One reading transaction."""
        with explained(self.path), transaction(self._conn, "BEGIN"):
            yield SqliteCacheReader(self._conn)

    @contextmanager
    def writing(self) -> Iterator["SqliteCacheWriter"]:
        """One writing transaction: durable after the block, undone if the block raises."""
        # Late: who only reads does without it.
        from stackroom.events.sqlite.cache import SqliteCacheWriter

        with explained(self.path), transaction(self._conn, "BEGIN IMMEDIATE"):
            yield SqliteCacheWriter(self._conn)

    def read(self, work: Callable[[LogReader], T]) -> T:
        """Runs `work` in one reading transaction."""
        with self.reading() as reader:
            return work(reader)

    def write(self, work: Callable[[LogWriter], T]) -> T:
        """Runs `work` in one writing transaction; what it did is durable on return."""
        with self.writing() as writer:
            return work(writer)

    def scrub(self) -> None:
        """Rewrites the file, and empties what SQLite keeps beside it: no trace is left of what is gone."""
        scrub(self._conn, self.path)

    def close(self) -> None:
        """Closes the file."""
        with explained(self.path):
            self._conn.close()


@contextmanager
def open_reader(path: Path) -> Iterator[SqliteCacheReader]:
    """One reading transaction on a file that is there, whoever owns it; it is never changed.

    Raises LogError if there is no log at `path`, or one that has yet to be migrated.
    """
    with explained(path):
        conn = connect(path)
        try:
            conn.execute("PRAGMA query_only = ON")
            known = len(steps("", "log"))
            if (found := schema_of(conn, path, APPLICATION_ID, known)) != known:
                raise LogError(
                    f"{path} has schema {found}, and this program reads {known}",
                    hint="start the program that owns the file: it brings it up to date",
                )
            with transaction(conn, "BEGIN"):
                yield SqliteCacheReader(conn)
        finally:
            conn.close()


class SqliteLog:
    """An `EventLog`: a thread and connection that writes, another that reads beside it, and the upkeep."""

    def __init__(
        self,
        writer: "Database",
        reader: "Database",
        upkeep: "Upkeep",
        writing: Callable[[sqlite3.Connection, Heads], LogWriter],
        path: Path,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._upkeep = upkeep
        self._writing = writing
        self._heads = Heads()
        self.path = path

    @classmethod
    async def open(
        cls, path: Path, *, new_id: str, now: Millis = 0, synchronous: Durability = "FULL"
    ) -> "SqliteLog":
        """Opens or makes the file as `LogFile.open` does."""
        # Not at the top: commands read logs without asyncio, whose import takes longer.
        from stackroom.events.sqlite.database import Database
        from stackroom.events.sqlite.upkeep import Upkeep, leave_to_upkeep
        from stackroom.events.sqlite.write import SqliteWriter

        def connected() -> sqlite3.Connection:
            return leave_to_upkeep(_open(path, new_id, now, synchronous, "log"))

        writer = await Database.open(connected)
        try:
            reader = await Database.open(connected)
        except BaseException:
            await writer.aclose()
            raise
        writing = partial(SqliteWriter, index_later=True)
        wal = path.with_name(f"{path.name}-wal") if synchronous == "FULL" else None
        return cls(writer, reader, Upkeep(writer, connected, wal), writing, path)

    async def read(self, work: Callable[[LogReader], T]) -> T:
        """Runs `work` in one reading transaction."""

        def whole(conn: sqlite3.Connection) -> T:
            with explained(self.path), transaction(conn, "BEGIN"):
                return work(SqliteReader(conn))

        return await self._reader.run(whole)

    async def write(self, work: Callable[[LogWriter], T]) -> T:
        """Runs `work` in one writing transaction; what it did is durable on return."""

        def whole(conn: sqlite3.Connection) -> tuple[T, int]:
            before = conn.total_changes
            try:
                with explained(self.path), transaction(conn, "BEGIN IMMEDIATE"):
                    self._heads.begin(conn)
                    done = work(self._writing(conn, self._heads))
            except BaseException:
                self._heads.clear()
                raise
            return done, conn.total_changes - before

        done, rows = await self._writer.run(whole)
        self._upkeep.wrote(rows)
        return done

    async def scrub(self) -> None:
        """Rewrites the file, and empties what SQLite keeps beside it."""
        await self._writer.run(partial(scrub, path=self.path))

    async def aclose(self) -> None:
        """Ends the work under way and closes the file."""
        async with AsyncExitStack() as last_first:
            last_first.push_async_callback(self._writer.aclose)
            last_first.push_async_callback(self._reader.aclose)
            last_first.push_async_callback(self._upkeep.aclose)


def _open(
    path: Path, new_id: str, now: Millis, synchronous: Durability, use: Use
) -> sqlite3.Connection:
    """A connection to a file of today's schema."""
    with explained(path):
        conn = connect(path, create=True)
        try:
            known = steps(new_id, use)
            found = schema_of(conn, path, APPLICATION_ID, len(known))
            make_durable(conn, synchronous)
            if use == "cache":
                checkpoint_every(conn, CACHE_CHECKPOINT_PAGES)
            if found < len(known):
                migrate(conn, path, APPLICATION_ID, known, now=now)
        except BaseException:
            conn.close()
            raise
        return conn
