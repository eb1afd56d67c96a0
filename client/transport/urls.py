"""A hub's address as people write it, brought to the one form under which it is known."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from stackroom.client.errors import Unencrypted
from stackroom.client.home.trust import Trust

SCHEMES: Final = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
STANDARD_PORTS: Final = {"ws": 80, "wss": 443}


class BadUrl(ValueError):
    """Text that is not the address of a hub; the sentence says why."""


def normalise(text: str, default_port: int) -> str:
    """The address as `ws://host:port` or `wss://host:port`, with a path if there is one.

    Takes ws, wss, http and https, and a bare `host` or `host:port`, which is `ws` on `default_port`
    where none is given. Raises BadUrl.
    """
    text = text.strip()
    bare = "://" not in text
    try:
        parts = urlsplit(f"ws://{text}" if bare else text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadUrl(f"{text[:80]!r} is not a hub's address: {error}") from error
    scheme = SCHEMES.get(parts.scheme)
    if scheme is None:
        raise BadUrl(f"a hub's address begins with ws:// or wss://, not {parts.scheme}://")
    if parts.username is not None or parts.password is not None:
        raise BadUrl("a hub's address holds no user and password: give the token by itself")
    if parts.query or parts.fragment:
        raise BadUrl("a hub's address holds no '?' and no '#': give the token by itself")
    if not host or any(c.isspace() or not c.isprintable() for c in text):
        raise BadUrl(f"{text[:80]!r} is not a hub's address (for example ws://localhost:8765)")
    if port is None:
        port = default_port if bare else STANDARD_PORTS[scheme]
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether the (normalised) address is on this machine, where no proxy can reach it."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def refuse_unencrypted(url: str, trust: Trust) -> None:
    """Raises Unencrypted for ws:// to another machine that was not allowed."""
    if not url.startswith("wss://") and not trust.insecure and not is_loopback(url):
        raise Unencrypted(url)
