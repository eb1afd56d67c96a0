"""What a hub may sign after what it has signed: the rules by which every replica is a witness of it.

A checkpoint that was seen is kept with the proposals, so that a hub is held to it although the commits
below it were thrown away and fetched again.
"""

from collections.abc import Sequence

from msgspec import Struct

from stackroom.events.proofs import checkpoint, merkle
from stackroom.events.proofs.checkpoint import Checkpoint
from stackroom.events.proofs.merkle import Frontier
from stackroom.events.proofs.merkle_proofs import is_consistent
from stackroom.events.proofs.signed_note import BadNote


class Seen(Struct, frozen=True):
    """A checkpoint that this replica has verified, and the note in which the hub has signed it."""

    note: str
    checkpoint: Checkpoint


def kept(note: str) -> Seen | None:
    """What `note`, which was kept, has stated; None where nothing was kept, or what was is damaged.

    Then the hub is witnessed anew: a checkpoint that cannot be read holds nobody to anything.
    """
    try:
        return Seen(note, checkpoint.parse(note)) if note else None
    except BadNote:
        return None


def attested(note: str, hub: str, key: bytes, profile: str, seq: int) -> Seen:
    """What the hub has signed of the profile at `seq`; BadNote if that is not what `note` is."""
    if not note:
        raise BadNote("the hub has not signed it")
    stated = checkpoint.verify(note, hub, key)
    if (stated.profile, stated.size) != (profile, seq):
        raise BadNote(f"the hub has signed profile {stated.profile} at #{stated.size} instead")
    return Seen(note, stated)


def takes_back(seen: Seen | None, new: Checkpoint, *, at_head: bool) -> bool:
    """Whether a hub that signed `seen` contradicts itself by `new`, as far as the two alone tell.

    With `at_head`, `new` is where the hub says that it stands. What else lies between them, the tree over
    the commits tells (`grown_past`), or a proof (`jumped_past`).
    """
    if seen is None or seen.checkpoint.hub != new.hub:
        return False
    old = seen.checkpoint
    if new.epoch < old.epoch or (at_head and new.size < old.size):
        return True
    return new.size == old.size and new.root != old.root


def grown_past(seen: Seen | None, hub: str, since: Frontier, leaves: Sequence[bytes]) -> bool:
    """Whether the tree `since`, grown by `leaves`, leads through what was seen, where it comes to it."""
    more = seen.checkpoint.size - since.size if seen is not None else 0
    if seen is None or seen.checkpoint.hub != hub or not 0 < more <= len(leaves):
        return True
    return merkle.root(merkle.extended(since, leaves[:more])) == seen.checkpoint.root


def jumped_past(seen: Seen | None, new: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `new` begins with the one that was seen, if that is smaller."""
    if seen is None or seen.checkpoint.hub != new.hub or seen.checkpoint.size >= new.size:
        return True
    old = seen.checkpoint
    return is_consistent(old.size, new.size, old.root, new.root, proof)


def later(seen: Seen | None, new: Seen | None) -> Seen | None:
    """What a hub is held to from now on: the larger of two that fit each other, or that of another hub."""
    if seen is None or new is None:
        return new or seen
    old = seen.checkpoint
    return seen if old.hub == new.checkpoint.hub and old.size > new.checkpoint.size else new
