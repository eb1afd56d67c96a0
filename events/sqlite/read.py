"""Reading a log in SQLite: every call is made inside one reading transaction.

What few questions need is imported with them: a command of a moment asks one or two.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

from stackroom.events.carriers import Commit, Millis
from stackroom.events.errors import LogCorrupt
from stackroom.events.frontier import EMPTY_ROOT, Frontier, unpack
from stackroom.events.log import (
    Answer,
    Head,
    Identity,
    Listed,
    Proposed,
    RunFound,
    RunsWanted,
    Snapshot,
    Taken,
    Weighed,
)
from stackroom.events.sqlite.rows import BUCKET, COLUMNS, INTEGER_MAX, OF_PROFILE, Row, commit_of

if TYPE_CHECKING:
    from stackroom.events.history.block import Block
    from stackroom.events.history.sought import Sought
    from stackroom.events.sqlite.beside import SqliteBeside

HEAD = "SELECT seq, root, peaks FROM profiles WHERE id = ?"

COMMITS = f"SELECT {COLUMNS} FROM commits WHERE {OF_PROFILE} AND"
AFTER = f"{COMMITS} seq > ? ORDER BY seq LIMIT ?"
BEFORE = f"{COMMITS} seq < ? ORDER BY seq DESC LIMIT ?"
CHOSEN = f"{COMMITS} seq IN (SELECT value FROM json_each(?)) ORDER BY seq"

UNTIL = f"SELECT seq FROM commits WHERE {OF_PROFILE} AND accepted <= ? ORDER BY seq DESC LIMIT 1"

INDEXED_UPTO = "SELECT number, indexed FROM profiles WHERE id = ?"
TOUCHING = f"""
    WITH RECURSIVE buckets(n) AS (
        SELECT ?3 / {BUCKET} UNION ALL SELECT n - 1 FROM buckets WHERE n > ?2 / {BUCKET}
    )
    SELECT DISTINCT t.seq FROM buckets b CROSS JOIN touched t ON t.bucket = b.n
    WHERE t.profile = ?1 AND t.seq BETWEEN ?2 AND ?3 AND t.entity IN ({{0}}) ORDER BY t.seq DESC
"""
TOUCHING_LATELY = """
    SELECT DISTINCT c.seq FROM commits c JOIN json_each(c.events) e
    WHERE c.profile = ? AND c.seq BETWEEN ? AND ?
    AND json_extract(e.value, '$.entity') IN (SELECT value FROM json_each(?)) ORDER BY c.seq DESC
"""
BOUND: Final = 500
"""Entities that are bound one by one; more go as one JSON text."""

TAKEN = f"""
    SELECT {COLUMNS}, outcome, leaf FROM commits WHERE {OF_PROFILE} AND seq > ? ORDER BY seq LIMIT ?
"""
LEAVES = f"SELECT leaf FROM commits WHERE {OF_PROFILE} AND seq > ?2 AND seq <= ?2 + ?3 ORDER BY seq"
SUBTREES = f"SELECT root FROM subtrees WHERE {OF_PROFILE} AND subtree < ? ORDER BY subtree"
ROOT = f"SELECT root FROM commits WHERE {OF_PROFILE} AND seq = ?"
ANSWERS = """
    SELECT id, outcome, seq, '', '' FROM commits WHERE id IN ({0})
    UNION ALL SELECT id, 'rejected', NULL, code, sentence FROM refusals WHERE id IN ({0})
"""
PLACES = """
    SELECT c.id, p.id, c.replica FROM commits c JOIN profiles p ON p.number = c.profile WHERE c.id IN ({0})
    UNION ALL SELECT id, profile, replica FROM refusals WHERE id IN ({0})
"""
ASKED: Final = 500
"""Proposals that are asked for at once: bound one by one, an answer takes a fifth of a JSON list's time."""

LAST_NUMBER = "SELECT coalesce(max(last), 0) FROM numbers WHERE profile = ? AND replica = ?"
NUMBER_USED = """
    SELECT EXISTS (SELECT 1 FROM numbers WHERE profile = ? AND replica = ? AND ? BETWEEN first AND last)
"""
SNAPSHOT = f"""
    SELECT seq, peaks, state FROM snapshots WHERE {OF_PROFILE} AND seq <= ? ORDER BY seq DESC LIMIT 1
"""
EVENTS = f"""
    SELECT coalesce(sum(json_array_length(events)), 0) FROM commits
    WHERE {OF_PROFILE} AND seq > ?2 AND seq <= ?2 + ?3
"""
SNAPSHOTS = f"SELECT count(*), coalesce(sum(length(state)), 0) FROM snapshots WHERE {OF_PROFILE}"
MILESTONE = (
    f"SELECT seq, state FROM milestones WHERE {OF_PROFILE} AND seq <= ? ORDER BY seq DESC LIMIT 1"
)
MILESTONES = f"SELECT seq FROM milestones WHERE {OF_PROFILE} ORDER BY seq"

MISSING = """
    SELECT p.begun,
           (SELECT coalesce(max(seq), 0) FROM commits WHERE profile = p.number AND seq <= p.begun)
    FROM profiles p WHERE p.id = ?
"""


class SqliteReader:
    """A `LogReader` on a connection that is in a transaction."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def identity(self) -> Identity:
        meta = dict(self._conn.execute("SELECT key, value FROM meta"))
        try:
            return Identity(meta["id"], int(meta["epoch"]))
        except (KeyError, ValueError) as error:
            raise LogCorrupt(f"the file does not say which log it is: {error}") from error

    def profiles(self) -> list[Listed]:
        rows = self._conn.execute(
            "SELECT id, name, seq, root, deleted FROM profiles ORDER BY name, id"
        )
        return [Listed(id, name, seq, root, bool(gone)) for id, name, seq, root, gone in rows]

    def head(self, profile: str) -> Head:
        row = self._conn.execute(HEAD, (profile,)).fetchone()
        if row is None:
            return Head()
        seq, root, peaks = row
        return Head(seq, root, frontier_of(profile, seq, peaks))

    def commits(
        self, profile: str, after: int, limit: int, max_bytes: int | None = None
    ) -> list[Commit]:
        rows = self._conn.execute(AFTER, (profile, after, limit))
        if max_bytes is None:
            return [commit_of(row) for row in rows]
        page, size = [], 0
        for row in rows:
            page.append(commit := commit_of(row))
            size += sum(len(event.body.encode()) for event in commit.events)
            if size >= max_bytes:
                rows.close()
                break
        return page

    def recent(self, profile: str, before: int | None, limit: int) -> list[Commit]:
        bound = INTEGER_MAX if before is None else before
        return [commit_of(row) for row in self._conn.execute(BEFORE, (profile, bound, limit))]

    def until(self, profile: str, time: Millis) -> int:
        row = self._conn.execute(UNTIL, (profile, min(time, INTEGER_MAX))).fetchone()
        return int(row[0]) if row is not None else 0

    def touching(self, profile: str, entities: Sequence[str], upto: int) -> list[Commit]:
        row = self._conn.execute(INDEXED_UPTO, (profile,)).fetchone()
        if row is None:
            return []
        number, indexed = row
        found = seqs_touching(self._conn, (number, 1, upto), indexed, entities)
        wanted, chosen = frozenset(entities), msgspec.json.encode(list(found)).decode()
        commits = map(commit_of, self._conn.execute(CHOSEN, (profile, chosen)))
        return [c for c in commits if not wanted.isdisjoint(e.entity for e in c.events)]

    def runs(self, profile: str, wanted: RunsWanted) -> list[RunFound]:
        from stackroom.events.sqlite import runs as sqlite_runs

        return sqlite_runs.find(self._conn, profile, wanted)

    def answers(self, proposals: Sequence[str]) -> dict[str, Answer]:
        return {row[0]: Answer(*row) for row in self._of(ANSWERS, proposals)}

    def proposed(self, proposals: Sequence[str]) -> dict[str, Proposed]:
        return {id: Proposed(*place) for id, *place in self._of(PLACES, proposals)}

    def _of(self, query: str, proposals: Sequence[str]) -> Iterator[Row]:
        for first in range(0, len(proposals), ASKED):
            asked = proposals[first : first + ASKED]
            yield from self._conn.execute(_asking(query, len(asked)), asked)

    def last_number(self, profile: str, replica: str) -> int:
        (number,) = self._conn.execute(LAST_NUMBER, (profile, replica)).fetchone()
        return int(number)

    def number_used(self, profile: str, replica: str, number: int) -> bool:
        if abs(number) > INTEGER_MAX:
            return False
        (used,) = self._conn.execute(NUMBER_USED, (profile, replica, number)).fetchone()
        return bool(used)

    def facts(self, kind: str) -> dict[str, bytes]:
        return dict(self._conn.execute("SELECT key, value FROM facts WHERE kind = ?", (kind,)))

    def snapshot(self, profile: str, upto: int | None = None) -> Snapshot | None:
        bound = INTEGER_MAX if upto is None else upto
        row = self._conn.execute(SNAPSHOT, (profile, bound)).fetchone()
        if row is None:
            return None
        seq, peaks, state = row
        return Snapshot(seq, frontier_of(profile, seq, peaks), state)

    def weighed(self, profile: str, after: int, limit: int) -> Weighed:
        (events,) = self._conn.execute(EVENTS, (profile, after, limit)).fetchone()
        snapshots, size = self._conn.execute(SNAPSHOTS, (profile,)).fetchone()
        return Weighed(events, snapshots, size)

    def taken(self, profile: str, after: int, limit: int) -> list[Taken]:
        """Commits with a seq above `after` in order, at most `limit`, with all that is kept of each.

        A row that cannot be read ends the page before it; LogCorrupt where it is the first.
        """
        page: list[Taken] = []
        try:
            for row in self._conn.execute(TAKEN, (profile, after, limit)):
                page.append(Taken(commit_of(row[:-2]), row[-2], row[-1]))
        except (sqlite3.OperationalError, LogCorrupt) as error:
            # Text that is not UTF-8 is an error of the Python module itself, which has no code.
            if hasattr(error, "sqlite_errorcode"):
                raise
            if not page:
                raise LogCorrupt(
                    f"a commit of profile {profile} cannot be read: {error}"
                ) from error
        return page

    def block(self, profile: str, first: int) -> "Block | None":
        """The block of a cache that begins with commit `first`: all that is kept of its commits; or None."""
        return None

    def milestone(self, profile: str, upto: int) -> tuple[int, bytes] | None:
        """The last milestone of a cache at or below seq `upto`: its seq, and the encoded state."""
        import zlib

        row = self._conn.execute(MILESTONE, (profile, upto)).fetchone()
        return (row[0], zlib.decompress(row[1])) if row is not None else None

    def milestones(self, profile: str) -> list[int]:
        """The seqs of a cache's milestones, lowest first."""
        return [seq for (seq,) in self._conn.execute(MILESTONES, (profile,))]

    def found(self, profile: str, sought: "Sought", before: int | None, limit: int) -> list[Commit]:
        """The newest commits of a cache that are sought, with a seq below `before`: see `sqlite.search`."""
        from stackroom.events.sqlite.search import found

        return found(self._conn, profile, sought, before, limit)

    def root(self, profile: str, seq: int) -> bytes | None:
        if seq == 0:
            return EMPTY_ROOT
        row = self._conn.execute(ROOT, (profile, seq)).fetchone()
        return row[0] if row is not None else None

    def leaves(self, profile: str, after: int, limit: int) -> list[bytes]:
        return [leaf for (leaf,) in self._conn.execute(LEAVES, (profile, after, limit))]

    def subtrees(self, profile: str, count: int) -> list[bytes]:
        kept = [root for (root,) in self._conn.execute(SUBTREES, (profile, count))]
        return kept if len(kept) == count else []

    def missing(self, profile: str) -> range | None:
        """The seqs before its first snapshot that a cache has not fetched yet, or None."""
        row = self._conn.execute(MISSING, (profile,)).fetchone()
        if row is None or row[0] == row[1]:
            return None
        begun, filled = row
        return range(filled + 1, begun + 1)

    def beside(self, profile: str) -> "SqliteBeside":
        """What is kept beside the commits of a profile, to be held against them."""
        from stackroom.events.sqlite.beside import SqliteBeside

        return SqliteBeside(self._conn, profile)


def seqs_of(conn: sqlite3.Connection, query: str, bound: Sequence[object]) -> Iterator[int]:
    """The seqs that a query gives, read as far as they are asked for."""
    return (seq for (seq,) in conn.execute(query, bound))


def seqs_touching(
    conn: sqlite3.Connection, within: tuple[int, int, int], indexed: int, entities: Sequence[str]
) -> Iterator[int]:
    """The seqs of commits that touch the entities, newest first, as far as an id's end tells.

    `within` are the profile's number in the file, and the first and last seq that count; `indexed` is up to
    where the index of commits by entity goes. Seqs are read as far as they are asked for.
    """
    number, first, last = within
    ids = msgspec.json.encode(entities).decode()
    yield from seqs_of(conn, TOUCHING_LATELY, (number, max(first, indexed + 1), last, ids))
    ends = [id[-12:] for id in entities]
    places = ",".join("?" * len(ends))
    if len(ends) > BOUND:
        places, ends = "SELECT value FROM json_each(?)", [msgspec.json.encode(ends).decode()]
    bound = (number, first, min(last, indexed), *ends)
    yield from seqs_of(conn, TOUCHING.format(places), bound)


@lru_cache
def _asking(query: str, count: int) -> str:
    """The query about so many proposals."""
    return query.format(",".join(f"?{n}" for n in range(1, count + 1)))


def frontier_of(profile: str, seq: int, peaks: bytes) -> Frontier:
    """The tree of a row; LogCorrupt where it cannot be that of `seq` commits."""
    try:
        return unpack(seq, peaks)
    except ValueError as error:
        raise LogCorrupt(f"the head of profile {profile} does not add up: {error}") from error
