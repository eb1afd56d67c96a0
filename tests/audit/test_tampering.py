"""Whatever is changed in a hub's log or a replica's copy is found, and named; or it is shown why it need not be.

Every bit of every stored value is a way to tamper: each column of each table is swept over all rows, with
bits at the front, in the middle and at the end. A column that is new must be put into the table here.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from stackroom.client.history.audit_sources import NO_ANCHORS, of_hub_file
from stackroom.client.history.auditing import Audited, Fault, Signatures, audit_log, people_of
from stackroom.events import codec
from stackroom.events.errors import LogCorrupt, StackroomError
from stackroom.events.proofs import merkle
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.signing import Signer
from stackroom.events.sqlite.file import explained
from stackroom.events.sqlite.read import SqliteReader
from stackroom.events.sqlite.schema import Use
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
        "outcome": {"derived", "commit"},
        "leaf": {"leaf"},
        "root": {"root"},
        "events": {"commit", "event_body", "envelope"},
        "key": {"commit"},
        "signature": {"commit"},
    },
    "profiles": {
        "number": {"tree_head"},
        "id": {"commit", "tree_head"},
        "name": {"derived", "tree_head"},
        "deleted": {"derived"},
        "seq": {"tree_head"},
        "root": {"tree_head"},
        "peaks": {"tree_head"},
        "indexed": {"derived"},
    },
    "numbers": {name: {"derived"} for name in ("profile", "replica", "first", "last")},
    "touched": {name: {"derived"} for name in ("profile", "bucket", "entity", "seq")},
    "snapshots": {
        "seq": {"derived"},
        "peaks": {"derived"},
        "state": {"derived"},
    },
    "milestones": {"seq": {"derived"}, "state": {"derived"}},
    "runs": {
        name: {"derived"}
        for name in (
            "profile",
            "run",
            "pipeline",
            "stack",
            "at",
            "recorded",
            "status",
            "said",
            "first",
            "last",
        )
    },
    "refusals": {name: {"derived"} for name in ("profile", "replica", "number")},
}
"""By table and column, what may be said of a bit that was flipped there."""

IN_A_CACHE_ALONE: Final = {"typed": {name: {"derived"} for name in ("profile", "type", "seq")}}
"""The same for what a hub's file has none of."""

NAMED: Final = [(table, column) for table in COVERED for column in COVERED[table]]
CACHED: Final = [("typed", column) for column in IN_A_CACHE_ALONE["typed"]]

NEED_NOT: Final = {
    ("refusals", "id"): "an answer is found by it; no history has it",
    ("refusals", "code"): "what a proposal was answered that is in no history",
    ("refusals", "sentence"): "the same in words",
    ("refusals", "time"): "when it was answered; nothing goes by it",
    ("snapshots", "profile"): "one of no profile is never looked at; for another's, see below",
    ("milestones", "profile"): "the same",
    ("subtrees", "profile"): "a short way to proofs, held to the stored root before it is taken",
    ("subtrees", "subtree"): "the same",
    ("subtrees", "root"): "the same",
    ("redactions", "profile"): "what may be rewritten; whether it was is seen by leaf and voucher",
    ("redactions", "seq"): "the same",
    ("facts", "kind"): "facts are no history: tokens, and which key signs",
    ("facts", "key"): "the same",
    ("facts", "value"): "the same",
    ("meta", "key"): "names of facts about the file",
    ("meta", "value"): "whose log it is, checkpoints say: see the tests of other hubs",
    (
        "blocks",
        "profile",
    ): "an audit spreads blocks into rows; whose they are, leaves and roots say there",
    ("blocks", "last"): "the block says it, too: see `test_a_damaged_block_is_a_damaged_cache`",
    ("blocks", "first"): "the same",
    ("blocks", "data"): "zlib's checksum, and then leaves and roots, as for rows",
    ("blocks", "least"): "what was when is told by it; no history has it",
    ("migrations", "number"): "when the file saw a change of its schema",
    ("migrations", "name"): "the same",
    ("migrations", "time"): "the same",
}
"""Columns in which a flipped bit changes no history, and why."""

IN_A_CACHE: Final = {
    ("profiles", "name"): "a replica's registry has the names, and its catalogue none",
    ("profiles", "deleted"): "the same",
    ("refusals", "profile"): "a cache remembers no refusals of a hub's",
    ("refusals", "replica"): "the same",
    ("refusals", "number"): "the same",
    ("numbers", "profile"): "only that a number was used is asked of a cache",
    ("numbers", "replica"): "the same",
    ("numbers", "first"): "the same",
    ("numbers", "last"): "the same",
}
"""Columns of which this holds in a replica's copy alone; a number that is missing there is found."""

MAY: Final = {
    (
        "profiles",
        "begun",
    ): "before it, history was missing once: if it is here now, nothing follows",
}
"""Columns in which a flipped bit is found, or changes no history: it depends on the bit."""


def named(columns: Iterable[tuple[str, str]]) -> pytest.MarkDecorator:
    """A test for each of the columns."""
    return pytest.mark.parametrize(
        ("table", "column"), [pytest.param(*at, id=".".join(at)) for at in columns]
    )


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
        try:
            with explained(Path("hub.db")):
                ids = [each.id for each in log.profiles()]
        except LogCorrupt as error:
            return {"": Audited("", "", 0, "", 0, {}, fault=Fault(0, "tree_head", str(error)))}
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

    @contextmanager
    def changed(self, *statements: str) -> Iterator[None]:
        """The file with these changes, for the time of the block."""
        self.conn.execute("SAVEPOINT changed")
        try:
            for statement in statements:
                self.conn.execute(statement)
            yield
        finally:
            self.conn.execute("ROLLBACK TO changed")
            self.conn.execute("RELEASE changed")

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
                with self.changed():
                    try:
                        self.conn.execute(
                            f"UPDATE {table} SET {column} = {as_text} WHERE {at}", (flipped, *row)
                        )
                    except sqlite3.IntegrityError:
                        continue  # Another row has that key: SQLite itself refuses it.
                    yield known


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
    """A hub's log."""
    yield from tampered(tmp_path_factory.mktemp("tampering"), "log")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tampered]:
    """A replica's copy of it."""
    yield from tampered(tmp_path_factory.mktemp("tampering"), "cache")


def tampered(folder: Path, use: Use) -> Iterator[Tampered]:
    made = Tampered(folder / "hub.db", written(folder / "hub.db", use=use))
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
    assert there == {*NAMED, *CACHED, *NEED_NOT, *MAY}
    assert len(there) == len(NAMED) + len(CACHED) + len(NEED_NOT) + len(MAY)


@named(NAMED)
def test_a_flipped_bit_is_found(log: Tampered, table: str, column: str) -> None:
    assert_found(log, table, column)


@named([*(at for at in NAMED if at not in IN_A_CACHE), *CACHED])
def test_a_flipped_bit_is_found_in_a_replica(cache: Tampered, table: str, column: str) -> None:
    assert_found(cache, table, column)


def assert_found(log: Tampered, table: str, column: str) -> None:
    tried = 0
    for row in log.flips(table, column):
        faults = log.faults()
        assert faults, f"{table}.{column} of {row}"
        assert faults[0].part in (COVERED | IN_A_CACHE_ALONE)[table][column], (faults[0], row)
        if table == "commits" and column not in ("profile", "seq"):
            assert faults[0].seq == row["seq"], faults[0]
        tried += 1
    assert tried


@named(NEED_NOT)
def test_a_flipped_bit_that_need_not_be_found_changes_no_history(
    log: Tampered, table: str, column: str
) -> None:
    before = log.audit()
    for row in log.flips(table, column):
        assert log.audit() == before, f"{table}.{column} of {row}"


@named(IN_A_CACHE)
def test_a_flipped_bit_in_a_replica_is_found_or_changes_no_history(
    cache: Tampered, table: str, column: str
) -> None:
    before = cache.audit()
    for row in cache.flips(table, column):
        for id, each in cache.audit().items():
            assert each == before.get(id) or each.fault, f"{table}.{column} of {row}"


@named(MAY)
def test_a_flipped_bit_is_found_or_changes_no_history(
    log: Tampered, table: str, column: str
) -> None:
    before = log.audit()
    found = [log.audit() for _ in log.flips(table, column)]
    assert {each.fault is None for one in found for each in one.values()} == {True, False}
    for one in found:
        assert all(each.fault or each.root == before[id].root for id, each in one.items())


def test_a_snapshot_of_another_profile_is_found(log: Tampered) -> None:
    with log.changed("UPDATE snapshots SET profile = 1, seq = 3"):
        assert log.faults() == [
            Fault(3, "derived", f"the snapshot at #3 of profile {HUB} is not what its commits say")
        ]


# Each way to tamper that has a name


def rewrite(log: Tampered, seq: int, **columns: object) -> None:
    """Has commit `seq` say something else, and computes all leaves and roots from there on anew."""
    tree = merkle.Growing()
    sets = ", ".join(f"{name} = ?" for name in columns)
    log.conn.execute(
        f"UPDATE commits SET {sets} WHERE profile = 2 AND seq = {seq}", tuple(columns.values())
    )
    for taken in SqliteReader(log.conn).taken(PROFILE, 0, 1_000):
        leaf = merkle.leaf_hash(codec.leaf(PROFILE, taken.commit))
        tree.add(leaf)
        log.conn.execute(
            "UPDATE commits SET leaf = ?, root = ? WHERE profile = 2 AND seq = ?",
            (leaf, tree.root(), taken.commit.seq),
        )
    log.conn.execute(
        "UPDATE profiles SET seq = ?, root = ?, peaks = ? WHERE number = 2",
        (tree.size, tree.root(), merkle.pack(tree.frontier())),
    )
    log.conn.execute("DELETE FROM snapshots")
    log.conn.execute("DELETE FROM milestones")


def test_a_commit_removed(log: Tampered) -> None:
    with log.changed("DELETE FROM commits WHERE profile = 2 AND seq = 4"):
        fault = log.team_fault()
    assert (fault.seq, fault.part) == (4, "place")
    assert "where commit #4" in fault.sentence
    assert "stands #5" in fault.sentence


def test_two_commits_swapped(log: Tampered) -> None:
    swap = "UPDATE commits SET seq = {} WHERE profile = 2 AND seq = {}"
    with log.changed(swap.format(99, 6), swap.format(6, 7), swap.format(7, 99)):
        fault = log.team_fault()
    assert (fault.seq, fault.part) == (6, "place")
    assert "it was committed as #7" in fault.sentence


def test_a_commit_inserted(log: Tampered) -> None:
    behind = "UPDATE commits SET seq = seq + {} WHERE profile = 2 AND seq {}"
    columns = ", ".join(name for name in log.columns("commits") if name not in ("seq", "id"))
    forged = (
        f"INSERT INTO commits (seq, id, {columns}) SELECT 6, 'forged', {columns} FROM commits "
        "WHERE profile = 2 AND seq = 5"
    )
    with log.changed(behind.format(100, "> 5"), behind.format(-99, "> 100"), forged):
        fault = log.team_fault()
    assert (fault.seq, fault.part) == (6, "commit")


def test_a_tail_cut(log: Tampered) -> None:
    with log.changed("DELETE FROM commits WHERE profile = 2 AND seq > 6"):
        fault = log.team_fault()
    assert (fault.seq, fault.part) == (6, "tree_head")


def test_a_tail_cut_with_the_head_moved_is_known_by_what_the_hub_has_signed(log: Tampered) -> None:
    cut = (
        "DELETE FROM commits WHERE profile = 2 AND seq > 6",
        "DELETE FROM numbers",
        "DELETE FROM touched",
        "DELETE FROM refusals",
        "UPDATE profiles SET indexed = 0",
    )
    with log.changed(*cut):
        rewrite(log, 6, message="retries 0")
        log.conn.execute(
            "INSERT INTO numbers SELECT p.id, c.replica, c.number, c.number "
            "FROM commits c JOIN profiles p ON p.number = c.profile"
        )
        assert log.faults() == []
        fault = log.team_fault(log.team.checkpoint())
    assert (fault.seq, fault.part) == (8, "hub_signature")
    assert "has signed #8" in fault.sentence
    assert "#6 is the last one here" in fault.sentence


def test_a_root_recomputed_after_a_change_of_what_an_author_signed(log: Tampered) -> None:
    with log.changed():
        rewrite(log, 6, message="another")
        fault = log.team_fault()
    assert (fault.seq, fault.part) == (6, "author_signature")


def test_a_root_recomputed_after_a_change_that_nobody_signed(log: Tampered) -> None:
    with log.changed():
        rewrite(log, 3, message="another")
        assert log.faults() == []
        early, late = log.team.checkpoint(3), log.team.checkpoint()
        assert (log.team_fault(late).seq, log.team_fault(late).part) == (8, "hub_signature")
        assert log.team_fault(early, late).seq == 3


def test_the_author_changed_with_the_signature_kept(log: Tampered) -> None:
    with log.changed("UPDATE commits SET author = 'eve' WHERE profile = 2 AND seq = 7"):
        fault = log.team_fault()
        assert (fault.seq, fault.part) == (7, "envelope")
    with log.changed():
        rewrite(log, 7, author="eve")
        fault = log.team_fault()
        assert (fault.seq, fault.part) == (7, "author_signature")
        assert "none of eve's" in fault.sentence


def test_the_signature_taken_away(log: Tampered) -> None:
    with log.changed():
        rewrite(log, 7, key=b"", signature=b"")
        assert log.faults() == []
        assert log.team_fault(log.team.checkpoint()).part == "hub_signature"


def test_a_commit_signed_anew_by_another_key(log: Tampered) -> None:
    eve = Signer(bytes(32))
    commit = eve.sign(PROFILE, log.team.taken[6].commit.replica, log.team.taken[6].commit)
    with log.changed():
        rewrite(log, 7, key=commit.key, signature=commit.signature)
        fault = log.team_fault()
    assert (fault.seq, fault.part) == (7, "author_signature")


def test_another_hubs_key(log: Tampered) -> None:
    fault = log.team_fault(log.team.checkpoint(key=PrivateKey(bytes(32))))
    assert (fault.seq, fault.part) == (8, "hub_signature")
    assert "not signed by its hub" in fault.sentence


def test_a_checkpoint_of_another_profile_or_changed(log: Tampered) -> None:
    note = log.team.checkpoint()
    for forged in (note.replace("\n8\n", "\n7\n"), note.replace(PROFILE, HUB), note[:-9] + "\n"):
        assert log.team_fault(forged).part == "hub_signature"


def test_an_old_checkpoint_replayed_covers_what_it_covers(log: Tampered) -> None:
    """It is true, and says nothing of what came later: what was signed last is told by `signed`."""
    found = log.audit(log.team.checkpoint(3))[PROFILE]
    assert (found.fault, found.seq, found.signed) == (None, 8, 3)
    with log.changed():
        rewrite(log, 8, key=b"", signature=b"", message="rewritten behind it")
        found = log.audit(log.team.checkpoint(3))[PROFILE]
        assert (found.fault, found.signed) == (None, 3)
        assert log.team_fault(log.team.checkpoint(3), log.team.checkpoint(8)).seq == 8


def test_a_redacted_event_that_says_something_else(log: Tampered) -> None:
    body = "replace(events, '[redacted in #5]', 'another')"
    with log.changed(f"UPDATE commits SET events = {body} WHERE profile = 2 AND seq = 2"):
        fault = log.team_fault()
    assert (fault.seq, fault.part) == (2, "event_body")
    assert "no redaction vouches" in fault.sentence


def test_a_flipped_bit_of_the_file_is_found_or_changes_no_history(tmp_path: Path) -> None:
    """A disk that rots knows no columns: pages, indexes, the schema and free space are hit alike."""
    path = tmp_path / "hub.db"
    written(path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = DELETE")
    whole, random = path.read_bytes(), Random(1)
    roots = {row.profile: row.root for row in file_audit(path)}
    found = 0
    for _ in range(200):
        place = random.randrange(len(whole))
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ 1 << random.randrange(8)]) + whole[place + 1 :]
        )
        try:
            rows = file_audit(path)
        except StackroomError:
            found += 1
            continue
        found += any(row.fault for row in rows)
        assert all(row.fault or row.root == roots[row.profile] for row in rows), place
    assert found > 10


def file_audit(path: Path) -> list[Audited]:
    return of_hub_file(path, None, None, NO_ANCHORS, lambda *_: None)
