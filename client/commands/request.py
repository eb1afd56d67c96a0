"""`stackroom request`: changes of what is protected, which wait for another person's approval."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.options import message_option, reason_option
from stackroom.client.commands.telling import ChangeRow
from stackroom.client.commands.tree import group

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.model import Change
    from stackroom.events.state import Request


class RequestRow(Struct, frozen=True):
    """An open change request, named by the commit that opened it; `changes` is what it would change."""

    seq: int
    id: str
    author: str
    message: str
    entities: list[str]
    changes: list[ChangeRow]


@group(
    "request",
    example="""
    stackroom request list
    stackroom request show 12
    stackroom request approve 12 -m "checked the quota"
    """,
)
def request() -> None:
    """Change requests: a change of a protected stack or component waits until another person approves it."""


seq_argument = click.argument("seq", metavar="N", shell_complete=completing.requests)


@request.command("list", example="stackroom request list")
@click.pass_obj
def list_(app: "App") -> None:
    """List the change requests that are open."""
    from stackroom.client.commands.output import Table

    copy = app.copy()
    rows = _rows(copy)

    def table() -> Table:
        return Table(
            ("number", "author", "what", "message"),
            [(f"#{r.seq}", r.author, ", ".join(r.entities), r.message) for r in rows],
            "No change request is open.",
        )

    app.output.show(rows, table)
    app.show_copy_age(copy)


@request.command("show", example="stackroom request show 12")
@seq_argument
@click.pass_obj
def show(app: "App", seq: str) -> None:
    """Show an open change request: who made it, why, and value by value what it would change."""
    from stackroom.client.commands import telling
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.output import Changes, Fields

    copy = app.copy()
    row = _row(copy, *_find(copy, seq))
    names = Names(copy.view)
    fields = Fields(
        (("author", row.author), ("message", row.message)), f"change request #{row.seq}"
    )
    app.output.show(row, [fields, Changes(list(telling.change_lines(row.changes, names)))])
    app.show_copy_age(copy)


@request.command("approve", example='stackroom request approve 12 -m "checked the quota"')
@seq_argument
@message_option
@click.pass_obj
def approve(app: "App", seq: str, message: str) -> None:
    """Approve another person's change request: what it holds is committed as it was proposed."""
    from stackroom.client.commands.saving import tell_saved
    from stackroom.events.approval import held_changes
    from stackroom.events.model import RequestApproved

    copy = app.copy()
    id, found = _find(copy, seq)
    changes = [(id, RequestApproved()), *held_changes(found.held)]
    saved = app.workspace.propose(copy, changes, message)
    tell_saved(
        app, copy.id, saved, f"Change request #{found.opened} of {found.held[0].author} approved"
    )


@request.command("reject", example='stackroom request reject 12 -m "the quota is not there"')
@seq_argument
@reason_option
@click.pass_obj
def reject(app: "App", seq: str, message: str) -> None:
    """Reject a change request: nothing changes, and the history keeps it."""
    from stackroom.events.model import RequestClosed

    _close(app, seq, RequestClosed("rejected"), message, "rejected")


@request.command("withdraw", example="stackroom request withdraw 12")
@seq_argument
@reason_option
@click.pass_obj
def withdraw(app: "App", seq: str, message: str) -> None:
    """Withdraw your own change request."""
    from stackroom.events.model import RequestClosed

    _close(app, seq, RequestClosed("withdrawn"), message, "withdrawn")


def _close(app: "App", seq: str, change: "Change", message: str, done: str) -> None:
    copy = app.copy()
    id, found = _find(copy, seq)
    draft = app.workspace.edit(copy, message)
    draft.add([(id, change)])
    app.commit(draft, f"Change request #{found.opened} {done}")


def _find(copy: "ProfileCopy", text: str) -> "tuple[str, Request]":
    """The open request that `text` names, by the number of its commit or its id; NotFound."""
    from stackroom.client.errors import NotFound
    from stackroom.events.state import Request

    wanted = text.removeprefix("#")
    for id, found in copy.view.all(Request):
        if wanted in (str(found.opened), id):
            return id, found
    raise NotFound(f"there is no open change request {text!r}", hint="stackroom request list")


def _rows(copy: "ProfileCopy") -> list[RequestRow]:
    from stackroom.events.state import Request

    rows = [_row(copy, id, found) for id, found in copy.view.all(Request)]
    return sorted(rows, key=lambda row: row.seq)


def _row(copy: "ProfileCopy", id: str, found: "Request") -> RequestRow:
    from stackroom.client.commands import telling
    from stackroom.client.commands.naming import Names
    from stackroom.events.approval import held_changes
    from stackroom.events.fold import apply
    from stackroom.events.history import diff

    after = copy.view.copy()
    changes = held_changes(found.held)
    apply(after, after.seq + 1, found.held[0].replica, changes)
    names: Names = Names(after, copy.view)
    return RequestRow(
        found.opened,
        id,
        found.held[0].author,
        found.held[0].proposal.message,
        list(dict.fromkeys(names.entity(entity) for entity, _ in changes)),
        telling.changed(diff(copy.view, after), names),
    )
