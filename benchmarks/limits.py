"""What the machine gives by itself, so that other figures can be read as shares of it."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from benchmarks import processes, speaker
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome
from benchmarks.processes import HOST
from benchmarks.series import Series
from benchmarks.workload import Shape, Team, committed
from stackroom.events.fold import advance
from stackroom.events.model import Commit
from stackroom.events.state import State

SECONDS: Final = 0.4
"""Of each measurement in each round."""
FSYNC: Final = "append 4 KB and fdatasync"
SINGLY: Final = "SQLite transactions of 1 row"
TOGETHER: Final = "SQLite rows in transactions of 32"
ECHO: Final = "WebSocket round trips"
STREAM: Final = "WebSocket messages one way"
DECODE: Final = "commits decoded by msgspec"
FOLD: Final = "commits decoded and folded"
INTERPRETER: Final = "bare interpreter (`python -c pass`)"
COMMITS: Final = 1_000
"""That are decoded, and folded."""


def run(bench: Bench) -> list[Outcome]:
    """Measures each in turn, round by round; what was found stays in the bench."""
    folder = bench.folder
    packed = _packed()
    command = [sys.executable, "-m", "benchmarks.echo"]
    with processes.server(lambda port: [*command, str(port)], folder / "echo.output") as started:
        url = f"ws://{HOST}:{started.port}"
        measures: dict[str, tuple[str, Callable[[int], float]]] = {
            FSYNC: ("a second", lambda n: _appends(folder / f"append-{n}")),
            SINGLY: ("a second", lambda n: _rows(folder / f"one-{n}.db", 1)),
            TOGETHER: ("a second", lambda n: _rows(folder / f"many-{n}.db", 32)),
            ECHO: ("a second", lambda n: speaker.run(lambda: _echo(url))),
            STREAM: ("a second", lambda n: speaker.run(lambda: _stream(url))),
            DECODE: ("a second", lambda n: _rate(lambda: _decode(packed)) * COMMITS),
            FOLD: (
                "a second",
                lambda n: _rate(lambda: advance(State(), _decode(packed))) * COMMITS,
            ),
            INTERPRETER: ("ms", lambda n: _interpreter()),
        }
        found: dict[str, list[float]] = {name: [] for name in measures}
        for turn in range(bench.scale.limit_rounds):
            for name, (_, measure) in measures.items():
                found[name].append(measure(turn))
    bench.found.update({name: Series(tuple(values)) for name, values in found.items()})
    rows = tuple((name, bench.found[name].shown(), unit) for name, (unit, _) in measures.items())
    notes = (
        f"medians (least–most) of {bench.scale.limit_rounds} rounds of {SECONDS:g} s each",
        "SQLite in this process: WAL, synchronous=FULL, rows of 300 bytes, one table without an index",
        "WebSocket: `websockets` on uvloop in two processes, messages of 300 bytes, not deflated; a round "
        "trip has one message in flight",
        f"decode and fold: msgpack of {COMMITS:,} commits of one event, into a state of "
        f"{COMMITS:,} components, without a check or a hash",
    )
    return [Outcome("Limits of the machine", ("what", "figure", "unit"), rows, notes=notes)]


def _packed() -> bytes:
    """A page of history: an opening commit with the components, then updates of them."""
    team = Team("measured", Shape(components=COMMITS, commits=COMMITS), seed=8, space=8)
    made = [committed(seq, proposal) for seq, proposal in enumerate(team.history(), 1)]
    return msgspec.msgpack.encode(made)


_decode: Final = msgspec.msgpack.Decoder(list[Commit]).decode


async def _echo(url: str) -> float:
    socket, message = await speaker.dial(f"{url}/echo"), bytes(300)
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        await socket.send(message)
        await socket.recv()
        done += 1
    took = time.perf_counter() - started
    socket.transport.abort()
    return done / took


async def _stream(url: str) -> float:
    socket = await speaker.dial(f"{url}/stream")
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        await socket.recv()
        done += 1
    took = time.perf_counter() - started
    socket.transport.abort()
    return done / took


def _appends(path: Path) -> float:
    data = Random(1).randbytes(4096)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def append() -> None:
        os.write(descriptor, data)
        os.fdatasync(descriptor)

    try:
        return _rate(append)
    finally:
        os.close(descriptor)
        path.unlink()


def _rows(path: Path, size: int) -> float:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("CREATE TABLE measured (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    rows = [(Random(1).randbytes(300),)] * size

    def commit() -> None:
        conn.execute("BEGIN IMMEDIATE")
        conn.executemany("INSERT INTO measured (body) VALUES (?)", rows)
        conn.execute("COMMIT")

    try:
        return _rate(commit) * size
    finally:
        conn.close()
        path.unlink()


def _interpreter() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True, env=processes.environment())
    return (time.perf_counter() - started) * 1e3


def _rate(work: Callable[[], object]) -> float:
    """How often `work` can be done in a second."""
    started = time.perf_counter()
    for n in count(1):
        work()
        if (took := time.perf_counter() - started) >= SECONDS:
            return n / took
    raise AssertionError("count never ends")
