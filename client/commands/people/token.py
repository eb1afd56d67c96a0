"""`stackroom token`: what opens a hub, for oneself or for a service."""

from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.options import yes_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.people.options import DurationType, hub_option
from stackroom.client.commands.tree import group
from stackroom.client.settings import Settings

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.sync.protocol import TokenInfo


class MadeToken(Struct, frozen=True):
    """A new token: `token` is shown this once."""

    name: str
    user: str
    hub: str
    prefix: str
    token: str
    expires_in: int | None


class Ended(Struct, frozen=True):
    """A token that was revoked or renewed."""

    id: str
    name: str
    user: str


@group(
    "token",
    example="""
    stackroom token list
    stackroom token create laptop --expires 90d
    stackroom token create deploy --user ci --for-profile production
    stackroom token revoke laptop
    """,
)
def token() -> None:
    """Tokens: each opens the hub for one user. The hub keeps only a hash; a token is shown once."""


@token.command("list", example="stackroom token list --all")
@click.option("--all", "everybody", is_flag=True, help="Everybody's (needs people.read).")
@hub_option
@click.pass_obj
def list_(app: "App", everybody: bool, url: str | None) -> None:
    """List your tokens, when each was used last and when it ends."""
    from stackroom.client import chance
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.times import ago, local

    address = app.workspace.hub(url).url
    rows = _tokens(app, address, everybody=everybody)

    def table() -> Table:
        now = chance.clock()
        return Table(
            ("token", "name", "user", "made", "used", "ends", "for", ""),
            [
                (
                    f"{t.prefix}…",
                    t.name,
                    t.user,
                    local(t.created),
                    ago(t.used, now) if t.used is not None else "never",
                    local(t.expires) if t.expires is not None else "never",
                    _scope(app, t),
                    "this connection" if t.here else "",
                )
                for t in rows
            ],
            "There are no tokens.",
        )

    app.output.show(rows, table)


@token.command(
    "create",
    example="""
    stackroom token create laptop
    stackroom token create dashboards --read-only --for-profile production
    stackroom token create deploy --user ci --expires 365d
    """,
)
@click.argument("name")
@click.option(
    "--user",
    metavar="SERVICE",
    shell_complete=completing.people("user"),
    help="A service account that it is for; yourself without.",
)
@click.option("--read-only", is_flag=True, help="It may change nothing.")
@click.option(
    "--for-profile",
    "profiles",
    multiple=True,
    metavar="PROFILE",
    shell_complete=completing.profiles,
    help="It is good for this profile alone; may be given several times.",
)
@click.option(
    "--expires",
    type=DurationType(never=True),
    default=lambda: f"{Settings().token_days}d",
    show_default="90d",
    metavar="DURATION|never",
    help="When it ends, unless it is renewed before.",
)
@hub_option
@click.pass_obj
def create(
    app: "App",
    name: str,
    user: str | None,
    read_only: bool,
    profiles: tuple[str, ...],
    expires: int | None,
    url: str | None,
) -> None:
    """Make a token, and show it this once. It may do what its user may, or less."""
    import secrets

    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.client.connection.exchange import order
    from stackroom.events.people.entities import User
    from stackroom.sync import protocol as wire
    from stackroom.sync.people import tokens

    workspace = app.workspace
    address = workspace.hub(url).url
    owner = Crowd(app, url).find(User, user)[0] if user else ""
    made = tokens.make(tokens.SERVICE if user else tokens.PERSONAL, secrets.token_bytes)
    reply = order(
        workspace,
        address,
        wire.MakeToken(
            wire.NewToken(name, made.prefix, made.hash),
            owner,
            read_only,
            tuple(workspace.entry(p).id for p in profiles) or None,
            expires,
        ),
    )
    shown = MadeToken(name, reply.user, address, made.prefix, made.text, expires)
    lines = [f"Token {name!r} of {reply.user}, shown this once:", f"  {made.text}"]
    app.output.show(shown, Lines(lines))
    app.output.note(f"To use it: STACKROOM_TOKEN=… stackroom connect {address}")


@token.command("revoke", example="stackroom token revoke laptop --yes")
@click.argument("token", metavar="NAME|PREFIX")
@click.option("--all", "everybody", is_flag=True, help="Look among everybody's.")
@yes_option
@hub_option
@click.pass_obj
def revoke(app: "App", token: str, everybody: bool, yes: bool, url: str | None) -> None:
    """End a token at once: connections that live by it are closed."""
    from stackroom.client.connection.exchange import order
    from stackroom.sync import protocol as wire

    address = app.workspace.hub(url).url
    found = _find(_tokens(app, address, everybody=everybody), token)
    here = " It is the one of this home: you will be signed out." if found.here else ""
    app.confirm(f"Revoke token {found.name!r} ({found.prefix}…) of {found.user}?{here}", yes=yes)
    order(app.workspace, address, wire.RevokeToken(found.id))
    done = f"Token {found.name!r} of {found.user} is revoked."
    app.output.show(Ended(found.id, found.name, found.user), Lines([done]))


@token.command("renew", example="stackroom token renew")
@click.argument("token", metavar="[NAME|PREFIX]", required=False)
@hub_option
@click.pass_obj
def renew(app: "App", token: str | None, url: str | None) -> None:
    """Give a token its whole lifetime again, from now on; the one of this home, if none is named."""
    from stackroom.client.connection.exchange import order
    from stackroom.sync import protocol as wire

    address = app.workspace.hub(url).url
    known = _tokens(app, address, everybody=False)
    found = _find(known, token) if token else next(t for t in known if t.here)
    order(app.workspace, address, wire.RenewToken(found.id))
    done = f"Token {found.name!r} is renewed."
    app.output.show(Ended(found.id, found.name, found.user), Lines([done]))


def _tokens(app: "App", address: str, *, everybody: bool) -> "tuple[TokenInfo, ...]":
    from stackroom.client.connection.exchange import order
    from stackroom.sync import protocol as wire

    return order(app.workspace, address, wire.ListTokens(everybody)).tokens


def _find(known: "tuple[TokenInfo, ...]", text: str) -> "TokenInfo":
    """The token of that name or prefix; NotFound, UsageError for several."""
    from stackroom.client.errors import missing

    found = [t for t in known if text in (t.name, t.id) or t.prefix == text.rstrip("…")[:12]]
    if len(found) > 1:
        prefixes = ", ".join(t.prefix for t in found)
        raise click.UsageError(f"{len(found)} tokens are called {text!r}: say which of {prefixes}")
    if not found:
        # Of what may be a whole token, nothing but the public part is shown.
        shown = text[:12]
        names: list[Any] = [t.name for t in known]
        raise missing(f"token {shown!r}", shown, names, "stackroom token list")
    return found[0]


def _scope(app: "App", token: "TokenInfo") -> str:
    names = {entry.id: entry.name for entry in app.workspace.store.profiles()}
    what = [names.get(id, id[-12:]) for id in token.profiles or ()]
    return ", ".join((["reading"] if token.read_only else []) + what)
