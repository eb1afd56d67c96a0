"""The precious file itself: its schema, how it is opened, and what a transaction on it is."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from stackroom.client.home.same_file import SameFile, make_private
from stackroom.events.carriers import Millis
from stackroom.events.errors import LogCorrupt
from stackroom.events.sqlite.file import (
    Durability,
    connect,
    explained,
    make_durable,
    scrub,
    transaction,
)
from stackroom.events.sqlite.migrations import Step, migrate, schema_of, statements

Row: TypeAlias = tuple[Any, ...]

APPLICATION_ID: Final = int.from_bytes(b"Strp", "big")
"""Marks the file as ours (`PRAGMA application_id`)."""

NEW: Final = Path(__file__).with_name("store_new.sql")
"""What a new file gets at once: the schema that all steps come to (`make generate`)."""


def steps(replica: str) -> tuple[Step, ...]:
    """Every step of the schema; a file that they create gets the replica id `replica`, for ever."""
    return (
        Step("create", partial(_create, replica=replica)),
        Step("rights", _add_rights),
        Step("signatures", _add_signatures),
        Step("hub keys", _add_hub_keys),
        Step("checkpoints", _add_checkpoints),
        Step("rotations", _add_rotations),
    )


class ProposalsDamaged(LogCorrupt):
    """The precious file is damaged: what can be read of it is to be rescued first."""

    hint = "stackroom doctor --repair rescues what can be read, and keeps the damaged file"


@contextmanager
def told_as_precious(path: Path) -> Iterator[None]:
    """Errors of sqlite3 and of what is stored become errors that say what becomes of the file."""
    try:
        with explained(path):
            yield
    except LogCorrupt as error:
        raise ProposalsDamaged(str(error)) from error
    except msgspec.DecodeError as error:
        raise ProposalsDamaged(f"{path} is damaged: {error}") from error


class StoreFile:
    """A connection to the file. Not for two threads.

    Writing raises FileReplaced once the path leads to another file: what is written to one that nobody
    finds again is lost.
    """

    def __init__(self, conn: sqlite3.Connection, path: Path, synchronous: Durability) -> None:
        self._conn = conn
        self._same = SameFile(path)
        self._synchronous = self._set = synchronous
        self.path = path
        self.written = False
        """Whether anything was written by this connection."""

    @classmethod
    def open(
        cls, path: Path, *, new_replica_id: str, now: Millis, synchronous: Durability
    ) -> "StoreFile":
        """Opens the file, or makes it; an older one is migrated, after a backup. Raises as LogFile.open."""
        with told_as_precious(path):
            known = steps(new_replica_id)
            if not path.exists():
                _make(path, known, new_replica_id, now, synchronous)
            conn = connect(path)
            try:
                found = schema_of(conn, path, APPLICATION_ID, len(known))
                make_durable(conn, synchronous)
                conn.execute("PRAGMA secure_delete = ON")
                if found < len(known):
                    migrate(conn, path, APPLICATION_ID, known, now=now)
                return cls(conn, path, synchronous)
            except BaseException:
                conn.close()
                raise

    def close(self) -> None:
        """Closes the file."""
        self._conn.close()

    def one(self, sql: str, *values: object) -> Row | None:
        """The first row, or None."""
        with told_as_precious(self.path):
            row: Row | None = self._conn.execute(sql, values).fetchone()
            return row

    def all(self, sql: str, *values: object) -> list[Row]:
        """Every row."""
        with told_as_precious(self.path):
            return self._conn.execute(sql, values).fetchall()

    def write(self, sql: str, *values: object) -> int:
        """Runs one statement in a transaction of its own; gives the number of rows that it changed."""
        with self.writing() as conn:
            return conn.execute(sql, values).rowcount

    def scrub(self) -> None:
        """Rewrites the file, and empties what SQLite keeps beside it."""
        scrub(self._conn, self.path)

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One writing transaction: durable after the block, undone if the block raises.

        Unless it is to be `durable`: then with the next one that is. Within another transaction, it is a
        part of that.
        """
        if self._conn.in_transaction:
            yield self._conn
            return
        self._same.check()
        self.written = True
        with told_as_precious(self.path):
            self._flush(durable=durable)
            with transaction(self._conn, "BEGIN IMMEDIATE"):
                yield self._conn

    def _flush(self, *, durable: bool) -> None:
        """Says whether the next transactions are flushed when they end."""
        wanted = self._synchronous if durable or self._synchronous == "OFF" else "NORMAL"
        if wanted != self._set:
            self._conn.execute(f"PRAGMA synchronous = {wanted}")
            self._set = wanted


def _make(
    path: Path, known: Sequence[Step], replica: str, now: Millis, synchronous: Durability
) -> None:
    """Makes the file: whole, or else an empty one that is then migrated."""
    # Late: a home is made once.
    from stackroom.events.sqlite.new_file import make_new

    mine = partial(_identify, replica=replica)
    if not make_new(path, NEW, known, mine, now=now, synchronous=synchronous):
        make_private(path)


def _create(conn: sqlite3.Connection, replica: str) -> None:
    script = Path(__file__).with_name("store.sql").read_text("utf-8")
    for statement in statements(script):
        conn.execute(statement)
    _identify(conn, replica)


def _identify(conn: sqlite3.Connection, replica: str) -> None:
    """Writes into a new file which replica's it is."""
    conn.execute("INSERT INTO settings VALUES ('replica', ?)", (replica,))


def _add_rights(conn: sqlite3.Connection) -> None:
    """What each hub lets its user do, as JSON; empty before the first welcome."""
    conn.execute("ALTER TABLE hubs ADD COLUMN rights TEXT NOT NULL DEFAULT ''")


def _add_signatures(conn: sqlite3.Connection) -> None:
    """The key and signature of each proposal; empty until it is signed."""
    for column in ("key", "signature"):
        conn.execute(f"ALTER TABLE proposals ADD COLUMN {column} BLOB NOT NULL DEFAULT x''")


def _add_hub_keys(conn: sqlite3.Connection) -> None:
    """The public key by which each hub signs, as text; empty before one was pinned."""
    conn.execute("ALTER TABLE hubs ADD COLUMN key TEXT NOT NULL DEFAULT ''")


def _add_rotations(conn: sqlite3.Connection) -> None:
    """The statements by which each hub's keys named the next, for who knows an earlier one: JSON."""
    conn.execute("ALTER TABLE hubs ADD COLUMN rotations TEXT NOT NULL DEFAULT '[]'")


def _add_checkpoints(conn: sqlite3.Connection) -> None:
    """The last checkpoint of each profile that was seen, as its hub signed it (`note`)."""
    conn.execute(
        "CREATE TABLE checkpoints (profile TEXT NOT NULL PRIMARY KEY, hub TEXT NOT NULL,"
        " epoch INTEGER NOT NULL, size INTEGER NOT NULL, note TEXT NOT NULL) STRICT, WITHOUT ROWID"
    )
