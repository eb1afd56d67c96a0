"""What can still be read of a damaged SQLite file: its rows, read around the pages that cannot be.

By SQLite's own means. A table that cannot be read from its root is read page by page: in a copy of the file,
a first page of our own says that a table of those columns begins at that page, and SQLite reads what hangs
on it. Rows count only if they are of the table's types.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeAlias

from msgspec import Struct

from stackroom.events.audit.damage import page_faults
from stackroom.events.sqlite.file import connect

Row: TypeAlias = dict[str, Any]

HEADER: Final = 100
"""Bytes of a file's header (https://www.sqlite.org/fileformat2.html, section 1.3)."""

INDEX_PAGES: Final = frozenset({0x02, 0x0A})
"""The first byte of a page with rows of a table WITHOUT ROWID (section 1.6)."""

PAGE_SIZES: Final = frozenset(1 << bits for bits in range(9, 16))

TABLE: Final = "salvaged"
"""The one table that a grafted first page names."""

_TYPES: Final[dict[str, type]] = {"TEXT": str, "INTEGER": int, "BLOB": bytes}


class Column(Struct, frozen=True):
    """A column of a STRICT table; `key` is its place in the primary key, from 1, or 0."""

    name: str
    type: str
    nullable: bool
    default: str | None
    key: int

    def takes(self, value: object) -> bool:
        """Whether the column can hold the value."""
        return self.nullable if value is None else isinstance(value, _TYPES[self.type])


class Table(Struct, frozen=True):
    """What was read of a table; `sound` if SQLite found no fault in it."""

    rows: list[Row]
    sound: bool


def salvage(copy: Path, fresh: Path, tables: Sequence[str]) -> dict[str, Table]:
    """The rows of `tables` in the damaged file `copy`, which is changed on the way.

    `fresh` is an empty file of today's schema. Tables are STRICT and WITHOUT ROWID.
    """
    with closing(connect(fresh)) as conn:
        known = {table: _columns(conn, table) for table in tables}
    here = _names(copy)
    found = {}
    for table, columns in known.items():
        rows = _whole(copy, table, columns) if table in here else None
        found[table] = Table(rows or [], rows is not None or (bool(here) and table not in here))
    for table, columns in known.items():
        if not found[table].sound:
            found[table] = Table(_by_pages(copy, fresh.with_name("page"), columns), False)
    return found


def _columns(conn: sqlite3.Connection, table: str) -> list[Column]:
    return [
        Column(name, type, not notnull and not pk, default, pk)
        for _, name, type, notnull, default, pk in conn.execute(f"PRAGMA table_info({table})")
    ]


def _names(path: Path) -> set[str]:
    """What the schema names, as far as SQLite reads it; moves the write-ahead log into the file."""
    try:
        with closing(connect(path)) as conn:
            conn.execute("PRAGMA journal_mode = DELETE")
            return {name for (name,) in conn.execute("SELECT name FROM sqlite_schema")}
    except sqlite3.DatabaseError:
        return set()


def _whole(path: Path, table: str, columns: Sequence[Column]) -> list[Row] | None:
    """All rows of a table in which there is no fault; None if there is one."""
    try:
        with closing(connect(path)) as conn:
            if page_faults(conn, table):
                return None
            here = {column.name for column in _columns(conn, table)}
            rows = list(_rows(conn, table, [c for c in columns if c.name in here]))
    except sqlite3.DatabaseError:
        return None
    return rows if all(_fits(row, columns) for row in rows) else None


def _by_pages(path: Path, scratch: Path, columns: Sequence[Column]) -> list[Row]:
    """Every row of the table that some page leads to."""
    if path.stat().st_size <= HEADER:
        return []
    key = [column.name for column in columns if column.key]
    size = _graft(path, scratch, columns)
    if not _names(path):
        return []
    _graft(path, scratch, columns)  # Its write-ahead log may have had another first page.
    found: dict[tuple[Any, ...], Row] = {}
    for page in _pages(path, size):
        with closing(connect(path)) as conn:
            conn.execute("PRAGMA writable_schema = ON")
            conn.execute("UPDATE sqlite_schema SET rootpage = ?", (page,))
        with closing(connect(path)) as conn:
            for row in _read(conn, columns):
                found.setdefault(tuple(row[name] for name in key), row)
    return list(found.values())


def _graft(path: Path, scratch: Path, columns: Sequence[Column]) -> int:
    """Gives the file a first page by which it has one table alone, of these columns; its page size."""
    size = int.from_bytes(path.read_bytes()[16:18], "big")
    scratch.unlink(missing_ok=True)
    with closing(connect(scratch, create=True)) as conn:
        if size in PAGE_SIZES:
            conn.execute(f"PRAGMA page_size = {size}")
        ((size,),) = conn.execute("PRAGMA page_size").fetchall()
        named = [
            f"{c.name} {c.type}" + (f" DEFAULT {c.default}" if c.default is not None else "")
            for c in columns
        ]
        key = [c.name for c in sorted(columns, key=lambda c: c.key) if c.key]
        parts = ", ".join([*named, f"PRIMARY KEY ({', '.join(key)})"])
        conn.execute(f"CREATE TABLE {TABLE} ({parts}) STRICT, WITHOUT ROWID")
    first = bytearray(scratch.read_bytes()[:size])
    first[28:32] = max(2, path.stat().st_size // size).to_bytes(4, "big")
    with path.open("r+b") as file:
        file.write(first)
    return int(size)


def _pages(path: Path, size: int) -> Iterator[int]:
    """The pages that may have rows, by their first byte."""
    data = path.read_bytes()
    for number in range(2, len(data) // size + 1):
        if data[(number - 1) * size] in INDEX_PAGES:
            yield number


def _read(conn: sqlite3.Connection, columns: Sequence[Column]) -> Iterator[Row]:
    """The rows that fit, up to where the table cannot be read."""
    try:
        for row in _rows(conn, TABLE, columns):
            if _fits(row, columns):
                yield row
    except sqlite3.DatabaseError:
        return


def _rows(conn: sqlite3.Connection, table: str, columns: Sequence[Column]) -> Iterator[Row]:
    names = [column.name for column in columns]
    for row in conn.execute(f"SELECT {', '.join(names)} FROM {table} NOT INDEXED"):
        yield dict(zip(names, row, strict=True))


def _fits(row: Row, columns: Sequence[Column]) -> bool:
    return all(column.takes(row[column.name]) for column in columns if column.name in row)
