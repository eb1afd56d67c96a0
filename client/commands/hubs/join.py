"""`stackroom join`: a one-time code becomes an account on a hub, and a token for it."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from stackroom.client.commands.hubs.trust_options import trust_options, trusting
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App

JOINING: Final = "#joining"
"""Marks a token in the credentials that no hub has taken yet."""


@command(
    "join",
    example="""
    stackroom join wss://hub.example:8765#srj_CODE
    stackroom join srj_CODE --hub wss://hub.example:8765
    stackroom join wss://hub.example#srj_CODE --sso
    """,
)
@click.argument("link", metavar="CODE")
@click.option("--hub", "url", help="The hub's address, where CODE does not begin with it.")
@click.option("--user", help="The name to take; an invitation has it already.")
@click.option(
    "--sso", is_flag=True, help="Sign in at the hub's OpenID provider, and be linked to it."
)
@trust_options
@click.pass_obj
def join(
    app: "App",
    link: str,
    url: str | None,
    user: str | None,
    sso: bool,
    fingerprint: str | None,
    ca_file: Path | None,
    hub_key: str | None,
    insecure: bool,
) -> None:
    """Join a hub by a one-time code: an invitation's, a browser's, or the one of a hub's first start.

    It makes the account, and a token that is kept in the home (mode 0600) as `connect` keeps it. The
    code is good once; if the answer got lost on the way, the same command takes up where it was.
    With --sso, you are from then on who you are at the provider: `stackroom connect URL --sso`.
    """
    from stackroom.client.commands.hubs.connect import address_of
    from stackroom.client.commands.hubs.signing import by_provider
    from stackroom.sync.people import tokens

    if app.offline:
        raise click.UsageError("join needs the network: leave out --offline")
    at, _, secret = link.rpartition("#")
    if not (at or url):
        raise click.UsageError("which hub? stackroom join ADDRESS#CODE, or --hub ADDRESS")
    if tokens.kind_of(secret) not in (tokens.JOIN, tokens.SET_UP, tokens.LOGIN):
        raise click.UsageError("this is no join code (srj_…), or a part of it is missing")
    if sso and tokens.kind_of(secret) != tokens.JOIN:
        raise click.UsageError("--sso goes with the code of an invitation (srj_…)")
    address = address_of(app, url or at)
    with trusting(app, address, fingerprint, ca_file, hub_key, insecure):
        if sso:
            by_provider(app, address, secret)
        else:
            _come_in(app, address, secret, user)


def _come_in(app: "App", address: str, secret: str, user: str | None) -> None:
    """Redeems the code `secret` with a token that was kept before, and connects."""
    import secrets
    import socket

    from stackroom.client.commands.hubs.connect import connected
    from stackroom.client.connection.exchange import redeem
    from stackroom.client.errors import HubRefused
    from stackroom.client.history.durations import DAY
    from stackroom.sync import protocol as wire
    from stackroom.sync.people import tokens

    begun = app.home.token(address + JOINING)
    if begun is None:
        begun = tokens.make(tokens.PERSONAL, secrets.token_bytes).text
        app.home.keep_token(address + JOINING, begun)
    made = wire.NewToken(
        socket.gethostname()[:100] or "first", tokens.prefix_of(begun), tokens.digest(begun)
    )
    lifetime = app.workspace.settings.token_days * DAY
    name = user or (app.workspace.user() if tokens.kind_of(secret) == tokens.SET_UP else "")
    try:
        redeem(app.workspace, address, wire.Redeem(secret, made, name, lifetime))
    except HubRefused as refused:
        # The code is used up: by this very token, if it is let in.
        if refused.reason not in ("bad_code", "prefix_in_use"):
            raise
        try:
            connected(app, address, begun)
        except Exception:
            raise refused from None
    else:
        connected(app, address, begun)
    app.home.keep_token(address + JOINING, None)
