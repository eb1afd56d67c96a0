"""The keys of a hub's people: how one is registered and ended, and what a proposal must be signed with.

Plain functions. A replica is one user's, and has one key; so a signature says whose a proposal is, also to
those who do not trust the hub.
"""

from typing import Final

from stackroom.events.deciding.rules import Refusal
from stackroom.events.limits import KEYS_PER_USER
from stackroom.events.model import Change, Millis, Proposal
from stackroom.events.people.entities import SigningKey
from stackroom.events.people.model import KeyRegistered, KeyRevoked
from stackroom.events.people.people import Directory
from stackroom.events.proofs.fingerprints import fingerprint, key_id
from stackroom.events.proofs.signing import possessed, signed
from stackroom.sync import protocol as wire
from stackroom.sync.people.access import Principal

Changes = list[tuple[str, Change]]

KEY_ENDED: Final = Refusal("key_ended", "this key has ended: this replica takes a new identity")


def registering(
    directory: Directory, sender: Principal, order: wire.RegisterKey, hub: str, now: Millis
) -> Changes | Refusal:
    """What has the sender's replica sign with a key; nothing, if it does already.

    Whoever has as many keys as one may have loses the oldest.
    """
    if not possessed(hub, sender.name, sender.replica, order.key, order.proof):
        return Refusal("bad_proof", "this does not prove that you have the key")
    state, id = directory.state, key_id(order.key)
    if id in state.gone:
        return KEY_ENDED
    known, own = state.get(id), directory.signing_key(sender.user, sender.replica)
    if own is not None and own is known:
        return []
    if known is not None:
        return Refusal("key_in_use", "this key is another replica's: this one takes a new identity")
    if own is not None:
        return Refusal(
            "replica_has_key", "this replica signs with another key: it takes a new identity"
        )
    mine = [
        (k.created, i) for i, k in state.all(SigningKey) if state.resolve(k.user) == sender.user
    ]
    changes: Changes = []
    if len(mine) >= KEYS_PER_USER:
        changes.append((min(mine)[1], KeyRevoked()))
    name = fingerprint(order.key)
    changes.append((id, KeyRegistered(name, sender.user, sender.replica, order.key.hex(), now)))
    return changes


def refuse_signature(
    directory: Directory, user: str, replica: str, profile: str, proposal: Proposal
) -> Refusal | None:
    """Why a proposal is not what the user's replica has signed: what it must be, once it has a key."""
    known = directory.signing_key(user, replica)
    if not proposal.key and not proposal.signature:
        if known is None:
            return None
        return Refusal("not_signed", "this replica signs what it proposes, and this is not signed")
    if known is None or known.public != proposal.key.hex():
        mark = fingerprint(proposal.key)
        sentence = f"key {mark} is not registered for this replica, or has ended"
        return Refusal("unknown_key", sentence)
    if not signed(profile, replica, proposal):
        return Refusal("bad_signature", "the signature is not that of this proposal")
    return None
