"""The SQLite files: are they whole, of our schema, read by their owner alone, and is their log short."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from msgspec import Struct

from stackroom.client.doctor.finding import REPAIR, Finding
from stackroom.events.audit.damage import page_faults
from stackroom.events.errors import LogError
from stackroom.events.sqlite.file import WAL_BYTES, connect, explained
from stackroom.events.sqlite.migrations import schema_of

OTHERS: Final = 0o077
"""The bits of a mode that let others in."""


class Looked(Struct, frozen=True):
    """What was seen of a SQLite file: sizes in bytes, its mode, its schema, and its faults.

    `refusal` is why it was not opened as ours, `rows` how many each table has.
    """

    name: str
    bytes: int
    wal_bytes: int
    schema: int = 0
    known: int = 0
    faults: tuple[str, ...] = ()
    refusal: str = ""
    rows: dict[str, int] = {}


def look(path: Path, application_id: int, known: int) -> Looked | None:
    """Looks at a file without changing what is in it; None if there is none."""
    if not path.exists():
        return None
    wal = path.with_name(f"{path.name}-wal")
    seen = Looked(
        path.name, path.stat().st_size, wal.stat().st_size if wal.exists() else 0, known=known
    )
    try:
        with explained(path), closing(connect(path)) as conn:
            faults = tuple(page_faults(conn))
            schema = schema_of(conn, path, application_id, known)
            rows = {} if faults else _rows(conn)
    except LogError as error:
        damaged = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF in DAMAGE
        faults = (str(error.__cause__),) if damaged else ()
        return Looked(
            seen.name, seen.bytes, seen.wal_bytes, 0, known, faults, "" if damaged else str(error)
        )
    return Looked(seen.name, seen.bytes, seen.wal_bytes, schema, known, faults, "", rows)


DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _rows(conn: sqlite3.Connection) -> dict[str, int]:
    tables = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {
        name: int(conn.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])
        for (name,) in tables
        if name.isidentifier()
    }


def whole(check: str, seen: Looked | None, mend: str) -> list[Finding]:
    """Whether the file is what it should be; `mend` is the command for one that is damaged."""
    if seen is None:
        return []
    facts = {"bytes": seen.bytes, "schema": seen.schema, "faults": len(seen.faults)}
    if seen.refusal:
        return [Finding(check, "error", seen.refusal, "", facts)]
    if seen.faults:
        said = f"{seen.name} is damaged: {seen.faults[0]}"
        return [Finding(check, "error", said, mend, facts, integrity=True)]
    if seen.schema < seen.known:
        said = f"{seen.name} has schema {seen.schema} of {seen.known}: its next use brings it up to date"
        return [Finding(check, "note", said, "", facts)]
    return [Finding(check, "ok", f"{seen.name} is whole ({seen.bytes} bytes)", "", facts)]


def short_log(seen: Looked | None) -> list[Finding]:
    """Whether the write-ahead log is of a usual size."""
    if seen is None or seen.wal_bytes <= WAL_BYTES:
        return []
    said = f"{seen.name}-wal has grown to {seen.wal_bytes} bytes: somebody reads for long, or was killed"
    return [Finding("wal", "warning", said, REPAIR, {"wal_bytes": seen.wal_bytes})]


def open_to_others(paths: list[Path]) -> list[Path]:
    """Those of the files (or folders) that others than their owner may read or write."""
    return [path for path in paths if path.exists() and path.stat().st_mode & OTHERS]


def private(what: str, open_: list[Path]) -> list[Finding]:
    """Whether all is readable by its owner alone; `open_` are those that are not."""
    if not open_:
        return [Finding("modes", "ok", f"the files of the {what} are their owner's alone")]
    names = ", ".join(path.name for path in open_)
    said = f"others may read files of the {what}: {names}"
    return [Finding("modes", "warning", said, REPAIR, {"open": len(open_)})]
