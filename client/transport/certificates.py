"""By which certificate the hub at an address is known, and what is said of one that is not to be trusted."""

import os
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from stackroom.client.errors import NotTrusted
from stackroom.client.home.trust import Trust
from stackroom.client.transport.urls import refuse_unencrypted
from stackroom.sync.sockets.pinning import (
    WrongCertificate,
    fingerprint,
    pinned_context,
    unverified_context,
)


def context_of(url: str, trust: Trust) -> ssl.SSLContext | None:
    """What TLS to the hub at the (normalised) `url` goes by; None for ws://.

    Raises Unencrypted for ws:// to another machine that was not allowed, NotTrusted for a file of
    authorities that cannot be read.
    """
    refuse_unencrypted(url, trust)
    if not url.startswith("wss://"):
        return None
    if trust.fingerprint:
        return pinned_context(trust.fingerprint)
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if file := trust.ca_file or os.environ.get("STACKROOM_CA_FILE"):
        try:
            context.load_verify_locations(Path(file))
        except (OSError, ssl.SSLError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise NotTrusted(
                f"{file} cannot be read as certificates of authorities: {why}"
            ) from error
    return context


def refusal(url: str, error: ssl.SSLCertVerificationError, found: str = "") -> NotTrusted:
    """The error that a certificate means which is not to be trusted; `found` is its fingerprint."""
    if isinstance(error, WrongCertificate):
        return NotTrusted(
            f"the hub at {url} shows another certificate than the one that was pinned: "
            f"{error.found} in place of {error.pinned}",
            hint="nothing was sent; if its admin confirms the new one: "
            f"stackroom connect {url} --fingerprint {error.found}",
        )
    why = error.verify_message if getattr(error, "verify_message", "") else str(error)
    if not found:
        return NotTrusted(f"the certificate of the hub at {url} is not to be trusted: {why}")
    return NotTrusted(
        f"the certificate of the hub at {url} is not to be trusted: {why}; its fingerprint is {found}",
        hint=f"if the hub's admin confirms it, join or connect with: --fingerprint {found}",
    )


def refusal_shown(url: str, error: ssl.SSLCertVerificationError, patience: float) -> NotTrusted:
    """`refusal`, with the fingerprint that the hub shows when it is asked again.

    Blocks for at most `patience` seconds.
    """
    found = "" if isinstance(error, WrongCertificate) else _presented(url, patience)
    return refusal(url, error, found)


def _presented(url: str, patience: float) -> str:
    """The fingerprint of the certificate that the hub shows; empty if it shows none this time."""
    parts = urlsplit(url)
    address = parts.hostname or "", parts.port or 0
    try:
        with (
            socket.create_connection(address, patience) as bare,
            unverified_context().wrap_socket(bare, server_hostname=parts.hostname) as shown,
        ):
            return fingerprint(shown.getpeercert(binary_form=True) or b"")
    except OSError:
        return ""
