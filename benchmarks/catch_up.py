"""A long history fetched by fresh processes, and what it costs the server, beside the peers."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import psutil
from msgspec import Struct

from benchmarks import limits, ready, speaker
from benchmarks.asked import Asked
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Target
from benchmarks.peers.field import Entrant, Field, field, folder, slug
from benchmarks.peers.ours import Ours
from benchmarks.peers.peer import Caught, Server, cpu_seconds, memory
from benchmarks.peers.workload import COMPONENTS, Made, Supply, team
from benchmarks.plots import Bar, Group, Plot
from benchmarks.series import Series, ratios
from stackroom.events.sqlite.log import open_reader
from stackroom.sync import protocol as wire

ROOM: Final = "history"
PATIENCE: Final = 120.0
"""Seconds for one fresh process."""
PAGE: Final = 1_000
"""Commits that are looked at together, for the size of plain JSON."""


class Fetched(Struct, frozen=True):
    """What one fresh process did, from its call to the state that it can be asked for."""

    caught: Caught
    seconds: float
    processor: float
    received: int
    """Bytes that came over the loopback interface meanwhile."""
    imported: tuple[str, ...]
    """Modules that were imported meanwhile."""


class Stored(Struct, frozen=True):
    """A server before and after it was given the history."""

    empty: float
    full: float
    """Megabytes."""
    loaded: float
    """Events a second."""


class Restarted(Struct, frozen=True):
    """A server that was started again on what it had stored; seconds, and megabytes."""

    answered: float
    memory: float
    after: float
    """Megabytes when all fresh processes had been served."""
    processor: float
    """Seconds for each of them."""


def load(bench: Bench, started: Field, events: list[Made]) -> tuple[dict[str, Stored], Field]:
    """Gives everybody the history."""
    rates, taking = {}, started
    for entrant in started.entrants:
        server = entrant.server
        empty, begun = memory(server.pid), time.monotonic()
        try:
            speaker.run(partial(_given, server, events))
        except Exception as error:
            taking = taking.drop(entrant, error)
            continue
        rates[entrant.name] = empty, len(events) / (time.monotonic() - begun)
        bench.say(f"{entrant.name}: {rates[entrant.name][1]:,.0f} events/s loaded")
    speaker.run(partial(_settled, taking))
    found = {
        entrant.name: Stored(empty, memory(entrant.server.pid), rate)
        for entrant in taking.entrants
        for empty, rate in (rates[entrant.name],)
    }
    return found, taking


async def _settled(taking: Field) -> None:
    await asyncio.gather(*(entrant.server.settle() for entrant in taking.entrants))


async def _given(server: Server, events: list[Made]) -> None:
    await server.prepare(ROOM)
    await server.load(ROOM, events)


def fetched(server: Server, count: int, home: Path, modules: tuple[str, ...]) -> Fetched:
    """One fresh process, which imports the modules before its clock runs."""
    context = multiprocessing.get_context("spawn")
    told, telling = context.Pipe(duplex=False)
    process = context.Process(
        target=_fetch, args=(server, count, home, modules, telling), daemon=True
    )
    process.start()
    telling.close()
    try:
        if not told.poll(PATIENCE):
            raise TimeoutError(f"not caught up within {PATIENCE:.0f} s")
        found: Fetched = told.recv()
        return found
    finally:
        process.join(1)
        if process.is_alive():
            process.kill()
            process.join()


def _fetch(
    server: Server, count: int, home: Path, modules: tuple[str, ...], telling: Connection
) -> None:
    """The fresh process."""
    known = ready.load(modules)
    received, processor, begun = _received(), ready.processor(), time.perf_counter()
    caught = server.catch_up(ROOM, count, home)
    seconds = time.perf_counter() - begun
    processor, received = ready.processor() - processor, _received() - received
    telling.send(Fetched(caught, seconds, processor, received, ready.imported(known)))


def _received() -> int:
    return int(psutil.net_io_counters(pernic=True)["lo"].bytes_recv)


def fetch(
    bench: Bench, taking: Field, count: int
) -> tuple[dict[str, list[Fetched]], dict[str, Restarted], Field]:
    """Fresh processes of everybody in turn, and what their servers had to do for it.

    The first of each does not count: it finds out what its client imports when it is called.
    """
    found: dict[str, list[Fetched]] = {}
    modules: dict[str, tuple[str, ...]] = {}
    answered, resident, before = {}, {}, {}
    for entrant in taking.entrants:
        begun = time.perf_counter()
        speaker.run(partial(entrant.server.answer, ROOM))
        answered[entrant.name] = entrant.started_after + time.perf_counter() - begun
        resident[entrant.name] = memory(entrant.server.pid)
        before[entrant.name] = cpu_seconds(entrant.server.pid)
    for turn in range(bench.scale.catch_ups + 1):
        for entrant in taking.turn(turn):
            home = bench.folder / "catch_up" / f"home-{slug(entrant.name)}-{turn}"
            try:
                known = modules.setdefault(entrant.name, ())
                one = fetched(entrant.server, count, home, known)
                _expect(one.caught, count)
            except Exception as error:
                taking = taking.drop(entrant, error)
                continue
            modules[entrant.name] = (*known, *one.imported)
            if turn > 0:
                found.setdefault(entrant.name, []).append(one)
            bench.say(f"{entrant.name}: {one.seconds:.2f} s")
    restarted = {
        entrant.name: Restarted(
            answered[entrant.name],
            resident[entrant.name],
            memory(entrant.server.pid),
            (cpu_seconds(entrant.server.pid) - before[entrant.name]) / (bench.scale.catch_ups + 1),
        )
        for entrant in taking.entrants
    }
    return found, restarted, taking


def _expect(caught: Caught, count: int) -> None:
    if caught.events != count or caught.entities < min(COMPONENTS, count):
        raise AssertionError(f"{caught} is not {count} events, of all components")


def run(bench: Bench) -> list[Outcome]:
    """Measures, and tells."""
    count = bench.scale.peers_history
    with field(bench, "catch_up", lambda peer: peer.history) as started:
        stored, taking = load(bench, started, Supply(ROOM).take(count))
    names = {entrant.name for entrant in taking.entrants}
    with field(bench, "catch_up", lambda peer: peer.name in names) as again:
        found, restarted, there = fetch(bench, again, count)
    plain = _plain_bytes(bench, there.entrants[0])
    found = {entrant.name: found[entrant.name] for entrant in there.entrants}
    seconds = {name: Series(tuple(f.seconds for f in each)) for name, each in found.items()}
    bytes_of = {name: min(f.received for f in each) for name, each in found.items()}
    rows = []
    for entrant in there.entrants:
        name, each = entrant.name, found[entrant.name]
        other = name != Ours.name
        rows.append(
            (
                name,
                seconds[name].shown(2),
                ratios(seconds[Ours.name], seconds[name]).shown(2) if other else "",
                Series(tuple(f.processor for f in each)).shown(2),
                f"{restarted[name].processor:.2f}",
                f"{bytes_of[name] / count:,.0f}",
            )
        )
    heading = (
        "hub",
        "seconds",
        "ours / this",
        "client's processor seconds",
        "hub's processor seconds",
        "bytes an event on the wire",
    )
    targets = [
        Target(
            f"catch-up, ours / {name}",
            ratio.median,
            "less than",
            1,
            "times",
            2,
            of=Asked.COLD_CLIENT,
        )
        for name in seconds
        if name != Ours.name and (ratio := ratios(seconds[Ours.name], seconds[name]))
    ]
    left_out = (*taking.left_out, *(line for line in there.left_out if line not in taking.left_out))
    notes = (*_notes(bench, count, plain), *left_out)
    plot = Plot(
        "catch-up",
        f"A fresh client catches up with {count:,} events",
        "seconds",
        (
            Group(
                f"{count:,} events",
                tuple(Bar(e.name, seconds[e.name], e.peer.ours) for e in there.entrants),
            ),
        ),
        2,
    )
    return [
        Outcome("Catching up", heading, tuple(rows), tuple(targets), notes, (plot,)),
        _servers(stored, restarted, count),
    ]


def _servers(stored: dict[str, Stored], restarted: dict[str, Restarted], count: int) -> Outcome:
    rows = tuple(
        (
            name,
            f"{stored[name].loaded:,.0f}",
            f"{stored[name].empty:,.0f}",
            f"{stored[name].full:,.0f}",
            f"{again.memory:,.0f}",
            f"{again.after:,.0f}",
            f"{again.answered:.2f}",
        )
        for name, again in restarted.items()
    )
    heading = (
        "hub",
        "events/s loaded",
        "MB empty",
        f"MB with {count:,} events",
        "MB after a restart",
        "MB after the catch-ups",
        "seconds from start to first answer",
    )
    notes = (
        "MB are 10^6 bytes of all processes of the server, what they share counted once (PSS)",
        "loaded the quick way of each: ours in pushes of many proposals, all checks on; COPY, pipelines, "
        "many publishes in flight, transactions of a document",
    )
    return Outcome("The servers with a long history", heading, rows, notes=notes)


def _plain_bytes(bench: Bench, ours: Entrant) -> int:
    """What all commits of the history are as plain JSON, the opening one included."""
    profile, total, after = team(ROOM, 1).profile, 0, 0
    with open_reader(folder(bench, "catch_up", ours.peer) / "hub.db") as log:
        while page := tuple(log.commits(profile, after, PAGE)):
            total += len(wire.encode(wire.Commits(profile, page), wire.JSON))
            after = page[-1].seq
    return total


def _notes(bench: Bench, count: int, plain: int) -> Iterator[str]:
    yield (
        f"medians (least–most) of {bench.scale.catch_ups} fresh processes of everybody in turn, after one "
        "that does not count, from the call that connects to the state that can be asked for; ready "
        "before is nothing but imports: all that the client imports is loaded before the clock runs"
    )
    yield (
        f"{count:,} updates of {COMPONENTS:,} components; ours verifies, folds and stores them in an empty "
        "home (the hub's snapshots are dropped), the others decode and fold them in memory"
    )
    if limit := bench.found.get(limits.FOLD):
        yield (
            f"to decode and fold as many, and nothing else, takes {count / limit.median:.2f} s here "
            f"(`{limits.FOLD}`)"
        )
    yield (
        "bytes: the least of the rounds, counted at the loopback interface with all headers, so that "
        f"what others on the machine send can only add; ours has {plain / count:,.0f} bytes a commit as "
        "plain JSON (the target for that is in `newcomer`, by the hub's own count)"
    )
