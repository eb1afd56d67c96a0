"""Tokens and one-time codes: opaque texts that can be recognised, and are told from a slip of the pen.

    srm_4fK29aQz 33 secret characters 6 of checksum

A kind, eight public characters by which it is looked up and listed, 192 random bits, and a CRC-32 over
all before it, in base 62. Who will hold it makes it; a hub keeps only its SHA-256.
"""

import hmac
import zlib
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from msgspec import Struct

PERSONAL: Final = "srm"
"""A person's token."""
SERVICE: Final = "srs"
"""The token of a service account."""
JOIN: Final = "srj"
"""A one-time code that an invitation gives."""
SET_UP: Final = "sru"
"""The one-time code of a hub's first start."""
LOGIN: Final = "srl"
"""The one-time code that a browser is handed after signing in at a provider."""

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PUBLIC: Final = 8
_SECRET_BYTES: Final = 24
_SECRET: Final = 33
"""Characters that 24 bytes take in base 62."""
_CHECKSUM: Final = 6
_LENGTH: Final = 4 + _PUBLIC + _SECRET + _CHECKSUM


class Made(Struct, frozen=True):
    """A fresh secret: the `text` for its holder, and what the hub may know of it."""

    text: str
    prefix: str
    hash: bytes

    def __repr__(self) -> str:
        """Without the text, which must never stand in a log."""
        return f"Made({self.prefix!r})"


def make(kind: str, random: Callable[[int], bytes]) -> Made:
    """A fresh token or code; `random` gives so many bytes from the system's source of secrets."""
    public = _base62(int.from_bytes(random(_PUBLIC)) % 62**_PUBLIC, _PUBLIC)
    secret = _base62(int.from_bytes(random(_SECRET_BYTES)), _SECRET)
    body = f"{kind}_{public}{secret}"
    text = body + _checksum(body)
    return Made(text, prefix_of(text), digest(text))


def prefix_of(text: str) -> str:
    """The public part."""
    return text[: 4 + _PUBLIC]


def shown_prefix(text: str) -> str:
    """The public part, of what may be no token at all: empty then, as it may be a slip of another secret."""
    return prefix_of(text) if kind_of(text) is not None else ""


def kind_of(text: str) -> str | None:
    """Which kind it is; None if it is none, or has a slip in it."""
    kind = text[:3]
    if kind not in (PERSONAL, SERVICE, JOIN, SET_UP, LOGIN) or text[3:4] != "_":
        return None
    if len(text) != _LENGTH or not text.isascii() or not text[4:].isalnum():
        return None
    body, checksum = text[:-_CHECKSUM], text[-_CHECKSUM:]
    return kind if _checksum(body) == checksum else None


def digest(text: str) -> bytes:
    """SHA-256; enough for a secret of 192 random bits (no dictionary holds it)."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def is_it(text: str, known: bytes | None) -> bool:
    """Whether `known` is the hash of `text`, in a time that says nothing; None is nobody's."""
    return hmac.compare_digest(digest(text), known or bytes(32)) and known is not None


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM)


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits = _ALPHABET[rest] + digits
    return digits
