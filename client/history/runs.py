"""Runs of pipelines: how one is recorded upon what its reporter sees, and how runs are read again.

The log's index finds them; what waits for the hub is added on top.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from msgspec import Struct

from stackroom.client.errors import NotFound
from stackroom.events import limits
from stackroom.events.carriers import REPORTS
from stackroom.events.deciding.rules import ID
from stackroom.events.history.runs import Gathering, Run
from stackroom.events.log import RunFound, RunsWanted
from stackroom.events.model import Change, RunRecorded, RunUpdated
from stackroom.events.state import Stack, State

if TYPE_CHECKING:
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.client.python.editing import Result

LEAST: Final = 4
"""Characters by whose end an id may be named."""


class RecordedRun(Struct, frozen=True):
    """A run that was recorded: its id, and what became of the report; `str()` says it in words."""

    id: str
    result: "Result"

    def __str__(self) -> str:
        return f"run {self.id}: {self.result}"


class Seen(Struct, frozen=True):
    """A run, and the seq of the commit whose state it ran on.

    `seq` is None where that commit waits for the hub, was refused, or is not on this machine.
    """

    run: Run
    seq: int | None


def run_id(profile: str, named: str) -> str:
    """The id of the run that others call `named`: a UUID as it is, of any other text always the same one."""
    given = named.strip().lower()
    return given if ID.fullmatch(given) else str(uuid5(UUID(profile), named))


def recording(
    copy: "ProfileCopy",
    id: str,
    pipeline: str,
    stack: tuple[str, Stack],
    *,
    status: str,
    named: str = "",
    commit: str | None = None,
    url: str = "",
    labels: Mapping[str, str] | None = None,
) -> tuple[str, Change]:
    """What records the run `id` of a stack as it stands in `copy`, or as it was after `commit` (an id).

    Of a run that is known here, on the same stack, it says what is new: it stays with its commit.
    """
    said = dict(labels or {})
    known = find(copy, [id]).get(id)
    ran = None if known is None else (known.pipeline, copy.view.resolve(known.stack))
    if ran == (pipeline, stack[0]) and commit is None:
        return id, RunUpdated(status, url or None, said)
    made = commit if commit is not None else made_by(copy, stack[1])
    name = "" if not named or ID.fullmatch(named.strip().lower()) else named
    return id, RunRecorded(pipeline, stack[0], made, status, name, url, said)


def made_by(copy: "ProfileCopy", stack: Stack) -> str:
    """The id of the commit that made the stack what it is in the view: the last one to change it or a member.

    Empty where that commit was not fetched yet: then the base of the proposal tells.
    """
    entities = [stack, *(copy.view.get(member) for _, member in stack.members())]
    seq = max(seq for each in entities if each is not None for seq, _ in each.stamps.values())
    if seq > copy.seq:
        # The view numbers what waits for the hub on from the last commit.
        standing = [each for each in copy.standings if each.stands]
        return standing[seq - copy.seq - 1].proposal.id
    commits = copy.log.commits(copy.id, seq - 1, 1)
    return commits[0].id if commits and commits[0].seq == seq else ""


def commit_id(copy: "ProfileCopy", seq: int) -> str:
    """The id of the commit at `seq`; NotFound where it was not fetched yet."""
    commits = copy.log.commits(copy.id, seq - 1, 1)
    if not commits or commits[0].seq != seq:
        raise NotFound(f"#{seq} is not on this machine yet", hint="stackroom sync")
    return commits[0].id


def find(copy: "ProfileCopy", ids: Iterable[str], author: str = "") -> dict[str, Run]:
    """Those of the runs `ids` that there are, and all that have a report which waits; `author` gave these."""
    waiting = [standing.proposal for standing in copy.standings if standing.stands]
    events = [event for proposal in waiting for event in proposal.events]
    wanted = {event.entity for event in events if event.type in REPORTS} | set(ids)
    gathering = Gathering()
    gathering.commits(copy.log.touching(copy.id, sorted(wanted), copy.seq) if wanted else ())
    gathering.proposals(waiting, author)
    return gathering.runs()


def recent(copy: "ProfileCopy", wanted: RunsWanted, author: str = "") -> list[Seen]:
    """The runs that are wanted, newest first; what waits for the hub counts as it says."""
    found = {each.id: each for each in copy.log.runs(copy.id, wanted)}
    runs = [run for run in find(copy, found, author).values() if _fits(run, wanted)]
    # Those that the hub has not heard of come last, in the order in which they were reported.
    placed = sorted((run.reports[0].seq or limits.COUNT_MOST, n) for n, run in enumerate(runs))
    newest = [runs[n] for _, n in reversed(placed)]
    return _seen(copy, newest[: wanted.limit], found)


def named(copy: "ProfileCopy", text: str, author: str = "") -> Seen:
    """The run of that id, of that name, or whose id ends so; NotFound."""
    id = run_id(copy.id, text)
    runs = find(copy, [id], author)
    ending = text.strip().lower()
    if id not in runs and len(ending) >= LEAST:
        ids = [each.id for each in copy.log.runs(copy.id, RunsWanted(ending=ending, limit=2))]
        ids += [run for run in runs if run.endswith(ending) and run not in ids]
        if len(ids) > 1:
            raise NotFound(f"{text!r} ends several ids", hint="stackroom run list")
        (id,) = ids or [id]
        runs = find(copy, [id], author)
    if id not in runs:
        raise NotFound(f"there is no run {text!r}", hint="stackroom run list")
    return _seen(copy, [runs[id]], {})[0]


def state_of(copy: "ProfileCopy", seen: Seen) -> State:
    """The state that the run ran on; NotFound where it is not (or no more) to be had."""
    if seen.seq is not None:
        return copy.at(seen.seq)
    waiting = {each.proposal.id for each in copy.standings if each.stands}
    if seen.run.commit in waiting:
        return copy.view
    raise NotFound(
        f"the commit {seen.run.commit} that run {seen.run.id} names is not in this history",
        hint="stackroom sync, or stackroom pending list where the run was recorded",
    )


def _fits(run: Run, wanted: RunsWanted) -> bool:
    first = run.reports[0].seq
    return (
        (wanted.stacks is None or run.stack in wanted.stacks)
        and wanted.pipeline in (None, run.pipeline)
        and wanted.status in (None, run.status)
        and (first is None or (first > wanted.after and first <= (wanted.upto or first)))
    )


def _seen(copy: "ProfileCopy", runs: list[Run], found: Mapping[str, RunFound]) -> list[Seen]:
    """The runs with their places; what was found by the index, and has nothing waiting, has it there."""
    unknown = sorted({r.commit for r in runs if r.commit and (r.pending or r.id not in found)})
    answers = copy.log.answers(unknown) if unknown else {}
    seqs = {id: answer.seq for id, answer in answers.items()}
    seen = []
    for run in runs:
        if run.id in found and not run.pending:
            seq = found[run.id].at
        else:
            seq = seqs.get(run.commit) if run.commit else run.base
        seen.append(Seen(run, seq))
    return seen


def stack_name(state: State, id: str) -> str:
    """What the stack is called, or was when it ended; else the end of its id."""
    entity = state.get(id)
    gone = state.gone.get(state.resolve(id))
    return entity.name if entity is not None else gone.name if gone is not None else id[-12:]


def stack_ids(state: State, id: str) -> tuple[str, ...]:
    """The ids under which the stack was ever spoken of."""
    return tuple(sorted(state.spoken_of((id,))))
