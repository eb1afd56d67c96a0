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

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome
from benchmarks.series import Series

SECONDS = 0.5
"""Of each measurement in each round."""


def run(bench: Bench) -> list[Outcome]:
    """Measures each in turn, round by round."""
    measures: dict[str, Callable[[int], float]] = {
        "append 4 KB and fdatasync, a second": lambda n: _appends(bench.folder / f"append-{n}"),
        "SQLite transactions of 1 row a second": lambda n: _rows(bench.folder / f"one-{n}.db", 1),
        "SQLite rows a second in transactions of 32": lambda n: _rows(
            bench.folder / f"many-{n}.db", 32
        ),
        "bare interpreter (`python -c pass`), ms": lambda n: _interpreter(),
    }
    found: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(bench.scale.limit_rounds):
        for name, measure in measures.items():
            found[name].append(measure(turn))
    rows = tuple((name, Series(tuple(values)).shown()) for name, values in found.items())
    notes = (
        f"medians (least–most) of {bench.scale.limit_rounds} rounds of {SECONDS:g} s each",
        "SQLite in this process: WAL, synchronous=FULL, rows of 300 bytes, one table without an index",
    )
    return [Outcome("Limits of the machine", ("what", "figure"), rows, notes=notes)]


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


def _rate(work: Callable[[], None]) -> float:
    """How often `work` can be done in a second."""
    started = time.perf_counter()
    for n in count(1):
        work()
        if (took := time.perf_counter() - started) >= SECONDS:
            return n / took
    raise AssertionError("count never ends")
