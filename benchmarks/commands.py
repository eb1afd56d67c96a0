"""Commands as whole processes, on a replica of a large profile."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import processes, shell
from benchmarks.asked import Asked
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Target
from benchmarks.series import Series
from benchmarks.workload import Shape, Team, build
from stackroom.client import chance
from stackroom.client.connection.exchange import exchange
from stackroom.client.home.home import Home
from stackroom.client.workspace import Workspace

STACKS: Final = 1_000
COMPONENTS: Final = 1_000
COMMITS: Final = 300

BARE: Final = "bare interpreter (`python -c pass`)"

READS: Final[dict[tuple[str, ...], float]] = {
    ("--version",): 60,
    ("stack", "list"): 120,
    ("status",): 120,
    ("log",): 120,
}
"""Commands that need no hub, and the milliseconds that each may take."""

WRITE: Final = ("component", "update", "orchestrator", "kubernetes-00000", "-m", "measured")
"""A command that writes; what it writes is put behind it, and differs each time."""

WRITE_LIMIT: Final = 250
"""Milliseconds until it has said that it is committed."""

COMMITTED: Final = "`stackroom component update`, until `committed as #n`"
ENDED: Final = "`stackroom component update`, to its end"


class _Found:
    """What each command took, round by round, in milliseconds."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.processor: dict[str, list[float]] = {}

    def note(self, name: str, wall: float, processor: float) -> None:
        self.wall.setdefault(name, []).append(wall)
        self.processor.setdefault(name, []).append(processor)

    def median(self, name: str) -> float:
        return Series(tuple(self.wall[name])).median

    def of_bare(self, name: str) -> float:
        """The median of its processor time, each of the bare interpreter's in the same round.

        A machine has faster and slower minutes; both were in the same one.
        """
        pairs = zip(self.processor[name], self.processor[BARE], strict=True)
        return Series(tuple(took / bare for took, bare in pairs)).median


def run(bench: Bench) -> list[Outcome]:
    """Runs each command in turn, round by round, on a home that has joined a hub."""
    data = bench.folder / "commands"
    data.mkdir()
    team = Team("team", Shape(COMPONENTS, STACKS, COMMITS), seed=6, space=6)
    build(data / "hub.db", [team])
    home = bench.folder / "commands-home"
    found = _Found()
    with processes.hub(data) as running:
        join(home, running)
        for turn in range(bench.scale.command_runs + 1):
            # The first round is for the page cache.
            _round(home, turn, found if turn else _Found())
        modules = {_named(words): _modules(home, words) for words in READS}
    rows = tuple(
        (
            name,
            Series(tuple(wall)).shown(),
            Series(tuple(found.processor[name])).shown(),
            f"{found.of_bare(name):.1f}",
            modules.get(name, ""),
        )
        for name, wall in found.wall.items()
    )
    limits = {_named(words): (limit, Asked.READS) for words, limit in READS.items()}
    limits[COMMITTED] = WRITE_LIMIT, Asked.WRITE
    targets = tuple(
        Target(name, found.median(name), "at most", limit, "ms", of=line)
        for name, (limit, line) in limits.items()
    )
    notes = (
        f"medians (least–most) of {bench.scale.command_runs} runs in turn after one that does not count; "
        "from the start of the process to its end, unless said otherwise, its output taken by a pipe",
        f"a replica of a profile with {STACKS:,} stacks and {COMPONENTS:,} components after {COMMITS} "
        "commits and more, its hub a process on this machine; only the write speaks to it",
        "the write is durable here before it is sent, and on the hub before it is acknowledged",
        "ratios are medians of processor time to that of the bare interpreter in the same round; modules are "
        "those that are imported beyond its own",
    )
    heading = ("command", "ms", "processor ms", "of bare", "modules")
    return [Outcome("Commands", heading, rows, targets, notes)]


def join(path: Path, running: processes.Running) -> None:
    """Joins the hub with a new home at `path`, and fetches all."""
    home = Home(path)
    workspace = Workspace.open(home, clock=chance.clock, new_id=chance.new_id, salt=chance.salt)
    home.make()
    home.keep_token(running.url, running.token)
    report = exchange(workspace, running.url)
    if report.interrupted is not None:
        raise report.interrupted
    workspace.close()


def _round(home: Path, turn: int, found: _Found) -> None:
    """Runs each once."""
    ran = shell.run([sys.executable, "-c", "pass"], processes.environment())
    found.note(BARE, ran.ms, ran.processor_ms)
    for words in READS:
        ran = shell.stackroom(home, *words)
        if words == ("stack", "list") and ran.output.count("stack-") < STACKS:
            raise AssertionError("not all stacks are listed")
        found.note(_named(words), ran.ms, ran.processor_ms)
    before = processes.children_cpu()
    until, took = _write(home, turn)
    processor = (processes.children_cpu() - before) * 1e3
    found.note(COMMITTED, until, processor)
    found.note(ENDED, took, processor)


def _named(words: Sequence[str]) -> str:
    """What the row of a command is called."""
    return f"`stackroom {' '.join(words)}`"


def _write(home: Path, turn: int) -> tuple[float, float]:
    """Milliseconds until the command has said that it is committed, and to its end."""
    started = time.perf_counter()
    with subprocess.Popen(
        [shell.SCRIPT, *WRITE, f"--change={turn}", "--no-validate"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=processes.environment(STACKROOM_HOME=str(home)),
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        until = (time.perf_counter() - started) * 1e3
        process.wait()
        took = (time.perf_counter() - started) * 1e3
    if "committed as #" not in said:
        raise AssertionError(f"it was not committed: {said!r}")
    return until, took


def _modules(home: Path, words: Sequence[str]) -> str:
    """How many modules a command imports beyond those of the bare interpreter."""
    counts = []
    for command in (["-c", "pass"], [shell.SCRIPT, *words]):
        environment = processes.environment(STACKROOM_HOME=str(home))
        ran = shell.run([sys.executable, "-v", *command], environment)
        counts.append(sum(line.startswith("import '") for line in ran.errors.splitlines()))
    return str(counts[1] - counts[0])
