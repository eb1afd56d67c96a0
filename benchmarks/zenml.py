"""What ZenML's own server can do, done by it and by our hub, on the same machine in the same run."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from random import Random
from typing import Final, TypeVar

from msgspec import Struct

from benchmarks import processes, shell, speaker
from benchmarks.asked import Asked
from benchmarks.bench import Bench
from benchmarks.cold import Newcomers
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
from benchmarks.series import Series, percentile, ratios

T = TypeVar("T")

CLIENTS: Final = 32
SECONDS: Final = 5.0
"""For which ZenML's server is given registrations, in each round."""
OURS: Final = Work("registrations", CLIENTS, most=14_000)
OUR_SECONDS: Final = 1.0
THOUSAND: Final = "thousand"
"""The profile whose full state is fetched."""
STACKS: Final = 1_000
COMPONENTS: Final = 1_000
ROUNDS: Final = 3
STATES: Final = 5
"""Rounds of the full state, after one that does not count."""
POLL: Final = 1.0
"""Seconds between two polls of somebody who uses ZenML."""
TRIES: Final = 3
"""Of a part, on a fresh server each."""
PUSHED: Final = 200
"""Changes in a round that are pushed to another."""
CHANGES: Final = 5
"""That a poller waits for."""


class Both(Struct, frozen=True):
    """What both did. Where each has as many rounds as the other, these were in turns."""

    ours: Series
    theirs: Series

    def times(self, *, more: bool = False) -> float:
        """How much better ours is: round by round, where they were in turns; `more` is better, or less."""
        good, bad = (self.ours, self.theirs) if more else (self.theirs, self.ours)
        if len(good.values) == len(bad.values):
            return ratios(good, bad).median
        return good.median / bad.median


class Figures(Struct, frozen=True):
    """What the two did: a second, seconds, milliseconds, megabytes."""

    registrations: Both
    state: Both
    """Decoded and in memory, nothing stored."""
    stored: Both
    """Ours with its files, in a fresh home; theirs as before."""
    change_ms: Both
    change_worst_ms: Both
    """The 99th percentile of each round; of the few changes that a poller waits for, the longest."""
    start: Both
    memory: Both
    listing: Both
    """Seconds of `stack list`, as a whole process."""


def run(bench: Bench) -> list[Outcome]:
    """Measures both, in turns where a ratio is asked for, and tells."""
    if not zenml_server.installed():
        return [Outcome("Beside ZenML's server", ("what",), (), notes=(zenml_server.MISSING,))]
    found = _measured(bench)
    heading = ("work", "stackroom", "ZenML's server", "unit", "times better")
    groups = (
        Group("registrations a second", _bars(found.registrations)),
        Group("full state, seconds", _bars(found.state)),
        Group("a change is noticed, ms", _bars(found.change_ms)),
        Group("stack list, seconds", _bars(found.listing)),
        Group("memory, MB", _bars(found.memory)),
    )
    plot = Plot("zenml", "Beside ZenML's server", "each in its own unit", groups, 2)
    title = "Beside ZenML's server"
    rows, targets = tuple(_rows(found)), tuple(_targets(found))
    return [Outcome(title, heading, rows, targets, _notes(), (plot,))]


def _bars(both: Both) -> tuple[Bar, ...]:
    return Bar("stackroom", both.ours, True), Bar("ZenML's server", both.theirs)


def _rows(found: Figures) -> Iterator[tuple[str, ...]]:
    registered = f"components registered, {CLIENTS} clients"
    state = f"all of {STACKS:,} stacks and {COMPONENTS:,} components, in memory"
    for work, unit, digits, both in (
        (registered, "a second", 0, found.registrations),
        (state, "s", 3, found.state),
        ("… ours with its history, in a fresh home", "s", 3, found.stored),
        ("a change of another is noticed", "ms", 2, found.change_ms),
        ("… p99, or the longest", "ms", 1, found.change_worst_ms),
        ("start until it answers", "s", 2, found.start),
        ("memory with that", "MB", 0, found.memory),
        ("`stack list`, whole process", "s", 2, found.listing),
    ):
        times = both.times(more=both is found.registrations)
        yield work, both.ours.shown(digits), both.theirs.shown(digits), unit, f"{times:,.0f}"


def _targets(found: Figures) -> Iterator[Target]:
    rate = found.registrations.times(more=True)
    yield Target("registrations, ours / ZenML's", rate, "at least", 300, "times", of=Asked.ZENML)
    for kept, both in (("in memory as ZenML's", found.state), ("stored", found.stored)):
        said = f"full state, ours {kept}: ZenML's / ours"
        yield Target(said, both.times(), "at least", 70, "times", of=Asked.ZENML)
    worst = found.change_worst_ms.ours.median
    yield Target("a change is pushed, p99", worst, "at most", 10, "ms", 1, of=Asked.ZENML)
    listing = found.listing.times()
    yield Target("`stack list`, ZenML's / ours", listing, "at least", 20, "times", of=Asked.READS)


def _measured(bench: Bench) -> Figures:
    ours, thousand = bench.folder / "zenml-ours", "zenml-has-a-thousand"
    with Ours().serving(ours) as server:
        registrations = _registrations(bench, server)
        noticed = [_noticed(server, f"noticed_{turn}") for turn in range(ROUNDS)]
    # The thousand stacks, on a hub that has nothing else.
    ours = bench.folder / "zenml-thousand"
    with Ours().serving(ours) as server:
        speaker.run(lambda: server.prepare(THOUSAND, COMPONENTS, STACKS))
    _alone(bench, thousand, _their_last)
    zenml_server.multiply(bench.folder / thousand, COMPONENTS, STACKS)
    polled = _alone(bench, thousand, lambda server: list(_polled(server)))
    starts: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        with processes.hub(ours) as running:
            theirs = _alone(bench, thousand, lambda server: server.ready_after)
            starts.append((running.ready_after, theirs))
    with processes.hub(ours) as running:
        states, resident = _alone(bench, thousand, partial(_states, bench, running))
        listing = _alone(bench, thousand, partial(_listings, bench, running))
        memories = memory(running.pid), resident
    in_memory, stored, theirs_state = map(Series, zip(*states, strict=True))
    return Figures(
        registrations,
        Both(in_memory, theirs_state),
        Both(stored, theirs_state),
        Both(Series(tuple(percentile(each, 50) for each in noticed)), Series(tuple(polled))),
        Both(Series(tuple(percentile(each, 99) for each in noticed)), Series((max(polled),))),
        _both(starts),
        _both([memories]),
        _both(listing),
    )


def _both(pairs: Sequence[tuple[float, float]]) -> Both:
    """Of rounds in turns."""
    ours, theirs = zip(*pairs, strict=True)
    return Both(Series(ours), Series(theirs))


def _registrations(bench: Bench, server: OurServer) -> Both:
    """Components registered a second, in turns."""
    rates = []
    for turn in range(ROUNDS):
        ours = _registered(server, f"zenml_{turn}")
        theirs = _alone(bench, "zenml-registers", _their_registrations)
        bench.say(f"{ours:,.0f} registrations a second; ZenML: {theirs:.0f}")
        rates.append((ours, theirs))
    return _both(rates)


def _states(
    bench: Bench, running: Running, server: ZenmlServer
) -> tuple[list[tuple[float, float, float]], float]:
    """Seconds until somebody has all, in turns: ours in memory, ours stored, theirs; and their memory."""
    in_memory, whole = (Newcomers(bench.folder, what) for what in ("memory", "history"))
    rounds = [
        (_our_state(in_memory, running), _our_state(whole, running), _their_state(server))
        for _ in range(STATES + 1)
    ]
    return rounds[1:], memory(server.pid)


def _listings(bench: Bench, running: Running, server: ZenmlServer) -> list[tuple[float, float]]:
    """Seconds of `stack list`, in turns."""
    home, folder = bench.folder / "zenml-home", bench.folder / "zenml-client"
    folder.mkdir(exist_ok=True)
    if not home.exists():
        join(home, running)
    command = [str(zenml_server.BIN / "zenml"), "stack", "list"]
    environment = server.environment(folder)
    rounds = [
        (
            shell.stackroom(home, "stack", "list").ms / 1e3,
            shell.run(command, environment, folder).ms / 1e3,
        )
        for _ in range(ROUNDS + 1)
    ]
    return rounds[1:]


# Ours


def _our_state(newcomers: Newcomers, running: Running) -> float:
    """Seconds until a fresh process has all of it: in memory, or stored and open for use."""
    one = newcomers.come(running.url, running.token, team(THOUSAND, 1).profile)
    if one.joined.components != COMPONENTS:
        raise AssertionError("not all components came")
    return one.joined.seconds


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


# Theirs


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


def _notes() -> tuple[str, ...]:
    return (
        f"ZenML {zenml_server.version()}'s server as its own command starts it: one process, SQLite, "
        f"{CLIENTS} clients on kept HTTP connections for {SECONDS:g} s; ours: {CLIENTS} replicas, one "
        f"registration in flight each, for {OUR_SECONDS:g} s, all checks on; {ROUNDS} rounds in turns, "
        "ZenML's server a fresh process in each",
        "`times better` is taken round by round where both were in turns: everywhere but for a change of "
        "another",
        "all stacks and components, in the process that asks, its imports not counted, "
        f"{STATES} rounds after one that does not count: ZenML's by two hydrated requests over a connection "
        "that has signed in already, decoded as JSON (its own client builds models of that, which takes "
        "longer), nothing stored; ours in a fresh process, from the call that connects until all is verified "
        "and folded: in memory, nothing stored (`stackroom.client.fetch`); and in an empty home, until two "
        "files are made, and all is stored and open for use",
        f"a change of another: ZenML pushes nothing, so that a client polls each {POLL:g} s for what was "
        f"changed last (median, and the longest, of {CHANGES}); ours is pushed (median, and p99, of "
        f"{PUSHED} at {PACE} a second in each of {ROUNDS} rounds, after {WARM_UP} that do not count)",
        f"`stack list` shows 20 of {STACKS:,} stacks of the server, and all of ours, from a replica; "
        f"whole processes, {ROUNDS} rounds after one that does not count",
        "most of ZenML's stacks and components are copies in its database file of what was registered: "
        "registering them all takes it two minutes",
    )
