"""What a hub takes: memory with a long history, and time from its start until it is ready."""

import time

from benchmarks import processes, speaker
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Target
from benchmarks.processes import Running
from benchmarks.series import Series
from benchmarks.speaker import Speaker
from benchmarks.workload import FIRST_TIME, Ids, Shape, Team, build
from stackroom.events.model import Proposal

COMPONENTS = 500
"""Of each profile."""


def run(bench: Bench) -> list[Outcome]:
    """Starts a hub on ten long histories again and again; then has it read, and written to."""
    scale = bench.scale
    data = bench.folder / "footprint"
    data.mkdir()
    shape = Shape(COMPONENTS, 0, scale.commits_each)
    teams = [Team(f"team {n}", shape, seed=n, space=16 + n) for n in range(scale.profiles)]
    begun = time.monotonic()
    build(data / "hub.db", teams)
    bench.say(f"{scale.profiles} histories made in {time.monotonic() - begun:.0f} s")
    starts, resident = [], []
    for _ in range(scale.starts):
        with processes.hub(data) as running:
            starts.append(running.ready_after)
            resident.append(running.memory()[0])
    rows = [("ready after its start", Series(tuple(starts)).shown(3), "s")]
    rows.append(("memory when ready", Series(tuple(resident)).shown(), "MB"))
    with processes.hub(data) as running:
        stages = speaker.run(lambda: _at_work(running, teams))
        high = running.memory()[1]
    rows += [(name, f"{now:,.0f}", "MB") for name, now in stages]
    rows.append(("the most that it ever had (VmHWM)", f"{high:,.0f}", "MB"))
    commits = scale.profiles * scale.commits_each
    start = Series(tuple(starts))
    targets = (
        Target(
            f"memory with {commits:,} commits in {scale.profiles} profiles, at its most",
            high,
            "less than",
            150,
            "MB",
        ),
        Target("cold start until /readyz says so", start.median, "less than", 1, "s", 3),
    )
    size = (data / "hub.db").stat().st_size / 1e6
    notes = (
        f"{scale.profiles} profiles of {COMPONENTS} components and {scale.commits_each:,} commits each; the "
        f"log is {size:,.0f} MB; MB are 10^6 bytes, resident (RSS)",
        f"starts: median (least–most) of {scale.starts}, from the start of the interpreter to the first "
        "200 of /readyz, the file in the page cache; after each stage the memory is what is held then",
    )
    heading = ("hub", "figure", "unit")
    return [Outcome("A hub's memory and start", heading, tuple(rows), targets, notes)]


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
        (answer,) = await writer.push(speaker.encoded_push(team.profile, [proposal]))
        if answer.outcome != "accepted":
            raise AssertionError(f"not accepted: {answer}")
    stages.append(("after a commit to every profile (all states in memory)", running.memory()[0]))
    await line.close()
    await writer.close()
    return stages
