"""`stackroom hub rotate-key`: another key for the hub, which the old one names."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stackroom.client.commands.hubs.options import data_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


@command(
    "rotate-key",
    example="stackroom hub rotate-key\nstackroom hub rotate-key --lost --data /srv/stackroom",
)
@click.option(
    "--lost", is_flag=True, help="The old key is lost: everybody has to be told of the new one."
)
@data_option
@click.pass_obj
def rotate_key(app: "App", lost: bool, data: Path) -> None:
    """Have the hub sign its checkpoints by another key; it has to be down meanwhile.

    The old key signs that the new one takes its place, and clients follow by themselves. Where the old
    one is lost, nothing tells them that the hub is still the same: they refuse it until they are told.
    """
    from stackroom.sync.hosting import operating

    key = operating.rotate_key(data, lost=lost)
    lines = [f"The hub signs by another key, once it is up: {key.public}"]
    if lost:
        lines.append("Clients refuse it until each is told, by a way that they trust:")
        lines.append(f"  stackroom connect ADDRESS --hub-key {key.public}")
    app.output.show({"data": str(data), "key": key.public, "lost": lost}, Lines(lines))
