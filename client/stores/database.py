"""A SQLite file that belongs to somebody else: opened so that nothing in its folder changes."""

import base64
import binascii
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import quote

import msgspec

from stackroom.client.errors import NotASource
from stackroom.events.values import Value

_LOGS: Final = ("-wal", "-journal")
"""What SQLite keeps beside a file: what is not yet moved into it, and what a crash left to be undone."""


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """The database in `file`, to read. NotASource if it is none, or changes meanwhile.

    SQLite would write beside the file to take its logs into account, so then a copy is read, elsewhere.
    """
    before = _seen(file)
    try:
        if any(size for size, _ in before[1:]):
            with TemporaryDirectory() as folder:
                copy = Path(folder) / "store.db"
                _copy(file, copy)
                with closing(sqlite3.connect(copy)) as connection:
                    yield connection
        else:
            uri = f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                yield connection
    except sqlite3.DatabaseError as error:
        raise NotASource(f"{file} cannot be read as a store of ZenML: {error}") from error
    # Neither way has a lock, which is a write: what another program writes meanwhile is noticed here.
    if _seen(file) != before:
        raise NotASource(
            f"{file} was written to while it was read", hint="ZenML is at work: run it again"
        )


def _beside(file: Path) -> list[Path]:
    """The file, and the logs that may be beside it."""
    return [file, *(file.with_name(f"{file.name}{log}") for log in _LOGS)]


def _seen(file: Path) -> list[tuple[int, int]]:
    """Size and time of the last change, of the file and its logs; zeros for what is not there."""
    found = []
    for each in _beside(file):
        try:
            stat = each.stat()
        except FileNotFoundError:
            found.append((0, 0))
        else:
            found.append((stat.st_size, stat.st_mtime_ns))
    return found


def _copy(file: Path, to: Path) -> None:
    """Copies the file with its logs."""
    for source, target in zip(_beside(file), _beside(to), strict=True):
        if source.exists():
            copyfile(source, target)


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
