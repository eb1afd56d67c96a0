"""Hubs that sign, in tests: each by a key that is made of a number."""

from stackroom.events.log import Identity
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.sync.checkpoints.hub_key import HubKey
from stackroom.sync.checkpoints.notary import Notary


def notary_of(identity: Identity, number: int = 1, rotations: tuple[str, ...] = ()) -> Notary:
    """Signs for the hub `identity` by the key of that number."""
    return Notary(identity, HubKey(identity.id, key_of(number), rotations))


def key_of(number: int) -> PrivateKey:
    """The key of that number."""
    return PrivateKey(number.to_bytes(32))
