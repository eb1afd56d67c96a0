"""Signatures of authors: a replica's Ed25519 key (RFC 8032) signs what its user proposes.

Whose a key is, the people of a hub say; here it is only whether a key signed.
"""

from typing import Final, TypeVar

import msgspec
from msgspec import structs

from stackroom.events.codec import statement
from stackroom.events.model import Commit, Proposal
from stackroom.events.proofs.ed25519 import PrivateKey, is_signed

Made = TypeVar("Made", Proposal, Commit)

SEED_BYTES: Final = 32
"""Bytes of a private key (RFC 8032, section 5.1.5)."""

POSSESSION_FORMAT: Final = "stackroom/key/1"


class Signer:
    """The key of a replica: `seed` is what nobody else knows (32 bytes), `key` what everybody may.

    Whoever knows the public half gives it, and spares working it out.
    """

    def __init__(self, seed: bytes, key: bytes = b"") -> None:
        self._private = PrivateKey(seed, key)
        self.key = self._private.public

    def sign(self, profile: str, replica: str, made: Made) -> Made:
        """The proposal (or its commit), signed as one that `replica` makes in `profile`."""
        signature = self._private.sign(statement(profile, replica, made))
        return structs.replace(made, key=self.key, signature=signature)

    def possession(self, hub: str, user: str, replica: str) -> bytes:
        """The proof, for the hub of that id, that `replica` of the user of that name has this key."""
        return self._private.sign(_possession(hub, user, replica, self.key))


def signed(profile: str, replica: str, made: Proposal | Commit) -> bool:
    """Whether the signature of a proposal, or of its commit, is what its key makes for `replica`."""
    return is_signed(made.key, statement(profile, replica, made), made.signature)


def possessed(hub: str, user: str, replica: str, key: bytes, proof: bytes) -> bool:
    """Whether `proof` is what `Signer.possession` gives for `key`."""
    return is_signed(key, _possession(hub, user, replica, key), proof)


def _possession(hub: str, user: str, replica: str, key: bytes) -> bytes:
    return msgspec.json.encode((POSSESSION_FORMAT, hub, user, replica, key.hex()))
