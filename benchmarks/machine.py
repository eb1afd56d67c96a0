"""The machine and the programs that a run measured with, and how busy they were."""

import os
import platform
import sqlite3
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import psutil
from msgspec import Struct

TURNS: Final = 500_000
PACKAGES: Final = ("stackroom", "aiosqlite", "websockets", "msgspec", "anyio", "uvloop")


def facts() -> list[tuple[str, str]]:
    """What a reader must know of the machine, as (what, value)."""
    versions = [f"SQLite {sqlite3.sqlite_version}"]
    for package in PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package}: not installed")
    return [
        ("machine", f"{_processor()}, {platform.system()} {platform.release()}"),
        ("cores", f"{len(psutil.Process().cpu_affinity())} to this process of {os.cpu_count()}"),
        ("memory", f"{psutil.virtual_memory().total / 2**30:.0f} GiB"),
        ("Python", _interpreter()),
        ("versions", ", ".join(versions)),
        ("commit", _commit()),
    ]


class Pace(Struct, frozen=True):
    """How fast the machine is at a moment: load averages, and a fixed loop of Python, best and worst of 5.

    The same loop takes up to twice as long where neighbours use the same processor.
    """

    one: float
    five: float
    """Load averages of 1 and 5 minutes."""
    best: float
    worst: float
    """Milliseconds for `TURNS` turns of the loop."""

    @property
    def loop(self) -> str:
        """Of the loop alone."""
        return f"{self.best:.0f}–{self.worst:.0f} ms"

    def __str__(self) -> str:
        load = f"load {self.one:.1f} (1 min) {self.five:.1f} (5 min)"
        return f"{load}; {TURNS:,} loop turns {self.loop}"


def pace() -> Pace:
    """Measured now, in about 0.1 s."""
    one, five, _ = os.getloadavg()
    best, *_, worst = sorted(_loop() for _ in range(5))
    return Pace(one, five, best, worst)


def _loop() -> float:
    started, x = time.perf_counter(), 0
    for i in range(TURNS):
        x += i & 7
    return (time.perf_counter() - started) * 1e3


def settle() -> None:
    """Waits for the disk: what is still to be written of one work would hold up every fsync of the next."""
    os.sync()


def _interpreter() -> str:
    """Which one it is: how it was compiled makes a fifth of what the same code takes."""
    name = f"{platform.python_implementation()} {platform.python_version()}"
    made = f"compiled {' '.join(platform.python_build()[1].split()[:3])} by {platform.python_compiler()}"
    whose = "the system's own" if sys.base_prefix == "/usr" else "not the system's"
    return f"{name}, {whose}, {made}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not a git work tree"


def file_system(folder: Path) -> str:
    """The file system that `folder` is on: figures of a disk in memory would say nothing."""
    place = folder.absolute()
    mounts = {Path(p.mountpoint): p for p in psutil.disk_partitions(all=True)}
    for parent in (place, *place.parents):
        if parent in mounts:
            return f"{mounts[parent].fstype} on {mounts[parent].device}"
    return "unknown"
