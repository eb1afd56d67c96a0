"""How public keys are told apart.

`hashlib` loads OpenSSL, which takes as long as twenty modules of ours. For 32 bytes Python's own SHA-256 is
as fast, and there at once; `random` of the library takes it for that reason, too.
"""

import sys
from importlib import import_module
from typing import Final

FINGERPRINT: Final = 16
"""Hexadecimal digits by which people tell keys apart."""

_LEAN: Final = "_sha256" if sys.version_info < (3, 12) else "_sha2"


def fingerprint(key: bytes) -> str:
    """The first digits of the SHA-256 of a public key, by which people tell keys apart."""
    return _digits(key)[:FINGERPRINT]


def key_id(key: bytes) -> str:
    """The id of a public key among the people of a hub: a UUID, version 8, of its SHA-256 (RFC 9562)."""
    digits = _digits(key)
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def _digits(key: bytes) -> str:
    """Its SHA-256, in hexadecimal digits."""
    try:
        lean = import_module(_LEAN)
    except ImportError:  # A Python that was built without it.
        lean = import_module("hashlib")
    digits: str = lean.sha256(key).hexdigest()
    return digits
