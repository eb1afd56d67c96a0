"""Whatever is changed in a hub's log or a replica's copy is found, and named; or it is shown why it need not be.

Every bit of every stored value is a way to tamper: each column of each table is swept over all rows, with
bits at the front, in the middle and at the end. A column that is new must be put into the table here.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from stackroom.client.auditing import Audited, Fault, Signatures, audit_log, people_of
from stackroom.events.sqlite_read import SqliteReader
from tests.audit.histories import HUB, HUB_KEY, PROFILE, History, without_guards, written

COVERED: Final = {
    "commits": {
        "profile": {"place", "tree_head"},
        "seq": {"place", "tree_head"},
        "id": {"commit", "author_signature"},
        "replica": {"commit"},
        "number": {"commit"},
        "base": {"commit"},
        "author": {"commit", "envelope"},
        "message": {"commit"},
        "time": {"commit"},
        "accepted": {"commit", "envelope"},
        "outcome": {"derived"},
        "leaf": {"leaf"},
        "root": {"root"},
        "events": {"commit", "event_body", "envelope"},
        "key": {"commit"},
        "signature": {"commit"},
    },
    "profiles": {
        "number": {"tree_head", "place", "commit"},
        "id": {"commit", "missing"},
        "name": {"derived"},
        "deleted": {"derived"},
        "seq": {"tree_head"},
        "root": {"tree_head"},
        "peaks": {"tree_head"},
        "begun": {"place"},
        "indexed": {"derived"},
    },
    "numbers": dict.fromkeys(("profile", "replica", "first", "last"), {"derived"}),
    "touched": dict.fromkeys(("profile", "entity", "seq"), {"derived"}),
    "snapshots": {
        "profile": set(),
        "seq": {"derived"},
        "peaks": {"derived"},
        "state": {"derived"},
    },
    "refusals": dict.fromkeys(("profile", "replica", "number"), {"derived"}),
}
"""By table and column, what may be said of a bit that was flipped there."""

NEED_NOT: Final = {
    ("refusals", "id"): "an answer is found by it; no history has it",
    ("refusals", "code"): "what a proposal was answered that is in no history",
    ("refusals", "sentence"): "the same in words",
    ("refusals", "time"): "when it was answered; nothing goes by it",
    (
        "snapshots",
        "profile",
    ): "a snapshot of no profile, or of another, where it is looked at again",
    ("redactions", "profile"): "what may be rewritten; whether it was is seen by leaf and voucher",
    ("redactions", "seq"): "the same",
    ("facts", "kind"): "facts are no history: tokens, and which key signs",
    ("facts", "key"): "the same",
    ("facts", "value"): "the same",
    ("meta", "key"): "names of facts about the file",
    ("meta", "value"): "whose log it is, checkpoints say: see the tests of other hubs",
    ("migrations", "number"): "when the file saw a change of its schema",
    ("migrations", "name"): "the same",
    ("migrations", "time"): "the same",
}
"""Columns in which a flipped bit changes no history, and why."""


class Tampered:
    """A hub's log in memory, in which anything can be changed, and is as it was after each try."""

    def __init__(self, path: Path, team: History) -> None:
        self.team = team
        self.conn = sqlite3.connect(":memory:", isolation_level=None)
        with closing(sqlite3.connect(path)) as file:
            file.backup(self.conn)
        without_guards(self.conn)
        self.conn.execute("PRAGMA ignore_check_constraints = ON")
        self.conn.execute("PRAGMA foreign_keys = OFF")

    def audit(self, *notes: str) -> dict[str, Audited]:
        """What an audit of the file finds, by the profile that the catalogue has."""
        log = SqliteReader(self.conn)
        ids = [id for (id,) in self.conn.execute("SELECT id FROM profiles").fetchall()]
        held = [(PROFILE, note) for note in notes]
        signatures = Signatures(HUB, [HUB_KEY.public], held, people_of(log, HUB))
        return {id: audit_log(log, id, "", signatures) for id in ids}

    def faults(self, *notes: str) -> list[Fault]:
        """Those of all profiles."""
        return [each.fault for each in self.audit(*notes).values() if each.fault]

    def team_fault(self, *notes: str) -> Fault:
        """That of the profile `team`."""
        fault = self.audit(*notes)[PROFILE].fault
        assert fault is not None
        return fault

    def columns(self, table: str) -> list[str]:
        return [
            name for (name,) in self.conn.execute(f"SELECT name FROM pragma_table_info('{table}')")
        ]

    def flips(self, table: str, column: str) -> Iterator[dict[str, Any]]:
        """Flips bits of that column, row by row, and undoes each; gives the row as it was."""
        columns = self.columns(table)
        at = " AND ".join(f"{name} IS ?" for name in columns)
        for row in self.conn.execute(f"SELECT * FROM {table}").fetchall():
            known = dict(zip(columns, row, strict=True))
            for flipped in flipped_bits(known[column]):
                as_text = "CAST(? AS TEXT)" if isinstance(known[column], str) else "?"
                self.conn.execute("SAVEPOINT flip")
                try:
                    self.conn.execute(
                        f"UPDATE {table} SET {column} = {as_text} WHERE {at}", (flipped, *row)
                    )
                    yield known
                except sqlite3.IntegrityError:
                    continue  # Another row has that key: SQLite itself refuses it.
                finally:
                    self.conn.execute("ROLLBACK TO flip")
                    self.conn.execute("RELEASE flip")


def flipped_bits(value: str | bytes | int) -> Iterator[bytes | int]:
    """The value with one bit flipped: one at its beginning, in its middle, and at its end."""
    if isinstance(value, int):
        yield from (value ^ 1, value ^ 1 << 5, value ^ 1 << 40)
        return
    data = value.encode() if isinstance(value, str) else value
    for bit in {0, len(data) * 4 + 3, len(data) * 8 - 1} if data else ():
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tampered]:
    path = tmp_path_factory.mktemp("tampering") / "hub.db"
    team = written(path)
    made = Tampered(path, team)
    yield made
    made.conn.close()


def test_nothing_is_found_where_nothing_was_changed(log: Tampered) -> None:
    found = log.audit(log.team.checkpoint(3), log.team.checkpoint())
    assert [each.fault for each in found.values()] == [None, None]
    assert (found[PROFILE].seq, found[PROFILE].signed) == (8, 8)


def test_the_table_has_every_column(log: Tampered) -> None:
    names = log.conn.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    there = {(table, column) for (table,) in names for column in log.columns(table)}
    named = {(table, column) for table, columns in COVERED.items() for column in columns}
    assert there == named | NEED_NOT.keys()
    assert not named & NEED_NOT.keys()


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table in COVERED for column in COVERED[table]]
)
def test_a_flipped_bit_is_found(log: Tampered, table: str, column: str) -> None:
    tried = 0
    for row in log.flips(table, column):
        faults = log.faults()
        assert faults, f"{table}.{column} of {row}"
        assert faults[0].part in COVERED[table][column], (faults[0], row)
        if table == "commits" and column not in ("profile", "seq"):
            assert faults[0].seq == row["seq"], faults[0]
        tried += 1
    assert tried


@pytest.mark.parametrize(("table", "column"), NEED_NOT, ids=".".join)
def test_a_flipped_bit_that_need_not_be_found_changes_no_history(
    log: Tampered, table: str, column: str
) -> None:
    before = log.audit()
    for row in log.flips(table, column):
        assert log.audit() == before, f"{table}.{column} of {row}"
