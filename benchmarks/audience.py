"""From a commit to the last of many subscribers, at a steady pace."""

import asyncio
import subprocess
import sys
import time

import msgspec
from msgspec import Struct

from benchmarks import processes, speaker
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome
from benchmarks.processes import Running
from benchmarks.series import Series, percentile
from benchmarks.speaker import Speaker
from benchmarks.workload import FIRST_TIME, Ids, Shape, Team
from stackroom.events.model import Proposal

PACE = 50
"""Commits a second."""
COMPONENTS = 1_000
WARM_UP = 25
"""Commits before those that count: who comes is told to all who are there, and many have just come."""
PATIENCE = 60.0
"""Seconds until every subscriber has had everything."""


class Round(Struct, frozen=True):
    """Milliseconds of each commit: from the push to the last subscriber, and from its answer."""

    since_push: tuple[float, ...]
    since_answer: tuple[float, ...]
    hub_cpu: float
    """Of the hub's processor time, for one commit."""


class Author:
    """The one who commits."""

    def __init__(self, line: Speaker, team: Team) -> None:
        self.line = line
        self.team = team
        self.number = 0
        self.head = 0

    async def begin(self) -> None:
        """Creates the profile."""
        await self.line.commit(self.team.profile, self.team.begin())
        self.number = self.head = 1

    def push(self) -> bytes:
        """The next push."""
        self.number += 1
        id, event = self.team.new_id(), self.team.update(self.number)
        proposal = Proposal(id, self.number, self.head, "change", FIRST_TIME, (event,))
        return speaker.encoded_push(self.team.profile, [proposal])

    async def paced(self, count: int) -> dict[int, tuple[int, int]]:
        """Makes `count` commits at the pace; when each was sent and answered, by seq."""
        sent: dict[int, tuple[int, int]] = {}
        begun = time.monotonic()
        for n in range(count):
            message = self.push()
            await asyncio.sleep(max(0.0, begun + n / PACE - time.monotonic()))
            pushed = time.monotonic_ns()
            (answer,) = await self.line.push(message)
            if answer.outcome != "accepted" or answer.seq is None:
                raise AssertionError(f"not accepted: {answer}")
            self.head = answer.seq
            sent[answer.seq] = (pushed, time.monotonic_ns())
        return sent


async def one_round(author: Author, running: Running, audience: int, count: int) -> Round:
    """A fresh audience in a process of its own, and `count` commits."""
    command = [sys.executable, "-m", "benchmarks.listen", running.url, author.team.profile]
    listeners = await asyncio.create_subprocess_exec(
        *command,
        str(audience),
        str(WARM_UP + count),
        stdout=subprocess.PIPE,
        env=processes.environment(STACKROOM_TOKEN=running.token),
        limit=1 << 24,
    )
    assert listeners.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            if await listeners.stdout.readline() != b"ready\n":
                raise AssertionError("the subscribers did not come so far")
            await author.paced(WARM_UP)
            cpu = running.cpu_seconds()
            sent = await author.paced(count)
            heard = msgspec.json.decode(await listeners.stdout.read(), type=dict[int, int])
            cpu = (running.cpu_seconds() - cpu) * 1_000 / count
            await listeners.wait()
    finally:
        if listeners.returncode is None:
            listeners.kill()
    return Round(
        tuple((heard[seq] - pushed) / 1e6 for seq, (pushed, _) in sent.items()),
        tuple((heard[seq] - answered) / 1e6 for seq, (_, answered) in sent.items()),
        cpu,
    )


async def measure(bench: Bench) -> dict[int, list[Round]]:
    """All rounds, by the number of subscribers; larger and smaller audiences take turns."""
    scale = bench.scale
    rounds: dict[int, list[Round]] = {audience: [] for audience in scale.audiences}
    with processes.hub(bench.folder / "audience") as running:
        line = await Speaker.open(running.url, running.token, Ids(4)())
        author = Author(line, Team("team", Shape(components=COMPONENTS), seed=4, space=5))
        await author.begin()
        for turn in range(scale.audience_rounds):
            for audience in scale.audiences:
                figures = await one_round(author, running, audience, scale.audience_commits)
                rounds[audience].append(figures)
                p99 = percentile(figures.since_push, 99)
                bench.say(f"round {turn + 1}, {audience} subscribers: p99 {p99:.1f} ms")
        await line.close()
    return rounds


def run(bench: Bench) -> list[Outcome]:
    """Measures, and tells."""
    scale = bench.scale
    rows = []
    for audience, rounds in speaker.run(lambda: measure(bench)).items():
        whole = {"push → last": [r.since_push for r in rounds]}
        whole["answer → last"] = [r.since_answer for r in rounds]
        cpu = Series(tuple(r.hub_cpu for r in rounds)).shown(2)
        for name, each in whole.items():
            cells = [Series(tuple(percentile(v, p) for v in each)).shown(2) for p in (50, 99, 100)]
            rows.append((f"{audience}", name, *cells, cpu))
    notes = (
        f"medians (least–most) over {scale.audience_rounds} rounds of {scale.audience_commits} commits at "
        f"{PACE} a second; `push → last` begins before the push is sent and holds the commit itself; "
        f"{WARM_UP} before them do not count, while it is told who has come",
        "subscribers in a second process on uvloop, each on its own connection, each decoding every commit; "
        "each is seen to get each commit once",
        "hub is its processor time for a commit, from the push to the last subscriber",
        "no target is held against these: what many clients take to decode in one process is in them; the "
        "case `delivery` has the targets, with subscribers that only look",
    )
    heading = ("subscribers", "milliseconds", "p50", "p99", "most", "hub")
    return [Outcome("Commit to the last subscriber", heading, tuple(rows), notes=notes)]
