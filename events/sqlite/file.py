"""A SQLite file: how it is opened, what a transaction is, and what its errors mean.

Neither asyncio nor aiosqlite is imported here: a command that only reads must start at once.
"""

import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal, TypeAlias

from stackroom.events.errors import LogCorrupt, LogError, LogFull

Durability: TypeAlias = Literal["FULL", "NORMAL", "OFF"]
"""SQLite's `synchronous`. FULL: a commit survives a power cut. NORMAL: the newest may be lost,
never the file. OFF: for simulations, which crash processes and not machines."""

BUSY_SECONDS: Final = 10.0
"""How long a transaction waits for another process before it gives up."""

CHECKPOINT_PAGES: Final = 4_000
"""Pages in the write-ahead log before they are moved into the file (16 MiB)."""

CACHE_CHECKPOINT_PAGES: Final = 500
"""… in a replica's copy: a process that has fetched much is not to move it all when it ends."""

WAL_BYTES: Final = 64 << 20
"""The write-ahead log is cut back to this once a long read has let it grow."""

CACHE_KIB: Final = 8 << 10
"""Memory that one connection may use for pages."""


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode; a missing file is an error unless `create`.

    It may pass from thread to thread, and be used by one at a time. Nothing is written: what the
    file is should be known first. A file that is made here is its owner's alone, and so is what
    SQLite puts beside it.
    """
    if create:
        with suppress(OSError):  # Where it cannot be made, SQLite says so next.
            path.touch(0o600)
    mode = "rwc" if create else "rw"
    conn = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )
    try:
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    except BaseException:
        conn.close()
        raise
    return conn


def make_durable(conn: sqlite3.Connection, synchronous: Durability) -> None:
    """Turns on write-ahead logging, so that reads do not wait for writes; says when to flush."""
    _turn_to_wal(conn)
    conn.execute(f"PRAGMA synchronous = {synchronous}")
    checkpoint_every(conn, CHECKPOINT_PAGES)
    conn.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    if sys.platform == "darwin" and synchronous == "FULL":
        # There fsync hands the bytes to the drive, which may keep them in its own cache.
        conn.execute("PRAGMA fullfsync = ON")
        conn.execute("PRAGMA checkpoint_fullfsync = ON")


def _turn_to_wal(conn: sqlite3.Connection) -> None:
    """SQLite does not wait here by itself: two that make one file would wait for each other."""
    patience = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            conn.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > patience:
                raise
            time.sleep(0.01)


@contextmanager
def transaction(
    conn: sqlite3.Connection, begin: Literal["BEGIN", "BEGIN IMMEDIATE"]
) -> Iterator[None]:
    """One transaction: committed at the end of the block, rolled back if the block or COMMIT fails.

    A writing one begins IMMEDIATE: taking the lock later can fail with nothing to wait for.
    """
    conn.execute(begin)
    try:
        yield
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Errors of sqlite3 inside the block become errors of the log."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error
    except UnicodeDecodeError as error:
        # What sqlite3 has to say of a damaged schema quotes it, whatever it is.
        raise LogCorrupt(f"{path} is damaged: {error}", hint="restore a backup") from error


def explain(error: sqlite3.Error, path: Path) -> LogError:
    """What an error of sqlite3 means to the one who has the file at `path`."""
    # The low byte is the primary code (https://www.sqlite.org/rescode.html); errors that the Python
    # module raises itself have none: the one that it raises while reading is for text that is none.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if not code and "decode to UTF-8" in str(error):
        code = sqlite3.SQLITE_CORRUPT
    match code:
        case sqlite3.SQLITE_FULL:
            return LogFull(
                f"there is no room for another commit in {path}",
                hint="free some disk space and try again; nothing was stored in part",
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return LogCorrupt(
                f"{path} is damaged, or not a SQLite file: {error}",
                hint="move it away and restore a backup",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LogError(
                f"another process holds {path}",
                hint="wait for it to end, or end it, and try again",
            )
        case sqlite3.SQLITE_CANTOPEN:
            return LogError(
                f"{path} cannot be opened",
                hint="check that the folder exists and that you may write there",
            )
        case sqlite3.SQLITE_READONLY:
            return LogError(f"{path} may not be written", hint="check the permissions of the file")
        case _:
            return LogError(f"{path}: {error}")


def checkpoint_every(conn: sqlite3.Connection, pages: int) -> None:
    """From now on, a transaction that leaves so many pages in the write-ahead log moves them."""
    conn.execute(f"PRAGMA wal_autocheckpoint = {pages:d}")


def checkpoint(conn: sqlite3.Connection) -> None:
    """Moves what is in the write-ahead log when it begins, and may be; others go on meanwhile."""
    conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def scrub(conn: sqlite3.Connection, path: Path) -> None:
    """Rewrites the file, and empties its write-ahead log: no trace is left of what was deleted or changed.

    Raises LogError while somebody else reads in it.
    """
    with explained(path):
        conn.execute("VACUUM")
        busy, *_ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LogError(
                f"{path} is in use: what was taken out of it still stands in {path.name}-wal",
                hint="end the programs that have it open, and run this again",
            )
