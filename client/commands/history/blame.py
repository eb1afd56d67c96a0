"""`stackroom blame`: who wrote each value, and what it was before."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from msgspec import UNSET, Struct, structs

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.history.blame_runs import Used
from stackroom.client.commands.lookup import find_entity, state_at
from stackroom.client.commands.options import at_option
from stackroom.client.commands.tree import command
from stackroom.client.errors import NotFound
from stackroom.events.model import Millis
from stackroom.events.values import Maybe, Path, Value

if TYPE_CHECKING:
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.output import Table
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.history.lineage import Wrote
    from stackroom.events.state import AnyEntity, State


class Earlier(Struct, frozen=True, omit_defaults=True):
    """A value that stood there before, and the commit that wrote it; absent where there was none."""

    seq: int
    id: str
    author: str
    time: Millis
    message: str
    value: Maybe = UNSET
    runs: Used | None = None


class Line(Struct, frozen=True):
    """One value and who wrote it last; without a `seq`, a proposal that waits for the hub.

    `author` and `time` (the hub's clock, in ms) are null where that commit is not on this machine.
    `history` are the values before, newest first, if they are asked for; then what is there no more is
    told, too: it is `gone`, and the commit is the one that took it away. `runs` is null unless it was
    asked for.
    """

    path: Path
    place: str
    value: Value
    seq: int | None
    id: str | None
    author: str | None
    time: Millis | None
    message: str | None
    entity: str
    gone: bool = False
    history: list[Earlier] = []
    runs: Used | None = None


@command(
    "blame",
    example="""
    stackroom blame prod --with-components
    stackroom blame orchestrator/k8s
    stackroom blame orchestrator/k8s --path config.namespace --history
    stackroom blame prod --at release-2026-11
    stackroom blame orchestrator/k8s --runs
    stackroom blame profile
    """,
)
@click.argument("entity", metavar="STACK|TYPE/NAME", shell_complete=completing.entities)
@click.option(
    "--path", "path", metavar="PATH", help="Only what is there or below: config.namespace."
)
@click.option("--history", is_flag=True, help="With the values that were there before.")
@click.option("--with-components", is_flag=True, help="Of a stack, also of its components.")
@click.option(
    "--runs", "with_runs", is_flag=True, help="Also which runs of pipelines used each value."
)
@at_option
@click.pass_obj
def blame(
    app: App,
    entity: str,
    path: str | None,
    history: bool,
    with_components: bool,
    with_runs: bool,
    at: str | None,
) -> None:
    """Show for each value of a stack or component who wrote it last, when, in which commit and why.

    `profile` stands for the profile itself: its description, settings and default stack. --runs counts
    the runs (see run) whose commit had the value, on a stack that had the component then.
    """
    from stackroom.client.commands.history.log_filters import path_of
    from stackroom.client.commands.naming import Names

    copy = app.copy()
    state = state_at(copy, at)
    found = find_entity(state, entity)
    if history and copy.missing is not None:
        raise NotFound("the whole history is not on this machine yet", hint="stackroom sync")
    wanted = path_of(state, path) if path is not None else ""
    names = Names(state, copy.view, copy.confirmed)
    lines: list[Line] = []
    for id, each in _asked(state, *found, with_components=with_components):
        own = [
            line
            for line in _lines(copy, state, id, each, names, history=history)
            if line.path == wanted or line.path.startswith(f"{wanted}/")
        ]
        lines += _with_runs(copy, state, id, each, own) if with_runs else own
    if not lines and path is not None:
        raise NotFound(f"{names.entity(found[0])} has nothing at {path}", hint="add --history")
    several = len({line.entity for line in lines}) > 1
    app.output.show(lines, lambda: _table(lines, names, several=several, runs=with_runs))
    app.show_copy_age(copy, state)


def _asked(
    state: "State", id: str, entity: "AnyEntity", *, with_components: bool
) -> "Iterator[tuple[str, AnyEntity]]":
    from stackroom.events.state import Stack

    yield id, entity
    if with_components:
        if not isinstance(entity, Stack):
            raise click.UsageError("--with-components goes with a stack")
        for _, member in entity.members():
            if (found := state.get(member)) is not None:
                yield member, found


def _lines(
    copy: "ProfileCopy",
    state: "State",
    id: str,
    entity: "AnyEntity",
    names: "Names",
    *,
    history: bool,
) -> Iterator[Line]:
    from stackroom.events.history.history import blame as blamed
    from stackroom.events.history.lineage import lineage

    called = names.entity(id)
    upto = min(state.seq, copy.seq)
    past = lineage(copy.log, copy.id, copy.confirmed, id, upto) if history else {}
    writers = {}
    standing = set[Path]()
    for written in blamed(entity):
        standing.add(written.path)
        if written.seq not in writers:
            writers[written.seq] = _writer(copy, written.seq)
        value = None if written.value is UNSET else written.value
        wrote = past.get(written.path, [])
        # What waits for the hub has all that was confirmed before it.
        earlier = wrote if written.seq > copy.seq else wrote[1:]
        place = names.path(written.path)
        told = [_earlier(each) for each in earlier]
        yield Line(
            written.path, place, value, *writers[written.seq], called, gone=False, history=told
        )
    for path, wrote in sorted(past.items()):
        if path not in standing and wrote[0].value is UNSET:
            last, *rest = wrote
            told = [_earlier(each) for each in rest]
            yield Line(path, names.path(path), None, *_told(last), called, gone=True, history=told)


def _told(wrote: "Wrote") -> tuple[int, str, str, Millis, str]:
    commit = wrote.commit
    return commit.seq, commit.id, commit.author, commit.accepted, commit.message


def _earlier(wrote: "Wrote") -> Earlier:
    return Earlier(*_told(wrote), value=wrote.value)


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


def _with_runs(
    copy: "ProfileCopy", state: "State", id: str, entity: "AnyEntity", lines: list[Line]
) -> list[Line]:
    """The lines with the runs that used each value, up to the moment that is looked at."""
    from stackroom.client.commands.history.blame_runs import in_turn
    from stackroom.client.history.usage import usage

    end = None if state is copy.view else state.seq + 1
    found = usage(copy, id, entity)
    told = []
    for line in lines:
        last = None if line.gone else line.seq
        until = line.seq if line.gone else end
        now, *before = in_turn(found, [last, *(was.seq for was in line.history)], until)
        history = [
            structs.replace(was, runs=runs) for was, runs in zip(line.history, before, strict=True)
        ]
        told.append(structs.replace(line, runs=now, history=history))
    return told


def _table(lines: list[Line], names: "Names", *, several: bool, runs: bool) -> "Table":
    from stackroom.client.commands.history import blame_runs
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.times import local

    rows: list[tuple[object, ...]] = []
    for line in lines:
        shown = names.value(line.path, UNSET if line.gone else line.value)
        number = f"#{line.seq}" if line.seq is not None else "pending"
        when = local(line.time) if line.time is not None else ""
        used = blame_runs.shown(line.runs)
        rows.append((line.entity, line.place, shown, number, line.author, when, line.message, used))
        for was in line.history:
            before = names.value(line.path, was.value)
            number, when = f"#{was.seq}", local(was.time)
            used = blame_runs.shown(was.runs)
            rows.append(("", "  before", before, number, was.author, when, was.message, used))
    headings: tuple[str, ...] = ("of", "what", "value", "seq", "author", "when", "message", "runs")
    shown_columns = slice(0 if several else 1, None if runs else -1)
    return Table(headings[shown_columns], [row[shown_columns] for row in rows])
