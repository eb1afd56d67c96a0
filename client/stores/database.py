"""A SQLite file that belongs to somebody else: opened so that nothing in its folder changes."""

import base64
import binascii
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import msgspec

from stackroom.client.errors import NotASource
from stackroom.events.values import Value


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """The database in `file`, to read. NotASource if it is none.

    What a program has not yet moved from the write-ahead log counts too. SQLite would write beside the
    file to read that, so then a copy is read, elsewhere.
    """
    log = file.with_name(f"{file.name}-wal")
    try:
        if log.exists() and log.stat().st_size:
            with TemporaryDirectory() as folder:
                copy = Path(folder) / "store.db"
                copy.write_bytes(file.read_bytes())
                copy.with_name("store.db-wal").write_bytes(log.read_bytes())
                with closing(sqlite3.connect(copy)) as connection:
                    yield connection
        else:
            uri = f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                yield connection
    except sqlite3.DatabaseError as error:
        raise NotASource(f"{file} cannot be read as a store of ZenML: {error}") from error


def tables(connection: sqlite3.Connection) -> set[str]:
    """The names of its tables."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in found}


class Row(dict[str, Any]):
    """A row by column; NotASource for a column that the table does not have."""

    def __missing__(self, column: str) -> Any:
        raise NotASource(
            f"a table of this store has no column {column!r}",
            hint="it is of a release of ZenML that is not known; zenml stack export works with any",
        )


def rows(connection: sqlite3.Connection, query: str) -> list[Row]:
    """The rows of a query."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [Row(zip(names, row, strict=True)) for row in cursor]


def unpacked(data: str | bytes | None, where: str) -> Value:
    """The JSON that a column holds in base64, as ZenML keeps it; NotASource for anything else."""
    if data is None:
        return None
    try:
        return msgspec.json.decode(base64.b64decode(data, validate=True))  # type: ignore[no-any-return]
    except (binascii.Error, ValueError) as error:
        raise NotASource(f"{where} is not base64 of JSON, as ZenML writes it") from error


def with_dashes(id: str) -> str:
    """An id as people see it: `9f523282-c734-…`."""
    return "-".join((id[:8], id[8:12], id[12:16], id[16:20], id[20:])) if len(id) == 32 else id
