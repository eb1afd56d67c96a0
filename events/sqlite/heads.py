"""Where profiles stand, as the one connection that writes a file knows it from transaction to transaction."""

import sqlite3
from typing import Final

from stackroom.events.log import Head

KEPT: Final = 1_000
"""Profiles that are remembered, a kilobyte each."""

VERSION = "PRAGMA data_version"


class Heads:
    """The number that each profile has in the file, and its head, as its writer last read or wrote them.

    SQLite says whether anybody else has written to the file: one cheap question a transaction, in place of
    some for each profile. What a transaction that failed has left here goes with `clear`.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Head]] = {}
        self._version = 0

    def begin(self, conn: sqlite3.Connection) -> None:
        """A writing transaction has begun; forgets all if another connection wrote since the last."""
        (version,) = conn.execute(VERSION).fetchone()
        if version != self._version:
            self._known.clear()
            self._version = version

    def get(self, profile: str) -> tuple[int, Head] | None:
        """The profile's number and head, or None where the file is to be asked."""
        return self._known.get(profile)

    def put(self, profile: str, number: int, head: Head) -> None:
        """The profile stands there."""
        self._known[profile] = number, head
        if len(self._known) > KEPT:
            self._known.pop(next(iter(self._known)))

    def drop(self, profile: str) -> None:
        """The file is to be asked where the profile stands."""
        self._known.pop(profile, None)

    def clear(self) -> None:
        """The same of all."""
        self._known.clear()
