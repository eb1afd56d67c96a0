"""What ZenML's own server can do, done by it and by our hub, on the same machine in the same run."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from random import Random
from typing import Final, TypeVar

from msgspec import Struct

from benchmarks import processes, shell, speaker
from benchmarks.asked import Asked
from benchmarks.bench import Bench
from benchmarks.cold import Newcomers, What
from benchmarks.commands import join
from benchmarks.delivery import PACE, WARM_UP, paced
from benchmarks.outcome import Outcome, Target
from benchmarks.peers import zenml_server
from benchmarks.peers.appending import Work, one_round
from benchmarks.peers.field import Entrant
from benchmarks.peers.fleet import fleet
from benchmarks.peers.ours import Ours, OurServer
from benchmarks.peers.peer import memory
from benchmarks.peers.workload import Supply, team
from benchmarks.peers.zenml_server import PATIENCE, TYPES, Api, ZenmlServer
from benchmarks.plots import Bar, Group, Plot
from benchmarks.processes import Running
from benchmarks.series import Series, percentile

T = TypeVar("T")

CLIENTS: Final = 32
SECONDS: Final = 10.0
"""For which ZenML's server is given registrations."""
OURS: Final = Work("registrations", CLIENTS, most=14_000)
OUR_SECONDS: Final = 1.0
THOUSAND: Final = "thousand"
"""The profile whose full state is fetched."""
STACKS: Final = 1_000
COMPONENTS: Final = 1_000
ROUNDS: Final = 3
POLL: Final = 1.0
"""Seconds between two polls of somebody who uses ZenML."""
TRIES: Final = 3
"""Of a part, on a fresh server each."""
PUSHED: Final = 200
"""Changes in a round that are pushed to another."""
CHANGES: Final = 5
"""That a poller waits for."""


class Figures(Struct, frozen=True):
    """What one of the two did: a second, seconds, milliseconds, megabytes."""

    registrations: Series
    state: Series
    """Decoded and in memory, nothing stored."""
    change_ms: Series
    change_worst_ms: Series
    """The 99th percentile of each round; of the few changes that a poller waits for, the longest."""
    start: Series
    memory: Series
    listing: Series
    """Seconds of `stack list`, as a whole process."""


def run(bench: Bench) -> list[Outcome]:
    """Measures both, one after the other, and tells."""
    if not zenml_server.installed():
        return [Outcome("Beside ZenML's server", ("what",), (), notes=(zenml_server.MISSING,))]
    ours, stored = _ours(bench)
    bench.say("ours is measured")
    theirs = _theirs(bench)
    rows = tuple(_rows(ours, theirs, stored))
    heading = ("work", "stackroom", "ZenML's server", "unit", "times better")
    groups = (
        Group("registrations a second", _bars(ours.registrations, theirs.registrations)),
        Group("full state, seconds", _bars(ours.state, theirs.state)),
        Group("a change is noticed, ms", _bars(ours.change_ms, theirs.change_ms)),
        Group("stack list, seconds", _bars(ours.listing, theirs.listing)),
        Group("memory, MB", _bars(ours.memory, theirs.memory)),
    )
    plot = Plot("zenml", "Beside ZenML's server", "each in its own unit", groups, 2)
    title = "Beside ZenML's server"
    return [Outcome(title, heading, rows, tuple(_targets(ours, theirs, stored)), _notes(), (plot,))]


def _bars(ours: Series, theirs: Series) -> tuple[Bar, ...]:
    return Bar("stackroom", ours, True), Bar("ZenML's server", theirs)


def _rows(ours: Figures, theirs: Figures, stored: Series) -> Iterator[tuple[str, ...]]:
    for work, unit, digits, more, a, b in (
        (
            f"components registered, {CLIENTS} clients",
            "a second",
            0,
            True,
            ours.registrations,
            theirs.registrations,
        ),
        (
            f"all of {STACKS:,} stacks and {COMPONENTS:,} components, in memory",
            "s",
            3,
            False,
            ours.state,
            theirs.state,
        ),
        ("… ours with its history, in a fresh home", "s", 3, False, stored, theirs.state),
        ("a change of another is noticed", "ms", 2, False, ours.change_ms, theirs.change_ms),
        ("… p99, or the longest", "ms", 1, False, ours.change_worst_ms, theirs.change_worst_ms),
        ("start until it answers", "s", 2, False, ours.start, theirs.start),
        ("memory with that", "MB", 0, False, ours.memory, theirs.memory),
        ("`stack list`, whole process", "s", 2, False, ours.listing, theirs.listing),
    ):
        times = a.median / b.median if more else b.median / a.median
        yield work, a.shown(digits), b.shown(digits), unit, f"{times:,.0f}"


def _targets(ours: Figures, theirs: Figures, stored: Series) -> Iterator[Target]:
    rate = ours.registrations.median / theirs.registrations.median
    yield Target("registrations, ours / ZenML's", rate, "at least", 300, "times", of=Asked.ZENML)
    for kept, took in (("in memory as ZenML's", ours.state), ("stored", stored)):
        sooner = theirs.state.median / took.median
        said = f"full state, ours {kept}: ZenML's / ours"
        yield Target(said, sooner, "at least", 70, "times", of=Asked.ZENML)
    yield Target(
        "a change is pushed, p99",
        ours.change_worst_ms.median,
        "at most",
        10,
        "ms",
        1,
        of=Asked.ZENML,
    )
    listing = theirs.listing.median / ours.listing.median
    yield Target("`stack list`, ZenML's / ours", listing, "at least", 20, "times", of=Asked.READS)


# Ours


def _ours(bench: Bench) -> tuple[Figures, Series]:
    """What ours did, and the seconds until a fresh home has the full state stored."""
    data = bench.folder / "zenml-ours"
    with Ours().serving(data) as server:
        rates = [_registered(server, f"zenml_{turn}") for turn in range(ROUNDS)]
        noticed = [_noticed(server, f"noticed_{turn}") for turn in range(ROUNDS)]
    # The thousand stacks, on a hub that has nothing else.
    starts = []
    data = bench.folder / "zenml-thousand"
    with Ours().serving(data) as server:
        speaker.run(lambda: server.prepare(THOUSAND, COMPONENTS, STACKS))
    for _ in range(ROUNDS):
        with processes.hub(data) as running:
            starts.append(running.ready_after)
    with processes.hub(data) as running:
        states, whole = (_our_states(bench, running, what) for what in ("memory", "history"))
        resident = memory(running.pid)
        listing = _our_listing(bench, running)
    figures = Figures(
        Series(tuple(rates)),
        Series(tuple(states)),
        Series(tuple(percentile(each, 50) for each in noticed)),
        Series(tuple(percentile(each, 99) for each in noticed)),
        Series(tuple(starts)),
        Series((resident,)),
        Series(tuple(listing)),
    )
    return figures, Series(tuple(whole))


def _our_states(bench: Bench, running: Running, what: What) -> list[float]:
    """Seconds until a fresh process has all of it: in memory, or (history) stored and open for use."""
    newcomers, profile = Newcomers(bench.folder, what), team(THOUSAND, 1).profile
    came = [newcomers.come(running.url, running.token, profile) for _ in range(ROUNDS + 1)]
    if any(one.joined.components != COMPONENTS for one in came):
        raise AssertionError("not all components came")
    return [one.joined.seconds for one in came[1:]]


def _registered(server: OurServer, room: str) -> float:
    """Components registered a second, each a commit of its own."""
    entrant = Entrant(Ours(), server, 0.0)

    async def measured() -> float:
        await server.prepare(room, 0)
        dealt = Supply(room).registrations(CLIENTS, OURS.each(OUR_SECONDS))
        return (await one_round(entrant, room, OURS, dealt, OUR_SECONDS)).per_second

    return speaker.run(measured)


def _noticed(server: OurServer, room: str) -> list[float]:
    """Milliseconds from somebody's push until another has it."""
    entrant = Entrant(Ours(), server, 0.0)
    speaker.run(lambda: server.prepare(room, COMPONENTS))
    events = Supply(room, COMPONENTS).take(WARM_UP + PUSHED)
    with fleet(server, room, 1) as heard:
        sent = speaker.run(lambda: paced(entrant, room, events))
        found = heard.heard(len(sent))
    counted = list(sent.items())[WARM_UP:]
    return [(found.last[number] - at) / 1e6 for number, at in counted]


def _our_listing(bench: Bench, running: Running) -> list[float]:
    home = bench.folder / "zenml-home"
    join(home, running)
    ran = [shell.stackroom(home, "stack", "list") for _ in range(ROUNDS + 1)]
    return [one.ms / 1e3 for one in ran[1:]]


# Theirs


def _theirs(bench: Bench) -> Figures:
    rate = _alone(bench, "zenml-registers", _their_registrations)
    bench.say(f"ZenML: {rate:.0f} registrations a second")
    thousand = "zenml-has-a-thousand"
    _alone(bench, thousand, _their_last)
    zenml_server.multiply(bench.folder / thousand, COMPONENTS, STACKS)
    starts: list[float] = []

    def state(server: ZenmlServer) -> tuple[list[float], float]:
        starts.append(server.ready_after)
        return [_their_state(server) for _ in range(ROUNDS + 1)][1:], memory(server.pid)

    states, resident = _alone(bench, thousand, state)
    noticed = _alone(bench, thousand, lambda server: list(_polled(server)))
    listing = _alone(bench, thousand, partial(_their_listing, bench))
    return Figures(
        Series((rate,)),
        Series(tuple(states)),
        Series(tuple(noticed)),
        Series((max(noticed),)),
        Series(tuple(starts)),
        Series((resident,)),
        Series(tuple(listing)),
    )


def _alone(bench: Bench, folder: str, part: Callable[[ZenmlServer], T]) -> T:
    """One part on a server of its own: one whose connections to its database are used up answers no more.

    Where that happens within the part, it is done again.
    """
    for again in range(TRIES):
        try:
            with zenml_server.serving(bench.folder / folder) as server:
                return part(server)
        except (AssertionError, OSError, http.client.HTTPException) as error:
            if again == TRIES - 1:
                raise
            bench.say(f"ZenML's server failed, and is started again: {error}")
    raise AssertionError("there is at least one try")


def _their_last(server: ZenmlServer) -> None:
    """Registers what the thousand are copies of."""
    api = Api(server)
    members = {type: [api.component(f"last-{type}", type)] for type in TYPES}
    api.stack("last", members)
    api.close()


def _their_registrations(server: ZenmlServer) -> float:
    """Components registered a second, by clients of one user."""
    first = Api(server)
    token = first.token
    first.close()
    names, done, begin = count(time.time_ns()), [0] * CLIENTS, threading.Barrier(CLIENTS + 1)

    def register(client: int) -> None:
        api = Api(server, token)
        begin.wait(PATIENCE)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            api.component(f"made-{next(names)}", TYPES[client % 2])
            done[client] += 1
        api.close()

    threads = [threading.Thread(target=register, args=(n,), daemon=True) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    begin.wait(PATIENCE)
    started = time.monotonic()
    for thread in threads:
        thread.join(PATIENCE)
    if not all(done):
        raise AssertionError("not every client could register something")
    return sum(done) / (time.monotonic() - started)


def _their_state(server: ZenmlServer) -> float:
    """Seconds until somebody has all stacks and components, decoded."""
    api = Api(server)
    started = time.perf_counter()
    for route, expected in (("/components", COMPONENTS), ("/stacks", STACKS)):
        found = api.get(route, size=expected, hydrate="true")
        if len(found["items"]) != expected:
            raise AssertionError(f"{route}: {len(found['items'])} and not {expected}")
    took = time.perf_counter() - started
    api.close()
    return took


def _polled(server: ZenmlServer) -> Iterator[float]:
    """Milliseconds until a poller sees a change, which falls anywhere between two polls."""
    author, poller, random = Api(server), Api(server), Random(1)
    (component,) = author.get("/components", name="last-artifact_store")["items"]
    for n in range(CHANGES):
        path = f"s3://bucket/changed-{n}"
        polls = time.monotonic() + random.random() * POLL
        changed = time.monotonic()
        author.put(f"/components/{component['id']}", {"configuration": {"path": path}})
        while True:
            time.sleep(max(0.0, polls - time.monotonic()))
            polls = time.monotonic() + POLL
            newest = poller.get("/components", size=1, sort_by="desc:updated", hydrate="true")
            (found,) = newest["items"]
            if found["metadata"]["configuration"].get("path") == path:
                break
            if time.monotonic() - changed > 30:
                raise TimeoutError("the change is not seen")
        yield (time.monotonic() - changed) * 1e3
    author.close()
    poller.close()


def _their_listing(bench: Bench, server: ZenmlServer) -> list[float]:
    folder = bench.folder / "zenml-client"
    folder.mkdir(exist_ok=True)
    command = [str(zenml_server.BIN / "zenml"), "stack", "list"]
    environment = server.environment(folder)
    ran = [shell.run(command, environment, folder) for _ in range(ROUNDS + 1)]
    return [one.ms / 1e3 for one in ran[1:]]


def _notes() -> tuple[str, ...]:
    return (
        f"ZenML {zenml_server.version()}'s server as its own command starts it: one process, SQLite, "
        f"{CLIENTS} clients on kept HTTP connections for {SECONDS:g} s; ours: {CLIENTS} replicas, one "
        f"registration in flight each, {ROUNDS} rounds of {OUR_SECONDS:g} s, all checks on",
        "all stacks and components, in the process that asks, its imports not counted, after one that does "
        "not count: ZenML's by two hydrated requests over a connection that has signed in already, decoded "
        "as JSON (its own client builds models of that, which takes longer), nothing stored; ours in a fresh "
        "process, from the call that connects until all is verified and folded: in memory, nothing stored "
        "(`stackroom.client.fetch`); and in an empty home, until two files are made, and all is stored and "
        "open for use",
        f"a change of another: ZenML pushes nothing, so that a client polls each {POLL:g} s for what was "
        f"changed last (median, and the longest, of {CHANGES}); ours is pushed (median, and p99, of "
        f"{PUSHED} at {PACE} a second in each of {ROUNDS} rounds, after {WARM_UP} that do not count)",
        f"`stack list` shows 20 of {STACKS:,} stacks of the server, and all of ours, from a replica; "
        "medians of whole processes after one that does not count",
        "most of ZenML's stacks and components are copies in its database file of what was registered: "
        "registering them all takes it two minutes",
    )
