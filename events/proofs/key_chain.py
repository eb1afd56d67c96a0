"""The keys of a hub, one after the other, as its statements lead from each to the next."""

from collections.abc import Sequence

from stackroom.events.proofs import rotation, signed_note
from stackroom.events.proofs.checkpoint import key_name
from stackroom.events.proofs.signed_note import BadNote


def key_chain(hub: str, first: str, statements: Sequence[str]) -> list[bytes]:
    """The keys of the hub from the public key `first` on, as statements (`rotation`) lead to them.

    Those by keys from before the first are passed over. BadNote for a key that is none, or another hub's.
    """
    name, key = signed_note.parse_verifier_key(first)
    if name != key_name(hub):
        raise BadNote(f"it is a key of another hub ({name})")
    keys = [key]
    for statement in statements:
        try:
            keys.append(rotation.next_key(hub, statement, keys[-1]))
        except BadNote:
            continue
    return keys
