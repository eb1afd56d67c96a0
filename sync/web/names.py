"""Whom a request is meant for, and which site's page sends it: Host and Origin. Sans I/O.

Sources: RFC 9110 section 7.2 (Host), RFC 6454 (Origin); the attacks are DNS rebinding, where a name of
the attacker's leads to this hub, and cross-site WebSocket hijacking, where a page of theirs connects.
"""

import ipaddress
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from stackroom.sync.sockets.addresses import is_loopback, plain

_PORTS: Final = {"http": "80", "https": "443"}


class Names(Struct, frozen=True):
    """By which names the hub may be called: `*.example` stands for one label before `.example`."""

    names: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, host: str, named: Iterable[str], certified: Iterable[str], origins: Iterable[str]
    ) -> "Names":
        """The names of a hub that listens at `host`: that one, those given, and its certificate's."""
        own = () if _is_everywhere(host) else (host,)
        names = (*own, *named, *certified)
        return cls(
            frozenset(_bare(name) for name in names if name),
            frozenset(origin.rstrip("/").lower() for origin in origins),
        )

    def is_ours(self, host: str, reached_at: str) -> bool:
        """Whether the Host header `host` names this hub, in a connection to its address `reached_at`.

        An address names it where it is the one that was connected to: no name leads there but its own.
        """
        name = _bare(host_of(host))
        if not name:
            return False
        if is_loopback(name):
            return is_loopback(reached_at)
        if name == reached_at or name in self.names:
            return True
        return "*." + name.partition(".")[2] in self.names

    def may_connect(self, origin: str, host: str, scheme: str) -> bool:
        """Whether a page of `origin` may: one of ours, or of a site that was allowed."""
        return origin.rstrip("/").lower() in self.origins or self.is_own(origin, host, scheme)

    @staticmethod
    def is_own(origin: str, host: str, scheme: str) -> bool:
        """Whether that is the origin of the pages that this hub serves itself."""
        return _parts(origin.rstrip("/").lower()) == _parts(f"{scheme}://{host.lower()}")


def host_of(text: str) -> str:
    """The host in `host:port`, `[v6]:port` or a host alone."""
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (host.endswith("]") or ":" not in host):
        return host
    return text


def _bare(host: str) -> str:
    """A name in lower case without its last dot; an address in its plain form."""
    bare = host.strip().lower().rstrip(".").strip("[]")
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return bare
    return plain(bare)


def _parts(origin: str) -> tuple[str, str, str]:
    """Scheme, host and port, the port being the scheme's own where none is given."""
    scheme, _, rest = origin.partition("://")
    host = host_of(rest)
    port = rest[len(host) + 1 :] or _PORTS.get(scheme, "")
    return scheme, _bare(host), port


def _is_everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return not host
