"""What the hub signs: a checkpoint for each profile and seq that is asked about, once."""

from collections import OrderedDict
from typing import Final

from stackroom.events.log import Identity
from stackroom.events.model import Millis
from stackroom.events.proofs import checkpoint, signed_note
from stackroom.events.proofs.checkpoint import Checkpoint
from stackroom.events.proofs.signed_note import BadNote
from stackroom.sync.checkpoints.hub_key import HubKey

KEPT: Final = 4_096
"""Checkpoints kept, a few hundred bytes each: those of a few thousand profiles' heads."""


class Notary:
    """Signs for the hub `identity` with `key`; what it signs is told to nobody before it is durable."""

    def __init__(self, identity: Identity, key: HubKey) -> None:
        self.identity = identity
        self.key = key
        self._signed: OrderedDict[tuple[str, int, bytes], tuple[str, Millis]] = OrderedDict()

    def begin(self, identity: Identity) -> None:
        """The hub is in another epoch from now on."""
        self.identity = identity
        self._signed.clear()

    def stated(self, note: str) -> Checkpoint | None:
        """What this hub has stated by `note`, with its key of now or one of before; None if it has not."""
        hub = self.identity.id
        named = (signed_note.parse(each).text.split("\n")[1] for each in self.key.rotations)
        keys = dict.fromkeys(signed_note.parse_verifier_key(each)[1] for each in named)
        for public in (self.key.signing.public, *keys):
            try:
                return checkpoint.verify(note, hub, public)
            except BadNote:
                continue
        return None

    def checkpoint(self, profile: str, seq: int, root: bytes, now: Millis) -> str:
        """The checkpoint that the profile has `root` after commit `seq`; asked again, the very same."""
        return self._stated(profile, seq, root, now)[0]

    def signed(self, profile: str, seq: int, root: bytes, now: Millis) -> Millis:
        """When that checkpoint was signed: `now`, if it was not before."""
        return self._stated(profile, seq, root, now)[1]

    def _stated(self, profile: str, seq: int, root: bytes, now: Millis) -> tuple[str, Millis]:
        about = (profile, seq, root)
        stated = self._signed.get(about)
        if stated is None:
            hub, epoch = self.identity.id, self.identity.epoch
            said = Checkpoint(hub, profile, seq, root, epoch, now)
            stated = self._signed[about] = checkpoint.sign(said, self.key.signing), now
            if len(self._signed) > KEPT:
                self._signed.popitem(last=False)
        return stated
