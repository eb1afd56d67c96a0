"""The keys by which this home's replicas sign: a JSON file that only its owner reads, replaced whole."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from stackroom.client.errors import ClientError
from stackroom.client.home import private_json
from stackroom.events.errors import LogCorrupt

if TYPE_CHECKING:
    from stackroom.events.proofs.signing import Signer


class KeysDamaged(ClientError):
    """The file with the key of this home cannot be read."""

    hint = "move it away: with the next change this home takes a new identity, and keeps what waits"


class KeyPair(Struct, frozen=True):
    """A key as it is kept: both halves (32 bytes each)."""

    seed: bytes
    key: bytes


class KeyFile:
    """Keys by the id of their replica. Whoever calls holds the write lock of the home's store.

    `salt` gives 16 fresh random bytes. Raises KeysDamaged for a file that is none.
    """

    def __init__(self, path: Path, salt: Callable[[], bytes]) -> None:
        self.path = path
        self._salt = salt
        self._known: dict[str, Signer] = {}

    def signer(self, replica: str) -> "Signer":
        """The key of the replica, made and kept if it has none."""
        # Late: a command that only reads signs nothing.
        from stackroom.events.proofs.signing import Signer

        if replica not in self._known:
            pairs = self._pairs()
            if replica not in pairs:
                seed = self._salt() + self._salt()
                pairs[replica] = KeyPair(seed, Signer(seed).key)
                private_json.replace(self.path, pairs)
            pair = pairs[replica]
            self._known[replica] = Signer(pair.seed, pair.key)
        return self._known[replica]

    def forget(self, replica: str) -> None:
        """Forgets the key of a replica that this home is no more."""
        self._known.pop(replica, None)
        pairs = self._pairs()
        if pairs.pop(replica, None) is not None:
            private_json.replace(self.path, pairs)

    def _pairs(self) -> dict[str, KeyPair]:
        try:
            return private_json.read(self.path, dict[str, KeyPair], "")
        except LogCorrupt as error:
            raise KeysDamaged(str(error)) from error
