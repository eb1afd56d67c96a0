"""Signing in by a password or at an OpenID provider: parts of `connect` and `join`, and of `user`."""

import os
from typing import TYPE_CHECKING

import click

from stackroom.client.commands.options import yes_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.people.options import hub_option
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.transport.sso import Brought
    from stackroom.sync import protocol as wire
    from stackroom.sync.people.tokens import Made


def by_password(app: "App", address: str, user: str) -> None:
    """Connects to the hub at `address` by a password, which is asked for."""
    from stackroom.client.commands.hubs.connect import connected
    from stackroom.client.connection.exchange import redeem
    from stackroom.sync import protocol as wire

    made, new = _new_token()
    redeem(app.workspace, address, wire.SignIn(user, _ask(f"Password of {user}"), new))
    connected(app, address, made.text)


def by_provider(app: "App", address: str, code: str = "") -> None:
    """Connects to the hub at `address` as whom its provider knows; with the `code` of an invitation."""
    from stackroom.client.commands.hubs.connect import connected
    from stackroom.client.connection.exchange import redeem
    from stackroom.sync import protocol as wire

    made, new = _new_token()
    way, brought = _at_provider(app, address, made.hash)
    access = brought.access_token if way.userinfo else ""
    redeem(app.workspace, address, wire.SignInOidc(brought.id_token, new, code, access))
    connected(app, address, made.text)


@command("password", example="stackroom user password\nstackroom user password --remove")
@click.option("--remove", is_flag=True, help="Have no password any more.")
@yes_option
@hub_option
@click.pass_obj
def password(app: "App", remove: bool, yes: bool, url: str | None) -> None:
    """Set your own password on a hub, to sign in without a token: stackroom connect --user NAME --password.

    It is asked for twice, and never stands on a command line. The hub has to allow passwords, and keeps
    its hash alone (argon2id).
    """
    from stackroom.client.connection.exchange import order
    from stackroom.sync import protocol as wire

    address = _hub(app, url)
    if remove:
        app.confirm(f"Remove your password at {address}?", yes=yes)
        done, text = "removed", ""
    else:
        done, text = "set", _ask("New password", twice=True)
    order(app.workspace, address, wire.SetPassword(text))
    app.output.show({"hub": address, "password": done}, Lines([f"Password {done} at {address}."]))


@command("link", example="stackroom user link\nstackroom user link --remove")
@click.option("--remove", is_flag=True, help="Be linked to no provider any more.")
@yes_option
@hub_option
@click.pass_obj
def link(app: "App", remove: bool, yes: bool, url: str | None) -> None:
    """Link yourself to who you are at the hub's OpenID provider: then stackroom connect --sso is enough.

    You sign in there; from then on, that account there is you here, whatever name or address it takes.
    """
    from stackroom.client.connection.exchange import order
    from stackroom.sync import protocol as wire
    from stackroom.sync.people import tokens

    address = _hub(app, url)
    if remove:
        app.confirm(f"Be linked to no provider at {address}?", yes=yes)
        text = ""
    else:
        own = tokens.digest(app.home.token(address) or "")
        text = _at_provider(app, address, own)[1].id_token
    order(app.workspace, address, wire.LinkIdentity(text))
    done = "unlinked" if remove else "linked"
    app.output.show({"hub": address, "identity": done}, Lines([f"You are {done} at {address}."]))


def _hub(app: "App", url: str | None) -> str:
    if app.offline:
        raise click.UsageError("this needs the network: leave out --offline")
    return app.workspace.hub(url).url


def _new_token() -> "tuple[Made, wire.NewToken]":
    import secrets
    import socket

    from stackroom.sync import protocol as wire
    from stackroom.sync.people import tokens

    made = tokens.make(tokens.PERSONAL, secrets.token_bytes)
    return made, wire.NewToken(socket.gethostname()[:100] or "sign-in", made.prefix, made.hash)


def _at_provider(app: "App", address: str, hash: bytes) -> "tuple[wire.OidcWay, Brought]":
    """What the hub's provider says of whoever signs in there now, bound to the token of that hash."""
    from stackroom.client.connection.exchange import ways
    from stackroom.client.errors import HubRefused
    from stackroom.client.transport.sso import sign_in
    from stackroom.sync.people.proofs import nonce_of

    way = ways(app.workspace, address).oidc
    if way is None:
        raise HubRefused(
            "no_provider",
            f"the hub at {address} has no OpenID provider",
            hint="stackroom connect URL asks for a token; stackroom join takes an invitation's code",
        )

    def show(where: str, code: str) -> None:
        app.output.note(f"Sign in at {where}")
        if code:
            app.output.note(f"and see that it shows this code, or type it: {code}")
        elif os.isatty(2):
            click.launch(where)

    return way, sign_in(way, nonce_of(hash), app.workspace.settings, show)


def _ask(what: str, *, twice: bool = False) -> str:
    if not os.isatty(0):
        raise click.UsageError("a password is typed at a terminal; for programs, make a token")
    text: str = click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
    return text
