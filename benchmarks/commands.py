"""Commands as whole processes, on a replica of a large profile."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Target
from benchmarks.series import Series
from benchmarks.workload import Shape, Team, build
from stackroom.client import chance
from stackroom.client.exchange import exchange
from stackroom.client.home import Home
from stackroom.client.workspace import Workspace

STACKS = 1_000
COMPONENTS = 1_000
COMMITS = 300
MEASURED = (("--version",), ("stack", "list"), ("status",))


def run(bench: Bench) -> list[Outcome]:
    """Runs each command in turn, round by round, on a home that has joined a hub."""
    data = bench.folder / "commands"
    data.mkdir()
    team = Team("team", Shape(COMPONENTS, STACKS, COMMITS), seed=6, space=6)
    build(data / "hub.db", [team])
    home = bench.folder / "commands-home"
    with processes.hub(data) as running:
        join(home, running)
    found: dict[tuple[str, ...], list[float]] = {words: [] for words in MEASURED}
    processor: dict[tuple[str, ...], list[float]] = {words: [] for words in MEASURED}
    for turn in range(bench.scale.command_runs + 1):
        for words in MEASURED:
            before = processes.children_cpu()
            took = _time(home, words)
            if turn > 0:  # The first round is for the page cache.
                found[words].append(took)
                processor[words].append((processes.children_cpu() - before) * 1e3)
    shown = {f"stackroom {' '.join(w)}": Series(tuple(times)) for w, times in found.items()}
    rows = tuple(
        (name, series.shown(), Series(tuple(cpu)).shown())
        for (name, series), cpu in zip(shown.items(), processor.values(), strict=True)
    )
    targets = tuple(
        Target(f"`{name}`", series.median, "at most", 250, "ms")
        for name, series in shown.items()
        if not name.endswith("--version")
    )
    notes = (
        f"medians (least–most) of {bench.scale.command_runs} runs in turn after one that does not count; "
        "from the start of the process to its end, its output taken by a pipe",
        f"a replica of a profile with {STACKS:,} stacks and {COMPONENTS:,} components after {COMMITS} "
        "commits, its hub being down",
    )
    return [Outcome("Commands", ("command", "ms", "processor ms"), rows, targets, notes)]


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


def _time(home: Path, words: tuple[str, ...]) -> float:
    """Milliseconds of one command; it must end well, and `stack list` must list all stacks."""
    script = Path(sys.executable).with_name("stackroom")
    started = time.perf_counter()
    ended = subprocess.run(
        [script, *words],
        check=True,
        capture_output=True,
        text=True,
        env=processes.environment(STACKROOM_HOME=str(home)),
    )
    took = (time.perf_counter() - started) * 1e3
    if words == ("stack", "list") and ended.stdout.count("stack-") < STACKS:
        raise AssertionError("not all stacks are listed")
    return took
