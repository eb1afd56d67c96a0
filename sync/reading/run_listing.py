"""Which pipelines ran on a stack, or with a component. Plain functions, inside a reading transaction.

The log's index finds runs by their stack. Which component was in a stack when a run began is worked out from
what was said of that stack, so a component's runs are looked for in one stretch of all runs after the other.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from stackroom.events.codec import unseal
from stackroom.events.fold import apply_change
from stackroom.events.history.runs import Gathering, Run
from stackroom.events.log import LogReader, RunFound, RunsWanted
from stackroom.events.state import Stack, State
from stackroom.sync import protocol as wire
from stackroom.sync.effects import ENVELOPE_BYTES
from stackroom.sync.reading.showing import Past
from stackroom.sync.settings import Settings

STRETCH: Final = 500
"""Runs that are looked at for one answer, where it is about a component."""


class Ran(Struct, frozen=True):
    """The runs that were found, newest first, and behind which (first report, id) to go on, if at all."""

    runs: tuple[wire.ListedRun, ...]
    behind: tuple[int, str] | None = None

    @property
    def weight(self) -> int:
        """About how many bytes they are."""
        return sum(ENVELOPE_BYTES + len(run.url) for run in self.runs)


class Courses:
    """What some stacks were, and when: folded from what was said of them alone."""

    def __init__(
        self, log: LogReader, profile: str, now: State, stacks: Iterable[str], upto: int
    ) -> None:
        self._now = now
        ids = now.spoken_of(now.resolve(id) for id in stacks)
        self._seqs: dict[str, list[int]] = {}
        self._stacks: dict[str, list[Stack | None]] = {}
        state = State()
        state.aliases = now.aliases.copy()
        for commit in log.touching(profile, sorted(ids), upto):
            stamp = (commit.seq, state.writer(commit.replica))
            touched = {event.entity for event in commit.events} & ids
            for event in commit.events:
                if event.entity in ids:
                    apply_change(state, stamp, event.entity, unseal(event))
            for id in {state.resolve(each) for each in touched}:
                stack = state.get(id)
                self._seqs.setdefault(id, []).append(commit.seq)
                self._stacks.setdefault(id, []).append(stack if isinstance(stack, Stack) else None)

    def at(self, stack: str, seq: int | None) -> Stack | None:
        """The stack as it was after commit `seq`; None where it was not there."""
        id = self._now.resolve(stack)
        place = bisect_right(self._seqs.get(id, ()), seq or 0)
        return self._stacks[id][place - 1] if place else None


def list_runs(asked: wire.ListRuns, past: Past, settings: Settings, log: LogReader) -> Ran:
    """The runs that `asked` wants."""
    profile, head = asked.profile, log.head(asked.profile).seq
    upto = min(asked.upto or head, head)
    most = max(1, min(asked.most, settings.log_entries))
    now = past.at(log, profile, head)
    entity = now.resolve(asked.entity)
    gone = now.gone.get(entity)
    kind = gone.kind if gone is not None else getattr(now.entities.get(entity), "kind", "")
    if kind not in ("stack", "component"):
        return Ran(())
    stacks, limit = None, STRETCH
    if kind == "stack":
        stacks, limit = tuple(sorted(now.spoken_of((entity,)))), most
    behind = (asked.before, asked.run) if asked.before else None
    wanted = RunsWanted(stacks=stacks, upto=upto, behind=behind, limit=limit)
    found = log.runs(profile, wanted)
    courses = Courses(log, profile, now, {run.stack for run in found}, head)
    told: list[tuple[RunFound, Stack | None]] = []
    for run in found:
        stack = courses.at(run.stack, run.at)
        if kind == "stack" or (stack is not None and _has(stack, entity)):
            told.append((run, stack))
    more = (found[-1].first, found[-1].id) if len(found) == limit else None
    if len(told) > most:
        told = told[:most]
        more = told[-1][0].first, told[-1][0].id
    return Ran(tuple(_listed(log, profile, told, upto)), more)


def _has(stack: Stack, component: str) -> bool:
    return any(component in ids for ids in stack.components.values())


def _listed(
    log: LogReader, profile: str, told: list[tuple[RunFound, Stack | None]], upto: int
) -> Iterable[wire.ListedRun]:
    """Each as its reports up to `upto` tell it."""
    gathering = Gathering()
    ids = sorted(found.id for found, _ in told)
    gathering.commits(log.touching(profile, ids, upto) if ids else ())
    runs = gathering.runs()
    for found, stack in told:
        if (run := runs.get(found.id)) is not None:
            yield _told(run, found, stack)


def _told(run: Run, found: RunFound, stack: Stack | None) -> wire.ListedRun:
    first, last = run.reports[0], run.reports[-1]
    return wire.ListedRun(
        run.id,
        run.pipeline,
        run.status,
        run.stack,
        first.author,
        first.accepted or 0,
        last.accepted or 0,
        found.first,
        last.seq or found.first,
        found.at,
        stack.name if stack is not None else "",
        run.name,
        run.url,
    )
