"""Which runs used a value: those whose commit had it, on a stack that had its component then.

A value was used from the commit that wrote it until it was overwritten; of what stands now, to this day.
"""

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from stackroom.client.history.runs import stack_ids
from stackroom.events.bodies import unseal
from stackroom.events.fold import apply_change
from stackroom.events.log import RunFound, RunsWanted
from stackroom.events.state import AnyEntity, Component, Stack, State

if TYPE_CHECKING:
    from stackroom.client.profile_copy import ProfileCopy

Span = tuple[int, int]
"""From one seq up to another, which is not in it."""

EVER: Final[Span] = (0, 2**63)


class Usage:
    """The runs that used one entity, by the seq of the commit whose state they ran on."""

    def __init__(self, runs: list[RunFound]) -> None:
        self._runs = sorted(runs, key=_place)
        self._places = [_place(run) for run in self._runs]

    def since(self, seq: int) -> list[RunFound]:
        """Those that used what the commit `seq` wrote, and nothing has overwritten; the newest last."""
        return self._runs[bisect_left(self._places, (seq, 0)) :]


def usage(copy: "ProfileCopy", id: str, entity: AnyEntity) -> Usage:
    """The runs that used a stack or component; what waits for the hub is not counted. None used a profile."""
    if isinstance(entity, Stack):
        spans = {id: [EVER]}
    elif isinstance(entity, Component):
        spans = _in_stacks(copy, id, entity.component_type)
    else:
        spans = {}
    standing = {each: stack for stack in spans for each in stack_ids(copy.view, stack)}
    found = copy.log.runs(copy.id, RunsWanted(tuple(standing))) if standing else []
    used = [
        run
        for run in found
        if run.at is not None
        and any(first <= run.at < end for first, end in spans[standing[run.stack]])
    ]
    return Usage(used)


def _in_stacks(copy: "ProfileCopy", component: str, type: str) -> dict[str, list[Span]]:
    """In which stacks the component was, from when to when: from what was ever said of stacks."""
    view = copy.view
    stacks = {id for id, _ in view.all(Stack)}
    stacks |= {id for id, gone in view.gone.items() if gone.kind == "stack"}
    spoken = view.spoken_of(stacks)
    state = State()
    state.aliases = view.aliases.copy()
    spans: dict[str, list[Span]] = {}
    for commit in copy.log.touching(copy.id, sorted(spoken), copy.seq):
        stamp = (commit.seq, state.writer(commit.replica))
        touched = {event.entity for event in commit.events} & spoken
        for event in commit.events:
            if event.entity in spoken:
                apply_change(state, stamp, event.entity, unseal(event))
        for id in {state.resolve(each) for each in touched}:
            stack = state.get(id)
            within = isinstance(stack, Stack) and component in stack.components.get(type, ())
            known = spans.setdefault(id, [])
            if within and (not known or known[-1][1] <= commit.seq):
                known.append((commit.seq, EVER[1]))
            elif not within and known and known[-1][1] == EVER[1]:
                known[-1] = (known[-1][0], commit.seq)
    return {id: known for id, known in spans.items() if known}


def _place(run: RunFound) -> tuple[int, int]:
    return run.at or 0, run.first
