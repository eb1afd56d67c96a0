"""A cold client: a fresh process with an empty home, on a profile with a long history."""

import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import msgspec

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.join import Joined
from benchmarks.outcome import Outcome, Target
from benchmarks.processes import Running
from benchmarks.series import Series
from benchmarks.workload import Shape, Team, build
from stackroom.events.history import pages
from stackroom.events.sqlite_log import open_reader


def run(bench: Bench) -> list[Outcome]:
    """Measures cold clients of both kinds in turn, each on a hub of its own."""
    scale = bench.scale
    team = Team("team", Shape(scale.components, 0, scale.history), seed=3, space=3)
    with_snapshots = bench.folder / "newcomer-snapshots"
    without = bench.folder / "newcomer-history"
    with_snapshots.mkdir()
    begun = time.monotonic()
    build(with_snapshots / "hub.db", [team])
    bench.say(f"history of {scale.history:,} commits made in {time.monotonic() - begun:.0f} s")
    shutil.copytree(with_snapshots, without)
    _drop_snapshots(without / "hub.db")
    with open_reader(with_snapshots / "hub.db") as log:
        snapshot, head = log.snapshot(team.profile), log.head(team.profile)
        plain = sum(
            len(msgspec.json.encode(page)) for page in pages(log, team.profile, 0, head.seq)
        )
    assert snapshot is not None
    seconds: dict[str, list[float]] = {"history": [], "snapshot": []}
    processor: dict[str, list[float]] = {"history": [], "snapshot": []}
    hubs: list[float] = []
    wire = 0
    with processes.hub(with_snapshots) as quick, processes.hub(without) as slow:
        for n in range(scale.newcomers):
            for running, what in ((slow, "history"), (quick, "snapshot")):
                home = bench.folder / f"home-{what}-{n}"
                cpu = processes.children_cpu()
                hub_cpu, sent = running.cpu_seconds(), _sent(running)
                joined, took = _join(home, running, team.profile, what)
                processor[what].append(processes.children_cpu() - cpu)
                if what == "history":
                    hubs.append(running.cpu_seconds() - hub_cpu)
                    wire = _sent(running) - sent
                expected = head.seq - (snapshot.seq if what == "snapshot" else 0)
                found = (joined.seq, joined.received, joined.components, joined.root)
                if found != (head.seq, expected, scale.components, head.root.hex()):
                    raise AssertionError(f"the copy is not what the hub has: {joined}")
                seconds[what].append(took)
                shutil.rmtree(home)
                bench.say(f"{what}: {took:.2f} s")
    rebuild, use = Series(tuple(seconds["history"])), Series(tuple(seconds["snapshot"]))
    rebuild_cpu, use_cpu = (Series(tuple(processor[what])) for what in ("history", "snapshot"))
    first, *others = hubs
    others = sorted(others or hubs)
    history = f"{head.seq:,}"
    rows = (
        ("no snapshot: state rebuilt and stored", history, rebuild.shown(2), rebuild_cpu.shown(2)),
        (
            "snapshot and tail: usable",
            f"{head.seq - snapshot.seq:,}",
            use.shown(3),
            use_cpu.shown(3),
        ),
    )
    targets = (
        Target(
            f"state rebuilt from {history} commits, and stored",
            rebuild.median,
            "at most",
            0.7,
            "s",
            2,
        ),
        Target("with a snapshot, usable", use.median, "at most", 0.05, "s", 3),
        Target(
            f"bytes on the wire for {history} commits, of plain JSON's",
            wire / plain,
            "at most",
            0.5,
            "times",
            2,
        ),
    )
    notes = (
        f"medians (least–most) of {scale.newcomers} fresh processes of each kind, from the start of the "
        "interpreter until the profile is open for use; through the client's own exchange, with every "
        "hash checked, into an empty home",
        f"one profile of {scale.components:,} components; the snapshot (of the hub's own making) is "
        f"{len(snapshot.state) / 1e6:.1f} MB and stands at #{snapshot.seq:,}; the history before it is not "
        "waited for",
        f"on the wire, the hub sent {wire / 1e6:.1f} MB of history ({wire / head.seq:.0f} bytes a commit), "
        f"where its commits are {plain / 1e6:.1f} MB as JSON; the first newcomer had it pack the "
        f"history ({first:.2f} s of its processor), each other one took "
        f"{others[len(others) // 2]:.2f} s",
        "stored is the history as it came, in blocks; what seeks in it by what commits say (`log --author`, "
        "`blame`) first spreads it into rows and indexes, once",
        "the first kind is served by a hub on the same log, its snapshots deleted; root, seq and the "
        "number of components are compared with the hub's each time",
    )
    heading = ("cold client", "commits received", "seconds", "processor seconds of the process")
    return [Outcome("A cold client", heading, rows, targets, notes)]


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


def _join(home: Path, running: Running, profile: str, what: str) -> tuple[Joined, float]:
    """One cold client, and the seconds from its start until it could be used."""
    command = [sys.executable, "-m", "benchmarks.join", str(home), running.url, profile, what]
    started = time.monotonic()
    ended = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        env=processes.environment(STACKROOM_TOKEN=running.token),
        timeout=120,
    )
    joined = msgspec.json.decode(ended.stdout, type=Joined)
    return joined, joined.at - started
