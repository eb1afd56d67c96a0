"""What a commit costs as its profile's history grows: processor time, and pages written."""

import gc
import time
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.asked import Asked
from benchmarks.bench import Bench
from benchmarks.histories import copy_of, team_of
from benchmarks.outcome import Outcome, Target
from benchmarks.series import Series
from benchmarks.workload import AUTHOR, FIRST_TIME, REPLICA, Ids, Shape, Team
from stackroom.events.log import LogWriter
from stackroom.events.model import Proposal
from stackroom.events.people.permissions import Who
from stackroom.events.sqlite import write as sqlite_write
from stackroom.events.sqlite.log import LogFile
from stackroom.sync.deciding.authority import Authority, Submission
from stackroom.sync.settings import Settings

COMPONENTS: Final = 500
ROUNDS: Final = 12
EACH: Final = 200
"""Commits of a round, each in a transaction of its own; then they are indexed by entity, as a hub has it done
about as often."""

PAGE_BYTES: Final = 4_096 + 24
"""A page in the write-ahead log, with its header."""


class Growing:
    """A log with a history of some length, to which commits are added."""

    def __init__(self, bench: Bench, commits: int) -> None:
        shape = Shape(COMPONENTS, 0, commits)
        self.path = bench.folder / f"growing-{commits}.db"
        copy_of(bench, shape, self.path)
        self.commits = commits
        self.team: Team = team_of(shape)
        # What is flushed takes no processor time here; pages that are written are counted.
        self.log = LogFile.open(self.path, new_id="", synchronous="OFF")
        self.log._conn.execute("PRAGMA wal_autocheckpoint = 0")
        settings = Settings()
        self.authority = Authority(
            lambda: bytes(16),
            snapshot_every=settings.snapshot_every,
            states_kept=settings.states_kept,
        )
        self.new_id = Ids(77)
        self.head = commits
        self.add(1)  # Which reads the state.

    def add(self, count: int) -> float:
        """Adds commits; the microseconds of processor time of each."""
        submissions = []
        for n in range(self.head, self.head + count):
            event = self.team.update(n)
            proposal = Proposal(self.new_id(), n + 1, n, "more", FIRST_TIME + n, (event,))
            submissions.append(Submission(self.team.profile, Who(REPLICA, AUTHOR), proposal))
        self.head += count
        started = time.process_time()
        for one in submissions:
            self.log.write(partial(self._decide, one))
        return (time.process_time() - started) / count * 1e6

    def _decide(self, one: Submission, log: LogWriter) -> None:
        (answer,) = self.authority.decide([one], FIRST_TIME, log).answers
        if answer.outcome != "accepted":
            raise AssertionError(f"the history does not stand: {answer}")

    def pages(self) -> float:
        """Pages that were written."""
        wal: Path = self.path.with_name(f"{self.path.name}-wal")
        return wal.stat().st_size / PAGE_BYTES


def run(bench: Bench, sizes: tuple[int, ...]) -> Outcome:
    """Adds to histories of these lengths in turn, round by round."""
    logs = [Growing(bench, commits) for commits in sizes]
    gc.collect()
    gc.freeze()
    every, sqlite_write.INDEXED_EVERY = sqlite_write.INDEXED_EVERY, EACH  # type: ignore[misc]
    before = [log.pages() for log in logs]
    times: list[list[float]] = [[] for _ in logs]
    for turn in range(ROUNDS + 1):
        for log, found in zip(logs, times, strict=True):
            took = log.add(EACH)
            if turn > 0:
                found.append(took)
    sqlite_write.INDEXED_EVERY = every  # type: ignore[misc]
    gc.unfreeze()
    pages = [
        (log.pages() - was) / ((ROUNDS + 1) * EACH) for log, was in zip(logs, before, strict=True)
    ]
    for log in logs:
        log.log.close()
    series = [Series(tuple(found)) for found in times]
    ratios = [Series(tuple(a / b for a, b in zip(found, times[0], strict=True))) for found in times]
    rows = tuple(
        (f"{size:,}", one.shown(), ratio.shown(2), f"{written:.1f}")
        for size, one, ratio, written in zip(sizes, series, ratios, pages, strict=True)
    )
    last = f"{sizes[-1]:,} commits"
    targets = (
        Target(
            f"a commit after {last}, beside one after {sizes[0]:,}: processor time",
            ratios[-1].median,
            "at most",
            1.1,
            "times",
            2,
            of=Asked.MILLION,
        ),
        Target(
            f"a commit after {last}, beside one after {sizes[0]:,}: pages written",
            pages[-1] / pages[0],
            "at most",
            1.25,
            "times",
            2,
            of=Asked.MILLION,
        ),
    )
    notes = (
        f"medians (least–most) of {ROUNDS} rounds of {EACH} commits, each decided on and stored by itself in "
        f"this process, on each history in turn; profiles of {COMPONENTS} components",
        "ratios are of rounds that stand beside each other; nothing is flushed here, and pages are those "
        "that go into the write-ahead log, snapshots and the index of entities included",
    )
    heading = ("commits before", "µs of processor time each", "beside the first", "pages each")
    return Outcome("A commit on a long history", heading, rows, targets, notes)
