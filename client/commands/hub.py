"""`stackroom hub`: running the server that a team shares."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands.output import Fields, Lines
from stackroom.client.commands.tree import group

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


class HubUp(Struct, frozen=True, omit_defaults=True):
    """A hub that was started; `join` sets it up, and is there while nobody has come in."""

    url: str
    pid: int
    data: str
    join: str | None = None


def _default_data() -> Path:
    from stackroom.client.home import Home

    return Home.default().path / "hub"


data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=_default_data,
    show_default="STACKROOM_HOME/hub",
    metavar="DIR",
    help="The folder of the hub.",
)
host_option = click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen at.",
)
port_option = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    metavar="PORT",
    show_default=True,
    help="The port to listen at; 0 for a free one.",
)


@group("hub", example="stackroom hub up\nstackroom hub status")
def hub() -> None:
    """Run the hub: the server that a team shares."""


@hub.command(
    "serve",
    example="""
    stackroom hub serve
    stackroom hub serve --data /srv/stackroom --host 0.0.0.0 --port 8765
    """,
)
@data_option
@host_option
@port_option
@click.pass_obj
def serve(app: "App", data: Path, host: str, port: int) -> None:
    """Serve until Ctrl-C, in the foreground.

    At the first start, a one-time code is shown by which the first administrator comes in. The hub
    listens on this machine alone unless --host says otherwise.
    """
    from msgspec import structs

    from stackroom.sync import service
    from stackroom.sync.settings import Settings

    def announce(url: str, code: str | None) -> None:
        join = _link(url, code)
        app.output.item(HubUp(url, os.getpid(), str(data), join), f"Hub at {url}, data in {data}.")
        _tell_link(app, join)

    service.log_to_stderr()
    settings = structs.replace(Settings(), host=host, port=port)
    service.serve(data, settings, announce)


@hub.command("up", example="stackroom hub up --port 8765")
@data_option
@host_option
@port_option
@click.pass_obj
def up(app: "App", data: Path, host: str, port: int) -> None:
    """Start a hub in the background, and wait until it is ready.

    At the first start, a one-time code is shown by which the first administrator comes in.
    """
    from stackroom.client.commands.progress import progress
    from stackroom.sync import service

    with progress(app.output, "Starting the hub"):
        started = service.up(data, host, port)
    shown = HubUp(started.url, started.pid, str(data), _link(started.url, started.code))
    told = f"Hub is up at {started.url} (process {started.pid}), data in {data}."
    app.output.show(shown, Lines([told]))
    _tell_link(app, shown.join)


@hub.command("down", example="stackroom hub down")
@data_option
@click.pass_obj
def down(app: "App", data: Path) -> None:
    """Stop the hub. Clients go on offline, and come back by themselves."""
    from stackroom.client.commands.progress import progress
    from stackroom.sync import service

    with progress(app.output, "Stopping the hub"):
        service.down(data)
    app.output.show({"data": str(data), "running": False}, Lines([f"Hub on {data} is down."]))


@hub.command("status", example="stackroom hub status --output json")
@data_option
@click.pass_obj
def status(app: "App", data: Path) -> None:
    """Show whether the hub runs, where, and how it fares."""
    from stackroom.client import chance
    from stackroom.client.commands.times import ago
    from stackroom.sync import service

    found = service.status(data)
    fields: list[tuple[str, object]] = [
        ("hub", "running" if found.running else "not running"),
        ("data", found.data),
        ("log", f"{found.log_bytes} bytes"),
    ]
    if found.running:
        started = ago(found.started, chance.clock()) if found.started is not None else "?"
        fields += [
            ("address", found.url),
            ("ready", "yes" if found.ready else "no"),
            ("process", found.pid),
            ("started", started),
            ("version", found.version),
        ]
        fields += [(key.replace("_", " "), value) for key, value in found.metrics.items()]
    app.output.show(found, Fields(fields))


@hub.command("logs", example="stackroom hub logs --lines 50 --follow")
@data_option
@click.option(
    "--lines", type=click.IntRange(1), metavar="N", default=20, show_default=True, help="How many."
)
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.pass_obj
def logs(app: "App", data: Path, lines: int, follow: bool) -> None:
    """Show what a hub that was started with `hub up` has said."""
    from stackroom.sync import service

    if follow:
        for line in service.logs(data, lines, follow=True):
            app.output.item({"line": line}, line)
    else:
        said = list(service.logs(data, lines))
        app.output.show([{"line": line} for line in said], Lines(said))


def _link(url: str, code: str | None) -> str | None:
    """What `join` takes to set the hub up, while nobody has come in."""
    return None if code is None else f"{url}#{code}"


def _tell_link(app: "App", link: str | None) -> None:
    """Shows the set-up code as the command that uses it."""
    if link is not None:
        app.output.say("Nobody has come in yet. Whoever runs this first is its administrator:")
        app.output.say(f"  stackroom join {link}")
