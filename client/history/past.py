"""What a profile was at any commit, quickly: folded from the nearest state that the cache keeps.

Along the way of a long history, a replica keeps the state at commits so far `apart`, as milestones. They
are a cache of a cache: all may be deleted, and the next question lays those that it passes. The longer a
history, and the larger its states, the farther apart they are, so that they never take more room than a
bound; the way from the nearest one grows with that.
"""

from contextlib import suppress
from typing import Final

from stackroom.client.home.cache import Cache
from stackroom.events.errors import UnknownEvent
from stackroom.events.fold import advance
from stackroom.events.history.history import pages
from stackroom.events.sqlite.cache import packed
from stackroom.events.sqlite.read import SqliteReader
from stackroom.events.state import State, decode, encode

APART_LEAST: Final = 512
"""Commits between two milestones of a replica, while its history is short enough for that."""

MILESTONES_MOST: Final = 256
"""Milestones of one profile; when there would be more, they are twice as far apart."""

WALKED_AT_ONCE: Final = 10_000
"""Commits that are folded anew, when a replica rests, to lay milestones; a longer way is left to whoever
first asks for something of it."""

MILESTONE_BYTES: Final = 64 << 20
"""Bytes that the milestones of one profile may take, compressed."""


def apart(head: int, size: int) -> int:
    """How many commits lie between milestones of a profile at `head` whose state takes `size` bytes."""
    most = max(1, min(MILESTONES_MOST, MILESTONE_BYTES // max(size, 1)))
    distance = APART_LEAST
    while head // distance > most:
        distance *= 2
    return distance


def state_at(cache: Cache, profile: str, seq: int) -> State:
    """The state of `profile` after commit `seq`, which is here with all that it takes.

    Lays the milestones that were passed on the way. Raises UnknownEvent for what is newer than this program.
    """
    with cache.reader(sought=False) as log:
        laying = _Laying(log, profile)
        state = _nearest(log, profile, seq)
        if seq - state.seq >= laying.apart:
            laying.measure()
        laying.fold(state, seq)
        if laying.passed:
            laying.measure()
    laying.keep(cache)
    return state


def lay(cache: Cache, profile: str) -> None:
    """Lays the milestones that are due up to the head, as far as the history is here and understood.

    With them, none of the snapshots but the newest is of use, and they go. Nothing is done where the way
    there is long: somebody who has just fetched a long history is not to wait until it was folded twice.
    """
    with cache.reader(sought=False) as log:
        laying = _Laying(log, profile)
        due = laying.due()
        if due:
            laying.measure()
            due = laying.due()
        if due:
            state = _nearest(log, profile, due[0])
            if due[-1] - state.seq > WALKED_AT_ONCE:
                return
            # What comes after an event that is newer than this program waits for one that knows it.
            with suppress(UnknownEvent):
                laying.fold(state, due[-1])
    if due:
        laying.keep(cache)


def _nearest(log: SqliteReader, profile: str, seq: int) -> State:
    """The last state at or before `seq` that is kept, or an empty one."""
    snapshot, milestone = log.snapshot(profile, seq), log.milestone(profile, seq)
    if milestone is not None and (snapshot is None or milestone[0] >= snapshot.seq):
        return decode(milestone[1])
    return State() if snapshot is None else decode(snapshot.state)


class _Laying:
    """One walk through a history: what it passes that should be kept."""

    def __init__(self, log: SqliteReader, profile: str) -> None:
        self.log = log
        self.profile = profile
        self.head = log.head(profile).seq
        self.here = set(log.milestones(profile))
        self.apart = apart(self.head, 0)
        self.passed: list[tuple[int, bytes]] = []

    def measure(self) -> None:
        """Has them as far apart as the size of the newest state asks for."""
        if (newest := self.log.snapshot(self.profile)) is not None:
            self.apart = apart(self.head, len(packed(newest.state)))
            self.passed = [each for each in self.passed if each[0] % self.apart == 0]

    def due(self) -> list[int]:
        """Where a milestone should be and is not, lowest first."""
        missing = self.log.missing(self.profile)
        first = missing.stop if missing is not None else 1
        places = range(self.apart, self.head + 1, self.apart)
        return [seq for seq in places if seq >= first and seq not in self.here]

    def fold(self, state: State, seq: int) -> None:
        """Folds `state` on to `seq` in place, and notes it at the places of milestones."""
        for page in pages(self.log, self.profile, state.seq, seq):
            for commit in page:
                advance(state, (commit,))
                if commit.seq % self.apart == 0 and commit.seq not in self.here:
                    self.passed.append((commit.seq, encode(state)))

    def keep(self, cache: Cache) -> None:
        """Writes what was noted, unless the history was redacted or forgotten meanwhile."""
        if self.passed:
            cache.keep_milestones(self.profile, self.passed, self.head, self.apart)
