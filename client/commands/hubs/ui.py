"""`stackroom ui`: the hub's dashboard, in the browser."""

from typing import TYPE_CHECKING

import click

from stackroom.client.commands import completing
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command
from stackroom.client.errors import ClientError

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.home.trust import Trust


class NoDashboard(ClientError):
    """The hub serves no dashboard."""


@command(
    "ui",
    example="""
    stackroom ui
    stackroom ui --print
    """,
)
@click.option("--hub", metavar="URL", help="Of this hub.", shell_complete=completing.joined_hubs)
@click.option("--print", "only_print", is_flag=True, help="Only print its address.")
@click.pass_obj
def ui(app: "App", hub: str | None, only_print: bool) -> None:
    """Open the dashboard of the active profile's hub in the browser, if the hub serves one."""
    import webbrowser

    from stackroom.client.commands.progress import progress

    if app.offline:
        raise click.UsageError("ui needs the network: leave out --offline")
    url = _hub(app, hub)
    with progress(app.output, "Asking the hub"):
        address = dashboard(url, app.workspace.settings.open_timeout, app.home.trust(url))
    opened = not only_print and webbrowser.open(address)
    told = f"Opened {address} in the browser." if opened else address
    app.output.show({"url": address, "opened": opened}, Lines([told]))


def _hub(app: "App", text: str | None) -> str:
    """The hub that is meant: the one named, that of the active profile, or the one joined last; NoHub."""
    from stackroom.client.commands.hubs.connect import address_of
    from stackroom.client.errors import NoHub, NoProfile

    if text is not None:
        return address_of(app, text)
    try:
        entry, _ = app.workspace.active_profile(app.profile_name)
    except NoProfile:
        return app.workspace.hub().url
    if entry.hub is None:
        raise NoHub(
            f"profile {entry.name!r} is local: no hub has a dashboard of it",
            hint=f"stackroom profile publish {entry.name}",
        )
    return entry.hub


def dashboard(url: str, timeout: float, trust: "Trust") -> str:
    """The address of the dashboard of the hub at `url`, which is asked for it; `timeout` in seconds.

    Raises NoDashboard if it serves none, Unreachable if it does not answer, NotTrusted or Unencrypted.
    """
    import ssl
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import BaseHandler, HTTPSHandler, ProxyHandler, build_opener

    from stackroom.client.errors import Unreachable
    from stackroom.client.transport.certificates import context_of, refusal
    from stackroom.client.transport.urls import is_loopback

    address = "http" + url.removeprefix("ws") + "/"
    context = context_of(url, trust)
    handlers: list[BaseHandler] = [ProxyHandler({})] if is_loopback(url) else []
    if context is not None:
        handlers.append(HTTPSHandler(context=context))
    opener = build_opener(*handlers)
    opener.addheaders = [("Accept", "text/html")]
    try:
        with opener.open(address, timeout=timeout) as answer:
            if answer.headers.get_content_type() == "text/html":
                return address
    except HTTPError as error:
        error.close()
    except (OSError, HTTPException) as error:
        why = getattr(error, "reason", None) or error
        if isinstance(why, ssl.SSLCertVerificationError):
            raise refusal(url, why) from error
        raise Unreachable(f"the hub at {url} cannot be reached: {why}") from error
    raise NoDashboard(f"the hub at {url} serves no dashboard", hint="stackroom status")
