"""What only a replica's copy of a log needs: to begin at a snapshot, to fill in, to forget.

A cache may begin a profile at the snapshot that the hub sent; the commits up to it are missing
until they have been fetched. The file of a hub refuses to forget, by its triggers.
"""

import zlib
from collections.abc import Sequence
from typing import Final

from stackroom.events.errors import Gap, LogError
from stackroom.events.history.block import Block
from stackroom.events.log import Head, Snapshot, Taken
from stackroom.events.model import Commit
from stackroom.events.proofs.merkle import Frontier, pack, root
from stackroom.events.sqlite.blocks import SqliteCacheReader, taken_of, unpacked
from stackroom.events.sqlite.rows import OF_PROFILE
from stackroom.events.sqlite.write import MOVE_INDEXED, SqliteWriter

FORGET = (
    "DELETE FROM milestones WHERE profile = ?",
    "DELETE FROM touched WHERE profile = ?",
    "DELETE FROM typed WHERE profile = ?",
    "DELETE FROM subtrees WHERE profile = ?",
    "DELETE FROM runs WHERE profile = ?",
    "DELETE FROM blocks WHERE profile = ?",
    "DELETE FROM commits WHERE profile = ?",
    "DELETE FROM snapshots WHERE profile = ?",
    "DELETE FROM numbers WHERE profile = (SELECT id FROM profiles WHERE number = ?)",
    "DELETE FROM profiles WHERE number = ?",
)
BEGIN = (
    "INSERT INTO profiles (id, seq, root, peaks, begun, indexed) VALUES (?1, ?2, ?3, ?4, ?2, ?2)"
)
INDEX_TYPES = """
    INSERT OR IGNORE INTO typed
    SELECT c.profile, json_extract(e.value, '$.type') AS type, c.seq
    FROM commits c JOIN json_each(c.events) e
    WHERE c.profile = ? AND c.seq BETWEEN ? AND ? ORDER BY type, c.seq
"""
BLOCKS = """
    SELECT p.id, p.number, b.first, b.last, b.data FROM blocks b JOIN profiles p ON p.number = b.profile
    ORDER BY b.profile, b.last LIMIT ?
"""
DROP_BLOCK = "DELETE FROM blocks WHERE profile = ? AND last = ?"
PUT_MILESTONE = """
    INSERT OR REPLACE INTO milestones (profile, seq, state)
    VALUES ((SELECT number FROM profiles WHERE id = ?), ?, ?)
"""
THIN_MILESTONES = f"DELETE FROM milestones WHERE {OF_PROFILE} AND seq % ? != 0"
DROP_MILESTONES = f"DELETE FROM milestones WHERE {OF_PROFILE} AND seq < ?"


SPREAD_AT_ONCE: Final = 25
"""Blocks that are spread into rows in one transaction: others who write wait for it."""


def packed(state: bytes) -> bytes:
    """An encoded state as a milestone has it: a tenth of the bytes, for a few milliseconds."""
    return zlib.compress(state, 1)


class SqliteCacheWriter(SqliteCacheReader, SqliteWriter):
    """A writer on the file of a cache."""

    def append_block(self, profile: str, block: Block, frontier: Frontier) -> None:
        """Adds commits that follow the head, packed; the tree after them is `frontier`. Raises Gap."""
        number, stood = self._numbered_profile(profile)
        head = stood.seq
        if block.first != head + 1 or frontier.size != block.last:
            raise Gap(profile, head, block.first)
        if (indexed := self._indexed(number)) < head:
            self._index(number, indexed + 1, head)
        self._keep_block(profile, number, block)
        self._move_head(profile, number, Head(block.last, block.root, frontier))
        self._conn.execute(MOVE_INDEXED, (block.last, number))

    def backfill_block(self, profile: str, block: Block) -> None:
        """`backfill`, of commits that are packed, and all missing."""
        missing = self.missing(profile)
        if missing is None or block.first != missing.start or block.last >= missing.stop:
            raise Gap(profile, block.first - 1, block.first)
        number, *_ = self._numbered_profile(profile)
        self._keep_block(profile, number, block)

    def spread(self, most: int) -> int:
        """Puts the commits of at most `most` blocks into rows, and indexes them; gives how many it were."""
        rows = self._conn.execute(BLOCKS, (most,)).fetchall()
        for profile, number, first, last, data in rows:
            self._conn.execute(DROP_BLOCK, (number, last))
            self._insert(number, tuple(taken_of(profile, unpacked(data, first, last))))
            self._index(number, first, last)
        return len(rows)

    def _keep_block(self, profile: str, number: int, block: Block) -> None:
        columns = block.columns
        self._count(profile, zip(columns.replicas, columns.numbers, strict=True))
        row = (number, block.last, block.first, min(columns.accepted), block.data)
        self._conn.execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?)", row)

    def begin(self, profile: str, snapshot: Snapshot) -> None:
        """Has a profile that is not here yet stand at `snapshot`, which is kept.

        Raises LogError if the profile is here: forget it first.
        """
        row = (profile, snapshot.seq, root(snapshot.frontier), pack(snapshot.frontier))
        if self._conn.execute("SELECT 1 FROM profiles WHERE id = ?", (profile,)).fetchone():
            raise LogError(f"profile {profile} has begun here already")
        self._conn.execute(BEGIN, row)
        self.put_snapshot(profile, snapshot)

    def backfill(self, profile: str, taken: Sequence[Taken]) -> None:
        """Adds the next of the missing commits, lowest first; Gap if they are not the next."""
        missing = self.missing(profile)
        first = missing.start if missing is not None else self.head(profile).seq + 1
        for seq, one in enumerate(taken, first):
            if missing is None or one.commit.seq != seq or seq not in missing:
                raise Gap(profile, seq - 1, one.commit.seq)
        if taken:
            number, *_ = self._numbered_profile(profile)
            self._count(profile, ((t.commit.replica, t.commit.number) for t in taken))
            self._insert(number, taken)
            self._index(number, first, taken[-1].commit.seq)

    def _index(self, number: int, first: int, last: int) -> None:
        """Indexes the commits of a profile by entity, and by the types of their events."""
        super()._index(number, first, last)
        self._conn.execute(INDEX_TYPES, (number, first, last))

    def put_milestone(self, profile: str, seq: int, state: bytes) -> None:
        """Keeps the encoded state at `seq` as a milestone, compressed."""
        self._conn.execute(PUT_MILESTONE, (profile, seq, packed(state)))

    def thin_milestones(self, profile: str, apart: int) -> None:
        """Drops the milestones that are not at a multiple of `apart`."""
        self._conn.execute(THIN_MILESTONES, (profile, apart))

    def drop_milestones(self, profile: str, before: int) -> int:
        """Drops the milestones below seq `before`; gives how many there were."""
        return self._conn.execute(DROP_MILESTONES, (profile, before)).rowcount

    def redact(self, profile: str, commits: Sequence[Commit]) -> None:
        """Also drops the milestones, which have the values still; nothing stays packed."""
        while self.spread(SPREAD_AT_ONCE):
            pass
        super().redact(profile, commits)
        self.drop_milestones(profile, self.head(profile).seq + 1)

    def forget(self, profile: str) -> None:
        """Deletes all that is here of the profile."""
        row = self._conn.execute("SELECT number FROM profiles WHERE id = ?", (profile,)).fetchone()
        if row is not None:
            for statement in FORGET:
                self._conn.execute(statement, row)
            self._heads.drop(profile)
