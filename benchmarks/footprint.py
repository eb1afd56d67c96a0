"""What a hub takes: memory, and the time of a start; and what a commit costs as a history grows.

With ten long histories, one that is longer than all of them, and a thousand short ones.
"""

import time
from pathlib import Path
from typing import Final

from benchmarks import growth, processes, speaker
from benchmarks.asked import Asked
from benchmarks.bench import Bench
from benchmarks.histories import copy_of, team_of
from benchmarks.outcome import Outcome, Target
from benchmarks.processes import Running
from benchmarks.series import Series
from benchmarks.speaker import Speaker
from benchmarks.workload import FIRST_TIME, Ids, Shape, Team, build
from stackroom.events.log import Head
from stackroom.events.model import Proposal
from stackroom.events.sqlite.log import open_reader
from stackroom.sync.settings import Settings

START: Final = "cold start until /readyz says so"
HEADING: Final = ("hub", "figure", "unit")
COMPONENTS: Final = 500
"""Of each profile."""
WRITTEN: Final = 2_000
"""Commits to the longest history, or a tenth of those that it has."""
READ: Final = 100_000
"""Of the longest history, by one who comes back."""
MANY_COMPONENTS: Final = 50
MANY_COMMITS: Final = 20


def run(bench: Bench) -> list[Outcome]:
    """Each of them, one after the other."""
    # A quick run makes do with less than the million, which takes minutes to make.
    full = bench.scale.long_history >= 1_000_000
    longest = bench.scale.long_history if full else bench.scale.history
    sizes = (1_000, 100_000, longest) if full else (1_000, longest)
    return [_ten(bench), _longest(bench, longest), _many(bench), growth.run(bench, sizes)]


def _ten(bench: Bench) -> Outcome:
    """Starts a hub on ten long histories again and again; then has it read, and written to."""
    scale = bench.scale
    data = bench.folder / "footprint"
    data.mkdir()
    shape = Shape(COMPONENTS, 0, scale.commits_each)
    teams = [Team(f"team {n}", shape, seed=n, space=16 + n) for n in range(scale.profiles)]
    begun = time.monotonic()
    build(data / "hub.db", teams)
    bench.say(f"{scale.profiles} histories made in {time.monotonic() - begun:.0f} s")
    starts, high, rows = _read_and_written(bench, data, teams)
    commits = scale.profiles * scale.commits_each
    targets = (
        Target(
            f"memory with {commits:,} commits in {scale.profiles} profiles, at its most",
            high,
            "at most",
            80,
            "MB",
            of=Asked.HUB,
        ),
        Target(START, starts.median, "at most", 0.5, "s", 3, of=Asked.HUB),
    )
    size = (data / "hub.db").stat().st_size / 1e6
    notes = (
        f"{scale.profiles} profiles of {COMPONENTS} components and {scale.commits_each:,} commits each; the "
        f"log is {size:,.0f} MB; MB are 10^6 bytes, resident (RSS)",
        f"starts: median (least–most) of {scale.starts}, from the start of the interpreter to the first "
        "200 of /readyz, the file in the page cache; after each stage the memory is what is held then",
    )
    return Outcome("A hub's memory and start", HEADING, tuple(rows), targets, notes)


def _longest(bench: Bench, commits: int) -> Outcome:
    """Starts a hub on one very long history; then has it written to, and read by one who comes back."""
    data = bench.folder / "longest"
    data.mkdir()
    shape = Shape(COMPONENTS, 0, commits)
    copy_of(bench, shape, data / "hub.db")
    size = (data / "hub.db").stat().st_size / 1e6
    starts, rows = _started(bench, data)
    team = team_of(shape)
    with open_reader(data / "hub.db") as log:
        after = max(0, commits - READ)
        root = log.root(team.profile, after)
        assert root is not None
        there = Head(after, root)
    with processes.hub(data) as running:
        first, stages = speaker.run(lambda: _written(running, team, there, commits))
        high = running.memory()[1]
    rows.append(("the first commit after a start, until it is acknowledged", f"{first:,.0f}", "ms"))
    rows += [(name, f"{now:,.0f}", "MB") for name, now in stages]
    rows.append(("the most that it ever had (VmHWM)", f"{high:,.0f}", "MB"))
    targets = (
        Target(
            f"{START}, {commits:,} commits",
            starts.median,
            "less than",
            1.5,
            "s",
            3,
            of=Asked.MILLION,
        ),
        Target("memory, at its most", high, "less than", 250, "MB", of=Asked.MILLION),
    )
    notes = (
        f"one profile of {COMPONENTS} components and {commits:,} commits; the log is {size:,.0f} MB",
        f"starts: median (least–most) of {bench.scale.starts}, the file in the page cache",
    )
    title = f"A hub with {commits:,} commits in one profile"
    return Outcome(title, HEADING, tuple(rows), targets, notes)


def _read_and_written(
    bench: Bench, data: Path, teams: list[Team]
) -> tuple[Series, float, list[tuple[str, str, str]]]:
    """Starts of a hub, the most memory it had while all was read and written to, and the rows of both."""
    starts, rows = _started(bench, data)
    with processes.hub(data) as running:
        stages = speaker.run(lambda: _at_work(running, teams))
        high = running.memory()[1]
    rows += [(name, f"{now:,.0f}", "MB") for name, now in stages]
    rows.append(("the most that it ever had (VmHWM)", f"{high:,.0f}", "MB"))
    return starts, high, rows


def _many(bench: Bench) -> Outcome:
    """Starts a hub on a thousand profiles; then has each of them written to."""
    data = bench.folder / "many"
    data.mkdir()
    many, shape = bench.scale.many_profiles, Shape(MANY_COMPONENTS, 0, MANY_COMMITS)
    teams = [Team(f"team {n}", shape, seed=n, space=1_000 + n) for n in range(many)]
    build(data / "hub.db", teams)
    starts, high, rows = _read_and_written(bench, data, teams)
    targets = (
        Target(f"{START}, {many:,} profiles", starts.median, "at most", 0.6, "s", 3),
        Target(f"memory with {many:,} profiles, at its most", high, "less than", 120, "MB"),
    )
    kept = Settings().states_kept
    notes = (
        f"{many:,} profiles of {MANY_COMPONENTS} components and {MANY_COMMITS} commits each; states of "
        f"{kept} are kept in memory (`states_kept`)",
        f"starts: median (least–most) of {bench.scale.starts}, the file in the page cache",
    )
    return Outcome(f"A hub with {many:,} profiles", HEADING, tuple(rows), targets, notes)


def _started(bench: Bench, data: Path) -> tuple[Series, list[tuple[str, str, str]]]:
    """Starts a hub again and again: the seconds until it was ready, and the rows of all starts."""
    starts, processor, resident = [], [], []
    for _ in range(bench.scale.starts):
        with processes.hub(data) as running:
            starts.append(running.ready_after)
            processor.append(running.cpu_seconds())
            resident.append(running.memory()[0])
    took = Series(tuple(starts))
    rows = [
        ("ready after its start", took.shown(3), "s"),
        ("processor time until then", Series(tuple(processor)).shown(3), "s"),
        ("memory when ready", Series(tuple(resident)).shown(), "MB"),
    ]
    return took, rows


async def _written(
    running: Running, team: Team, there: Head, head: int
) -> tuple[float, list[tuple[str, float]]]:
    """The milliseconds of the first commit, and the memory after each thing that a hub has to do."""
    stages = []
    writer = await Speaker.open(running.url, running.token, Ids(41)())
    first, new_id, written = 0.0, Ids(42), min(WRITTEN, head // 10)
    for n in range(written):
        event = team.update(1_000_000 + n)
        proposal = Proposal(new_id(), n + 1, head + n, "more", FIRST_TIME, (event,))
        started = time.perf_counter()
        await writer.commit(team.profile, proposal)
        first = first or (time.perf_counter() - started) * 1e3
    stages.append((f"after {written:,} commits", running.memory()[0]))
    await writer.close()
    line = await Speaker.open(running.url, running.token, Ids(40)())
    await line.read(team.profile, after=there.seq, root=there.root)
    stages.append((f"after one connection read the newest {READ:,}", running.memory()[0]))
    await line.close()
    return first, stages


async def _at_work(running: Running, teams: list[Team]) -> list[tuple[str, float]]:
    """The memory after each thing that a hub has to do."""
    stages = []
    line = await Speaker.open(running.url, running.token, Ids(40)())
    heads = {team.profile: await line.read(team.profile) for team in teams}
    stages.append(("after one connection read all histories", running.memory()[0]))
    writer = await Speaker.open(running.url, running.token, Ids(41)())
    for team in teams:
        event = team.update(1_000_000)
        proposal = Proposal(team.new_id(), 1, heads[team.profile], "one more", FIRST_TIME, (event,))
        await writer.commit(team.profile, proposal)
    stages.append(("after a commit to every profile (all states in memory)", running.memory()[0]))
    await line.close()
    await writer.close()
    return stages
