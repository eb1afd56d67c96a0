"""`stackroom request`: changes of what is protected, which wait for another person's approval."""

from typing import TYPE_CHECKING

import click

from stackroom.client.commands import completing
from stackroom.client.commands.options import message_option, reason_option
from stackroom.client.commands.output import Lines, Table
from stackroom.client.commands.tree import group

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


@group(
    "request",
    example="stackroom request list\nstackroom request show 12\nstackroom request approve 12",
)
def request() -> None:
    """See and decide what others ask to change in what is protected."""


@request.command("list", example="stackroom request list --all")
@click.option("--all", "every", is_flag=True, help="Those that were decided, too.")
@click.pass_obj
def list_(app: "App", every: bool) -> None:
    """List the change requests of the profile that wait for approval."""
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.together.request_view import row, shown
    from stackroom.client.drafting import requests

    copy = app.copy()
    found = requests.open_requests(copy.view)
    if every:
        found = sorted([*found, *requests.ended_requests(copy)], key=lambda each: each.number)
    names = Names(copy.view)
    app.output.show(
        [shown(each, names, requests.outdated(copy.view, each)) for each in found],
        Table(
            ("request", "what", "by", "message", "stage"),
            [row(each, names, requests.outdated(copy.view, each)) for each in found],
            empty="There are no change requests." if every else "No change request waits.",
        ),
    )
    if every and copy.missing is not None:
        app.output.note("Older ones may not be on this machine yet: stackroom sync")
    app.show_copy_age(copy)


@request.command("show", example="stackroom request show 12")
@click.argument("id", shell_complete=completing.requests)
@click.pass_obj
def show(app: "App", id: str) -> None:
    """Show a change request: who asks for what, value by value, and what became of it.

    ID is the seq of the commit that opened it, or the beginning of its id.
    """
    from stackroom.client.commands import telling
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.together.request_view import shown, view
    from stackroom.client.drafting import requests

    copy = app.copy()
    found = requests.named(copy, id)
    differences, after = requests.difference(copy, found)
    names = Names(after, copy.view)
    changes = telling.changed(differences, names)
    outdated = requests.outdated(copy.view, found) if found.stage == "open" else ""
    data = shown(found, names, outdated, changes)
    now = app.workspace.clock()
    app.output.show(data, lambda: view(found, data, names, now, copy.name))
    app.show_copy_age(copy)


@request.command(
    "approve", example='stackroom request approve 12 -m "looked at it with the platform team"'
)
@click.argument("id", shell_complete=completing.open_requests)
@message_option
@click.pass_obj
def approve(app: "App", id: str, message: str) -> None:
    """Approve a change request: its changes are committed. Nobody approves their own.

    What others changed since it was made must not be in its way: then its author makes it anew.
    """
    from stackroom.client.commands.saving import conclude
    from stackroom.client.drafting import requests

    copy = app.copy()
    found = requests.named(copy, id)
    saved = requests.approve(app.workspace, copy, found, message)
    conclude(app, copy.id, saved, f"Change request #{found.number} of {found.author} approved")


@request.command("reject", example='stackroom request reject 12 -m "not before the release"')
@click.argument("id", shell_complete=completing.open_requests)
@click.option(
    "-m", "--message", required=True, metavar="TEXT", help="Why: its author will read it."
)
@click.pass_obj
def reject(app: "App", id: str, message: str) -> None:
    """Reject a change request. What it holds stays in the history, and `retry` makes it anew."""
    from stackroom.client.commands.saving import conclude
    from stackroom.client.drafting import requests

    copy = app.copy()
    found = requests.named(copy, id)
    saved = requests.close(app.workspace, copy, found, "rejected", message)
    conclude(app, copy.id, saved, f"Change request #{found.number} of {found.author} rejected")


@request.command("withdraw", example="stackroom request withdraw 12")
@click.argument("id", shell_complete=completing.open_requests)
@reason_option
@click.pass_obj
def withdraw(app: "App", id: str, message: str) -> None:
    """Withdraw a change request of your own."""
    from stackroom.client.commands.saving import conclude
    from stackroom.client.drafting import requests

    copy = app.copy()
    found = requests.named(copy, id)
    saved = requests.close(app.workspace, copy, found, "withdrawn", message)
    conclude(app, copy.id, saved, f"Change request #{found.number} withdrawn")


@request.command("retry", example="stackroom request retry 12")
@click.argument("id", shell_complete=completing.requests)
@message_option
@click.pass_obj
def retry(app: "App", id: str, message: str) -> None:
    """Make the changes of a request of your own anew, on what stands now.

    One that is still open is withdrawn. What others changed since is overwritten, once that is approved:
    `stackroom request show` of the new one tells.
    """
    from stackroom.client.commands.saving import Written, commit
    from stackroom.client.drafting import requests

    copy = app.copy()
    found = requests.named(copy, id)
    draft = requests.again(app.workspace, copy, found, message)
    if draft.empty:
        sentence = f"What change request #{found.number} asks for stands already."
        app.output.show(Written("unchanged", copy.id), Lines([sentence]))
        return
    if found.stage == "open":
        because = f"withdraw #{found.number}, to make it anew"
        requests.close(app.workspace, copy, found, "withdrawn", because)
    commit(app, draft, f"Change request #{found.number} made anew")
