"""Holding the hub to what it has signed: the part of a replica's core that looks at checkpoints.

The rules are `witness`'s. What does not hold is not kept, and the profile rests.
"""

from abc import ABC, abstractmethod

from stackroom.client.replica import witness
from stackroom.client.replica.effects import Effect, Parted, Problem
from stackroom.client.replica.replica_copy import Copy
from stackroom.client.replica.witness import Seen
from stackroom.events.proofs import merkle
from stackroom.events.proofs.signed_note import BadNote, parse_verifier_key
from stackroom.sync import protocol as wire


class Witnessing(ABC):
    """The profiles that are followed, and what is wrong with what the hub signs of them."""

    def __init__(self) -> None:
        self.copies: dict[str, Copy] = {}
        self.welcome: wire.Welcome | None = None
        self.parted: set[str] = set()
        """Profiles of which the hub has another history: they rest."""
        self._effects: list[Effect] = []

    @abstractmethod
    def _broken(self, copy: Copy, sentence: str) -> None:
        """What the hub sent does not add up: nothing of it is kept, and the profile rests."""

    def _stands(self, copy: Copy, end: wire.CaughtUp) -> bool:
        """Whether the hub has signed where it says that it stands, and that is no step back."""
        root = merkle.root(copy.frontier) if end.seq == copy.seq else end.root
        new = self._attested(copy, end.checkpoint, end.seq, root, at_head=True)
        if new is not None and end.seq == copy.seq:
            # Elsewhere, it is the answer to an earlier subscription; what this one was told to prove stays.
            copy.seen = new
        return self._is_held(copy)

    def _attested(
        self, copy: Copy, note: str, seq: int, root: bytes, *, at_head: bool = False
    ) -> Seen | None:
        """What the hub has signed of the profile at `seq`, where our tree has `root`.

        None for a hub that signs nothing. If it has signed something else, the profile rests: `_is_held`.
        """
        if self.welcome is None or not self.welcome.key:
            return None
        try:
            _, key = parse_verifier_key(self.welcome.key)
            new = witness.attested(note, self.welcome.hub, key, copy.profile, seq)
        except BadNote as error:
            self._broken(copy, f"what the hub says of #{seq} does not hold: {error}")
            return None
        if new.checkpoint.root != root or witness.takes_back(
            copy.seen, new.checkpoint, at_head=at_head
        ):
            self._took_back(copy, seq, note)
            return None
        return new

    def _is_held(self, copy: Copy) -> bool:
        """Whether the profile is still followed."""
        return self.copies.get(copy.profile) is copy

    def _took_back(self, copy: Copy, seq: int, note: str) -> None:
        """The hub contradicts what it has signed, by what it says up to `seq`."""
        sentence = f"the hub takes back what it has signed, at or before #{seq}"
        self._parted(copy, Problem("parted", sentence, "", copy.profile), seq, note)

    def _parted(self, copy: Copy, problem: Problem, seq: int = 0, note: str = "") -> None:
        """Histories differ, up to `seq` or where we stand: the profile rests, and nothing is changed."""
        self.copies.pop(copy.profile, None)
        self.parted.add(copy.profile)
        if self.welcome is None or not self.welcome.key:
            self._effects.append(problem)
            return
        ours = copy.seen
        size = ours.checkpoint.size if ours is not None else 0
        upto = max(seq, size, copy.seq)
        self._effects.append(Parted(problem, upto, ours.note if ours is not None else "", note))
