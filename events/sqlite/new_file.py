"""A new SQLite file: made beside its place, and put there once it is whole and on the disk.

A file that others may see goes through the steps of its schema in a journal that is flushed again and again.
Nobody sees this one before it is whole, so it is flushed once; and it gets the schema of today at once, by a
script that `make generate` writes from those steps.
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from threading import get_ident
from typing import Final

from stackroom.events.model import Millis
from stackroom.events.sqlite.file import Durability, connect
from stackroom.events.sqlite.flushing import flush
from stackroom.events.sqlite.migrations import Step

BESIDE: Final = ("", "-wal", "-shm", "-journal")
"""The endings of a file's name, and of the names of what SQLite keeps beside it."""


def make_new(
    path: Path,
    script: Path,
    steps: Sequence[Step],
    identify: Callable[[sqlite3.Connection], None],
    *,
    now: Millis,
    synchronous: Durability,
) -> bool:
    """Puts a new file at `path`, its schema by `script`, that of all `steps`; `identify` says whose it is.

    False, with nothing done, where a file is already, or another process is quicker; where something lies
    that SQLite kept beside a file that is gone, which it would take for this one's; and on a file system
    without links. Then it is to be made in its place, step by step.
    """
    if any(path.with_name(path.name + ending).exists() for ending in BESIDE):
        return False
    unfinished = path.with_name(f"{path.name}.{os.getpid()}-{get_ident()}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        with closing(connect(unfinished, create=True)) as conn:
            conn.execute("PRAGMA synchronous = OFF")
            conn.execute("PRAGMA journal_mode = OFF")
            conn.executescript(f"BEGIN; {script.read_text('utf-8')}")
            (seen,) = conn.execute("PRAGMA user_version").fetchone()
            rows = [(number, step.name, now) for number, step in enumerate(steps[:seen], 1)]
            conn.executemany("INSERT INTO migrations VALUES (?, ?, ?)", rows)
            identify(conn)
            conn.execute("COMMIT")
            conn.execute("PRAGMA journal_mode = WAL")
        if synchronous != "OFF":
            flush(unfinished)
        # Its name is flushed with the folder when SQLite first flushes the log beside it: before anything
        # that is written to the file counts.
        path.hardlink_to(unfinished)
    except OSError:
        return False
    finally:
        unfinished.unlink(missing_ok=True)
    return True


def script_of(conn: sqlite3.Connection) -> str:
    """The script that makes the schema of a file which has been through its steps."""
    numbers = ("application_id", "user_version")
    pragmas = [f"PRAGMA {n} = {conn.execute(f'PRAGMA {n}').fetchone()[0]}" for n in numbers]
    rows = conn.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
    return "".join(f"{statement};\n" for statement in (*pragmas, *(sql for (sql,) in rows)))
