"""`stackroom hub anchor`: the hub's checkpoints, kept somewhere else."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.hubs.options import data_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


class Anchored(Struct, frozen=True):
    """How many checkpoints were kept, and where."""

    target: str
    checkpoints: int


@command(
    "anchor",
    example="""
    stackroom hub anchor /mnt/worm/team.checkpoints
    stackroom hub anchor ~/anchors
    stackroom hub anchor https://anchors.example/team --every 1h
    """,
)
@click.argument("target", shell_complete=completing.files)
@click.option("--every", metavar="DURATION", help="Again and again (1h, 30m), until Ctrl-C.")
@data_option
@click.pass_obj
def anchor(app: "App", target: str, every: str | None, data: Path) -> None:
    """Write the current checkpoints of all profiles where the hub's operator cannot take them back.

    TARGET is a file, to which they are appended; a folder in a git repository, where they are appended to
    a file and committed; or an http(s) address, to which they are posted. The hub may run meanwhile; to
    have it do this by itself, set anchor_to and anchor_every in its hub.toml.
    """
    from stackroom.client.history.durations import milliseconds
    from stackroom.sync.hosting import operating

    try:
        pause = milliseconds(every) / 1_000 if every else None
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    while True:
        count = operating.anchor_now(data, target)
        kept = Anchored(target, count)
        told = f"{counted(count, 'checkpoint is', 'checkpoints are')} kept in {target}."
        if pause is None:
            app.output.show(kept, Lines([told]))
            return
        app.output.item(kept, told)
        time.sleep(pause)
