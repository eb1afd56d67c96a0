"""Durable acknowledged commits a second, ours beside the peers, round by round in turn."""

from collections.abc import Iterator
from typing import Final

from msgspec import structs

from benchmarks import limits, machine, speaker
from benchmarks.asked import Asked
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Sense, Target
from benchmarks.peers.appending import Round, Work, one_round
from benchmarks.peers.field import Entrant, Field, field
from benchmarks.peers.jetstream import JetStreamAlways
from benchmarks.peers.ours import Ours
from benchmarks.peers.postgres import Postgres
from benchmarks.peers.redis_streams import RedisStreams
from benchmarks.peers.reference import Reference
from benchmarks.peers.workload import COMPONENTS, Supply
from benchmarks.plots import Bar, Group, Plot
from benchmarks.series import Series, ratios

ONE: Final = Work("1 writer", 1, most=6_000)
SOME: Final = Work("8 writers", 8)
MANY: Final = Work("32 writers", 32)
BULK: Final = Work("pushes of 100", 1, batch=100, in_flight=4, most=60_000)
WORKS: Final = (ONE, SOME, MANY, BULK)
NEAR: Final = {SOME: (Ours.name, Reference.name)}
"""Works that only these are measured in."""
AHEAD: Final = 3.0
"""Times the events of somebody's best round for which messages are made ahead: signatures take long."""
IN_REACH: Final = 0.7
"""What "in reach of Redis" is taken to mean."""

Rounds = dict[tuple[Work, str], list[Round]]


async def measure(bench: Bench, started: Field) -> tuple[Rounds, Field]:
    """All rounds; who fails in one is dropped, with all that it did before."""
    scale, found, taking = bench.scale, Rounds(), started
    best: dict[tuple[Work, str], float] = {}
    for turn in range(-1, scale.commit_rounds):
        room = f"commits_{turn + 1}"
        seconds = scale.commit_seconds if turn >= 0 else scale.commit_warm_up
        supply = Supply(room)
        for entrant in taking.entrants:
            await entrant.server.prepare(room)
        for work in WORKS:
            dealt = supply.deal(work.writers, work.each(seconds))
            for entrant in taking.turn(turn):
                if entrant.name not in NEAR.get(work, (entrant.name,)):
                    continue
                key = work, entrant.name
                most = min(work.most, round(AHEAD * best.get(key, work.most)))
                each = structs.replace(work, most=most).each(seconds)
                machine.settle()
                try:
                    given = [events[:each] for events in dealt]
                    figures = await one_round(entrant, room, work, given, seconds)
                except Exception as error:
                    taking = taking.drop(entrant, error)
                    continue
                best[key] = max(figures.per_second, best.get(key, 0.0))
                if turn >= 0:
                    found.setdefault(key, []).append(figures)
        bench.say(f"round {turn + 1} of {scale.commit_rounds}")
    return found, taking


def run(bench: Bench) -> list[Outcome]:
    """Measures, and tells."""
    with field(bench, "commits") as started:
        found, taking = speaker.run(lambda: measure(bench, started))
    rates = {
        (work, entrant.name): Series(tuple(r.per_second for r in found[work, entrant.name]))
        for work in WORKS
        for entrant in taking.entrants
        if (work, entrant.name) in found
    }
    rows = [
        _row(bench, work, entrant, found[work, entrant.name], rates)
        for work in WORKS
        for entrant in taking.entrants
        if (work, entrant.name) in found
    ]
    heading = (
        "work",
        "hub",
        "commits/s",
        "p50 ms",
        "p99 ms",
        "hub µs/commit",
        "client µs/commit",
        "ours / this",
        "share of bare SQLite",
    )
    targets = tuple(_targets(rates))
    plots = (_plot(bench, rates, taking),)
    return [
        Outcome("Commits a second", heading, tuple(rows), targets, _notes(bench), plots),
        _acknowledgements(taking),
    ]


def _row(
    bench: Bench,
    work: Work,
    entrant: Entrant,
    rounds: list[Round],
    rates: dict[tuple[Work, str], Series],
) -> tuple[str, ...]:
    rate = rates[work, entrant.name]
    ratio = "" if entrant.name == Ours.name else ratios(rates[work, Ours.name], rate).shown(2)
    limit = bench.found.get(_limit(work))
    share = "" if limit is None else Series(tuple(v / limit.median for v in rate.values)).shown(2)
    return (
        work.name,
        entrant.name,
        rate.shown(),
        Series(tuple(r.median_ms for r in rounds)).shown(2),
        Series(tuple(r.p99_ms for r in rounds)).shown(2),
        Series(tuple(r.server_micros for r in rounds)).shown(),
        Series(tuple(r.client_micros for r in rounds)).shown(),
        ratio,
        share,
    )


def _limit(work: Work) -> str:
    """What bounds the work: a transaction for every commit, or for many together."""
    return limits.SINGLY if work is ONE else limits.TOGETHER


def _targets(rates: dict[tuple[Work, str], Series]) -> Iterator[Target]:
    asked: tuple[tuple[Work, str, Sense, float], ...] = (
        (ONE, Reference.name, "at least", 0.9),
        (ONE, JetStreamAlways.name, "more than", 1.0),
        (MANY, Reference.name, "at least", 1.0),
        (MANY, Postgres.name, "more than", 1.0),
        (MANY, JetStreamAlways.name, "more than", 1.0),
        (MANY, RedisStreams.name, "at least", IN_REACH),
    )
    for work, name, sense, limit in asked:
        if (work, name) in rates:
            ratio = ratios(rates[work, Ours.name], rates[work, name]).median
            what = f"{work.name}, ours / {name}"
            line = Asked.ONE_WRITER if work is ONE else Asked.MANY_WRITERS
            yield Target(what, ratio, sense, limit, "times", 2, of=line)
    bulk = rates[BULK, Ours.name].median
    what = "checked and committed"
    yield Target(what, bulk, "at least", 25_000, "proposals/s", of=Asked.PUSHES)


def _plot(bench: Bench, rates: dict[tuple[Work, str], Series], taking: Field) -> Plot:
    groups = []
    for work in WORKS:
        bars = tuple(
            Bar(entrant.name, rates[work, entrant.name], entrant.peer.ours)
            for entrant in taking.entrants
            if (work, entrant.name) in rates
        )
        limit = bench.found.get(_limit(work)) if work is ONE else None
        at = None if limit is None else limit.median
        groups.append(Group(work.name, bars, at, "bare SQLite" if limit else ""))
    return Plot("commits", "Durable commits a second", "commits a second", tuple(groups))


def _acknowledgements(taking: Field) -> Outcome:
    rows = tuple((e.name, e.peer.version(), e.peer.acknowledged) for e in taking.entrants)
    heading = ("hub", "version", "what its acknowledgement means")
    return Outcome("Who takes part", heading, rows, notes=taking.left_out)


def _notes(bench: Bench) -> tuple[str, ...]:
    scale = bench.scale
    made = Supply("size").take(100)
    size = sum(len(each.json) for each in made) / len(made)
    return (
        f"medians (least–most) of {scale.commit_rounds} rounds of {scale.commit_seconds:g} s; in each "
        "round the hubs take turns, and the order turns round every time; ratios are taken within a round",
        "writers: one event in flight on each connection; pushes: 100 events a message or transaction, "
        f"{BULK.in_flight} of them in flight on one connection; all connections in one process on uvloop, "
        "messages made before the clock runs",
        f"the same events for all, {size:.0f} bytes as JSON, of {COMPONENTS:,} components; ours: one commit "
        "for each event, every answer seen to be `accepted`",
        "µs/commit is processor time (user and system, all threads and processes of the hub): it depends "
        "less than the clock on what else the machine does",
        f"share of bare SQLite: of `{limits.SINGLY}` for one writer, of `{limits.TOGETHER}` for more; "
        f"in reach of Redis is read as at least {IN_REACH:g} of it",
    )
