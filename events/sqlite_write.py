"""Writing to a log in SQLite: every call is made inside one writing transaction."""

import json
from collections.abc import Sequence

from stackroom.events.errors import Gap
from stackroom.events.log import Refused, Snapshot, Taken
from stackroom.events.merkle import EMPTY_ROOT, Frontier, pack
from stackroom.events.sqlite_read import SqliteReader

NEW_PROFILE = (
    "INSERT INTO profiles (id, seq, root, peaks) VALUES (?, 0, ?, x'') RETURNING number, seq"
)
COMMIT = "INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
MOVE_HEAD = "UPDATE profiles SET seq = ?, root = ?, peaks = ? WHERE number = ?"
KEEP_SNAPSHOT = """
    INSERT OR REPLACE INTO snapshots (profile, seq, peaks, state)
    VALUES ((SELECT number FROM profiles WHERE id = ?), ?, ?, ?)
"""
DROP_SNAPSHOTS = """
    DELETE FROM snapshots WHERE profile = (SELECT number FROM profiles WHERE id = ?)
    AND seq NOT IN (SELECT value FROM json_each(?))
"""


class SqliteWriter(SqliteReader):
    """A `LogWriter` on a connection that is in a writing transaction."""

    def append(self, profile: str, taken: Sequence[Taken], frontier: Frontier) -> None:
        if not taken:
            return
        number, head = self._numbered_profile(profile)
        for seq, one in enumerate(taken, head + 1):
            if one.commit.seq != seq:
                raise Gap(profile, seq - 1, one.commit.seq)
        last = taken[-1].commit
        if frontier.size != last.seq:
            raise Gap(profile, frontier.size, last.seq)
        self._insert(number, taken)
        self._conn.execute(MOVE_HEAD, (last.seq, last.root, pack(frontier), number))

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

    def list_profile(self, profile: str, name: str, *, deleted: bool = False) -> None:
        self._conn.execute(
            "UPDATE profiles SET name = ?, deleted = ? WHERE id = ?", (name, deleted, profile)
        )

    def put_snapshot(self, profile: str, snapshot: Snapshot) -> None:
        row = (profile, snapshot.seq, pack(snapshot.frontier), snapshot.state)
        self._conn.execute(KEEP_SNAPSHOT, row)

    def drop_snapshots(self, profile: str, keep: Sequence[int]) -> None:
        self._conn.execute(DROP_SNAPSHOTS, (profile, json.dumps(list(keep))))

    def _numbered_profile(self, profile: str) -> tuple[int, int]:
        """The profile's number in this file, and its head; a new profile gets the next number."""
        row = self._conn.execute(
            "SELECT number, seq FROM profiles WHERE id = ?", (profile,)
        ).fetchone()
        if row is None:
            row = self._conn.execute(NEW_PROFILE, (profile, EMPTY_ROOT)).fetchone()
        return int(row[0]), int(row[1])

    def _insert(self, number: int, taken: Sequence[Taken]) -> None:
        commits, events = [], []
        for one in taken:
            c = one.commit
            commits.append(
                (
                    number,
                    c.seq,
                    c.id,
                    c.replica,
                    c.number,
                    c.base,
                    c.author,
                    c.message,
                    c.time,
                    c.accepted,
                    one.outcome,
                    one.leaf,
                    c.root,
                )
            )
            for n, e in enumerate(c.events):
                events.append((number, c.seq, n, e.type, e.version, e.entity, e.salt, e.body))
        self._conn.executemany(COMMIT, commits)
        self._conn.executemany(EVENT, events)
