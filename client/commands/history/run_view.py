"""How runs are shown and saved."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from stackroom.client.commands.lookup import find_stack
from stackroom.client.commands.naming import short
from stackroom.client.commands.saving import Written, became, tell
from stackroom.client.commands.stacks.entities import Ref, StackRow
from stackroom.client.errors import NotFound
from stackroom.client.history import runs
from stackroom.events.model import Millis
from stackroom.events.state import Stack, State

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.output import Views
    from stackroom.client.history.runs import Seen
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.model import Change


class Recorded(Written, frozen=True):
    """What became of a report, and the id of its run."""

    run: str = ""


class ReportRow(Struct, frozen=True):
    """One report; without a `seq`, waits for the hub. `time` is its author's clock, `accepted` the hub's."""

    seq: int | None
    author: str
    status: str | None
    time: Millis
    accepted: Millis | None


class RunRow(Struct, frozen=True):
    """A run; `at` is the seq of the commit whose state it ran on, null where that is not in the history here.

    `commit` is the id of that commit; empty where the base of the report says it.
    """

    id: str
    name: str
    pipeline: str
    stack: Ref
    at: int | None
    commit: str
    status: str
    url: str
    labels: dict[str, str]
    pending: bool
    reports: list[ReportRow]


class RunShown(RunRow, frozen=True):
    """A run, with the stack as it was for it."""

    stack_then: StackRow | None = None

    @classmethod
    def of(cls, row: RunRow, stack: StackRow) -> "RunShown":
        """`row` with its stack."""
        fields = {name: getattr(row, name) for name in RunRow.__struct_fields__}
        return cls(**fields, stack_then=stack)


def save(
    app: "App", copy: "ProfileCopy", change: "tuple[str, Change]", message: str, done: str
) -> None:
    """Saves a report, tries the hub for a moment, and tells what became of it."""
    saved = app.workspace.propose(copy, [change], message)
    written = became(app, copy.id, saved)
    tell(app, Recorded(**structs.asdict(written), run=change[0]), done)


def shown(copy: "ProfileCopy", seen: "Seen") -> RunRow:
    """A run for programs."""
    run = seen.run
    return RunRow(
        run.id,
        run.name,
        run.pipeline,
        Ref(run.stack, runs.stack_name(copy.view, run.stack)),
        seen.seq,
        run.commit,
        run.status,
        run.url,
        run.labels,
        run.pending,
        [ReportRow(r.seq, r.author, r.status, r.time, r.accepted) for r in run.reports],
    )


def line(row: RunRow) -> tuple[object, ...]:
    """A run in a table."""
    from stackroom.client.commands.output import Toned
    from stackroom.client.commands.terminal import Tone
    from stackroom.client.commands.times import local

    tones: dict[str, Tone] = {"completed": "good", "cached": "good", "failed": "bad"}
    first = row.reports[0]
    status = f"{row.status} (pending)" if row.pending else row.status
    return (
        row.name or short(row.id),
        row.pipeline,
        row.stack.name,
        _place(row),
        Toned(status, tones.get(row.status, "careful")),
        first.author,
        local(first.time if first.accepted is None else first.accepted),
    )


def view(row: RunShown, now: Millis) -> "Views":
    """A run for people: what is known of it, its reports, and the stack."""
    from stackroom.client.commands.output import Fields, Table
    from stackroom.client.commands.stacks import entities
    from stackroom.client.commands.stacks.stack_read import described
    from stackroom.client.commands.times import ago, local

    fields: list[tuple[str, object]] = [
        ("pipeline", row.pipeline),
        ("stack", f"{row.stack.name}, as of {_place(row) or 'a commit that waits for the hub'}"),
        ("status", row.status),
        ("labels", entities.map_cell(row.labels)),
        ("url", row.url),
        ("id", row.id),
    ]
    reports = Table(
        ("report", "status", "by", "when"),
        [
            (
                f"#{each.seq}" if each.seq is not None else "pending",
                each.status,
                each.author,
                f"{local(each.time)} ({ago(each.time, now)})",
            )
            for each in row.reports
        ],
    )
    assert row.stack_then is not None
    title = f"run {row.name!r}" if row.name else f"run {short(row.id)}"
    stack = described(row.stack_then)
    return [Fields([f for f in fields if f[1]], title), reports, *stack]


def stack_then(copy: "ProfileCopy", seen: "Seen") -> tuple[State, str, Stack]:
    """The state that the run ran on, and its stack there; NotFound where there is no such state here."""
    state = runs.state_of(copy, seen)
    id = state.resolve(seen.run.stack)
    stack = state.get(id)
    if not isinstance(stack, Stack):
        raise NotFound(
            f"stack {runs.stack_name(copy.view, seen.run.stack)!r} is not there at #{state.seq}: the "
            "commit that the run names is in conflict, or waits for approval",
            hint=f"stackroom show {state.seq}",
        )
    return state, id, stack


def overtaken(copy: "ProfileCopy", seen: "Seen") -> Iterator[str]:
    """A sentence where the stack's last change was taken behind others that its author had not seen."""
    base = seen.run.base
    if seen.seq is None or seen.seq - 1 <= base:
        return
    commits = copy.log.commits(copy.id, base, seen.seq - base)
    if len({commit.replica for commit in commits}) > 1:
        yield (
            f"It was recorded offline, at #{base} with changes of its own: what others changed between "
            f"#{base} and #{seen.seq} was not there yet."
        )


def ids_of_stack(copy: "ProfileCopy", name: str) -> tuple[str, ...]:
    """The ids of the stack of that name: the one that stands, or those of that name that ended."""
    ended = [
        id for id, gone in copy.view.gone.items() if gone.kind == "stack" and gone.name == name
    ]
    if copy.view.find(Stack, name) is None and ended:
        return tuple(ended)
    id, _ = find_stack(copy.view, name)
    return (*runs.stack_ids(copy.view, id), *ended)


def _place(row: RunRow) -> str:
    return "" if row.at is None else f"#{row.at}"
