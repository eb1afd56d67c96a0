"""Reading a log in SQLite: every call is made inside one reading transaction."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from stackroom.events.errors import LogCorrupt
from stackroom.events.log import Answer, Head, Identity, Listed, Snapshot
from stackroom.events.merkle import Frontier, unpack
from stackroom.events.model import Commit, Event

INTEGER_MAX: Final = 2**63 - 1
"""The largest integer that SQLite stores."""

HEAD = "SELECT seq, root, peaks FROM profiles WHERE id = ?"

AFTER = """
    SELECT seq, id, replica, number, base, author, message, time, accepted, root FROM commits
    WHERE profile = (SELECT number FROM profiles WHERE id = ?) AND seq > ? ORDER BY seq LIMIT ?
"""
BEFORE = """
    SELECT seq, id, replica, number, base, author, message, time, accepted, root FROM commits
    WHERE profile = (SELECT number FROM profiles WHERE id = ?) AND seq < ? ORDER BY seq DESC LIMIT ?
"""
CHOSEN = """
    SELECT seq, id, replica, number, base, author, message, time, accepted, root FROM commits
    WHERE profile = (SELECT number FROM profiles WHERE id = ?)
    AND seq IN (SELECT value FROM json_each(?)) ORDER BY seq
"""
EVENTS_BETWEEN = """
    SELECT seq, type, version, entity, salt, body FROM events
    WHERE profile = (SELECT number FROM profiles WHERE id = ?) AND seq BETWEEN ? AND ?
    ORDER BY seq, n
"""
EVENTS_CHOSEN = """
    SELECT seq, type, version, entity, salt, body FROM events
    WHERE profile = (SELECT number FROM profiles WHERE id = ?)
    AND seq IN (SELECT value FROM json_each(?)) ORDER BY seq, n
"""
TOUCHING = """
    SELECT DISTINCT seq FROM events
    WHERE profile = (SELECT number FROM profiles WHERE id = ?)
    AND entity IN (SELECT value FROM json_each(?)) AND seq <= ?
"""
LEAVES = """
    SELECT leaf FROM commits
    WHERE profile = (SELECT number FROM profiles WHERE id = ?) AND seq > ? ORDER BY seq LIMIT ?
"""
NUMBERED = """
    SELECT id FROM commits
    WHERE profile = (SELECT number FROM profiles WHERE id = ?1) AND replica = ?2 AND number = ?3
    UNION ALL
    SELECT id FROM refusals WHERE profile = ?1 AND replica = ?2 AND number = ?3
"""
SNAPSHOT = """
    SELECT seq, peaks, state FROM snapshots
    WHERE profile = (SELECT number FROM profiles WHERE id = ?) AND seq <= ?
    ORDER BY seq DESC LIMIT 1
"""

MISSING = """
    SELECT p.begun,
           (SELECT coalesce(max(seq), 0) FROM commits WHERE profile = p.number AND seq <= p.begun)
    FROM profiles p WHERE p.id = ?
"""

Row = tuple[Any, ...]


class SqliteReader:
    """A `LogReader` on a connection that is in a transaction."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def identity(self) -> Identity:
        meta = dict(self._conn.execute("SELECT key, value FROM meta"))
        return Identity(meta["id"], int(meta["epoch"]))

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
        return Head(seq, root, _frontier(profile, seq, peaks))

    def commits(
        self, profile: str, after: int, limit: int, max_bytes: int | None = None
    ) -> list[Commit]:
        rows = self._conn.execute(AFTER, (profile, after, limit)).fetchall()
        if not rows:
            return []
        events = self._conn.execute(EVENTS_BETWEEN, (profile, rows[0][0], rows[-1][0]))
        commits = _joined(rows, events)
        if max_bytes is None:
            return list(commits)
        page, size = [], 0
        for commit in commits:
            page.append(commit)
            size += sum(len(event.body.encode()) for event in commit.events)
            if size >= max_bytes:
                events.close()
                break
        return page

    def recent(self, profile: str, before: int | None, limit: int) -> list[Commit]:
        bound = INTEGER_MAX if before is None else before
        rows = self._conn.execute(BEFORE, (profile, bound, limit)).fetchall()
        if not rows:
            return []
        rows.reverse()
        events = self._conn.execute(EVENTS_BETWEEN, (profile, rows[0][0], rows[-1][0]))
        return list(_joined(rows, events))[::-1]

    def touching(self, profile: str, entities: Sequence[str], upto: int) -> list[Commit]:
        found = self._conn.execute(TOUCHING, (profile, json.dumps(list(entities)), upto))
        chosen = json.dumps([seq for (seq,) in found])
        rows = self._conn.execute(CHOSEN, (profile, chosen)).fetchall()
        return list(_joined(rows, self._conn.execute(EVENTS_CHOSEN, (profile, chosen))))

    def answer(self, proposal: str) -> Answer | None:
        committed = "SELECT outcome, seq FROM commits WHERE id = ?"
        if (row := self._conn.execute(committed, (proposal,)).fetchone()) is not None:
            return Answer(proposal, *row)
        refused = "SELECT code, sentence FROM refusals WHERE id = ?"
        if (row := self._conn.execute(refused, (proposal,)).fetchone()) is not None:
            return Answer(proposal, "rejected", None, *row)
        return None

    def numbered(self, profile: str, replica: str, number: int) -> str | None:
        if abs(number) > INTEGER_MAX:
            return None
        row = self._conn.execute(NUMBERED, (profile, replica, number)).fetchone()
        return None if row is None else str(row[0])

    def snapshot(self, profile: str, upto: int | None = None) -> Snapshot | None:
        bound = INTEGER_MAX if upto is None else upto
        row = self._conn.execute(SNAPSHOT, (profile, bound)).fetchone()
        if row is None:
            return None
        seq, peaks, state = row
        return Snapshot(seq, _frontier(profile, seq, peaks), state)

    def leaves(self, profile: str, after: int, limit: int) -> list[bytes]:
        """The leaf hashes of commits with a seq above `after`, in order, at most `limit`."""
        return [leaf for (leaf,) in self._conn.execute(LEAVES, (profile, after, limit))]

    def missing(self, profile: str) -> range | None:
        """The seqs before its first snapshot that a cache has not fetched yet, or None."""
        row = self._conn.execute(MISSING, (profile,)).fetchone()
        if row is None or row[0] == row[1]:
            return None
        begun, filled = row
        return range(filled + 1, begun + 1)


def _joined(rows: Iterable[Row], events: Iterator[Row]) -> Iterator[Commit]:
    """Commits of rows with their events; both in the order of seq."""
    event = next(events, None)
    for row in rows:
        own = []
        while event is not None and event[0] == row[0]:
            own.append(Event(*event[1:]))
            event = next(events, None)
        seq, id, replica, number, base, author, message, time, accepted, root = row
        yield Commit(
            seq,
            id,
            replica,
            number,
            base,
            author,
            message,
            time,
            accepted,
            tuple(own),
            root,
        )


def _frontier(profile: str, seq: int, peaks: bytes) -> Frontier:
    try:
        return unpack(seq, peaks)
    except ValueError as error:
        raise LogCorrupt(f"the head of profile {profile} does not add up: {error}") from error
