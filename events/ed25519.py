"""Ed25519 (RFC 8032): keys as their 32 bytes, signatures as their 64.

cryptography is imported where it is first needed: most commands sign and verify nothing.
"""

from typing import Final

KEY_BYTES: Final = 32
"""Of a public key, and of the seed that is the private one."""

SIGNATURE_BYTES: Final = 64


class SigningKey:
    """A private key; ValueError for a seed that is not 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: bytes = self._key.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        """By the public key alone."""
        return f"SigningKey({self.public.hex()})"

    def sign(self, data: bytes) -> bytes:
        """The signature of `data`; the same each time."""
        return self._key.sign(data)


def is_signed(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether `signature` is that of `data` by the key whose public half is `public`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
