"""What only a replica's copy of a log needs: to begin at a snapshot, to fill in, to forget.

A cache may begin a profile at the snapshot that the hub sent; the commits up to it are missing
until they have been fetched. The file of a hub refuses to forget, by its triggers.
"""

from collections.abc import Sequence

from stackroom.events.errors import Gap, LogError
from stackroom.events.log import Snapshot, Taken
from stackroom.events.merkle import pack, root
from stackroom.events.sqlite_write import INDEX, SqliteWriter

FORGET = (
    "DELETE FROM touched WHERE profile = ?",
    "DELETE FROM runs WHERE profile = ?",
    "DELETE FROM commits WHERE profile = ?",
    "DELETE FROM snapshots WHERE profile = ?",
    "DELETE FROM numbers WHERE profile = (SELECT id FROM profiles WHERE number = ?)",
    "DELETE FROM profiles WHERE number = ?",
)
BEGIN = (
    "INSERT INTO profiles (id, seq, root, peaks, begun, indexed) VALUES (?1, ?2, ?3, ?4, ?2, ?2)"
)


class SqliteCacheWriter(SqliteWriter):
    """A writer on the file of a cache."""

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
            self._insert(profile, number, taken)
            self._conn.execute(INDEX, (number, first, taken[-1].commit.seq))

    def forget(self, profile: str) -> None:
        """Deletes all that is here of the profile."""
        row = self._conn.execute("SELECT number FROM profiles WHERE id = ?", (profile,)).fetchone()
        if row is not None:
            for statement in FORGET:
                self._conn.execute(statement, row)
