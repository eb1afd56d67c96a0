"""Bringing a file to the schema of today: ordered, named steps.

The schema's number is how many steps the file has seen (`PRAGMA user_version`); its table
`migrations` says when. All steps that a file lacks run in one transaction, each recorded beside
what it did, so a file is never between two schemas. A file that holds something is copied first.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from msgspec import Struct

from stackroom.events.carriers import Millis
from stackroom.events.errors import LogError, LogNewer
from stackroom.events.sqlite.file import connect, transaction


class Step(Struct, frozen=True):
    """One change of the schema; `run` does it, inside the transaction that records it.

    Steps are added at the end of a list and never changed.
    """

    name: str
    run: Callable[[sqlite3.Connection], None]


def statements(sql: str) -> Iterator[str]:
    """The statements of a script, one by one: `executescript` would commit the transaction."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError(f"the last statement has no end: {statement!r}")


def schema_of(conn: sqlite3.Connection, path: Path, application_id: int, known: int) -> int:
    """How many steps the file has seen; 0 for a new one. Writes nothing.

    Raises LogNewer if that is more than `known`, LogError if the file belongs to another program.
    """
    # In one transaction: somebody else may be making the file at this moment.
    with nullcontext() if conn.in_transaction else transaction(conn, "BEGIN"):
        (owner,) = conn.execute("PRAGMA application_id").fetchone()
        (found,) = conn.execute("PRAGMA user_version").fetchone()
        (objects,) = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if owner != application_id and (owner or found or objects):
        raise LogError(
            f"{path} belongs to another program",
            hint="choose another file; this one was left as it is",
        )
    if found > known:
        raise LogNewer(str(path), found, known)
    return int(found)


def migrate(
    conn: sqlite3.Connection,
    path: Path,
    application_id: int,
    steps: Sequence[Step],
    *,
    now: Millis,
) -> Path | None:
    """Runs the steps that the file lacks; gives the backup that was made first, if one was.

    `now` is written beside each step and into the backup's name.
    """
    with transaction(conn, "BEGIN IMMEDIATE"):
        # Another process may have done it between the opening of the file and the lock.
        found = schema_of(conn, path, application_id, len(steps))
        if found == len(steps):
            return None
        backup = back_up(path, found, now) if found else None
        if not found:
            conn.execute(f"PRAGMA application_id = {application_id}")
            conn.execute(
                "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
                "time INTEGER NOT NULL) STRICT"
            )
        for number, step in enumerate(steps[found:], found + 1):
            step.run(conn)
            conn.execute("INSERT INTO migrations VALUES (?, ?, ?)", (number, step.name, now))
            conn.execute(f"PRAGMA user_version = {number}")
    return backup


def back_up(path: Path, schema: int, now: Millis) -> Path:
    """Copies the file at `path` beside it, as `NAME.schema-1.20260131T235959Z.backup`.

    Readable by its owner alone, whole or not there; never replaces an earlier copy.
    """
    moment = datetime.fromtimestamp(now // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    stem = f"{path.name}.schema-{schema}.{moment}"
    names = (f"{stem}.backup" if n == 1 else f"{stem}-{n}.backup" for n in count(1))
    target = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    unfinished = target.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(0o600)
    # The connection that migrates holds the write lock, and SQLite does not copy from such a one.
    with closing(connect(path)) as source, closing(connect(unfinished)) as copy:
        source.backup(copy)
    unfinished.replace(target)
    return target
