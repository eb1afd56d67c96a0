"""`stackroom hub init`: a hub's folder, with a key, and a certificate of its own."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands.hubs.options import data_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.sync.hosting.folder import HubFolder


class Initialised(Struct, frozen=True):
    """A hub's folder with a key, and a certificate if one was asked for.

    `fingerprint` is what clients pin of the certificate (both are empty without one), `key` the public key
    by which the hub signs.
    """

    data: str
    certificate: str
    fingerprint: str
    key: str


@command(
    "init",
    example="""
    stackroom hub init
    stackroom hub init --tls self-signed --host hub.example
    """,
)
@data_option
@click.option(
    "--tls", type=click.Choice(["self-signed"]), help="The kind of certificate to make, if any."
)
@click.option(
    "--host",
    "names",
    multiple=True,
    metavar="NAME",
    help="A name or address by which the hub is reached; may be repeated.",
)
@click.option("--replace", is_flag=True, help="Make another one, which everybody must pin again.")
@click.pass_obj
def init(app: "App", data: Path, tls: str | None, names: tuple[str, ...], replace: bool) -> None:
    """Make a hub's folder, with the key by which it signs, and a certificate of its own if asked.

    With a certificate (good for ten years), `hub up` on the folder speaks wss://. Clients pin it by the
    fingerprint that is shown here: tell it to them by a way that you trust.
    """
    from stackroom.sync.hosting import operating
    from stackroom.sync.hosting.folder import HubFolder
    from stackroom.sync.sockets.tls import fingerprint_of

    folder = HubFolder(data)
    if tls is not None:
        _certify(folder, names, replace=replace)
    elif names or replace:
        raise click.UsageError("--host and --replace are about the certificate: --tls self-signed")
    public = operating.make_key(data).public
    told = [f"Its checkpoints are signed by: {public}", "Next: stackroom hub up"]
    pin = ""
    if tls is not None:
        pin = fingerprint_of(folder.certificate)
        told.insert(0, f"{data} has a certificate of its own: {pin}")
    else:
        told.insert(0, f"{data} is ready for a hub.")
    certificate = str(folder.certificate) if tls is not None else ""
    app.output.show(Initialised(str(data), certificate, pin, public), Lines(told))


def _certify(folder: "HubFolder", names: tuple[str, ...], *, replace: bool) -> None:
    """Makes a certificate for the hub on the folder."""
    from stackroom.client import chance
    from stackroom.sync.errors import HasCertificate
    from stackroom.sync.sockets import self_signed

    if folder.certificate.exists() and not replace:
        raise HasCertificate(str(folder.path))
    try:
        certificate, key = self_signed.make(names, chance.clock())
    except self_signed.BadName as error:
        raise click.UsageError(str(error)) from error
    folder.prepare()
    folder.keep_certificate(certificate, key)
