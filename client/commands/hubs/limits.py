"""`stackroom hub limits`: every setting of the hub on a folder, and what is in force."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from stackroom.client.commands.hubs.options import data_option
from stackroom.client.commands.output import Table
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


class InForce(Struct, frozen=True):
    """A setting: its value, where that was said (or that it is the default), and what it means."""

    name: str
    value: Any
    source: str
    meaning: str


@command("limits", example="stackroom hub limits\nstackroom hub up --set connections_user=500")
@data_option
@click.pass_obj
def limits(app: "App", data: Path) -> None:
    """Show the limits and other settings of a hub, and what is in force.

    Of a hub that runs, what it was started with; else what hub.toml in its folder says. Times are in
    seconds and sizes in bytes; `hub up --set NAME=VALUE` and hub.toml (NAME = VALUE) change them.
    """
    from stackroom.sync import settings as defaults
    from stackroom.sync.hosting.folder import HubFolder
    from stackroom.sync.hosting.tuning import tuned
    from stackroom.sync.limit_texts import limits as texts

    folder = HubFolder(data)
    serving = folder.serving() if folder.locked() else None
    said: dict[str, Any] = {}
    sources: dict[str, str] = {}
    if serving is not None:
        said, sources = serving.settings, serving.sources
    else:
        kept = tuned(data, {})
        sources = {**kept.sources}
        said = {name: getattr(kept.settings, name) for name in sources}
    usual = defaults.Settings()
    found = [
        InForce(
            text.name,
            _shown(said.get(text.name, getattr(usual, text.name))),
            sources.get(text.name, "default"),
            text.meaning,
        )
        for text in texts(Path(defaults.__file__))
    ]
    rows = [(each.name, each.value, each.source, each.meaning) for each in found]
    app.output.show(found, Table(("NAME", "VALUE", "FROM", "MEANING"), rows))


def _shown(value: Any) -> Any:
    return sorted(value) if isinstance(value, list | frozenset) else value
