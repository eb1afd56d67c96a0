"""`stackroom invite`: a one-time code by which somebody joins the hub."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.output import Lines
from stackroom.client.commands.people.options import (
    DurationType,
    hub_option,
    project_option,
    scope_id,
)
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


class Invited(Struct, frozen=True):
    """An invitation: `join` is what `stackroom join` takes, shown this once.

    `fingerprint` is what it takes beside, where this home has pinned the hub's certificate.
    """

    user: str
    hub: str
    join: str
    expires_in: int
    fingerprint: str = ""


@command(
    "invite",
    example="""
    stackroom invite ben --role editor
    stackroom invite cleo --role viewer --profile team --team ml --expires 2d
    """,
)
@click.argument("name", shell_complete=completing.people("user"))
@click.option(
    "--role",
    shell_complete=completing.people("role"),
    help="The role that they get; needed for whoever is no user yet.",
)
@project_option
@click.option(
    "--team",
    "teams",
    multiple=True,
    shell_complete=completing.people("team"),
    help="A team that they are to be in.",
)
@click.option(
    "--expires",
    type=DurationType(),
    default="7d",
    show_default=True,
    help="How long the code is good (90m, 12h, 7d).",
)
@hub_option
@click.pass_obj
def invite(
    app: "App",
    name: str,
    role: str | None,
    project: str | None,
    teams: tuple[str, ...],
    expires: int,
    url: str | None,
) -> None:
    """Invite somebody to the hub: prints a one-time code for `stackroom join`.

    The role is good for the whole hub, or with --project or --profile for that. Whoever is a user
    already, and lost their token, is let in again by an invitation without --role.
    """
    import secrets

    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.client.connection.exchange import order
    from stackroom.events.people.entities import Team
    from stackroom.sync import protocol as wire
    from stackroom.sync.people import tokens

    crowd = Crowd(app, url)
    made = tokens.make(tokens.JOIN, secrets.token_bytes)
    invitation = wire.Invite(
        name,
        made.prefix,
        made.hash,
        expires,
        crowd.role(role) if role else "",
        scope_id(app, crowd, project),
        tuple(crowd.find(Team, team)[0] for team in teams),
    )
    order(app.workspace, crowd.address, invitation)
    link = f"{crowd.address}#{made.text}"
    pinned = app.home.trust(crowd.address).fingerprint
    pin = f" --fingerprint {pinned}" if pinned else ""
    app.output.show(
        Invited(name, crowd.address, link, expires, pinned),
        Lines([f"{name} can join once, by:", f"  stackroom join {link}{pin}"]),
    )
