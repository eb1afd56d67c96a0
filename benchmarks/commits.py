"""Durable acknowledged commits a second, ours beside reference hubs, round by round in turn."""

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import Protocol

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection

from benchmarks import processes, speaker
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Target
from benchmarks.processes import Running
from benchmarks.series import Series, percentile
from benchmarks.speaker import Speaker
from benchmarks.workload import FIRST_TIME, Ids, Shape, Team
from stackroom.events.model import Proposal

COMPONENTS = 5_000
"""Of the profile that all write to; each writer has its own share."""
MOST = 12_000
"""Commits a second for which messages are made ahead; a round ends when they run out."""
WARM_UP = 0.3
"""Seconds of each contender before the first round."""


class Writer(Protocol):
    """One connection, with the messages that it will send."""

    async def commit(self, message: bytes) -> None:
        """Sends a message and waits until it is acknowledged."""

    async def close(self) -> None:
        """Ends the connection."""


class Contender(Protocol):
    """A hub that takes part."""

    name: str
    running: Running

    async def writers(self, count: int, each: int) -> list[tuple[Writer, list[bytes]]]:
        """Fresh connections, and `each` messages for each of them, made before the clock runs."""


class Round(Struct, frozen=True):
    """What one contender did in one round."""

    per_second: float
    median_ms: float
    p99_ms: float
    client_micros: float
    hub_micros: float
    """Processor time for each commit, in microseconds."""


class OurWriter:
    """A replica that pushes one proposal at a time; every one must be accepted."""

    def __init__(self, line: Speaker, told: Callable[[int], None]) -> None:
        self.line = line
        self.told = told

    async def commit(self, message: bytes) -> None:
        (answer,) = await self.line.push(message)
        if answer.outcome != "accepted" or answer.seq is None:
            raise AssertionError(f"not accepted: {answer}")
        self.told(answer.seq)

    async def close(self) -> None:
        await self.line.close()


class OurHub:
    """Our hub, all checks on. Writers know the head at the start of their round, and no more."""

    def __init__(self, running: Running) -> None:
        self.name = "stackroom"
        self.running = running
        self.team = Team("measured", Shape(components=COMPONENTS), seed=1, space=1)
        self.new_replica = Ids(2)
        self.head = 0
        self.updates = itertools.count(1)

    async def begin(self) -> None:
        """Creates the profile with its components."""
        line = await Speaker.open(self.running.url, self.running.token, self.new_replica())
        proposal = Proposal(self.team.new_id(), 1, 0, "begin", FIRST_TIME, self.team.opening())
        writer = OurWriter(line, self.reached)
        await writer.commit(speaker.encoded_push(self.team.profile, [proposal]))
        await writer.close()

    def reached(self, seq: int) -> None:
        """The profile has come so far."""
        self.head = max(self.head, seq)

    async def writers(self, count: int, each: int) -> list[tuple[Writer, list[bytes]]]:
        url, token = self.running.url, self.running.token
        made: list[tuple[Writer, list[bytes]]] = []
        for _ in range(count):
            line = await Speaker.open(url, token, self.new_replica())
            made.append((OurWriter(line, self.reached), []))
        for number in range(1, each + 1):  # In turn: ids of one moment are near each other.
            for n, (_, messages) in enumerate(made):
                messages.append(self.push(n, count, number))
        return made

    def push(self, writer: int, writers: int, number: int) -> bytes:
        """The `number`th push of a writer, to one of its own components."""
        share = range(writer, COMPONENTS, writers)
        component = self.team.components[share[number % len(share)]]
        event = self.team.update(next(self.updates), component)
        proposal = Proposal(
            self.team.new_id(), number, self.head, f"change {number}", FIRST_TIME, (event,)
        )
        return speaker.encoded_push(self.team.profile, [proposal])


class BareWriter:
    """Sends events as they are; the answer is `K<count>`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def commit(self, message: bytes) -> None:
        await self.socket.send(message)
        if await self.socket.recv() != b"K1":
            raise AssertionError("one event was sent, and not one was acknowledged")

    async def close(self) -> None:
        await self.socket.close()


class BareHub:
    """A reference hub: it takes JSON objects with a type and an id, here of the same size as ours."""

    def __init__(self, name: str, running: Running) -> None:
        self.name = name
        self.running = running
        self.team = Team("measured", Shape(components=COMPONENTS), seed=1, space=1)
        self.updates = itertools.count(1)

    async def writers(self, count: int, each: int) -> list[tuple[Writer, list[bytes]]]:
        made: list[tuple[Writer, list[bytes]]] = []
        for _ in range(count):
            socket = await speaker.dial(self.running.url)
            made.append((BareWriter(socket), [self.event() for _ in range(each)]))
        return made

    def event(self) -> bytes:
        """One event as a JSON object; as long as ours with all that we keep of it."""
        event = self.team.update(next(self.updates))
        labelled = {"id": event.entity, **msgspec.to_builtins(event)}
        del labelled["entity"]
        return msgspec.json.encode(labelled)


async def one_round(contender: Contender, count: int, seconds: float) -> Round:
    """`count` writers, each with one commit in flight, for `seconds`."""
    each = int(MOST * seconds / count)
    crew = await contender.writers(count, each)
    times: list[float] = []
    started = time.perf_counter()
    until = started + seconds

    async def work(writer: Writer, messages: list[bytes]) -> None:
        for message in messages:
            begun = time.perf_counter()
            if begun > until:
                return
            await writer.commit(message)
            times.append(time.perf_counter() - begun)

    hub_cpu, client_cpu = contender.running.cpu_seconds(), time.process_time()
    async with asyncio.TaskGroup() as tasks:
        for writer, messages in crew:
            tasks.create_task(work(writer, messages))
    took = time.perf_counter() - started
    hub_cpu = contender.running.cpu_seconds() - hub_cpu
    client_cpu = time.process_time() - client_cpu
    for writer, _ in crew:
        await writer.close()
    return Round(
        len(times) / took,
        percentile(times, 50) * 1e3,
        percentile(times, 99) * 1e3,
        client_cpu / len(times) * 1e6,
        hub_cpu / len(times) * 1e6,
    )


@asynccontextmanager
async def contenders(bench: Bench, stack: ExitStack) -> AsyncIterator[list[Contender]]:
    """All hubs, running; ours first, then our reference, then the given one."""
    ours = OurHub(stack.enter_context(processes.hub(bench.folder / "commits")))
    await ours.begin()
    commands: dict[str, Sequence[str]] = {
        "reference": (sys.executable, "-m", "benchmarks.reference_hub")
    }
    if bench.reference:
        commands["given reference"] = bench.reference
    bare: list[Contender] = []
    for name, command in commands.items():
        database = bench.folder / "commits" / f"{name.replace(' ', '-')}.db"
        running = stack.enter_context(processes.reference(command, database))
        bare.append(BareHub(name, running))
    yield [ours, *bare]


Results = dict[tuple[str, int], list[Round]]


async def measure(bench: Bench) -> Results:
    """All rounds, by contender and number of writers."""
    scale = bench.scale
    found: Results = {}
    with ExitStack() as stack:
        async with contenders(bench, stack) as all_of_them:
            for contender in all_of_them:
                await one_round(contender, max(scale.writers), WARM_UP)
            for turn in range(scale.commit_rounds):
                for count in scale.writers:
                    for contender in all_of_them[:: -1 if turn % 2 else 1]:
                        figures = await one_round(contender, count, scale.commit_seconds)
                        found.setdefault((contender.name, count), []).append(figures)
                bench.say(f"round {turn + 1} of {scale.commit_rounds}")
    return found


def run(bench: Bench) -> list[Outcome]:
    """Measures, and tells."""
    found = speaker.run(lambda: measure(bench))
    scale = bench.scale
    names = list(dict.fromkeys(name for name, _ in found))
    ours, *others = names
    rows = []
    for count in scale.writers:
        for name in names:
            rounds = found[name, count]
            ratio = "" if name == ours else f"{_ratio(found, ours, name, count).shown(2)}"
            rows.append((str(count), name, *_cells(rounds), ratio))
    heading = (
        "writers",
        "hub",
        "commits/s",
        "p50 ms",
        "p99 ms",
        "client µs/commit",
        "hub µs/commit",
        "ours / this",
    )
    few, many = scale.writers[0], scale.writers[-1]
    targets = []
    for name in others:
        for count, limit in ((few, 0.6), (many, 0.5)):
            what = f"{count} writer{'s' if count > 1 else ''}, ours / {name}"
            ratio_of = _ratio(found, ours, name, count)
            targets.append(Target(what, ratio_of.median, "at least", limit, "", 2))
    growth = Series(
        tuple(
            b.per_second / a.per_second
            for a, b in zip(found[ours, few], found[ours, many], strict=True)
        )
    )
    targets.append(
        Target(f"growth from {few} to {many} writers", growth.median, "more than", 1, "times", 2)
    )
    event = Team("measured", Shape(), seed=1, space=1).update(12_345)
    size, packed = len(msgspec.json.encode(event)), len(msgspec.msgpack.encode(event))
    notes = (
        f"medians (least–most) of {scale.commit_rounds} rounds of {scale.commit_seconds:g} s; in each "
        "round the hubs take turns, and the order turns round every time; the ratio is taken within a round",
        "one proposal of one event in flight on each connection; all connections in one process on uvloop, "
        "messages made before the clock runs",
        f"an event is {size} bytes as JSON and {packed} as msgpack (type, version, entity, salt, body); "
        f"the reference hubs are sent the {size} bytes",
        f"ours: one profile of {COMPONENTS:,} components, all checks on, every answer seen to be "
        "`accepted`; everything is durable when acknowledged (WAL, synchronous=FULL, all hubs)",
        "µs/commit is processor time (user and system, all threads): it depends less than the clock on "
        "what else the machine does",
    )
    return [Outcome("Commits a second", heading, tuple(rows), tuple(targets), notes)]


def _ratio(found: Results, ours: str, other: str, count: int) -> Series:
    pairs = zip(found[ours, count], found[other, count], strict=True)
    return Series(tuple(a.per_second / b.per_second for a, b in pairs))


def _cells(rounds: list[Round]) -> tuple[str, str, str, str, str]:
    return (
        Series(tuple(r.per_second for r in rounds)).shown(),
        Series(tuple(r.median_ms for r in rounds)).shown(2),
        Series(tuple(r.p99_ms for r in rounds)).shown(2),
        Series(tuple(r.client_micros for r in rounds)).shown(),
        Series(tuple(r.hub_micros for r in rounds)).shown(),
    )
