"""Whose connection it is: the address that limits and throttling go by, also behind a proxy."""

import ipaddress
from typing import Final

from websockets.datastructures import Headers

NOWHERE: Final = "?"
"""The address of a connection that has none any more."""

_SITE: Final = 64
"""Bits of an IPv6 address that belong to one site (RFC 4291 section 2.5.4): it owns all that follow."""


def address_of(peer: object) -> str:
    """The address in what a socket calls its peer: without port and zone, IPv4 in its own form."""
    host = peer[0] if isinstance(peer, tuple) and peer else NOWHERE
    return plain(str(host))


def plain(text: str) -> str:
    """An address in one form; what is none, as `NOWHERE`."""
    try:
        address = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return NOWHERE
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def party(address: str) -> str:
    """Who is counted: an IPv4 address by itself, an IPv6 address with all of its site."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4 or parsed.is_loopback:
        return str(parsed)
    return (
        str(ipaddress.ip_network((int(parsed), _SITE), strict=False).network_address) + f"/{_SITE}"
    )


def is_loopback(host: str) -> bool:
    """Whether an address or a name is of this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def speaks_for(headers: Headers) -> bool:
    """Whether the sender says that it is a proxy."""
    return "X-Forwarded-For" in headers or "Forwarded" in headers


def forwarded(peer: str, headers: Headers, trusted: frozenset[str]) -> str:
    """The address that a request came from: the peer's, or what trusted proxies say.

    X-Forwarded-For is read from its end, as each proxy adds whom it heard from; the first that is no
    trusted proxy is the one. What lies before it, anybody may have made up.
    """
    heard = [plain(part) for line in headers.get_all("X-Forwarded-For") for part in line.split(",")]
    address = peer
    while address in trusted and heard:
        address = heard.pop()
    return address
