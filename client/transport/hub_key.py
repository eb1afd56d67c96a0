"""By which key the hub at an address is known: pinned when it is first met, and held to ever after."""

from stackroom.client.errors import OtherKey
from stackroom.events.proofs import rotation, signed_note
from stackroom.events.proofs.checkpoint import key_name
from stackroom.events.proofs.signed_note import BadNote
from stackroom.sync import protocol as wire


def pinned_by(url: str, pinned: str, welcome: wire.Welcome) -> str:
    """The key to pin for the hub that says `welcome`; `pinned` is the one so far, empty for none.

    The first key that a hub has is pinned. It may be followed by one that it leads to, by statements of
    each key about the next; raises OtherKey for any other, and for a hub that signs no more.
    """
    shown = welcome.key
    if shown == pinned:
        return pinned
    if not shown:
        raise OtherKey(url, f"the hub at {url} does not sign any more, and its key was pinned")
    try:
        name, key = signed_note.parse_verifier_key(shown)
        if name != key_name(welcome.hub):
            raise BadNote(f"it is the key of {name}")
        if pinned:
            whose, before = signed_note.parse_verifier_key(pinned)
            if whose != name or not rotation.leads(welcome.hub, before, welcome.rotations, key):
                why = (
                    f"the hub at {url} signs by another key than the one that was pinned: {pinned}"
                )
                raise OtherKey(url, why, shown)
    except BadNote as error:
        raise OtherKey(url, f"the hub at {url} shows a key that is none: {error}") from error
    return shown
