"""What `connect` and `join` take to say how far a hub is trusted; it is kept for that hub."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from stackroom.client.commands.context import App

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--fingerprint",
        metavar="sha256:HEX",
        help="Trust the one certificate with this fingerprint; kept for this hub.",
    ),
    click.option(
        "--ca-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Trust these authorities, too (PEM); kept for this hub. Or STACKROOM_CA_FILE.",
    ),
    click.option(
        "--hub-key",
        metavar="KEY",
        help="Trust checkpoints by this key of the hub (hub status shows it); kept for this hub.",
    ),
    click.option(
        "--insecure", is_flag=True, help="Allow ws:// to another machine, the token readable."
    ),
)


def trust_options(function: F) -> F:
    """Gives a command `fingerprint`, `ca_file`, `hub_key` and `insecure`, for `trusting`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@contextmanager
def trusting(
    app: "App",
    address: str,
    fingerprint: str | None,
    ca_file: Path | None,
    hub_key: str | None,
    insecure: bool,
) -> Iterator[None]:
    """Trusts the hub at `address` as far as was said, and keeps that if the block succeeds.

    What was not said stays as it is kept. UsageError for what is no fingerprint or key, or does not fit.
    """
    from msgspec import structs

    from stackroom.client.errors import needed
    from stackroom.sync.sockets.pinning import BadFingerprint, parse

    home = app.home
    before = after = home.trust(address)
    encrypted = address.startswith("wss://")
    if (fingerprint or ca_file) and not encrypted:
        raise click.UsageError("--fingerprint and --ca-file are for wss:// addresses")
    if insecure and encrypted:
        raise click.UsageError("--insecure is for ws:// addresses: wss:// is encrypted")
    try:
        if fingerprint:
            after = structs.replace(after, fingerprint=parse(fingerprint), ca_file="")
    except BadFingerprint as error:
        raise click.UsageError(str(error)) from error
    if ca_file:
        after = structs.replace(after, ca_file=str(ca_file.absolute()), fingerprint="")
    if insecure:
        after = structs.replace(after, insecure=True)
    with _pinning(app, address, hub_key):
        home.keep_trust(address, after)
        try:
            with needed():
                yield
        except BaseException:
            home.keep_trust(address, before)
            raise


@contextmanager
def _pinning(app: "App", address: str, hub_key: str | None) -> Iterator[None]:
    """Pins `hub_key` for the hub at `address`, if it was said, and keeps that if the block succeeds."""
    if hub_key is None:
        yield
        return
    from stackroom.client.connection.keeper import UNMET
    from stackroom.client.home.store import HubEntry
    from stackroom.events.proofs.signed_note import BadNote, parse_verifier_key

    try:
        parse_verifier_key(hub_key)
    except BadNote as error:
        raise click.UsageError(str(error)) from error
    store = app.workspace.store
    known = next((hub for hub in store.hubs() if hub.url == address), None)
    was = known or HubEntry(address, UNMET, 0, "")
    store.put_hub(address, was.hub, was.epoch, was.user, hub_key)
    try:
        yield
    except BaseException:
        store.put_hub(address, was.hub, was.epoch, was.user, was.key, was.rotations)
        raise
