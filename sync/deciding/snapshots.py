"""Snapshots of large states, which no commit waits for: noted when they are due, and written later."""

from collections.abc import Iterable
from threading import Lock
from typing import Final

from msgspec import Struct

from stackroom.events.log import LogWriter, Snapshot
from stackroom.events.proofs import merkle
from stackroom.events.proofs.merkle import Frontier
from stackroom.events.state import State

AT_ONCE: Final = 100
"""Entities that are encoded in one go, in half a millisecond. Snapshots of no more are written when due."""


class Due(Struct, frozen=True):
    """A profile as it stands after a commit; nobody changes it any more."""

    profile: str
    state: State
    frontier: Frontier


class Snapshots:
    """The newest of each profile that is due. A snapshot is a cache: what is lost here costs time alone.

    The log's thread notes and forgets them, while somebody on another takes one and encodes it.
    """

    def __init__(self) -> None:
        self._due: dict[str, Due] = {}
        self._taken: Due | None = None
        self._lock = Lock()

    def __bool__(self) -> bool:
        return bool(self._due)

    def add(self, profile: str, state: State, frontier: Frontier) -> None:
        """One is due; what the transaction that says so did need not come to stand."""
        due = Due(profile, state.copy(), frontier)
        with self._lock:
            self._due[profile] = due

    def forget(self, profile: str) -> None:
        """The profile's history was redacted, or healed: its state is none that may be kept."""
        with self._lock:
            self._due.pop(profile, None)
            if self._taken is not None and self._taken.profile == profile:
                self._taken = None

    def take(self) -> Due | None:
        """One that is due, to be encoded and put; it is due no longer."""
        with self._lock:
            profile = next(iter(self._due), None)
            self._taken = self._due.pop(profile) if profile is not None else None
            return self._taken

    def put(self, due: Due, encoded: Iterable[bytes], log: LogWriter) -> None:
        """Writes what was taken last, unless it was forgotten since or its commit does not stand."""
        seq, root = due.state.seq, merkle.root(due.frontier)
        if self._taken is due and log.root(due.profile, seq) == root:
            log.put_snapshot(due.profile, Snapshot(seq, due.frontier, b"".join(encoded)))
