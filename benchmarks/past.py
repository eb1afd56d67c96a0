"""Questions to a long history: states of the past, and the log with its filters.

The replica's files are written directly, by the cache's own writer: what is measured is the reading. A
history of 100,000 commits is laid with milestones by the first question, as in a replica that has just
fetched it; one of a million has commits of the same shape, and is only sought in.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Final

from benchmarks import shell
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Target
from benchmarks.series import Series
from benchmarks.workload import FIRST_TIME, Shape, Team
from stackroom.client import chance
from stackroom.client.history import past
from stackroom.client.history.past import state_at
from stackroom.client.home.cache import Cache
from stackroom.client.home.home import Home
from stackroom.client.workspace import Workspace
from stackroom.events import codec
from stackroom.events.history.sought import Sought
from stackroom.events.log import Taken
from stackroom.events.model import Commit, Event
from stackroom.events.proofs import merkle
from stackroom.events.proofs.merkle import Frontier

COMPONENTS: Final = 1_000
STACKS: Final = 100
BATCH: Final = 5_000
AUTHORS: Final = ("ada", "ben", "cy", "dan")
RARE: Final = "eve"
"""Who made one commit, near the beginning."""
PAGE: Final = 20
"""Commits on a page of the log."""
PLACES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
"""How far into the history is asked for, as a part of it."""
NOWHERE: Final = "ws://127.0.0.1:9"
"""The hub of the profile; nobody asks it."""
STATE_MS: Final = 200
PAGE_MS: Final = 200


def run(bench: Bench) -> list[Outcome]:
    """Both histories, one after the other."""
    return [_states(bench), _log(bench)]


class History:
    """A replica with one profile of so many commits, in a home of its own."""

    def __init__(self, folder: Path, commits: int) -> None:
        self.home = Home(folder)
        self.commits = commits
        self.team = Team("team", Shape(COMPONENTS, STACKS, commits), seed=7, space=7)
        self.profile = self.team.profile
        workspace = _opened(self.home)
        workspace.store.put_hub(NOWHERE, self.team.new_id(), 1, "ada")
        workspace.store.put_profile(self.profile, "team", NOWHERE)
        workspace.store.set_setting("active_profile", self.profile)
        workspace.close()

    def write(self) -> float:
        """Writes the history into the cache; gives the seconds that it took."""
        started = time.perf_counter()
        cache = Cache.open(self.home.replica, synchronous="OFF")
        frontier = Frontier()
        batch: list[Taken] = []
        for commit in self._commits():
            leaf = merkle.leaf_hash(codec.leaf(self.profile, commit))
            frontier = merkle.grow(frontier, leaf)
            batch.append(Taken(commit, "accepted", leaf))
            if len(batch) == BATCH or commit.seq == self.commits:
                with cache.writing() as log:
                    log.append(self.profile, batch, frontier)
                batch = []
        cache.close()
        return time.perf_counter() - started

    def _commits(self) -> Iterator[Commit]:
        """Commits by four people in turn; one, near the beginning, is by another, with a word of its own."""
        random = Random(7)
        root = bytes(32)
        for n in range(self.commits):
            events: tuple[Event, ...] = self.team.opening() if n == 0 else (self.team.update(n),)
            rare = n == self.commits // 50
            author = RARE if rare else AUTHORS[random.randrange(len(AUTHORS))]
            message = f"change {n}" if not rare else "the migration"
            time = FIRST_TIME + n * 60_000
            yield Commit(
                n + 1, self.team.new_id(), "r", n + 1, n, author, message, time, time, events, root
            )


def _states(bench: Bench) -> Outcome:
    history = History(bench.folder / "past", bench.scale.history)
    bench.say(f"{history.commits:,} commits written in {history.write():.0f} s")
    cache = Cache.open(history.home.replica)
    started = time.perf_counter()
    head = state_at(cache, history.profile, history.commits)
    laying = time.perf_counter() - started
    with cache.reader() as log:
        laid = log.milestones(history.profile)
    with closing(sqlite3.connect(history.home.replica)) as conn:
        (size,) = conn.execute("SELECT sum(length(state)) FROM milestones").fetchone()
    cache.keep_snapshot(history.profile, head, cache.load(history.profile).frontier)
    seqs = [int(history.commits * part) + 200 for part in PLACES]
    inside = _rounds(bench, [lambda s=seq: _told(cache, history, s) for seq in seqs])  # type: ignore[misc]
    cache.close()
    words = [("component", "list", "--at", str(seq)) for seq in seqs]
    bare = [("component", "list")]
    whole = _rounds(bench, [lambda w=each: _listed(history.home, w) for each in words + bare])  # type: ignore[misc]
    rows = [
        (f"state after #{seq:,}", one.shown(), other.shown())
        for seq, one, other in zip(seqs, inside, whole, strict=False)
    ]
    rows.append(("state of now (`component list`)", "", whole[-1].shown()))
    worst = max(series.median for series in inside)
    targets = (Target("a state of the past, in the process", worst, "at most", STATE_MS, "ms"),)
    notes = (
        f"a replica's profile with {COMPONENTS:,} components and {STACKS} stacks after {history.commits:,} "
        f"commits; {len(laid)} milestones, {laid[1] - laid[0]} commits apart, {size / 1e6:.1f} MB, laid by "
        f"the first question, which took {laying:.1f} s",
        f"medians (least–most) of {bench.scale.command_runs} rounds after one that does not count: the "
        "question within a process (from the open file to the folded state), and `component list --at` as a "
        "process, from its start to its end",
        f"milestones are at least {past.APART_LEAST} commits apart, and at most {past.MILESTONES_MOST}",
    )
    return Outcome(
        "States of the past", ("question", "ms", "process ms"), tuple(rows), targets, notes
    )


def _told(cache: Cache, history: History, seq: int) -> None:
    if state_at(cache, history.profile, seq).seq != seq:
        raise AssertionError(f"this is not the state after #{seq}")


def _log(bench: Bench) -> Outcome:
    history = History(bench.folder / "log", bench.scale.long_history)
    bench.say(f"{history.commits:,} commits written in {history.write():.0f} s")
    size = history.home.replica.stat().st_size
    component = history.team.components[0]
    none = "nothing like this"
    asked: dict[str, tuple[Sought, int | None]] = {
        "the newest page": (Sought(), None),
        "a page from the middle (`--before`)": (Sought(), history.commits // 2),
        "one author of four": (Sought(authors=("ben",)), None),
        "an author of one commit, near the beginning": (Sought(authors=(RARE,)), None),
        "a word in one message, near the beginning": (Sought(message="MIGRATION"), None),
        "a word in no message": (Sought(message=none), None),
        "one component": (Sought(entities=frozenset({component})), None),
        "one component and an author": (
            Sought(entities=frozenset({component}), authors=("cy",)),
            None,
        ),
        "a path": (Sought(paths=("/config/path",)), None),
        "a type of event": (Sought(types=frozenset({"ComponentUpdated"})), None),
        "a type of event in the first commit alone": (
            Sought(types=frozenset({"StackRegistered"})),
            None,
        ),
    }
    cache = Cache.open(history.home.replica)
    whole = [
        len(cache.found(history.profile, sought, before, PAGE)) == PAGE
        for sought, before in asked.values()
    ]
    found = _rounds(
        bench,
        [
            lambda s=sought, b=before: cache.found(history.profile, s, b, PAGE)  # type: ignore[misc]
            for sought, before in asked.values()
        ],
    )
    until = _rounds(bench, [lambda: cache.log.until(history.profile, FIRST_TIME + 60_000)])
    cache.close()
    rows = [(name, series.shown(1)) for name, series in zip(asked, found, strict=True)]
    rows.append(("the last commit until a time near the beginning", until[0].shown(1)))
    worst = max(series.median for series, full in zip(found, whole, strict=True) if full)
    targets = (Target("a page, where there is a whole one", worst, "at most", PAGE_MS, "ms"),)
    notes = (
        f"{history.commits:,} commits of {COMPONENTS:,} components in a replica's file of "
        f"{size / 1e9:.2f} GB; {PAGE} commits are asked for, within a process",
        f"medians (least–most) of {bench.scale.command_runs} rounds after one that does not count",
        "what is rare is looked for to the end: who wrote what message in an index, what events say in "
        "all of the file",
    )
    return Outcome("The log of a long history", ("asked for", "ms"), tuple(rows), targets, notes)


def _rounds(bench: Bench, asked: list[Callable[[], object]]) -> list[Series]:
    """Milliseconds of each, in turn, round by round; the first round is for the page cache."""
    found: list[list[float]] = [[] for _ in asked]
    for turn in range(bench.scale.command_runs + 1):
        for times, ask in zip(found, asked, strict=True):
            started = time.perf_counter()
            ask()
            if turn > 0:
                times.append((time.perf_counter() - started) * 1e3)
    return [Series(tuple(times)) for times in found]


def _listed(home: Home, words: tuple[str, ...]) -> None:
    if shell.stackroom(home.path, *words).output.count("\n") <= COMPONENTS:
        raise AssertionError("not all components are listed")


def _opened(home: Home) -> Workspace:
    return Workspace.open(home, clock=chance.clock, new_id=chance.new_id, salt=chance.salt)
