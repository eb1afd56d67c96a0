"""A cold client: a fresh process with an empty home, on a profile with a long history."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

import msgspec
from msgspec import Struct

from benchmarks import processes
from benchmarks.asked import Asked
from benchmarks.bench import Bench
from benchmarks.cold import Came, Newcomers, What
from benchmarks.outcome import Outcome, Target
from benchmarks.processes import Running
from benchmarks.series import Series
from benchmarks.workload import Shape, Team, build
from stackroom.events.history.history import pages
from stackroom.events.log import Head
from stackroom.events.sqlite.log import open_reader

KINDS: Final[dict[What, str]] = {
    "history": "no snapshot: state rebuilt and stored",
    "snapshot": "snapshot and tail: usable",
}


class Found(Struct, frozen=True):
    """What one newcomer took, and its hub for it."""

    came: Came
    hub: float
    """Seconds of the hub's processor."""
    sent: int
    """Bytes that the hub sent."""


def run(bench: Bench) -> list[Outcome]:
    """Measures cold clients of both kinds in turn, each on a hub of its own."""
    scale = bench.scale
    team = Team("team", Shape(scale.components, 0, scale.history), seed=3, space=3)
    made = bench.folder / "newcomer"
    made.mkdir()
    begun = time.monotonic()
    build(made / "hub.db", [team])
    bench.say(f"history of {scale.history:,} commits made in {time.monotonic() - begun:.0f} s")
    with open_reader(made / "hub.db") as log:
        snapshot, head = log.snapshot(team.profile), log.head(team.profile)
        plain = sum(
            len(msgspec.json.encode(page)) for page in pages(log, team.profile, 0, head.seq)
        )
    assert snapshot is not None
    slow = bench.folder / "newcomer-history"
    shutil.copytree(made, slow)
    _drop_snapshots(slow / "hub.db")
    with processes.hub(made) as quick, processes.hub(slow) as unread:
        hubs: dict[What, Running] = {"history": unread, "snapshot": quick}
        found = _measured(bench, hubs, team.profile, head, snapshot.seq)
    rows = tuple(_rows(found, head.seq, snapshot.seq))
    first, *others = found["history"]
    rebuild, use = (_seconds(found[what]) for what in KINDS)
    history = f"{head.seq:,}"
    targets = (
        Target(
            f"state rebuilt from {history} commits, and stored",
            rebuild.median,
            "at most",
            0.7,
            "s",
            2,
            of=Asked.COLD_CLIENT,
        ),
        Target(
            "with a snapshot, usable", use.median, "at most", 0.05, "s", 3, of=Asked.COLD_CLIENT
        ),
        Target(
            f"messages with {history} commits, of plain JSON's",
            others[0].sent / plain,
            "at most",
            0.5,
            "times",
            2,
            of=Asked.WIRE,
        ),
    )
    notes = (
        f"medians (least–most) of {scale.newcomers} fresh processes of each kind, after the first one, which "
        "does not count; through the client's own exchange, with every hash checked, into an empty home",
        "in its process: from the call that makes the home and connects until all is stored and the profile "
        "is open for use. The targets are held against this, as the peers' catch-up is timed in a fresh "
        "process, too, from connecting to the last event folded. Nothing is ready before but the imports: "
        "of the client's modules, and of those that it imported within the time when the first one came "
        f"({max(len(one.came.joined.imported) for one in others)} were imported within the time later)",
        "whole process: from the start of the interpreter, all imports included, to the same moment",
        f"one profile of {scale.components:,} components; the snapshot (of the hub's own making) is "
        f"{len(snapshot.state) / 1e6:.1f} MB and stands at #{snapshot.seq:,}; the history before it is not "
        "waited for",
        f"on the wire, the hub sent {others[0].sent / 1e6:.1f} MB of history "
        f"({others[0].sent / head.seq:.0f} bytes a commit, {others[0].sent / plain:.2f} of its commits as "
        f"JSON), counted by itself, without the headers of frames and packets; for the first newcomer it "
        f"packed the history ({first.hub:.2f} s of its processor), each other one took "
        f"{Series(tuple(one.hub for one in others)).median:.2f} s",
        "stored is the history as it came, in blocks; what seeks in it by what commits say (`log --author`, "
        "`blame`) first spreads it into rows and indexes, once",
        "the first kind is served by a hub on the same log, its snapshots deleted; root, seq and the "
        "number of components are compared with the hub's each time",
    )
    heading = (
        "cold client",
        "commits received",
        "s in its process",
        "processor s there",
        "s as a whole process",
        "processor s of it",
        "the first one, s",
    )
    return [Outcome("A cold client", heading, rows, targets, notes)]


def _measured(
    bench: Bench, hubs: dict[What, Running], profile: str, head: Head, snapshot: int
) -> dict[What, list[Found]]:
    """Newcomers of each kind in turn, the first one included."""
    found: dict[What, list[Found]] = {what: [] for what in hubs}
    newcomers = {what: Newcomers(bench.folder, what) for what in hubs}
    for _ in range(bench.scale.newcomers + 1):
        for what, running in hubs.items():
            cpu, sent = running.cpu_seconds(), _sent(running)
            came = newcomers[what].come(running.url, running.token, profile)
            one = Found(came, running.cpu_seconds() - cpu, _sent(running) - sent)
            joined = came.joined
            expected = head.seq - (snapshot if what == "snapshot" else 0)
            there = (joined.seq, joined.received, joined.components, joined.root)
            if there != (head.seq, expected, bench.scale.components, head.root.hex()):
                raise AssertionError(f"the copy is not what the hub has: {joined}")
            found[what].append(one)
            bench.say(f"{what}: {joined.seconds:.3f} s, as a process {came.whole:.2f} s")
    return found


def _seconds(found: list[Found]) -> Series:
    """In their processes, of those that count."""
    return Series(tuple(one.came.joined.seconds for one in found[1:]))


def _rows(found: dict[What, list[Found]], head: int, snapshot: int) -> Iterator[tuple[str, ...]]:
    for what, (first, *others) in found.items():
        joined = [one.came.joined for one in others]
        yield (
            KINDS[what],
            f"{head if what == 'history' else head - snapshot:,}",
            Series(tuple(each.seconds for each in joined)).shown(3),
            Series(tuple(each.processor for each in joined)).shown(3),
            Series(tuple(one.came.whole for one in others)).shown(2),
            Series(tuple(one.came.processor for one in others)).shown(2),
            f"{first.came.joined.seconds:.2f}",
        )


def _drop_snapshots(path: Path) -> None:
    """Deletes what is only a cache."""
    conn = sqlite3.connect(path)
    with conn:
        conn.execute("DELETE FROM snapshots")
    conn.close()


def _sent(running: Running) -> int:
    """Bytes of messages that the hub has sent since its start."""
    request = Request(
        running.url.replace("ws", "http", 1) + "/metrics",
        headers={"Authorization": f"Bearer {running.token}"},
    )
    with urlopen(request, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    (said,) = (line for line in lines if line.startswith("stackroom_sent_bytes_total "))
    return int(float(said.split()[1]))
