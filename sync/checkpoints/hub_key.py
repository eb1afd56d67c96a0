"""The hub's own key, by which it signs checkpoints: made once, kept in its folder, replaced by a statement.

`hub.key` has the private key, `hub.key.rotations` the statements that led to it, both of mode 0600. The
log remembers that there is a key: a folder that has lost it is not served under another in silence.
"""

from typing import Final

from msgspec import Struct

from stackroom.events.log import LogWriter
from stackroom.events.model import Millis
from stackroom.events.proofs import rotation, signed_note
from stackroom.events.proofs.checkpoint import key_name
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.signed_note import BadNote
from stackroom.sync.errors import BadHubKey, HubKeyLost
from stackroom.sync.hosting.folder import HubFolder

KEY_FACT: Final = "key"
"""The kind of fact that has the public key by which the hub signed last, under `public`."""


class HubKey(Struct, frozen=True):
    """The key of `hub`, and the statements that led to it, oldest first."""

    hub: str
    signing: PrivateKey
    rotations: tuple[str, ...] = ()

    @property
    def public(self) -> str:
        """The public key as people pass it on."""
        return signed_note.verifier_key(key_name(self.hub), self.signing.public)


def ready(folder: HubFolder, hub: str, seed: bytes, log: LogWriter) -> HubKey:
    """The key of the hub on the folder; made of `seed` (32 random bytes) if there never was one.

    Runs inside a writing transaction. Raises HubKeyLost, BadHubKey.
    """
    known = log.facts(KEY_FACT)
    key = read(folder)
    if key is None:
        if known:
            raise HubKeyLost(str(folder.path))
        key = HubKey(hub, PrivateKey(seed))
        folder.keep_key(signed_note.signer_key(key_name(hub), seed), "")
    elif key.hub != hub:
        raise BadHubKey(str(folder.signing), f"it is the key of another hub, {key.hub}")
    if known.get("public") != key.signing.public:
        remember(key, log)
    return key


def remember(key: HubKey, log: LogWriter) -> None:
    """Has the log know by which key its hub signs."""
    log.put_fact(KEY_FACT, "public", key.signing.public)


def read(folder: HubFolder) -> HubKey | None:
    """The key in the folder, or None. Raises BadHubKey for a file that is none."""
    try:
        private, statements = folder.key_files()
        if private is None:
            return None
        name, signing = signed_note.parse_signer_key(private.strip())
        return HubKey(name.partition("/")[2], signing, tuple(signed_note.split(statements)))
    except BadNote as error:
        raise BadHubKey(str(folder.signing), str(error)) from error


def rotate(folder: HubFolder, key: HubKey, seed: bytes, now: Millis) -> HubKey:
    """Has the key of `seed` take the place of `key`, which states that it does."""
    name, new = key_name(key.hub), PrivateKey(seed)
    # A statement whose key was never kept, since its process ended in between, is dropped.
    led = rotation.leading_to(key.hub, key.rotations, key.signing.public)
    statements = (*led, rotation.state(key.hub, new.public, now, key.signing))
    folder.keep_key(signed_note.signer_key(name, seed), "\n".join(statements))
    return HubKey(key.hub, new, statements)


def replace(folder: HubFolder, hub: str, seed: bytes) -> HubKey:
    """Has the key of `seed` take the place of one that was lost; nothing leads to it."""
    folder.keep_key(signed_note.signer_key(key_name(hub), seed), "")
    return HubKey(hub, PrivateKey(seed))
