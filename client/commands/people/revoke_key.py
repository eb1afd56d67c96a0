"""`stackroom user revoke-key`: the end of a key by which a replica signs."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.options import yes_option
from stackroom.client.commands.people.options import hub_option
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


class EndedKey(Struct, frozen=True):
    """A key that has ended, by its fingerprint, and whose it was."""

    key: str
    user: str


@command("revoke-key", example="stackroom user revoke-key 3e1f0a5b77c2d490 --yes")
@click.argument(
    "key", required=False, metavar="[FINGERPRINT]", shell_complete=completing.people("key")
)
@yes_option
@hub_option
@click.pass_obj
def revoke_key(app: "App", key: str | None, yes: bool, url: str | None) -> None:
    """End a key: nothing that it signs is taken any more. What it signed before stays signed.

    Without FINGERPRINT (`user describe` lists them), the key of this home. A replica whose key has ended
    takes a new identity, with another key, when it pushes next: to lock somebody out, revoke their tokens.
    """
    from stackroom.client.commands.output import Lines
    from stackroom.client.connection.exchange import order
    from stackroom.events.proofs.fingerprints import fingerprint
    from stackroom.sync import protocol as wire

    address = app.workspace.hub(url).url
    public = _named(app, address, key) if key else _own(app)
    shown = fingerprint(public)
    app.confirm(f"End key {shown}?", yes=yes)
    reply = order(app.workspace, address, wire.RevokeKey(public))
    app.output.show(EndedKey(shown, reply.user), Lines([f"Key {shown} of {reply.user} has ended."]))


def _own(app: "App") -> bytes:
    signer = app.workspace.store.identity().signer
    assert signer is not None, "a workspace has keys"
    return signer.key


def _named(app: "App", address: str, text: str) -> bytes:
    """The key whose fingerprint begins so; NotFound, UsageError for several."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.client.errors import missing
    from stackroom.events.people.entities import SigningKey

    known = [key for _, key in Crowd(app, address).all(SigningKey)]
    found = [key for key in known if key.name.startswith(text.lower())]
    if len(found) > 1:
        raise click.UsageError(f"{len(found)} keys begin with {text!r}: give more of it")
    if not found:
        names = [key.name for key in known]
        raise missing(f"key {text[:16]!r}", text, names, "stackroom user describe NAME")
    return bytes.fromhex(found[0].public)
