"""Of a commit that does not fit: which part of it, as far as what is left of the truth tells.

A leaf covers envelope and bodies together, so that one hash alone cannot say which was changed. The root
beside it can say which of commit and leaf was: one of the two still leads there.
"""

from typing import Final

from msgspec import structs

from stackroom.events import codec
from stackroom.events.errors import HistoryFault, MalformedEvent, Part, UnknownEvent
from stackroom.events.log import Taken
from stackroom.events.model import Commit
from stackroom.events.proofs import merkle
from stackroom.events.proofs.signing import signed

NEAR: Final = 1_000
"""How many places before and after its own a commit is looked for that may have been moved."""


def misplaced(profile: str, seq: int, commit: Commit) -> HistoryFault:
    """`commit` stands where commit `seq` should."""
    sentence = f"where commit #{seq} of profile {profile} should be stands #{commit.seq}"
    return HistoryFault(profile, seq, "place", sentence)


def misfit(profile: str, taken: Taken, leaf: bytes, root: bytes) -> HistoryFault:
    """What is wrong with `taken`, of which `leaf` and `root` were computed."""
    part, sentence = _part(profile, taken, leaf, root)
    seq = taken.commit.seq
    return HistoryFault(profile, seq, part, f"commit #{seq} of profile {profile} {sentence}")


def _part(profile: str, taken: Taken, leaf: bytes, root: bytes) -> tuple[Part, str]:
    commit = taken.commit
    if leaf == taken.leaf:
        return "root", "was given a root to which the commits do not lead"
    if root == commit.root:
        return "leaf", "fits its root, and the leaf beside it was changed"
    for seq in range(max(1, commit.seq - NEAR), commit.seq + NEAR):
        if _leaf(profile, structs.replace(commit, seq=seq)) == taken.leaf:
            return "place", f"was moved: it was committed as #{seq}"
    for number, event in enumerate(commit.events):
        try:
            codec.unseal(event)
        except UnknownEvent:
            continue
        except MalformedEvent as error:
            return "event_body", f"was changed: the body of its event {number} is {error.why}"
    if commit.signature and signed(profile, commit.replica, commit):
        return (
            "envelope",
            "was changed in what its hub said of it: its author, or when it was accepted",
        )
    return "commit", "was changed: its envelope, or the body of an event"


def _leaf(profile: str, commit: Commit) -> bytes:
    return merkle.leaf_hash(codec.leaf(profile, commit))
