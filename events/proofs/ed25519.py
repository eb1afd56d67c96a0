"""Ed25519 (RFC 8032): keys as their 32 bytes, signatures as their 64.

cryptography is imported where it is first needed: most commands sign and verify nothing.
"""

from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING

from stackroom.events.limits import KEY_BYTES, SIGNATURE_BYTES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )


class PrivateKey:
    """A private key, by its seed of 32 bytes; ValueError for another, where it is first used.

    Whoever knows the public half gives it, and spares working it out.
    """

    def __init__(self, seed: bytes, public: bytes = b"") -> None:
        self._seed = seed
        self.public = public or self._key.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        """By the public key alone."""
        return f"PrivateKey({self.public.hex()})"

    def sign(self, data: bytes) -> bytes:
        """The signature of `data`; the same each time."""
        return self._key.sign(data)

    @cached_property
    def _key(self) -> "Ed25519PrivateKey":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._seed)


def is_signed(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether `signature` is that of `data` by the key whose public half is `public`."""
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    from cryptography.exceptions import InvalidSignature

    try:
        _public(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


@cache
def make_ready() -> None:
    """Has the library set up, which its first use takes a while for, by who has a moment before that."""
    is_signed(bytes(KEY_BYTES), b"", bytes(SIGNATURE_BYTES))


@lru_cache(maxsize=1_024)
def _public(key: bytes) -> "Ed25519PublicKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(key)
