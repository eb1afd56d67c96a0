"""From a writer's send to the last of many subscribers, and deliveries a second, beside the peers."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec import Struct

from benchmarks import limits, machine, speaker
from benchmarks.asked import Asked
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Sense, Target
from benchmarks.peers.field import Entrant, Field, field
from benchmarks.peers.fleet import Fleet, Heard, fleet
from benchmarks.peers.jetstream import JetStream, JetStreamAlways
from benchmarks.peers.ours import Ours
from benchmarks.peers.peer import Message, Writer, cpu_seconds
from benchmarks.peers.redis_streams import RedisStreams
from benchmarks.peers.reference import Reference
from benchmarks.peers.workload import Made, Supply
from benchmarks.plots import Bar, Group, Plot
from benchmarks.series import Series, percentile, ratios

PACE: Final = 50
"""Events a second, of one writer that does not wait for acknowledgements."""
WARM_UP = 25
"""Events before those that count: where who comes is told to others, many have just come."""
MOST: Final = 12_000
"""Events a second that are made ahead for the closed loop."""
IN_FLIGHT: Final = 32
"""Appends in flight in the closed loop: 8 on each of 4 connections, or 1 on each of 32."""
CONNECTIONS: Final = 4
WINDOW: Final = 400
"""Events by which the fleet may be behind on average; then the writers wait."""
PATIENCE: Final = 20.0
"""Seconds beyond the end of a round."""
P99_MS: Final = {50: 8.0, 200: 15.0}
"""What is asked for, by subscribers."""


class Round(Struct, frozen=True):
    """What one entrant did in one round. `share` is of the events that reached every subscriber."""

    median_ms: float
    p99_ms: float
    share: float
    delivered: float
    """Deliveries a second in the closed loop."""
    server_cores: float
    """Of the server, meanwhile."""


Rounds = dict[tuple[int, str], list[Round]]


class Loop:
    """The closed loop: writes as fast as the fleet takes it."""

    def __init__(self, heard: Fleet, seconds: float) -> None:
        self.heard = heard
        self.before = heard.delivered
        self.until = time.monotonic() + seconds
        self.sent = 0

    async def write(self, writer: Writer, messages: Iterator[Message]) -> None:
        """One append in flight; at least one, however short the round is."""
        size = self.heard.size
        for message in messages:
            while self.sent * size - (self.heard.delivered - self.before) > WINDOW * size:
                await asyncio.sleep(0.001)
                if time.monotonic() > self.until + PATIENCE:
                    raise TimeoutError("the subscribers do not get what was sent")
            self.sent += 1
            await writer.append(message)
            if time.monotonic() > self.until:
                return


async def paced(entrant: Entrant, room: str, events: Sequence[Made]) -> dict[int, int]:
    """Appends at the pace; when each was sent (CLOCK_MONOTONIC, ns), by its number."""
    writer = await entrant.server.writer(room, told=True)
    messages = [writer.message([made]) for made in events]
    sent: dict[int, int] = {}
    begun = time.monotonic()
    async with asyncio.timeout(len(events) / PACE + PATIENCE), asyncio.TaskGroup() as tasks:
        for n, (made, message) in enumerate(zip(events, messages, strict=True)):
            await asyncio.sleep(max(0.0, begun + n / PACE - time.monotonic()))
            sent[made.number] = time.monotonic_ns()
            tasks.create_task(writer.append(message))
    await writer.close()
    return sent


async def flat_out(
    entrant: Entrant, room: str, events: Sequence[Made], heard: Fleet, seconds: float
) -> tuple[int, int]:
    """The closed loop; how many events were sent, and when it began (CLOCK_MONOTONIC, ns)."""
    connections = CONNECTIONS if entrant.peer.pipelined else IN_FLIGHT
    crew: list[tuple[Writer, Iterator[Message]]] = []
    for n in range(connections):
        writer = await entrant.server.writer(room, told=True)
        crew.append((writer, iter([writer.message([made]) for made in events[n::connections]])))
    loop, begun = Loop(heard, seconds), time.monotonic_ns()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(IN_FLIGHT // connections):
            for writer, messages in crew:
                tasks.create_task(loop.write(writer, messages))
    for writer, _ in crew:
        await writer.close()
    return loop.sent, begun


def one_round(
    entrant: Entrant, room: str, size: int, events: tuple[list[Made], list[Made]], seconds: float
) -> Round:
    """A fresh fleet, which first hears events at a pace, then as many as it can."""
    slow, fast = events
    with fleet(entrant.server, room, size) as heard:
        sent = speaker.run(lambda: paced(entrant, room, slow))
        cpu = cpu_seconds(entrant.server.pid)
        count, begun = speaker.run(lambda: flat_out(entrant, room, fast, heard, seconds))
        found = heard.heard(len(sent) + count)
        cpu = cpu_seconds(entrant.server.pid) - cpu
    whole = [found.times.get(n) == size for n in sent]
    counted = list(sent.items())[WARM_UP:]
    took = [(found.last[n] - at) / 1e6 for n, at in counted if found.times.get(n) == size]
    delivered, ended = _delivered(found, len(slow))
    lasted = (ended - begun) / 1e9
    return Round(
        percentile(took, 50),
        percentile(took, 99),
        sum(whole) / len(whole),
        delivered / lasted,
        cpu / lasted,
    )


def _delivered(found: Heard, slow: int) -> tuple[int, int]:
    """Of the closed loop: deliveries, and when the last was."""
    numbers = [number for number in found.times if number > slow]
    return sum(found.times[n] for n in numbers), max(found.last[n] for n in numbers)


def measure(bench: Bench, started: Field) -> tuple[Rounds, Field]:
    """All rounds; who fails in one is dropped."""
    scale, found, taking = bench.scale, Rounds(), started
    for turn in range(scale.delivery_rounds):
        for size in scale.audiences:
            room = f"delivery_{size}_{turn}"
            supply = Supply(room)
            slow = supply.take(WARM_UP + round(PACE * scale.delivery_seconds))
            fast = supply.take(round(MOST * scale.delivery_flat_out))
            for entrant in taking.turn(turn):
                machine.settle()
                try:
                    speaker.run(partial(entrant.server.prepare, room))
                    seconds = scale.delivery_flat_out
                    figures = one_round(entrant, room, size, (slow, fast), seconds)
                except Exception as error:
                    taking = taking.drop(entrant, error)
                    continue
                if entrant.peer.ours and figures.share < 1:
                    raise AssertionError("a subscriber missed a commit")
                found.setdefault((size, entrant.name), []).append(figures)
                bench.say(f"{entrant.name}, {size}: p99 {figures.p99_ms:.1f} ms")
    return found, taking


def run(bench: Bench) -> list[Outcome]:
    """Measures, and tells."""
    with field(bench, "delivery", lambda peer: peer.subscribers) as started:
        found, taking = measure(bench, started)
    scale, names = bench.scale, [entrant.name for entrant in taking.entrants]
    rows = [
        _row(bench, size, name, found[size, name], found[size, Ours.name])
        for size in scale.audiences
        for name in names
    ]
    heading = (
        "subscribers",
        "hub",
        "send → last p50 ms",
        "p99 ms",
        "p99, ours / this",
        "deliveries/s",
        "deliveries/s, ours / this",
        "share of one bare stream",
        "hub cores",
        "reached all",
    )
    targets = tuple(_targets(bench, found, taking))
    plots = (
        Plot(
            "delivery-latency",
            "Send to the last subscriber, p99",
            "ms",
            tuple(_groups(found, taking, _p99, P99_MS)),
            1,
        ),
        Plot(
            "deliveries",
            "Deliveries a second",
            "deliveries a second",
            tuple(_groups(found, taking, _rate, {})),
        ),
    )
    notes = (*_notes(bench), *taking.left_out)
    title = "Delivery to many subscribers"
    return [Outcome(title, heading, tuple(rows), targets, notes, plots)]


def _p99(rounds: list[Round]) -> Series:
    return Series(tuple(r.p99_ms for r in rounds))


def _rate(rounds: list[Round]) -> Series:
    return Series(tuple(r.delivered for r in rounds))


def _row(
    bench: Bench, size: int, name: str, rounds: list[Round], ours: list[Round]
) -> tuple[str, ...]:
    other, limit = name != Ours.name, bench.found.get(limits.STREAM)
    return (
        str(size),
        name,
        Series(tuple(r.median_ms for r in rounds)).shown(2),
        _p99(rounds).shown(2),
        ratios(_p99(ours), _p99(rounds)).shown(2) if other else "",
        _rate(rounds).shown(),
        ratios(_rate(ours), _rate(rounds)).shown(2) if other else "",
        "" if limit is None else Series(tuple(r.delivered / limit.median for r in rounds)).shown(2),
        Series(tuple(r.server_cores for r in rounds)).shown(2),
        f"{min(r.share for r in rounds):.0%}",
    )


def _targets(bench: Bench, found: Rounds, taking: Field) -> Iterator[Target]:
    asked: tuple[tuple[str, Sense, float], ...] = (
        (Reference.name, "at least", 0.9),
        (RedisStreams.name, "more than", 1.0),
        (JetStream.name, "more than", 1.0),
        (JetStreamAlways.name, "more than", 1.0),
    )
    names = {entrant.name for entrant in taking.entrants}
    durable = [e.name for e in taking.entrants if e.peer.durable and not e.peer.ours]
    for size in bench.scale.audiences:
        ours = found[size, Ours.name]
        for name, sense, limit in asked:
            if name in names:
                ratio = ratios(_rate(ours), _rate(found[size, name])).median
                what = f"to {size}, ours / {name}"
                yield Target(what, ratio, sense, limit, "times", 2, of=Asked.DELIVERED)
        p99 = _p99(ours).median
        if size in P99_MS:
            what = f"last of {size}, p99"
            yield Target(what, p99, "at most", P99_MS[size], "ms", 1, of=Asked.LATENCY)
        for name in durable:
            times = ratios(_p99(ours), _p99(found[size, name])).median
            what = f"last of {size}, p99, ours / {name}"
            yield Target(what, times, "less than", 1.0, "times", 2, of=Asked.LATENCY)


def _groups(
    found: Rounds,
    taking: Field,
    figure: Callable[[list[Round]], Series],
    asked: Mapping[int, float],
) -> Iterator[Group]:
    """Everybody's bars, by the number of subscribers."""
    for size in dict.fromkeys(size for size, _ in found):
        bars = (
            Bar(entrant.name, figure(found[size, entrant.name]), entrant.peer.ours)
            for entrant in taking.entrants
        )
        yield Group(f"{size} subscribers", tuple(bars), asked.get(size), "asked for")


def _notes(bench: Bench) -> tuple[str, ...]:
    scale = bench.scale
    return (
        f"medians (least–most) of {scale.delivery_rounds} rounds; in each, everybody in turn: "
        f"{scale.delivery_seconds:g} s of {PACE} events a second of one writer, after {WARM_UP} that do not "
        "count, then "
        f"{scale.delivery_flat_out:g} s of a closed loop with {IN_FLIGHT} appends in flight, whose writers "
        f"wait while the fleet is {WINDOW} events behind",
        f"who can pipeline has {IN_FLIGHT // CONNECTIONS} appends in flight on each of {CONNECTIONS} "
        f"connections, the rest have {IN_FLIGHT}; what waits on one of ours goes in one push, as a client of "
        "ours sends it, and in one write of NATS' client; to the reference hub each event goes in a message "
        "of its own",
        "`send → last` runs from the writer's send to the last subscriber's receipt: it holds the commit, "
        "its fsync where there is one, and the way to all; one event that does not reach all is not counted, "
        "and `reached all` says so",
        "subscribers are raw sockets in a second process, which look for the marks of events and decode "
        "nothing: the hub is measured, not a client (PostgreSQL: asyncpg)",
        f"share of one bare stream: of `{limits.STREAM}`, one message an event to one client",
        "deliveries/s counts each event once for each subscriber; hub, writers and subscribers are three "
        "processes on the cores of this machine",
    )
