"""`stackroom blame`: who wrote each value."""

from typing import TYPE_CHECKING, Final

import click
from msgspec import Struct, structs

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import find_entity
from stackroom.client.commands.tree import command
from stackroom.events.model import Millis
from stackroom.events.values import Path, Value

if TYPE_CHECKING:
    from stackroom.client.commands.naming import Names
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.state import AnyEntity


NEWEST: Final = 20
"""Runs of one value that programs are given; the rest is counted."""


class UsedBy(Struct, frozen=True):
    """A run, and the seq of the commit whose state it ran on."""

    id: str
    pipeline: str
    status: str
    at: int | None


class Used(Struct, frozen=True):
    """The runs that used a value: how many, and the newest of them, the last one first."""

    count: int
    newest: list[UsedBy]


class Line(Struct, frozen=True):
    """One value and who wrote it last; without a `seq`, a proposal that waits for the hub.

    `author` and `time` (the hub's clock, in ms) are null where that commit is not on this machine; `runs` is
    null unless it was asked for.
    """

    path: Path
    place: str
    value: Value
    seq: int | None
    id: str | None
    author: str | None
    time: Millis | None
    message: str | None
    runs: Used | None = None


@command(
    "blame",
    example="""
    stackroom blame prod
    stackroom blame orchestrator/k8s
    stackroom blame orchestrator/k8s --runs
    stackroom blame profile
    """,
)
@click.argument("entity", metavar="STACK|TYPE/NAME", shell_complete=completing.entities)
@click.option(
    "--runs", "with_runs", is_flag=True, help="Also which runs of pipelines used each value."
)
@click.pass_obj
def blame(app: App, entity: str, with_runs: bool) -> None:
    """Show for each value of a stack or component who wrote it last, when and why.

    `profile` stands for the profile itself: its description, settings and default stack. --runs counts
    the runs (see run) whose commit had the value, on a stack that had the component then.
    """
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.times import local

    copy = app.copy()
    id, found = find_entity(copy.view, entity)
    names = Names(copy.view, copy.confirmed)
    lines = _lines(copy, found, names)
    if with_runs:
        lines = _with_runs(copy, id, found, lines)

    def table() -> Table:
        return Table(
            ("what", "value", "seq", "author", "when", "message", *(["runs"] if with_runs else [])),
            [
                (
                    line.place,
                    names.value(line.path, line.value),
                    f"#{line.seq}" if line.seq is not None else "pending",
                    line.author,
                    local(line.time) if line.time is not None else "",
                    line.message,
                    *([_used(line.runs)] if line.runs is not None else []),
                )
                for line in lines
            ],
        )

    app.output.show(lines, table)
    app.show_copy_age(copy)


def _lines(copy: "ProfileCopy", entity: "AnyEntity", names: "Names") -> list[Line]:
    from msgspec import UNSET

    from stackroom.events import history

    writers = {}
    lines = []
    for written in history.blame(entity):
        if written.seq not in writers:
            writers[written.seq] = _writer(copy, written.seq)
        value = None if written.value is UNSET else written.value
        lines.append(Line(written.path, names.path(written.path), value, *writers[written.seq]))
    return lines


def _with_runs(copy: "ProfileCopy", id: str, entity: "AnyEntity", lines: list[Line]) -> list[Line]:
    from stackroom.client.usage import usage

    used = usage(copy, id, entity)
    told = []
    for line in lines:
        runs = used.since(line.seq) if line.seq is not None else []
        newest = [UsedBy(r.id, r.pipeline, r.status, r.at) for r in runs[: -NEWEST - 1 : -1]]
        told.append(structs.replace(line, runs=Used(len(runs), newest)))
    return told


def _used(used: Used) -> str:
    """`12, last training (completed)`."""
    if not used.newest:
        return "none"
    last = used.newest[0]
    return f"{used.count}, last {last.pipeline} ({last.status})"


def _writer(
    copy: "ProfileCopy", seq: int
) -> tuple[int | None, str | None, str | None, Millis | None, str | None]:
    """(seq, id, author, time, message) of what stands at `seq` of the view."""
    if seq > copy.seq:
        # The view numbers what waits for the hub on from the last commit.
        standing = [each for each in copy.standings if each.stands][seq - copy.seq - 1]
        proposal = standing.proposal
        return None, proposal.id, None, proposal.time, proposal.message
    commits = copy.log.commits(copy.id, seq - 1, 1)
    if not commits or commits[0].seq != seq:
        return seq, None, None, None, None
    commit = commits[0]
    return seq, commit.id, commit.author, commit.accepted, commit.message
