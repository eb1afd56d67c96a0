"""The confirmed commits and the state of each profile: a copy, which can be deleted and fetched again.

What only those need that write is imported with them: a command that only reads must start at once.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from stackroom.client.home.cache_log import CacheLog
from stackroom.client.home.cache_redacted import (
    REDACTED,
    began_before,
    begun_at,
    commits_since,
    left_as_before,
    redacted_since,
)
from stackroom.client.home.same_file import SameFile, make_private
from stackroom.events.carriers import Commit, Rewritten
from stackroom.events.errors import (
    Gap,
    IntegrityError,
    LogCorrupt,
    MalformedEvent,
    UnknownEvent,
    Unvouched,
)
from stackroom.events.frontier import Frontier
from stackroom.events.log import LogReader, Snapshot
from stackroom.events.sqlite.blocks import SqliteCacheReader
from stackroom.events.sqlite.file import Durability, explained
from stackroom.events.sqlite.log import LogFile
from stackroom.events.sqlite.read import SqliteReader
from stackroom.events.state import State, decode, encode

if TYPE_CHECKING:
    from stackroom.client.home.checkpointing import Checkpoints
    from stackroom.events.history.sought import Sought
    from stackroom.events.sqlite.cache import SqliteCacheWriter

SCRUB: Final = "scrub"
"""The kind of fact that says of a profile that its traces are still to go."""

CACHE_ID: Final = "cache"
"""The identity in the file; the hub's own identity stands in the store."""


class CacheDamaged(LogCorrupt):
    """The copy of what the hubs confirmed is damaged: nothing is lost, and it is fetched anew."""

    hint = (
        "it is only a cache: stackroom doctor --repair fetches it anew, and keeps what is pending"
    )


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
    """The file of confirmed commits. Not for two threads.

    Every call raises CacheDamaged for a damaged file; writing raises FileReplaced once the path leads to
    another one.
    """

    def __init__(self, file: LogFile, synchronous: Durability = "NORMAL") -> None:
        self._file = file
        self._synchronous = synchronous
        self._filling = False
        self._checkpoints: Checkpoints | None = None
        """Those that are made beside, once a block has come while this is filled."""
        self.same = SameFile(file.path)
        """To know the file again."""

    @classmethod
    def open(cls, path: Path, *, synchronous: Durability = "NORMAL") -> "Cache":
        """Opens the file, or makes it."""
        with _told_as_a_cache(path):
            if not path.exists():
                _make(path, synchronous)
            file = LogFile.open(path, new_id=CACHE_ID, synchronous=synchronous, use="cache")
            return cls(file, synchronous)

    @staticmethod
    def rebuild(path: Path) -> Path | None:
        """Moves the file at `path` aside, for those who have it open nowhere; gives its new place.

        The next `open` begins with an empty one: local profiles come from the store, others from their
        hub.
        """
        _forget_companions(path)
        if not path.exists():
            return None
        from stackroom.client.home.alone import aside

        return path.rename(aside(path))

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    @contextmanager
    def reader(self, *, sought: bool = True) -> Iterator[SqliteCacheReader]:
        """The log, for questions about history: one reading transaction.

        Unless nothing is `sought` by what commits say, what came packed is spread into rows before.
        """
        if sought:
            self._spread()
        with _told_as_a_cache(self._file.path), self._file.reading() as log:
            yield log

    def _spread(self) -> None:
        """Has all commits stand in rows: once, when somebody first seeks in a history that came packed."""
        with self.reader(sought=False) as log:
            packed = log.packed()
        if not packed:
            return
        from stackroom.events.sqlite.cache import SPREAD_AT_ONCE

        while packed:
            with self.writing() as log:
                packed = log.spread(SPREAD_AT_ONCE) > 0

    @contextmanager
    def writing(self) -> Iterator["SqliteCacheWriter"]:
        """One writing transaction, undone if the block raises."""
        self.same.check()
        with _told_as_a_cache(self._file.path), self._file.writing() as log:
            yield log

    @contextmanager
    def filling(self) -> Iterator[None]:
        """While a long history may come, checkpoints are made on a thread beside; none is left at the end."""
        self._filling = True
        try:
            yield
        finally:
            checkpoints, self._filling, self._checkpoints = self._checkpoints, False, None
            if checkpoints is not None:
                checkpoints.wait()
                with self.reader(sought=False) as log:
                    checkpoints.give_back(log)

    def _leave_checkpoints(self, writer: "SqliteCacheWriter", count: int) -> None:
        """Has them made beside: many blocks may come such as this one, which brought so many bytes."""
        if self._checkpoints is None:
            # Late, as what few exchanges need.
            from stackroom.client.home.checkpointing import Checkpoints

            self._checkpoints = Checkpoints(self._file.path, self._synchronous)
            self._checkpoints.take_over(writer)
        self._checkpoints.wrote(count)

    @property
    def log(self) -> LogReader:
        """The log for single questions: each answer is of its own moment."""
        return CacheLog(partial(self.reader, sought=False), self.reader)

    def found(self, profile: str, sought: "Sought", before: int | None, limit: int) -> list[Commit]:
        """The newest commits that are sought, newest first, at most `limit`; below seq `before`, if given."""
        if sought.anything:
            ends = (n for n in (before, sought.upto and sought.upto + 1) if n is not None)
            with self.reader(sought=False) as log:
                newest = log.recent(profile, min(ends, default=None), limit)
            return [commit for commit in newest if commit.seq > sought.after]
        with self.reader() as log:
            return log.found(profile, sought, before, limit)

    def seqs_in_rows(self, ids: Sequence[str]) -> dict[str, int]:
        """The seqs of those of the commits that stand in rows: nothing is unpacked to find the others."""
        with self.reader(sought=False) as log:
            answers = log.answers(ids).values()
        return {answer.id: answer.seq for answer in answers if answer.seq is not None}

    def load(self, profile: str, known: Stored | None = None) -> Stored:
        """The profile: the newest snapshot, and the commits after it.

        Or a copy of `known`, which was loaded before, if that is at the head still: one root, one state.
        """
        with self.reader(sought=False) as log:
            head = log.head(profile)
            if known is not None and known.newer is None and known.frontier == head.frontier:
                return Stored(known.state.copy(), head.frontier, None, log.missing(profile))
            snapshot = log.snapshot(profile)
            state = State() if snapshot is None else self._decoded(snapshot.state)
            newer = None
            try:
                if head.seq > state.seq:
                    _fold(log, profile, state)
            except UnknownEvent as error:
                newer = error
            except MalformedEvent as error:
                raise CacheDamaged(f"{self._file.path} is damaged: {error}") from error
            return Stored(state, head.frontier, newer, log.missing(profile))

    def _decoded(self, state: bytes) -> State:
        try:
            return decode(state)
        except IntegrityError as error:
            raise CacheDamaged(f"{self._file.path} is damaged: {error}") from error

    def save(
        self,
        profile: str,
        commits: Sequence[Commit],
        frontier: Frontier,
        leaves: Sequence[bytes] = (),
        since: Frontier | None = None,
    ) -> None:
        """Keeps commits, in order; those that another process has kept meanwhile are compared and skipped.

        `leaves` are their hashes, by which the tree grew from `since` to `frontier`, where that is known
        already. Raises IntegrityError where that process was told something else. Raises Gap where it has
        forgotten the profile and not fetched it all again, and where it has kept events as they were
        before one of `commits` redacted them: to go on from what is in the file puts either right.
        """
        from stackroom.client.home.cache_taking import append

        with self.writing() as log:
            packed = append(log, profile, commits, frontier, leaves, since)
            if packed and self._filling:
                self._leave_checkpoints(log, packed)

    def restart(self, profile: str, seq: int, frontier: Frontier, state: bytes) -> None:
        """Begins the profile at a snapshot; the commits up to it are missing for now.

        One that another process has brought as far meanwhile stays as it is. Raises Gap where that brought
        some of it: the hub may have lost that.
        """
        with self.writing() as log:
            head = log.head(profile).seq
            if 0 < head < seq:
                raise Gap(profile, head, seq)
            if head == 0:
                log.begin(profile, Snapshot(seq, frontier, state))

    def backfill(self, profile: str, commits: Iterable[Commit], frontier: Frontier) -> None:
        """Keeps commits from before the snapshot, lowest first; what is here already is skipped.

        They are of a hub that has the history up to `frontier`. Skipped is a page that comes too late, too:
        another process began the profile anew, at a later snapshot, and what comes before that page is
        missing again.

        Raises IntegrityError if, once whole, they do not hash to what the snapshot came with; then
        the profile is forgotten here, and is fetched anew. As Unvouched, it may have been redacted while
        its pages were fetched. Raises Gap where the snapshot is not of that history, and where more than
        that would be forgotten: to go on from what is in the file tells whether the hub has it.
        """
        from stackroom.client.home.cache_taking import fill

        try:
            with self.writing() as log:
                fill(log, profile, commits, frontier)
        except IntegrityError as error:
            self.forget(profile, frontier)
            if isinstance(error, Unvouched):
                raise
            raise IntegrityError(
                f"the history before the snapshot is not whole: {error}"
            ) from error

    def unvouched(self) -> set[str]:
        """Profiles that got redacted events, and were not verified since."""
        with self.reader(sought=False) as log:
            return set(log.facts(REDACTED))

    def missing(self, profile: str) -> range | None:
        """The seqs that were not fetched yet, or None."""
        with self.reader(sought=False) as log:
            return log.missing(profile)

    def keep_snapshot(self, profile: str, state: State, frontier: Frontier) -> None:
        """Keeps the state, in place of the one that was kept before.

        One that another process has left behind is not kept if a value was redacted since: it has it.
        The one at which the profile begins stays while commits before it are missing: without it there
        is no way to the states between.
        """
        if state.seq != frontier.size:
            return
        snapshot = Snapshot(state.seq, frontier, encode(state))
        with self.writing() as log:
            if log.head(profile).seq >= state.seq > 0 and not redacted_since(
                log, profile, state.seq
            ):
                # In this order: the new one goes where the old one was, and the file is written once.
                log.drop_snapshots(profile, begun_at(log, profile))
                log.put_snapshot(profile, snapshot)

    def keep_milestones(
        self, profile: str, states: Sequence[tuple[int, bytes]], head: int, apart: int
    ) -> None:
        """Keeps encoded states by their seq, which were folded while the profile was at `head`.

        Those that are not so far `apart` as they should be go, and so do snapshots but the newest. Nothing
        is kept if the profile was redacted or forgotten since: they may have what it has no more.
        """
        with self.writing() as log:
            if log.head(profile).seq < head or redacted_since(log, profile, head):
                return
            for seq, state in states:
                log.put_milestone(profile, seq, state)
            log.thin_milestones(profile, apart)
            newest = log.snapshot(profile)
            if newest is not None:
                log.drop_snapshots(profile, [newest.seq, *begun_at(log, profile)])

    def verify(self, profile: str, frontier: Frontier) -> None:
        """Raises IntegrityError where the history does not add up; then the profile is fetched anew.

        Raises Gap where it does not, and goes on after `frontier`, which the hub has: see `backfill`.
        """
        from stackroom.events.audit.verify import verify

        try:
            with self.reader(sought=False) as log:
                verify(log, profile)
                noted = profile in log.facts(REDACTED)
            if noted:
                with self.writing() as log:
                    log.put_fact(REDACTED, profile, None)
        except IntegrityError:
            self.forget(profile, frontier)
            raise

    def forget(self, profile: str, upto: Frontier | None = None) -> None:
        """Drops all that is kept of the profile; Gap if that is not what leads to `upto`, or more."""
        with self.writing() as log:
            if upto is not None and (head := log.head(profile)).frontier != upto:
                raise Gap(profile, head.seq, upto.size)
            log.forget(profile)
            log.put_fact(REDACTED, profile, None)

    def clean(self, profile: str, seq: int, rewritten: Sequence[Rewritten]) -> set[str] | None:
        """Has no event as it was before commit `seq` rewrote it; `scrub` is due then.

        The profile is forgotten if it has one, and the texts that stood in it are given; None if there
        was none.
        """
        from stackroom.events.secrets.redaction import texts_in

        texts: set[str] = set()
        with self.writing() as log:
            held = began_before(log, profile, rewritten)
            for each, event in left_as_before(log, profile, rewritten):
                held = True
                texts |= texts_in(event, each.paths)
            if held:
                log.forget(profile)
                log.put_fact(SCRUB, profile, b"")
            else:
                self._drop_older(log, profile, seq)
        return texts if held else None

    def _drop_older(self, log: "SqliteCacheWriter", profile: str, seq: int) -> None:
        """Drops states from before `seq`: a process that had not heard of it may have kept them."""
        dropped = log.drop_milestones(profile, seq) > 0
        begun, newest = begun_at(log, profile), log.snapshot(profile)
        if newest is not None and newest.seq < seq and newest.seq not in begun:
            log.drop_snapshots(profile, begun)
            dropped = True
        if dropped:
            log.put_fact(SCRUB, profile, b"")

    def to_scrub(self) -> bool:
        """Whether traces of what was cleaned may still be in the files of the home."""
        with self.reader(sought=False) as log:
            return bool(log.facts(SCRUB))

    def scrub(self) -> None:
        """Leaves no trace in the file of what is in it no more."""
        if self._checkpoints is not None:
            self._checkpoints.wait()
        self._file.scrub()
        with self.writing() as log:
            for profile in log.facts(SCRUB):
                log.put_fact(SCRUB, profile, None)


def _make(path: Path, synchronous: Durability) -> None:
    """Makes the file: whole, or else an empty one that is then migrated."""
    # Late: a home is made once.
    from stackroom.events.sqlite.new_file import make_new
    from stackroom.events.sqlite.schema import NEW_CACHE, identify, steps

    mine = partial(identify, new_id=CACHE_ID, use="cache")
    with explained(path):
        known = steps(CACHE_ID, "cache")
        made = make_new(path, NEW_CACHE, known, mine, now=0, synchronous=synchronous)
    if not made and make_private(path):
        _forget_companions(path)


def _forget_companions(path: Path) -> None:
    """Deletes what SQLite kept beside a file that is gone: its process may still be there, and the
    next one at this path must not share with it."""
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


@contextmanager
def _told_as_a_cache(path: Path) -> Iterator[None]:
    """A damaged cache needs no backup, and says so."""
    try:
        yield
    except LogCorrupt as error:
        said = str(error)
        raise CacheDamaged(said if str(path) in said else f"{path} is damaged: {said}") from error


def _fold(log: SqliteReader, profile: str, state: State) -> None:
    """Brings `state` up to the head, commit by commit: where it ends is as far as this program can read."""
    from stackroom.events.fold import advance

    for commit in commits_since(log, profile, state.seq):
        advance(state, (commit,))
