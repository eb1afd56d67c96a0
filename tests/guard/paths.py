"""The guarded paths, and what each takes now."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from msgspec import structs

from benchmarks import processes, speaker
from benchmarks.join import Joined
from benchmarks.peers.ours import OurServer, OurWriter
from benchmarks.peers.workload import Supply, team
from benchmarks.processes import Running
from benchmarks.speaker import Speaker
from stackroom.client import chance
from tests.guard.traced import BYTES, COUNTING, INSTRUCTIONS, STATEMENTS, numbers

REPEATS = 3
"""Of each push; the least counts, since the hub also does what the clock tells it to."""
BATCH = 32
SUBSCRIBERS = 20
SPAN = 64
"""Commits of a block: what is complete travels packed, and the rest in a page."""
SHORT, LONG, TAILED = SPAN, 4 * SPAN, 5 * SPAN - 8
"""Commits of the histories that a fresh client fetches; what it does once, all have in common."""
COMPONENTS = 200
ROOM = "guard"
SETTLED = 0.1
"""Seconds without an instruction after which the hub is taken to have done all."""
PATIENCE = 30.0


class Counts:
    """What a process under `traced` has counted."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(BYTES))
        self.path = path
        self._numbers = numbers(path)

    def program(self, module: str) -> tuple[str, ...]:
        """The command that runs a module under `traced`."""
        return (sys.executable, "-m", "tests.guard.traced", str(self.path), module)

    def count(self, on: bool) -> None:
        """Whether it counts from now on."""
        self._numbers[COUNTING] = on

    def now(self) -> tuple[int, int]:
        """Instructions and statements so far."""
        return self._numbers[INSTRUCTIONS], self._numbers[STATEMENTS]

    async def settled(self) -> tuple[int, int]:
        """The same, once nothing is done any more."""
        until = time.monotonic() + PATIENCE
        before, since = self.now(), time.monotonic()
        while time.monotonic() - since < SETTLED:
            await asyncio.sleep(0.01)
            if self.now() != before:
                before, since = self.now(), time.monotonic()
            if since > until:
                raise TimeoutError("the hub is never done")
        return before


class Guarded:
    """A hub under `traced`, and a writer to it."""

    def __init__(self, running: Running, counts: Counts, folder: Path) -> None:
        self.running = running
        self.counts = counts
        self.folder = folder
        self.server = OurServer(running.url, running.token, running.pid, signing=False)
        self.supply = Supply(ROOM, COMPONENTS)
        self.committed = 1

    async def least(self, work: Callable[[], Awaitable[None]]) -> tuple[int, int]:
        """The fewest instructions and statements that `work` took."""
        taken = []
        before = await self.counts.settled()
        for _ in range(REPEATS):
            await work()
            after = await self.counts.settled()
            taken.append((after[0] - before[0], after[1] - before[1]))
            before = after
        return min(each[0] for each in taken), min(each[1] for each in taken)

    async def push(self, writer: OurWriter, size: int) -> None:
        """One push, answered."""
        await writer.append(writer.message(self.supply.take(size)))
        self.committed += size

    def joined(self, history: int) -> int:
        """Instructions of a fresh client that fetches a history."""
        counts = Counts(self.folder / f"join-{history}")
        counts.count(True)
        home = self.folder / f"home-{history}"
        profile = team(ROOM, 1).profile
        command = [*counts.program("benchmarks.join"), str(home), self.running.url, profile]
        ended = subprocess.run(
            [*command, "history"],
            input=b"[]",
            check=True,
            stdout=subprocess.PIPE,
            env=processes.environment(STACKROOM_TOKEN=self.running.token),
            timeout=PATIENCE,
        )
        assert msgspec.json.decode(ended.stdout, type=Joined).seq == history
        return counts.now()[0]


async def counted(guarded: Guarded) -> dict[str, int]:
    """All paths, each by what it takes."""
    one = team(ROOM, COMPONENTS)
    await guarded.server.prepare(ROOM, COMPONENTS)
    writer = await guarded.server.writer(ROOM)
    found: dict[str, int] = {}
    await guarded.push(writer, SHORT - guarded.committed)
    short = guarded.joined(SHORT)
    await guarded.push(writer, LONG - guarded.committed)
    long = guarded.joined(LONG)
    found["instructions of a fresh client, a commit in a block"] = (long - short) // (LONG - SHORT)
    await guarded.push(writer, TAILED - guarded.committed)
    tail = guarded.joined(TAILED) - long
    found["instructions of a fresh client, a commit in a page"] = tail // (TAILED - LONG)
    guarded.counts.count(True)
    single = await guarded.least(lambda: guarded.push(writer, 1))
    batch = await guarded.least(lambda: guarded.push(writer, BATCH))
    found["instructions of the hub, a push of 1 proposal"] = single[0]
    found["statements of the hub, a push of 1 proposal"] = single[1]
    found[f"instructions of the hub, a commit in a push of {BATCH}"] = batch[0] // BATCH
    found[f"statements of the hub, a push of {BATCH} proposals"] = batch[1]
    lines = await subscribers(guarded, one.profile)
    told = await guarded.least(lambda: guarded.push(writer, 1))
    more = (told[0] - single[0]) / SUBSCRIBERS
    found["instructions of the hub, a commit told to one more subscriber"] = round(more)
    signed = await signing(guarded)
    several = await guarded.least(lambda: guarded.push(signed, BATCH))
    found[f"instructions of the hub, a signed commit in a push of {BATCH}"] = several[0] // BATCH
    for line in (*lines, writer.line, signed.line):
        line.socket.transport.abort()
    return found


async def subscribers(guarded: Guarded, profile: str) -> list[Speaker]:
    """Those who are told of every commit from now on."""
    url, token = guarded.running.url, guarded.running.token
    lines = [await Speaker.open(url, token, chance.new_id()) for _ in range(SUBSCRIBERS)]
    for line in lines:
        await line.read(profile)
    return lines


async def signing(guarded: Guarded) -> OurWriter:
    """A writer whose proposals are signed; it stands where the others have come to."""
    running = guarded.running
    server = OurServer(running.url, running.token, running.pid, signing=True)
    server.stands(ROOM, guarded.committed)
    return await server.writer(ROOM)


def measured(folder: Path) -> dict[str, int]:
    """Starts the hub in `folder`, and counts."""
    data = folder / "hub"
    data.mkdir()
    counts = Counts(folder / "counts")
    settings = structs.replace(processes.MEASURED, page_commits=SPAN)
    with processes.hub(data, settings, counts.program("stackroom.sync")) as running:
        guarded = Guarded(running, counts, folder)
        return speaker.run(lambda: counted(guarded))
