"""What queries of a log in SQLite share, and the rows of it that are commits."""

from typing import Any, Final, TypeAlias

import msgspec

from stackroom.events.carriers import Commit, Event
from stackroom.events.errors import LogCorrupt

INTEGER_MAX: Final = 2**63 - 1
"""The largest integer that SQLite stores."""

BUCKET: Final = 4_096
"""Seqs of a bucket of the index by entity: what is added at once lies on the 25 pages of one. Who looks an
entity up asks each bucket: a million commits are 245 places, in a third of a millisecond."""

COLUMNS: Final = (
    "seq, id, replica, number, base, author, message, time, accepted, events, root, key, signature"
)
"""The columns of a commit, in the order that `commit_of` takes."""

OF_PROFILE: Final = "profile = (SELECT number FROM profiles WHERE id = ?1)"
"""In SQL: of the profile whose id is bound first."""

Row: TypeAlias = tuple[Any, ...]


def commit_of(row: Row) -> Commit:
    """The commit of a row of `COLUMNS`; LogCorrupt where its events cannot be read."""
    seq, id, replica, number, base, author, message, time, accepted, events, *rest = row
    try:
        own = _events.decode(events)
    except msgspec.DecodeError as error:
        raise LogCorrupt(f"commit #{seq} cannot be read: {error}") from error
    return Commit(seq, id, replica, number, base, author, message, time, accepted, own, *rest)


_events = msgspec.json.Decoder(tuple[Event, ...])
