"""What is asked of a long history at the command line: runs of pipelines, and the report of a period."""

from collections.abc import Iterator
from typing import Final

from benchmarks import processes, shell
from benchmarks.bench import Bench
from benchmarks.commands import join
from benchmarks.outcome import Outcome, Target
from benchmarks.series import Series
from benchmarks.workload import FIRST_TIME, Shape, Team, build
from stackroom.events.model import Proposal, RunRecorded, RunUpdated

STACKS: Final = 50
COMPONENTS: Final = 100
MINUTE: Final = 60_000
LOOKING: Final = (
    ("run", "list"),
    ("run", "list", "--stack", "stack-0007"),
    ("run", "list", "--pipeline", "pipeline-03", "--status", "running"),
    ("run", "show", "run-77"),
    ("blame", "stack-0007", "--runs"),
)
FORMS: Final = ("html", "csv")
"""Of the report on the second half of the history."""
REPORTS: Final = 3
"""Times that each report is made: it takes seconds."""


class Pipelines(Team):
    """A profile whose pipelines run, each twice reported, and whose components change now and then."""

    def history(self) -> Iterator[Proposal]:
        """All proposals in order: the opening, then runs with an update after every tenth."""
        begin = self.begin()
        stacks = [e.entity for e in begin.events if e.type == "StackRegistered"]
        yield begin
        for n in range(1, self.shape.commits):
            if n % 10 == 0:
                event = self.update(n)
            elif n % 2 == 1:
                stack, name = self.random.choice(stacks), f"run-{n}"
                began = RunRecorded(f"pipeline-{n % 7:02d}", stack, "", "running", name)
                event = self.seal(self.named(name), began)
            else:
                event = self.seal(self.named(f"run-{n - 1}"), RunUpdated("completed"))
            yield Proposal(self.new_id(), n + 1, n, "", FIRST_TIME + n * MINUTE, (event,))

    def named(self, name: str) -> str:
        """The id of the run of that name."""
        from stackroom.client.history.runs import run_id

        return run_id(self.profile, name)


def run(bench: Bench) -> list[Outcome]:
    """Runs each command in turn, round by round, on a home that has joined a hub."""
    data = bench.folder / "activity"
    data.mkdir()
    team = Pipelines("team", Shape(COMPONENTS, STACKS, 2 * bench.scale.history), seed=7, space=7)
    bench.say(f"{2 * bench.scale.history:,} commits")
    build(data / "hub.db", [team])
    home = bench.folder / "activity-home"
    with processes.hub(data) as running:
        join(home, running)
    since = str(bench.scale.history)
    reports = (("report", "--since", since, "--format", form) for form in FORMS)
    found: dict[tuple[str, ...], list[float]] = {words: [] for words in (*LOOKING, *reports)}
    for turn in range(bench.scale.command_runs + 1):
        for words in found:
            if words not in LOOKING and turn > REPORTS:
                continue
            ran = shell.stackroom(home, *words)
            if turn > 0:  # The first round is for the page cache.
                found[words].append(ran.ms)
    shown = {f"stackroom {' '.join(w)}": Series(tuple(times)) for w, times in found.items()}
    rows = tuple((name, series.shown()) for name, series in shown.items())
    targets = tuple(
        Target(f"`{name}`", series.median, "at most", 15_000 if "report" in name else 1_000, "ms")
        for name, series in shown.items()
    )
    notes = (
        f"medians (least–most) of {bench.scale.command_runs} runs in turn, reports of {REPORTS}, after "
        "one that does not count",
        f"a replica of a profile with {2 * bench.scale.history:,} commits, nine in ten of which report a run",
    )
    return [Outcome("Runs and reports", ("command", "ms"), rows, targets, notes)]
