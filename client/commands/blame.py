"""`stackroom blame`: who wrote each value."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

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


class Line(Struct, frozen=True):
    """One value and who wrote it last; without a `seq`, a proposal that waits for the hub.

    `author` and `time` (the hub's clock, in ms) are null where that commit is not on this machine.
    """

    path: Path
    place: str
    value: Value
    seq: int | None
    id: str | None
    author: str | None
    time: Millis | None
    message: str | None


@command(
    "blame",
    example="""
    stackroom blame prod
    stackroom blame orchestrator/k8s
    stackroom blame profile
    """,
)
@click.argument("entity", metavar="STACK|TYPE/NAME", shell_complete=completing.entities)
@click.pass_obj
def blame(app: App, entity: str) -> None:
    """Show for each value of a stack or component who wrote it last, when and why.

    `profile` stands for the profile itself: its description, settings and default stack.
    """
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.times import local

    copy = app.copy()
    _, found = find_entity(copy.view, entity)
    names = Names(copy.view, copy.confirmed)
    lines = _lines(copy, found, names)

    def table() -> Table:
        return Table(
            ("what", "value", "seq", "author", "when", "message"),
            [
                (
                    line.place,
                    names.value(line.path, line.value),
                    f"#{line.seq}" if line.seq is not None else "pending",
                    line.author,
                    local(line.time) if line.time is not None else "",
                    line.message,
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
