"""What a hub's file needs now and then, kept out of the commits: an index, checkpoints, and room in the WAL.

The heavy part is done on a connection of its own, which reads the log and moves pages into the file while
commits go on. What only the writer may do comes in short pieces between its transactions.
"""

import asyncio
import json
import logging
import os
import sqlite3
from collections.abc import Callable
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

from stackroom.events.errors import LogError
from stackroom.events.sqlite.database import Database
from stackroom.events.sqlite.file import CHECKPOINT_PAGES, checkpoint, checkpoint_every, transaction
from stackroom.events.sqlite.flushing import flush
from stackroom.events.sqlite.rows import BUCKET
from stackroom.events.sqlite.write import MOVE_INDEXED, insert

log = logging.getLogger("stackroom.log")

ROUND_PAGES: Final = 1_000
"""Pages in the WAL before they are moved into the file (4 MiB), and its beginning is written again."""

READY_BYTES: Final = 8 << 20
"""The WAL's length from the first commit on. An fsync that makes a file longer waits for the file system's
own journal, and takes up to twice as long as one of bytes that lie where others lay before."""

PIECE_BYTES: Final = 1 << 20
"""What it is made longer by at once, in about half a millisecond."""

TRANSACTION_PAGES: Final = 4
"""Pages that a transaction writes whatever is in it."""
PAGE_ROWS: Final = 3
"""Rows that share a page of it beside them, about."""

INDEX_DUE: Final = 1_000
"""Commits of a profile that wait for the index before it gets them."""

INDEXED_TOGETHER: Final = 256
"""Rows that the index gets in one transaction, which takes a millisecond; a commit's go together."""

INDEXED_MOST: Final = 5_000
"""Commits that are read for the index in one round."""

MOST_PAGES: Final = 4 * CHECKPOINT_PAGES
"""Pages in the WAL at which a commit moves them all the same (64 MiB), should the upkeep lag behind."""

CACHE_KIB: Final = 1 << 10
"""Memory that the upkeep's connection may use for pages: what it reads, it reads once."""

DUE = "SELECT number, indexed, seq FROM profiles WHERE seq - indexed >= ?"
# One row, so that the whole query runs without the interpreter's lock.
TOUCHED = """
    SELECT json_group_array(json_array(entity, seq)) FROM (
        SELECT DISTINCT substr(json_extract(e.value, '$.entity'), -12) AS entity, c.seq AS seq
        FROM commits c JOIN json_each(c.events) e
        WHERE c.profile = ? AND c.seq BETWEEN ? AND ? ORDER BY seq
    )
"""


class Upkeep:
    """Keeps up with a writer: told of each of its transactions, it does a round when there is enough to do.

    `connect` opens the connection of its own, once one is needed. `wal` is the file of the WAL, which is made
    as long as it is going to be, or None where no commit waits for an fsync.
    """

    def __init__(
        self, writer: Database, connect: Callable[[], sqlite3.Connection], wal: Path | None
    ) -> None:
        self._writer = writer
        self._connect = connect
        self._wal = wal
        self._long = wal is None
        self._own: Database | None = None
        self._round: asyncio.Task[None] | None = None
        self._pages = 0
        """About how many were written to the WAL since the last round."""

    def wrote(self, rows: int) -> None:
        """A transaction of the writer changed so many rows."""
        self._pages += TRANSACTION_PAGES + rows // PAGE_ROWS
        if self._pages < ROUND_PAGES and self._long:
            return
        if self._round is None or self._round.done():
            self._round = asyncio.ensure_future(self._do())

    async def aclose(self) -> None:
        """Ends the round under way, and closes."""
        if self._round is not None:
            await asyncio.wait([self._round])
        if self._own is not None:
            await self._own.aclose()

    async def _do(self) -> None:
        try:
            if self._wal is not None and not self._long:
                self._long = True
                await self._lengthen(self._wal)
            if self._pages < ROUND_PAGES:
                return
            self._pages = 0
            if self._own is None:
                self._own = await Database.open(self._connect)
                await self._own.run(_keep_small)
            for number, indexed, head in await self._own.run(_due):
                await self._index(self._own, number, indexed, head)
            await self._own.run(checkpoint)
            # What is committed meanwhile keeps it from the end of the WAL, which so grows on. The writer
            # has but that to move, and begins the WAL anew with its next commit.
            await self._writer.run(checkpoint)
        except (sqlite3.Error, LogError, OSError) as error:
            # Nothing is lost by it, and there is a next round. What is wrong, the next commit meets, too.
            log.warning("the upkeep of the log failed: %s", error)

    async def _lengthen(self, wal: Path) -> None:
        while await self._writer.run(partial(_lengthen, wal=wal)):
            pass
        # Has the file system find the places for it now.
        await asyncio.to_thread(flush, wal)

    async def _index(self, own: Database, number: int, indexed: int, head: int) -> None:
        """Indexes a profile's commits by entity, up to that at `head`."""

        def touched(conn: sqlite3.Connection) -> list[tuple[str, int]]:
            last = min(head, indexed + INDEXED_MOST)
            (rows,) = conn.execute(TOUCHED, (number, indexed + 1, last)).fetchone()
            return [(entity, seq) for entity, seq in json.loads(rows)]

        def add(conn: sqlite3.Connection, some: list[tuple[str, int]]) -> None:
            rows = sorted((number, seq // BUCKET, entity, seq) for entity, seq in some)
            with transaction(conn, "BEGIN IMMEDIATE"):
                insert(conn, "INSERT OR IGNORE INTO touched", rows)
                conn.execute(MOVE_INDEXED, (some[-1][1], number))

        some: list[tuple[str, int]] = []
        for _, of_commit in groupby(await own.run(touched), key=itemgetter(1)):
            some += of_commit
            if len(some) >= INDEXED_TOGETHER:
                await self._writer.run(partial(add, some=some))
                some = []


def leave_to_upkeep(conn: sqlite3.Connection) -> sqlite3.Connection:
    """Has the connection leave checkpoints of the WAL to the upkeep, as long as that keeps up."""
    checkpoint_every(conn, MOST_PAGES)
    return conn


def _due(conn: sqlite3.Connection) -> list[tuple[int, int, int]]:
    return conn.execute(DUE, (INDEX_DUE,)).fetchall()


def _keep_small(conn: sqlite3.Connection) -> None:
    conn.execute(f"PRAGMA cache_size = -{CACHE_KIB}")


def _lengthen(conn: sqlite3.Connection, wal: Path) -> bool:
    """Adds zeros to the file of the WAL; whether it is to have more.

    To SQLite they are no frames: such have a salt and a checksum (https://www.sqlite.org/walformat.html).
    All this is in a transaction: nobody else writes there meanwhile.
    """
    with transaction(conn, "BEGIN IMMEDIATE"), wal.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.write(bytes(max(0, min(PIECE_BYTES, READY_BYTES - size))))
    return size + PIECE_BYTES < READY_BYTES
