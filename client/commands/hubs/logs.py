"""`stackroom hub logs | security-log`: what the hub on a folder has said, and noted."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stackroom.client.commands.hubs.options import data_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App

lines_option = click.option(
    "--lines", type=click.IntRange(1), metavar="N", default=20, show_default=True, help="How many."
)
follow_option = click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")


@command("logs", example="stackroom hub logs --lines 50 --follow")
@data_option
@lines_option
@follow_option
@click.pass_obj
def logs(app: "App", data: Path, lines: int, follow: bool) -> None:
    """Show what a hub that was started with `hub up` has said."""
    from stackroom.sync.hosting import service

    if follow:
        for line in service.logs(data, lines, follow=True):
            app.output.item({"line": line}, line)
    else:
        said = list(service.logs(data, lines))
        app.output.show([{"line": line} for line in said], Lines(said))


@command("security-log", example="stackroom hub security-log --lines 50 --follow")
@data_option
@lines_option
@follow_option
@click.pass_obj
def security_log(app: "App", data: Path, lines: int, follow: bool) -> None:
    """Show who came in, who was turned away, what was granted, and which limits were hit.

    Each line of security.jsonl in the hub's folder is one JSON object.
    """
    import json

    from stackroom.sync.hosting import service

    if follow:
        for line in service.security_log(data, lines, follow=True):
            app.output.item(json.loads(line), line)
    else:
        noted = list(service.security_log(data, lines))
        app.output.show([json.loads(line) for line in noted], Lines(noted))
