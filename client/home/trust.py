"""How far a home trusts the hub at an address, where that is not the usual."""

from msgspec import Struct


class Trust(Struct, frozen=True, omit_defaults=True):
    """By what a hub is known; nothing said is a certificate of an authority that the system knows.

    `fingerprint` pins one certificate, whoever signed it and whatever name it has; `ca_file` is a file
    of further authorities; `insecure` allows ws:// to another machine, token readable on the way.
    """

    fingerprint: str = ""
    ca_file: str = ""
    insecure: bool = False
