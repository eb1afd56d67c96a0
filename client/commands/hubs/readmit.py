"""`stackroom hub readmit`: the operator's way back into a hub whose administrators have lost their tokens."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stackroom.client.commands.hubs.options import data_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


@command(
    "readmit",
    example="stackroom hub readmit\nstackroom hub readmit --user root --data /srv/stackroom",
)
@click.option("--user", default="", help="The administrator, where there are several.")
@data_option
@click.pass_obj
def readmit(app: "App", user: str, data: Path) -> None:
    """Let an administrator in again, whose last token was lost or revoked.

    Makes a one-time code, good for an hour, from the hub's own files; the hub has to be down meanwhile.
    That it was done stands in the history of people.
    """
    from stackroom.sync.hosting import service

    made = service.readmit(data, user)
    lines = [
        f"{made.user} comes in again, within an hour and once the hub is up, by:",
        f"  stackroom join ADDRESS#{made.code}",
    ]
    app.output.show({"user": made.user, "code": made.code, "data": str(data)}, Lines(lines))
