"""What a replica's copy of a log keeps packed: blocks of history, as the hub sent them.

Each stands in the place of its commits. Whoever reads commits by their place finds them there as well as in
rows; what is sought by what commits say is found in rows alone, and blocks are spread into rows before.
"""

import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from stackroom.events.carriers import Commit, Millis
from stackroom.events.errors import IntegrityError, LogCorrupt
from stackroom.events.log import Taken
from stackroom.events.sqlite.file import checkpoint_every
from stackroom.events.sqlite.read import SqliteReader
from stackroom.events.sqlite.rows import INTEGER_MAX, OF_PROFILE, Row

if TYPE_CHECKING:
    from stackroom.events.history.block import Block

FROM_ON = (
    f"SELECT first, last, data FROM blocks WHERE {OF_PROFILE} AND last >= ?2 ORDER BY last LIMIT 1"
)
BEFORE = f"""
    SELECT first, last, data FROM blocks WHERE {OF_PROFILE} AND first < ?2 ORDER BY last DESC LIMIT 1
"""
BY_TIME = f"""
    SELECT first, last, data FROM blocks WHERE {OF_PROFILE} AND least <= ?2 ORDER BY last DESC LIMIT 1
"""
FILLED = f"SELECT coalesce(max(last), 0) FROM blocks WHERE {OF_PROFILE} AND last <= ?2"
ANY = "SELECT EXISTS (SELECT 1 FROM blocks)"

Segment: TypeAlias = "tuple[Block | None, int, int]"
"""The seqs from one to another, and the block in which they stand; None for rows."""


class SqliteCacheReader(SqliteReader):
    """A reader on the file of a cache, in which commits may be packed."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        super().__init__(conn)
        self._unpacked: tuple[Row, Block] | None = None
        """The block that was looked at last, and its row."""

    def checkpoint_every(self, pages: int) -> None:
        """From now on, a transaction that leaves so many pages in the write-ahead log moves them."""
        checkpoint_every(self._conn, pages)

    def packed(self) -> bool:
        """Whether there are blocks."""
        (there,) = self._conn.execute(ANY).fetchone()
        return bool(there)

    def commits(
        self, profile: str, after: int, limit: int, max_bytes: int | None = None
    ) -> list[Commit]:
        page: list[Commit] = []
        for block, first, last in self._segments(profile, after, INTEGER_MAX):
            need = limit - len(page)
            if block is None:
                rows = super().commits(profile, first - 1, need, max_bytes)
                page += (commit for commit in rows if commit.seq <= last)
            else:
                page += block[
                    first - block.first : min(need, last - first + 1) + first - block.first
                ]
            if len(page) >= limit:
                break
        return page if max_bytes is None else _within(page, max_bytes)

    def recent(self, profile: str, before: int | None, limit: int) -> list[Commit]:
        found: list[Commit] = []
        bound = INTEGER_MAX if before is None else before
        while len(found) < limit:
            block = self._block(BEFORE, profile, bound)
            above = 0 if block is None else block.last
            rows = super().recent(profile, bound, limit - len(found))
            found += (commit for commit in rows if commit.seq > above)
            if block is None:
                break
            below = block[: min(bound, block.last + 1) - block.first]
            found += below[::-1][: limit - len(found)]
            bound = block.first
        return found

    def until(self, profile: str, time: Millis) -> int:
        found = super().until(profile, time)
        block = self._block(BY_TIME, profile, min(time, INTEGER_MAX))
        if block is not None:
            accepted = block.columns.accepted
            found = max(found, *(n for n, at in enumerate(accepted, block.first) if at <= time))
        return found

    def root(self, profile: str, seq: int) -> bytes | None:
        block = self._block(FROM_ON, profile, seq) if seq > 0 else None
        if block is not None and block.first <= seq:
            return block.columns.roots[seq - block.first]
        return super().root(profile, seq)

    def leaves(self, profile: str, after: int, limit: int) -> list[bytes]:
        leaves: list[bytes] = []
        for block, first, last in self._segments(profile, after, after + limit):
            if block is None:
                leaves += super().leaves(profile, first - 1, last - first + 1)
            else:
                leaves += block.leaves(profile)[first - block.first : last + 1 - block.first]
        return leaves

    def taken(self, profile: str, after: int, limit: int) -> list[Taken]:
        """`SqliteReader.taken`; a page ends where rows end and a block begins, or the other way."""
        for block, first, last in self._segments(profile, after, INTEGER_MAX):
            if block is not None:
                return list(taken_of(profile, block))[first - block.first :][:limit]
            rows = super().taken(profile, first - 1, limit)
            if page := [one for one in rows if one.commit.seq <= last]:
                return page
        return []

    def block(self, profile: str, first: int) -> "Block | None":
        found = self._block(FROM_ON, profile, first)
        return found if found is not None and found.first == first else None

    def missing(self, profile: str) -> range | None:
        missing = super().missing(profile)
        if missing is None:
            return None
        begun = missing.stop - 1
        (filled,) = self._conn.execute(FILLED, (profile, begun)).fetchone()
        return None if filled == begun else range(max(missing.start, filled + 1), missing.stop)

    def _segments(self, profile: str, after: int, upto: int) -> Iterator[Segment]:
        """The way from the commit after seq `after` up to seq `upto`, in rows and in blocks."""
        while after < upto:
            block = self._block(FROM_ON, profile, after + 1)
            if block is None or block.first > upto:
                yield None, after + 1, upto
                return
            if block.first > after + 1:
                yield None, after + 1, block.first - 1
                after = block.first - 1
            end = min(block.last, upto)
            yield block, after + 1, end
            after = end

    def _block(self, query: str, profile: str, bound: int) -> "Block | None":
        row = self._conn.execute(query, (profile, bound)).fetchone()
        if row is None:
            return None
        if self._unpacked is None or self._unpacked[0] != row:
            first, last, data = row
            self._unpacked = row, unpacked(data, first, last)
        return self._unpacked[1]


def unpacked(data: bytes, first: int, last: int) -> "Block":
    """A block that is kept; LogCorrupt where it is not what was kept."""
    # Late, as what few histories need.
    from stackroom.events.history.block import unpack

    try:
        block = unpack(data)
    except IntegrityError as error:
        raise LogCorrupt(f"commits #{first} to #{last} cannot be read: {error}") from error
    if (block.first, block.last) != (first, last):
        raise LogCorrupt(f"commits #{first} to #{last} are others: #{block.first} to #{block.last}")
    return block


def taken_of(profile: str, block: "Block") -> Iterator[Taken]:
    """The commits of a block with all that is kept of each in a row."""
    from stackroom.events.outcomes import taking

    for commit, leaf in zip(block, block.leaves(profile), strict=True):
        yield Taken(commit, taking(commit), leaf)


def _within(page: list[Commit], max_bytes: int) -> list[Commit]:
    """The page up to the commit that brings it to so many bytes of bodies."""
    size = 0
    for n, commit in enumerate(page, 1):
        size += sum(len(event.body.encode()) for event in commit.events)
        if size >= max_bytes:
            return page[:n]
    return page
