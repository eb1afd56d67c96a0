"""The confirmed commits and the state of each profile: a copy, which can be deleted and fetched again."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from msgspec import Struct

from stackroom.events import codec, merkle
from stackroom.events.errors import IntegrityError, LogCorrupt, UnknownEvent
from stackroom.events.fold import advance
from stackroom.events.history import pages
from stackroom.events.log import Snapshot, Taken, Taking
from stackroom.events.merkle import Frontier
from stackroom.events.model import Commit
from stackroom.events.sqlite_file import Durability
from stackroom.events.sqlite_log import LogFile
from stackroom.events.sqlite_read import SqliteReader
from stackroom.events.state import State, decode, encode

CACHE_ID: Final = "cache"
"""The identity in the file; the hub's own identity stands in the store."""


class Stored(Struct, frozen=True):
    """A profile as the cache has it.

    `state` is at `frontier.size`, unless the log holds an event `newer` than this program: then it
    stands before that, and the profile is read-only. `missing` are seqs not fetched yet.
    """

    state: State
    frontier: Frontier
    newer: UnknownEvent | None
    missing: range | None

    @property
    def seq(self) -> int:
        """The last confirmed commit."""
        return self.frontier.size


class Cache:
    """The file of confirmed commits. Not for two threads."""

    def __init__(self, file: LogFile) -> None:
        self.file = file

    @classmethod
    def open(cls, path: Path, *, synchronous: Durability = "NORMAL") -> "Cache":
        """Opens the file, or makes it. LogCorrupt says that it can be deleted."""
        try:
            return cls(LogFile.open(path, new_id=CACHE_ID, synchronous=synchronous, use="cache"))
        except LogCorrupt as error:
            raise LogCorrupt(
                str(error), hint=f"it is only a cache: delete {path}, and run stackroom sync"
            ) from error

    def close(self) -> None:
        """Closes the file."""
        self.file.close()

    def reader(self) -> AbstractContextManager[SqliteReader]:
        """The log, for questions about history."""
        return self.file.reading()

    @property
    def log(self) -> SqliteReader:
        """The log for single questions: each answer is of its own moment."""
        return self.file.reader()

    def load(self, profile: str) -> Stored:
        """The profile: the newest snapshot, and the commits after it."""
        with self.reader() as log:
            snapshot = log.snapshot(profile)
            state = State() if snapshot is None else decode(snapshot.state)
            newer = None
            try:
                for page in pages(log, profile, state.seq):
                    for commit in page:
                        advance(state, (commit,))
            except UnknownEvent as error:
                newer = error
            return Stored(state, log.head(profile).frontier, newer, log.missing(profile))

    def save(self, profile: str, commits: Sequence[Commit], frontier: Frontier) -> None:
        """Keeps commits; those that another process has kept meanwhile are compared and skipped.

        Raises IntegrityError where that process was told something else.
        """
        with self.file.writing() as log:
            head = log.head(profile)
            fresh = [c for c in commits if c.seq > head.seq]
            known = next((c for c in commits if c.seq == head.seq), None)
            if known is not None and known.root != head.root:
                raise IntegrityError(f"two histories of one profile meet at #{head.seq}")
            if fresh:
                log.append(profile, [_taken(profile, c) for c in fresh], frontier)

    def restart(self, profile: str, seq: int, frontier: Frontier, state: bytes) -> None:
        """Begins the profile at a snapshot; the commits up to it are missing for now."""
        with self.file.writing() as log:
            if log.head(profile).seq < seq:
                log.forget(profile)
                log.begin(profile, Snapshot(seq, frontier, state))

    def backfill(self, profile: str, commits: Iterable[Commit]) -> None:
        """Keeps commits from before the snapshot, lowest first.

        Raises IntegrityError if, once whole, they do not hash to what the snapshot came with; then
        the profile is forgotten here, and is fetched anew.
        """
        if self._fill(profile, commits):
            return
        with self.file.writing() as log:
            log.forget(profile)
        raise IntegrityError("the history before the snapshot does not hash to its root")

    def _fill(self, profile: str, commits: Iterable[Commit]) -> bool:
        with self.file.writing() as log:
            missing = log.missing(profile)
            if missing is None:
                return True
            fresh = [c for c in commits if c.seq in missing]
            log.backfill(profile, [_taken(profile, c) for c in fresh])
            if log.missing(profile) is not None:
                return True
            frontier, expected = Frontier(), log.head(profile).frontier
            for leaf in _leaves(log, profile):
                frontier = merkle.grow(frontier, leaf)
            return frontier == expected

    def missing(self, profile: str) -> range | None:
        """The seqs that were not fetched yet, or None."""
        with self.reader() as log:
            return log.missing(profile)

    def keep_snapshot(self, profile: str, state: State, frontier: Frontier) -> None:
        """Keeps the state, in place of the one that was kept before."""
        if state.seq != frontier.size:
            return
        snapshot = Snapshot(state.seq, frontier, encode(state))
        with self.file.writing() as log:
            if log.head(profile).seq >= state.seq > 0:
                log.put_snapshot(profile, snapshot)
                log.drop_snapshots(profile, [state.seq])

    def forget(self, profile: str) -> None:
        """Drops all that is kept of the profile."""
        with self.file.writing() as log:
            log.forget(profile)


def _taken(profile: str, commit: Commit) -> Taken:
    leaf = merkle.leaf_hash(codec.leaf(profile, commit))
    return Taken(commit, _taking(commit), leaf)


def _taking(commit: Commit) -> Taking:
    """How a commit came about, as far as it tells by itself."""
    held = commit.events and commit.events[0].type in ("ConflictOpened", "ConflictJoined")
    return "conflict" if held else "accepted"


def _leaves(log: SqliteReader, profile: str) -> Iterator[bytes]:
    after = 0
    while found := log.leaves(profile, after, 10_000):
        yield from found
        after += len(found)
