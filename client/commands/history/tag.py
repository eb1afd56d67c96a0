"""`stackroom tag`: names for points of the history."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.lookup import seq_of
from stackroom.client.commands.options import message_option, yes_option
from stackroom.client.commands.tree import GLOBAL, Command, group
from stackroom.events.model import Millis

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.state import Tag


class TagRow(Struct, frozen=True):
    """A tag: it names the state after commit `seq`, whose `time` (the hub's), author and message are given.

    They are null where that commit is not on this machine.
    """

    name: str
    seq: int
    time: Millis | None
    author: str | None
    message: str | None
    id: str


@group(
    "tag",
    otherwise="stackroom.client.commands.history.tag:named",
    example="""
    stackroom tag release-2026-11
    stackroom tag before-migration 42 -m "the last week on the old cluster"
    stackroom tag list
    """,
)
def tag() -> None:
    """Name points of the history: `stackroom tag NAME [SEQ|TIME]`.

    A tag stands wherever a commit or a time is asked for. It is a change as any other: made offline too,
    told by `stackroom log`, and in conflict where two people give one name to two commits.
    """


@tag.command(
    "set",
    example="""
    stackroom tag set release-2026-11
    stackroom tag set release-2026-11 42 --move
    """,
)
@click.argument("name", shell_complete=completing.tags)
@click.argument("at", required=False, metavar="[SEQ|TIME|TAG]", shell_complete=completing.moments)
@click.option("--move", is_flag=True, help="Give the name to another commit than the one it names.")
@message_option
@click.pass_obj
def set_(app: "App", name: str, at: str | None, move: bool, message: str) -> None:
    """Name a commit: the one given, or the last; what waits for the hub has no number yet.

    A name begins with a letter and goes on with letters, digits, '.', '-', '_' and '+'.
    """
    from stackroom.client.commands.exits import Refused
    from stackroom.client.errors import NotFound
    from stackroom.events.state import Tag

    copy = app.copy()
    seq = copy.seq if at is None else seq_of(copy, at)
    if seq == 0:
        raise NotFound("there is no commit to name yet", hint="stackroom sync")
    found = copy.view.find(Tag, name)
    if found is not None and found[1].seq != seq and not move:
        raise Refused(
            f"tag {name!r} names #{found[1].seq}, and not #{seq}",
            hint=f"add --move to give it to #{seq}: stackroom tag set {name} {seq} --move",
        )
    draft = app.workspace.edit(copy, message)
    draft.tag(name, seq)
    app.commit(draft, f"Tag {name!r} set to #{seq}")
    if at is None and copy.standings:
        app.output.note("What waits for the hub is not in it: it has no number yet.")


@tag.command("list", example="stackroom tag list --output json")
@click.pass_obj
def list_(app: "App") -> None:
    """List the tags, the one of the newest commit first."""
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.times import local
    from stackroom.events.state import Tag

    copy = app.copy()
    found = sorted(copy.view.all(Tag), key=lambda tag: (-tag[1].seq, tag[1].name))
    rows = [_row(copy, id, tag) for id, tag in found]

    def table() -> Table:
        return Table(
            ("tag", "seq", "when", "author", "message"),
            [
                (
                    row.name,
                    f"#{row.seq}",
                    local(row.time) if row.time is not None else "",
                    row.author,
                    row.message,
                )
                for row in rows
            ],
            "There are no tags yet: stackroom tag NAME.",
        )

    app.output.show(rows, table)
    app.show_copy_age(copy)


@tag.command("delete", example="stackroom tag delete release-2026-11 --yes")
@click.argument("name", shell_complete=completing.tags)
@yes_option
@message_option
@click.pass_obj
def delete(app: "App", name: str, yes: bool, message: str) -> None:
    """Take a name back; the commit that it named stays.

    `stackroom revert` brings the tag back.
    """
    draft = app.workspace.edit(app.copy(), message)
    draft.untag(name)
    app.confirm(f"Delete tag {name!r}?", yes=yes)
    app.commit(draft, f"Tag {name!r} deleted")


def named(context: click.Context, name: str) -> Command | None:
    """`stackroom tag NAME …`, which is `set` with its name given; None for what is no name."""
    from functools import partial

    if name.startswith("-"):
        return None
    callback = set_.callback
    assert callback is not None
    return Command(
        name,
        callback=partial(callback, name=name),
        settled={"name": name},
        params=[p for p in set_.params if p.name not in {"name", *GLOBAL}],
        help=set_.help,
        example=set_.example if isinstance(set_, Command) else "",
    )


def _row(copy: "ProfileCopy", id: str, tag: "Tag") -> TagRow:
    commits = copy.log.commits(copy.id, tag.seq - 1, 1)
    if not commits or commits[0].seq != tag.seq:
        return TagRow(tag.name, tag.seq, None, None, None, id)
    (commit,) = commits
    return TagRow(tag.name, tag.seq, commit.accepted, commit.author, commit.message, id)
