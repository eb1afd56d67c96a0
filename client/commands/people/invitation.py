"""`stackroom invitation`: who was invited, and has not joined yet."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.options import reason_option
from stackroom.client.commands.people.options import hub_option
from stackroom.client.commands.tree import group

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


class InvitationRow(Struct, frozen=True):
    """An invitation that was not used yet; `role` is empty for somebody who is let in again."""

    id: str
    user: str
    role: str
    scope: str
    expires: int
    prefix: str


@group("invitation", example="stackroom invitation list\nstackroom invitation withdraw ben")
def invitation() -> None:
    """Invitations that were not used yet; `stackroom invite` makes one."""


@invitation.command("list", example="stackroom invitation list")
@hub_option
@click.pass_obj
def list_(app: "App", url: str | None) -> None:
    """List who was invited, and has not joined yet."""
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.client.commands.times import local
    from stackroom.events.people.entities import Invitation

    crowd = Crowd(app, url)
    rows = [
        InvitationRow(
            id,
            found.name,
            crowd.role_name(found.role) if found.role else "",
            crowd.scope(found.scope),
            found.expires,
            found.prefix,
        )
        for id, found in crowd.all(Invitation)
    ]

    def table() -> Table:
        return Table(
            ("user", "role", "scope", "ends", "code"),
            [(r.user, r.role, r.scope, local(r.expires), f"{r.prefix}…") for r in rows],
            "Nobody is invited: stackroom invite NAME --role ROLE",
        )

    app.output.show(rows, table)
    app.show_copy_age(crowd.copy)


@invitation.command("withdraw", example="stackroom invitation withdraw ben")
@click.argument("name", shell_complete=completing.people("invitation"))
@reason_option
@hub_option
@click.pass_obj
def withdraw(app: "App", name: str, message: str, url: str | None) -> None:
    """Withdraw an invitation: its code opens nothing any more."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Invitation
    from stackroom.events.people.model import InvitationEnded

    crowd = Crowd(app, url)
    id, _ = crowd.find(Invitation, name)
    crowd.commit([(id, InvitationEnded())], f"Invitation of {name!r} withdrawn", message)
