"""`stackroom hub serve | up | down | status`: the hub as a process."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from stackroom.client.commands.hubs.options import data_option, listening_options, tuned_by
from stackroom.client.commands.output import Fields, Lines
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.sync.hosting.folder import Serving


class HubUp(Struct, frozen=True, omit_defaults=True):
    """A hub that was started; `join` sets it up, and is there while nobody has come in.

    `fingerprint` is what clients pin, where the hub has signed its certificate itself.
    """

    url: str
    pid: int
    data: str
    join: str | None = None
    fingerprint: str = ""


@command(
    "serve",
    example="""
    stackroom hub serve
    stackroom hub serve --data /srv/stackroom --host 0.0.0.0 --tls-cert hub.crt --tls-key hub.key
    """,
)
@data_option
@listening_options
@click.pass_obj
def serve(app: "App", /, data: Path, sets: tuple[str, ...], **said: Any) -> None:
    """Serve until Ctrl-C, in the foreground.

    At the first start, a one-time code is shown by which the first administrator comes in. The hub
    listens on this machine alone unless --host says otherwise.
    """
    from stackroom.sync.hosting import service

    def announce(serving: "Serving") -> None:
        join = _link(serving.url, serving.code)
        shown = HubUp(serving.url, os.getpid(), str(data), join, serving.pin)
        app.output.item(shown, f"Hub at {serving.url}, data in {data}.")
        _tell_link(app, shown)

    service.log_to_stderr()
    service.serve(data, tuned_by(data, sets, said), announce)


@command("up", example="stackroom hub up --port 8765")
@data_option
@listening_options
@click.pass_obj
def up(app: "App", /, data: Path, sets: tuple[str, ...], **said: Any) -> None:
    """Start a hub in the background, and wait until it is ready.

    At the first start, a one-time code is shown by which the first administrator comes in.
    """
    from stackroom.client.commands.progress import progress
    from stackroom.sync.hosting import service

    with progress(app.output, "Starting the hub"):
        started = service.up(data, tuned_by(data, sets, said))
    join = _link(started.url, started.code)
    shown = HubUp(started.url, started.pid, str(data), join, started.pin)
    told = f"Hub is up at {started.url} (process {started.pid}), data in {data}."
    app.output.show(shown, Lines([told]))
    _tell_link(app, shown)


@command("down", example="stackroom hub down")
@data_option
@click.pass_obj
def down(app: "App", data: Path) -> None:
    """Stop the hub. Clients go on offline, and come back by themselves."""
    from stackroom.client.commands.progress import progress
    from stackroom.sync.hosting import service

    with progress(app.output, "Stopping the hub"):
        service.down(data)
    app.output.show({"data": str(data), "running": False}, Lines([f"Hub on {data} is down."]))


@command("status", example="stackroom hub status --output json")
@data_option
@click.pass_obj
def status(app: "App", data: Path) -> None:
    """Show whether the hub runs, where, and how it fares."""
    from stackroom.client import chance
    from stackroom.client.commands.times import ago
    from stackroom.sync.hosting import service

    found = service.status(data)
    fields: list[tuple[str, object]] = [
        ("hub", "running" if found.running else "not running"),
        ("data", found.data),
        ("log", f"{found.log_bytes} bytes"),
        *([("key", found.key)] if found.key else []),
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
        if found.fingerprint:
            fields.append(("certificate", found.fingerprint))
        fields += [(key.replace("_", " "), f"{value:g}") for key, value in found.metrics.items()]
    app.output.show(found, Fields(fields))


def _link(url: str, code: str | None) -> str | None:
    """What `join` takes to set the hub up, while nobody has come in."""
    return None if code is None else f"{url}#{code}"


def _tell_link(app: "App", shown: HubUp) -> None:
    """Shows the set-up code as the command that uses it."""
    pin = f" --fingerprint {shown.fingerprint}" if shown.fingerprint else ""
    if shown.join is not None:
        app.output.say("Nobody has come in yet. Whoever runs this first is its administrator:")
        app.output.say(f"  stackroom join {shown.join}{pin}")
    elif pin:
        app.output.say(f"Others connect with{pin}")
