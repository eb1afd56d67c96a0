"""What a log in SQLite keeps beside the commits of a profile, held against the rows of its commits."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from itertools import zip_longest

import msgspec

from stackroom.events.errors import LogCorrupt
from stackroom.events.model import Event
from stackroom.events.proofs.merkle import Frontier, unpack
from stackroom.events.sqlite import runs as sqlite_runs
from stackroom.events.sqlite.rows import BUCKET, OF_PROFILE

STATES = f"""
    SELECT seq FROM snapshots WHERE {OF_PROFILE} UNION SELECT seq FROM milestones WHERE {OF_PROFILE}
    ORDER BY seq
"""
SNAPSHOT = f"SELECT peaks, state FROM snapshots WHERE {OF_PROFILE} AND seq = ?2"
MILESTONE = f"SELECT state FROM milestones WHERE {OF_PROFILE} AND seq = ?2"
RUNS = f"SELECT * FROM runs WHERE {OF_PROFILE} ORDER BY run"
REPORTED = f"""
    SELECT profile, seq, events FROM commits WHERE {OF_PROFILE} AND events LIKE '%"type":"Run%'
    ORDER BY seq
"""
_OTHER_THAN_SAID = """
    WITH said AS (
        SELECT DISTINCT {said}, c.seq
        FROM profiles p JOIN commits c ON c.profile = p.number JOIN json_each(c.events) e
        WHERE p.id = ?1 AND c.seq <= p.indexed
    ), kept AS (
        SELECT {kept}, i.seq FROM profiles p JOIN {index} i ON i.profile = p.number WHERE p.id = ?1
    )
    SELECT min(seq) FROM (
        SELECT seq FROM (SELECT * FROM said EXCEPT SELECT * FROM kept)
        UNION ALL SELECT seq FROM (SELECT * FROM kept EXCEPT SELECT * FROM said)
    )
"""
MISINDEXED = _OTHER_THAN_SAID.format(
    index="touched",
    kept="i.bucket, i.entity",
    said=f"c.seq / {BUCKET}, substr(json_extract(e.value, '$.entity'), -12)",
)
MISTYPED = _OTHER_THAN_SAID.format(
    index="typed", kept="i.type", said="json_extract(e.value, '$.type')"
)
IS_CACHE = "SELECT value = 'cache' FROM meta WHERE key = 'use'"
MISCOUNTED = """
    WITH used AS (
        SELECT c.replica, c.number
        FROM profiles p JOIN commits c ON c.profile = p.number WHERE p.id = ?1
        UNION SELECT replica, number FROM refusals WHERE profile = ?1
    )
    SELECT (SELECT value FROM meta WHERE key = 'use') = 'log' AND (SELECT count(*) FROM used) IS NOT
           (SELECT coalesce(sum(last - first + 1), 0) FROM numbers WHERE profile = ?1)
        OR EXISTS (
            SELECT 1 FROM used u WHERE NOT EXISTS (
                SELECT 1 FROM numbers n WHERE n.profile = ?1 AND n.replica = u.replica
                AND u.number BETWEEN n.first AND n.last
            )
        )
"""
LISTING = """
    SELECT CAST(name AS BLOB), deleted FROM profiles
    WHERE id = ? AND 'log' = (SELECT value FROM meta WHERE key = 'use')
"""

_events = msgspec.json.Decoder(tuple[Event, ...])


class SqliteBeside:
    """What `derived.Kept` asks for, of one profile, on a connection that is in a transaction."""

    def __init__(self, conn: sqlite3.Connection, profile: str) -> None:
        self._conn = conn
        self._profile = profile

    def seqs(self) -> list[int]:
        return [seq for (seq,) in self._conn.execute(STATES, (self._profile,))]

    def states(self, seq: int) -> Iterator[tuple[str, Frontier | None, bytes]]:
        try:
            for peaks, state in self._conn.execute(SNAPSHOT, (self._profile, seq)):
                yield "snapshot", unpack(seq, peaks), state
            for (packed,) in self._conn.execute(MILESTONE, (self._profile, seq)):
                yield "milestone", None, zlib.decompress(packed)
        except (ValueError, zlib.error) as error:
            raise LogCorrupt(f"a state at #{seq} cannot be read: {error}") from error

    def misindexed(self) -> int | None:
        asked = [MISINDEXED]
        if self._conn.execute(IS_CACHE).fetchone() == (1,):
            asked.append(MISTYPED)  # In a hub's file it is empty, and nobody asks it.
        seqs = (self._conn.execute(each, (self._profile,)).fetchone()[0] for each in asked)
        return min((int(seq) for seq in seqs if seq is not None), default=None)

    def miscounted(self) -> bool:
        (wrong,) = self._conn.execute(MISCOUNTED, (self._profile,)).fetchone()
        return bool(wrong)

    def misreported(self) -> int | None:
        with closing(sqlite3.connect(":memory:")) as scratch:
            scratch.execute(sqlite_runs.CREATE[0])
            for number, seq, events in self._conn.execute(REPORTED, (self._profile,)):
                sqlite_runs.note(scratch, number, [(seq, _events.decode(events))])
            said = scratch.execute("SELECT * FROM runs ORDER BY run")
            kept = self._conn.execute(RUNS, (self._profile,))
            try:
                for one, other in zip_longest(said, kept):
                    if one != other:
                        return int((one or other)[8])
            except sqlite3.OperationalError as error:
                if hasattr(error, "sqlite_errorcode"):
                    raise
                return 0  # A row is not text, as the Python module says.
        return None

    def listing(self) -> tuple[str, bool] | None:
        row = self._conn.execute(LISTING, (self._profile,)).fetchone()
        return None if row is None else (row[0].decode(errors="replace"), bool(row[1]))
