"""`stackroom hub init`: a hub's folder, with a certificate of its own."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands.hub_options import data_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


class Initialised(Struct, frozen=True):
    """A hub's folder with a certificate and a key.

    `fingerprint` is what clients pin of the certificate, `key` the public key by which the hub signs.
    """

    data: str
    certificate: str
    fingerprint: str
    key: str


@command("init", example="stackroom hub init --tls self-signed --host hub.example")
@data_option
@click.option(
    "--tls",
    type=click.Choice(["self-signed"]),
    required=True,
    help="The kind of certificate to make.",
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
def init(app: "App", data: Path, tls: str, names: tuple[str, ...], replace: bool) -> None:
    """Make a hub's folder, with its key and a certificate that the hub signs itself, good for ten years.

    `hub up` on the folder then speaks wss://. Clients pin the certificate by the fingerprint that is
    shown here: tell it to them by a way that you trust.
    """
    from stackroom.client import chance
    from stackroom.sync import operating, self_signed
    from stackroom.sync.errors import HasCertificate
    from stackroom.sync.folder import HubFolder
    from stackroom.sync.tls import fingerprint_of

    folder = HubFolder(data)
    if folder.certificate.exists() and not replace:
        raise HasCertificate(str(data))
    try:
        certificate, key = self_signed.make(names, chance.clock())
    except self_signed.BadName as error:
        raise click.UsageError(str(error)) from error
    folder.prepare()
    folder.keep_certificate(certificate, key)
    public = operating.make_key(data).public
    pin = fingerprint_of(folder.certificate)
    made = Initialised(str(data), str(folder.certificate), pin, public)
    told = [
        f"{data} has a certificate of its own: {pin}",
        f"Its checkpoints are signed by: {public}",
        "Next: stackroom hub up",
    ]
    app.output.show(made, Lines(told))
