"""Where two histories part: the first commit after which their roots differ, found a few roots at a time.

No I/O: whoever searches asks the replica's own files, and the hub, for the roots at `wanted`.
"""

from collections.abc import Mapping

from stackroom.events.proofs import checkpoint
from stackroom.events.proofs.signed_note import BadNote
from stackroom.sync import protocol as wire
from stackroom.sync.protocol import ROOTS_MOST


class Parting:
    """The search in one profile: the roots at `same` are known to be the same, those at `other` not to be."""

    def __init__(self, profile: str, other: int) -> None:
        self.profile = profile
        self.same, self.other = 0, other
        self.head: int | None = None
        """Where the hub says that it stands; None before it has said anything."""
        self.checkpoint = ""
        """What it has signed of that."""
        self._own: Mapping[int, bytes] = {}
        self._stuck = False
        """Whether the last answer told nothing more."""

    def wanted(self) -> tuple[int, ...]:
        """The seqs whose roots tell more, a few at the most."""
        between = self.other - self.same
        steps = min(ROOTS_MOST, between - 1)
        return tuple(self.same + between * n // (steps + 1) for n in range(1, steps + 1))

    def ask(self, own: Mapping[int, bytes]) -> wire.FetchRoots | None:
        """What to ask of the hub, `own` being the replica's roots at `wanted`; None if nothing is left."""
        self._own = own
        if self.head is not None and (self._stuck or not own):
            return None
        return wire.FetchRoots(self.profile, tuple(own))

    def heard(self, told: wire.Roots) -> None:
        """The hub's answer."""
        before = (self.same, self.other)
        self.head, self.checkpoint = told.seq, _if_one(told.checkpoint)
        for seq, root in zip(told.seqs, told.roots, strict=False):
            if seq in self._own:
                if root == self._own[seq]:
                    self.same = max(self.same, seq)
                else:
                    self.other = min(self.other, seq)
        self._stuck = before == (self.same, self.other)

    def said(self, profile: str, url: str) -> str:
        """What was found, for people."""
        next_to = self.other == self.same + 1
        if self.head is not None and self.head < self.other:
            lost = f"from #{self.other} on" if next_to else f"which was at #{self.other}"
            return (
                f"the hub at {url} has lost what it had of profile {profile}, {lost}: "
                f"it stands at #{self.head}"
            )
        at = f"#{self.other}" if next_to else f"a commit after #{self.same}, up to #{self.other}"
        return (
            f"the hub at {url} has another history of profile {profile} than the one that was seen here: "
            f"they part at {at}"
        )


def _if_one(note: str) -> str:
    """The note, if it is a checkpoint."""
    try:
        checkpoint.parse(note)
    except BadNote:
        return ""
    return note
