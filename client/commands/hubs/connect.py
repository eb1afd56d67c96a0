"""`stackroom connect` and `disconnect`: joining a team's hub, and leaving it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.hubs.trust_options import trust_options, trusting
from stackroom.client.commands.options import yes_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackroom.client.commands.context import App
    from stackroom.client.commands.together.syncing import Synced
    from stackroom.client.errors import NoHub
    from stackroom.client.home.store import HubEntry


class Connected(Struct, frozen=True):
    """A hub that was joined, and the profiles that came from it."""

    hub: str
    user: str
    server: str
    profiles: "list[Synced]"


class Disconnected(Struct, frozen=True):
    """A hub that was left; the profiles stay here as they are, with so much pending and parked."""

    hub: str
    profiles: list[str]
    pending: int
    parked: int


@command(
    "connect",
    example="""
    stackroom connect wss://hub.example:8765
    STACKROOM_TOKEN=TOKEN stackroom connect wss://hub.example
    stackroom connect wss://10.1.2.3:8765 --fingerprint sha256:HEX
    stackroom connect wss://hub.example --sso
    stackroom connect wss://hub.example --user ada --password
    """,
)
@click.argument("url", shell_complete=completing.hubs)
@click.option("--token", envvar="STACKROOM_TOKEN", help="Asked for without it; or STACKROOM_TOKEN.")
@click.option("--sso", is_flag=True, help="Sign in at the hub's OpenID provider instead.")
@click.option("--user", metavar="NAME", help="With --password: who you are.")
@click.option("--password", is_flag=True, help="Sign in by a password, which is asked for.")
@trust_options
@click.pass_obj
def connect(
    app: "App",
    url: str,
    token: str | None,
    sso: bool,
    user: str | None,
    password: bool,
    fingerprint: str | None,
    ca_file: Path | None,
    hub_key: str | None,
    insecure: bool,
) -> None:
    """Connect to a hub by a token: keep it, and fetch the hub's profiles.

    The token says who you are there. It is kept in the home (mode 0600), and neither shown nor logged;
    a second `connect` to the same hub replaces it. With a code instead of a token: `stackroom join`.
    With --sso, or with --user and --password, a token is made that is good for some hours.
    """
    from stackroom.client.commands.hubs.signing import by_password, by_provider

    if app.offline:
        raise click.UsageError("connect needs the network: leave out --offline")
    if bool(user) != password or (sso and password):
        raise click.UsageError("sign in by --sso, or by --user NAME with --password")
    address = address_of(app, url)
    with trusting(app, address, fingerprint, ca_file, hub_key, insecure):
        if sso:
            return by_provider(app, address)
        if user:
            return by_password(app, address, user)
        return connected(app, address, token or app.home.token(address) or _ask_token())


def connected(app: "App", address: str, token: str) -> None:
    """Fetches everything from the hub at `address`, keeps the token, and says so."""
    from stackroom.client.commands.progress import progress
    from stackroom.client.commands.together.sync import failed, results, tell_failures
    from stackroom.client.commands.together.syncing import told
    from stackroom.client.connection.exchange import exchange

    workspace = app.workspace
    with progress(app.output, "Fetching") as bar:
        report = exchange(
            workspace,
            address,
            token=token,
            timeout=workspace.settings.sync_patience,
            tell=bar.at,
        )
    app.home.keep_token(address, token)
    workspace.store.set_setting("hub", address)
    shown = results(app, report)
    welcome = report.welcome
    lines = [f"Connected to {address} as {welcome.user}."]
    lines += [line for each in shown for line in told(each)] or ["It has no profiles yet."]
    app.output.show(Connected(address, welcome.user, welcome.server, shown), Lines(lines))
    here = [entry for entry in workspace.profiles() if entry.hub == address]
    if len(here) == 1 and workspace.chosen_profile() is None:
        workspace.set_active_profile(here[0].id)
        app.output.note(f"Profile {here[0].name!r} is active here.")
    if not shown:
        app.output.note("Next: stackroom profile create NAME")
    tell_failures(app, failed(report))


@command("disconnect", example="stackroom disconnect ws://hub.example:8765")
@click.argument("url", required=False, shell_complete=completing.joined_hubs)
@yes_option
@click.pass_obj
def disconnect(app: "App", url: str | None, yes: bool) -> None:
    """Leave a hub: forget its token. Profiles and pending changes stay on this machine."""
    from stackroom.client.connection.keeper import UNMET
    from stackroom.client.errors import NoHub
    from stackroom.client.home.trust import Trust

    workspace = app.workspace
    joined = joined_hubs(app)
    known = [hub.url for hub in joined]
    if not known:
        raise NoHub("no hub is connected", hint="stackroom join CODE, or stackroom connect URL")
    if url is None and len(known) > 1:
        raise click.UsageError(f"several hubs are connected: say which of {', '.join(known)}")
    address = known[0] if url is None else address_of(app, url)
    if address not in known:
        raise not_connected(address, known, "stackroom status")
    app.confirm(f"Forget the token for {address}? The hub does not show it again.", yes=yes)
    kept = [entry for entry in workspace.profiles() if entry.hub == address]
    counts = workspace.store.counts()
    waiting = [counts[entry.id] for entry in kept if entry.id in counts]
    pending, parked = sum(c.pending for c in waiting), sum(c.parked for c in waiting)
    app.home.keep_token(address, None)
    app.home.keep_trust(address, Trust())
    # Profiles still refer to the address; which hub answers there next is open again.
    workspace.store.put_hub(address, UNMET, 0, workspace.user(address))
    gone = Disconnected(address, [entry.name for entry in kept], pending, parked)
    app.output.show(gone, Lines(_left(gone)))


def address_of(app: "App", url: str) -> str:
    """The one form of a hub's address; UsageError if it is none."""
    from stackroom.client.transport.urls import BadUrl, normalise

    try:
        return normalise(url, app.workspace.settings.default_port)
    except BadUrl as error:
        raise click.UsageError(str(error)) from error


def not_connected(url: str, known: "Iterable[str]", instead: str) -> "NoHub":
    """NoHub on `url`; the hint is the nearest of `known`, or the command to run `instead`."""
    from stackroom.client.errors import NoHub, nearest

    return NoHub(f"{url} is not connected", hint=nearest(url, known) or instead)


def joined_hubs(app: "App") -> "list[HubEntry]":
    """The hubs that this home has a token for."""
    return [hub for hub in app.workspace.store.hubs() if app.home.token(hub.url) is not None]


def _left(gone: Disconnected) -> list[str]:
    lines = [f"Disconnected from {gone.hub}; its token is forgotten."]
    if gone.profiles:
        lines.append(f"Kept here, to read and to edit: {', '.join(gone.profiles)}.")
    if gone.pending or gone.parked:
        lines.append(
            f"Changes that stay: {gone.pending} pending and {gone.parked} parked; "
            "they are pushed when you connect again."
        )
    return lines


def _ask_token() -> str:
    if not os.isatty(0):
        raise click.UsageError("a hub asks for a token: give --token, or set STACKROOM_TOKEN")
    token: str = click.prompt("Token", hide_input=True, err=True)
    return token
