"""Writing to a log in SQLite: every call is made inside one writing transaction."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import Final

import msgspec
from msgspec import structs

from stackroom.events.codec import leaf
from stackroom.events.errors import Gap, IntegrityError
from stackroom.events.log import REWRITTEN, Head, Refused, Snapshot, Taken
from stackroom.events.model import Commit
from stackroom.events.proofs.merkle import EMPTY_ROOT, Frontier, leaf_hash, pack
from stackroom.events.proofs.subtrees import LEAVES, completed
from stackroom.events.sqlite import runs as sqlite_runs
from stackroom.events.sqlite.heads import Heads
from stackroom.events.sqlite.read import SqliteReader, frontier_of
from stackroom.events.sqlite.rows import BUCKET, OF_PROFILE

INDEXED_EVERY: Final = 8_000
"""Commits after which those since the last time are indexed by entity: together, in the index's order,
for a fraction of what one by one would write."""

NEW_PROFILE = "INSERT INTO profiles (id, seq, root, peaks) VALUES (?, 0, ?, x'') RETURNING number"
STANDING = "SELECT number, seq, root, peaks FROM profiles WHERE id = ?"
INDEXED = "SELECT indexed FROM profiles WHERE number = ?"
TOGETHER: Final = 512
"""Rows that go into the file in one statement at the most: while it runs, other threads run too, and
between two statements the writer queues up for the interpreter's lock."""

INDEX = f"""
    INSERT OR IGNORE INTO touched
    SELECT c.profile, c.seq / {BUCKET} AS bucket, substr(json_extract(e.value, '$.entity'), -12) AS entity,
           c.seq
    FROM commits c JOIN json_each(c.events) e
    WHERE c.profile = ? AND c.seq BETWEEN ? AND ? ORDER BY bucket, entity, c.seq
"""
MOVE_INDEXED = "UPDATE profiles SET indexed = ? WHERE number = ?"
EXTEND_NUMBERS = "UPDATE numbers SET last = ? WHERE profile = ? AND replica = ? AND last = ?"
ADD_NUMBERS = """
    INSERT INTO numbers SELECT ?1, ?2, ?3, ?4
    WHERE NOT EXISTS (SELECT 1 FROM numbers WHERE profile = ?1 AND replica = ?2 AND last = ?4)
"""
KEEP_SUBTREE = "INSERT OR REPLACE INTO subtrees VALUES (?, ?, ?)"
MOVE_HEAD = "UPDATE profiles SET seq = ?, root = ?, peaks = ? WHERE number = ?"
STORED_LEAF = "SELECT leaf FROM commits WHERE profile = ? AND seq = ?"
REWRITE = "UPDATE commits SET events = ? WHERE profile = ? AND seq = ?"
KEEP_SNAPSHOT = """
    INSERT OR REPLACE INTO snapshots (profile, seq, peaks, state)
    VALUES ((SELECT number FROM profiles WHERE id = ?), ?, ?, ?)
"""
DROP_SNAPSHOTS = (
    f"DELETE FROM snapshots WHERE {OF_PROFILE} AND seq NOT IN (SELECT value FROM json_each(?))"
)


class SqliteWriter(SqliteReader):
    """A `LogWriter` on a connection that is in a writing transaction.

    With `index_later`, somebody else indexes commits by entity: see `sqlite.upkeep`. `heads` are what the
    connection's writers before this one knew.
    """

    def __init__(
        self, conn: sqlite3.Connection, heads: Heads | None = None, *, index_later: bool = False
    ) -> None:
        super().__init__(conn)
        self._heads = heads if heads is not None else Heads()
        self._index_later = index_later

    def head(self, profile: str) -> Head:
        standing = self._standing(profile)
        return standing[1] if standing is not None else Head()

    def append(self, profile: str, taken: Sequence[Taken], frontier: Frontier) -> None:
        if not taken:
            return
        number, stood = self._numbered_profile(profile)
        head = stood.seq
        for seq, one in enumerate(taken, head + 1):
            if one.commit.seq != seq:
                raise Gap(profile, seq - 1, one.commit.seq)
        last = taken[-1].commit
        if frontier.size != last.seq:
            raise Gap(profile, frontier.size, last.seq)
        self._count(profile, ((t.commit.replica, t.commit.number) for t in taken))
        self._insert(number, taken)
        if head // LEAVES < last.seq // LEAVES:
            self._keep_subtrees(number, stood.frontier, taken)
        self._move_head(profile, number, Head(last.seq, last.root, frontier))
        if not self._index_later:
            indexed = self._indexed(number)
            if last.seq - indexed >= INDEXED_EVERY:
                self._index(number, indexed + 1, last.seq)
                self._conn.execute(MOVE_INDEXED, (last.seq, number))

    def refuse(self, refused: Refused) -> None:
        answer = refused.answer
        row = (
            answer.id,
            refused.profile,
            refused.replica,
            refused.number,
            answer.code,
            answer.sentence,
            refused.time,
        )
        self._conn.execute("INSERT INTO refusals VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._use_numbers(refused.profile, [(refused.replica, refused.number, refused.number)])

    def list_profile(self, profile: str, name: str, *, deleted: bool = False) -> None:
        self._conn.execute(
            "UPDATE profiles SET name = ?, deleted = ? WHERE id = ?", (name, deleted, profile)
        )

    def redact(self, profile: str, commits: Sequence[Commit]) -> None:
        number, head = self._numbered_profile(profile)
        self.put_fact(REWRITTEN, profile, str(head.seq).encode())
        for commit in commits:
            hashed = leaf_hash(leaf(profile, commit))
            at = (number, commit.seq)
            found = self._conn.execute(STORED_LEAF, at).fetchone()
            if found is None or found[0] != hashed:
                raise IntegrityError(f"a redaction would change commit #{commit.seq}")
            self._conn.execute("INSERT OR IGNORE INTO redactions VALUES (?, ?)", at)
            events = _encoder.encode(commit.events).decode()
            self._conn.execute(REWRITE, (events, *at))
        self.drop_snapshots(profile, ())

    def put_fact(self, kind: str, key: str, value: bytes | None) -> None:
        if value is None:
            self._conn.execute("DELETE FROM facts WHERE kind = ? AND key = ?", (kind, key))
        else:
            self._conn.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", (kind, key, value))

    def put_epoch(self, epoch: int) -> None:
        self._conn.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (str(epoch),))

    def put_snapshot(self, profile: str, snapshot: Snapshot) -> None:
        row = (profile, snapshot.seq, pack(snapshot.frontier), snapshot.state)
        self._conn.execute(KEEP_SNAPSHOT, row)

    def drop_snapshots(self, profile: str, keep: Sequence[int]) -> None:
        self._conn.execute(DROP_SNAPSHOTS, (profile, json.dumps(list(keep))))

    def _index(self, number: int, first: int, last: int) -> None:
        """Indexes the commits of a profile by entity."""
        self._conn.execute(INDEX, (number, first, last))

    def _keep_subtrees(self, number: int, stood: Frontier, taken: Sequence[Taken]) -> None:
        """Keeps the roots of the subtrees of the Merkle tree that these commits complete."""
        for subtree, root in completed(stood, (one.leaf for one in taken)):
            self._conn.execute(KEEP_SUBTREE, (number, subtree, root))

    def _standing(self, profile: str) -> tuple[int, Head] | None:
        """The profile's number in this file, and its head; None if it is not there."""
        standing = self._heads.get(profile)
        if standing is None:
            row = self._conn.execute(STANDING, (profile,)).fetchone()
            if row is None:
                return None
            number, seq, root, peaks = row
            standing = number, Head(seq, root, frontier_of(profile, seq, peaks))
            self._heads.put(profile, *standing)
        return standing

    def _numbered_profile(self, profile: str) -> tuple[int, Head]:
        """The same; a new one gets the next number."""
        standing = self._standing(profile)
        if standing is None:
            (number,) = self._conn.execute(NEW_PROFILE, (profile, EMPTY_ROOT)).fetchone()
            standing = number, Head()
        return standing

    def _move_head(self, profile: str, number: int, head: Head) -> None:
        self._conn.execute(MOVE_HEAD, (head.seq, head.root, pack(head.frontier), number))
        self._heads.put(profile, number, head)

    def _indexed(self, number: int) -> int:
        """Up to where the profile's commits are indexed by entity."""
        (indexed,) = self._conn.execute(INDEXED, (number,)).fetchone()
        return int(indexed)

    def _use_numbers(self, profile: str, used: Sequence[tuple[str, int, int]]) -> None:
        """Takes (replica, first number, last number): none of them was used before.

        Replicas count up, so that one row tells all: only what comes out of turn takes another.
        """
        going_on = [(last, profile, replica, first - 1) for replica, first, last in used]
        if self._conn.executemany(EXTEND_NUMBERS, going_on).rowcount < len(used):
            self._conn.executemany(ADD_NUMBERS, [(profile, *one) for one in used])

    def _count(self, profile: str, made: Iterable[tuple[str, int]]) -> None:
        """Notes the numbers that replicas gave to proposals that were taken."""
        numbers = defaultdict[str, list[int]](list)
        for replica, number in made:
            numbers[replica].append(number)
        used = [(replica, *run) for replica, all in numbers.items() for run in _runs(all)]
        self._use_numbers(profile, used)

    def _insert(self, number: int, taken: Sequence[Taken]) -> None:
        insert(self._conn, "INSERT INTO commits", [_row(number, one) for one in taken])
        sqlite_runs.note(self._conn, number, ((t.commit.seq, t.commit.events) for t in taken))


def insert(conn: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Adds rows to a table, many in a statement, which begins with `into`: `INSERT INTO commits`."""
    begun = 0
    while left := len(rows) - begun:
        # A power of two, so that there are few statements to be prepared.
        count = min(TOGETHER, 1 << (left.bit_length() - 1))
        some = rows[begun : begun + count]
        conn.execute(_insertion(into, len(some[0]), count), [*chain.from_iterable(some)])
        begun += count


@lru_cache
def _insertion(into: str, columns: int, count: int) -> str:
    one = f"({', '.join('?' * columns)})"
    return f"{into} VALUES {', '.join([one] * count)}"


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """The first and the last of those that follow one another."""
    first, last = numbers[0], numbers[0] + len(numbers) - 1
    if numbers == list(range(first, last + 1)):
        yield first, last
        return
    breaks = [n for n, (one, other) in enumerate(pairwise(numbers), 1) if other != one + 1]
    for begin, end in pairwise((0, *breaks, len(numbers))):
        yield numbers[begin], numbers[end - 1]


def _row(profile: int, taken: Taken) -> tuple[object, ...]:
    *head, events, root, key, signature = structs.astuple(taken.commit)
    text = _encoder.encode(events).decode()
    return (profile, *head, taken.outcome, taken.leaf, root, text, key, signature)


_encoder = msgspec.json.Encoder()
