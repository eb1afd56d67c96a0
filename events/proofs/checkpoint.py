"""Checkpoints: what the hub signs of a profile, in the text form of C2SP tlog-checkpoint.

A signed note of five lines: the origin `stackroom/HUB/PROFILE`, how many commits there are, the root of
the Merkle tree over them in base64, and two extension lines, `epoch N` and `time MILLISECONDS`. More
lines may follow in a later version; they are signed with the rest, and nobody here reads them.
"""

import re
from base64 import b64encode
from typing import Final

from msgspec import Struct

from stackroom.events.frontier import HASH_BYTES
from stackroom.events.limits import COUNT_MOST
from stackroom.events.model import Millis
from stackroom.events.proofs import signed_note
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.signed_note import BadNote

_ORIGIN: Final = re.compile(r"stackroom/([^\s+/]+)/([^\s+/]+)")
_COUNT: Final = re.compile(r"0|[1-9][0-9]{0,15}")


class Checkpoint(Struct, frozen=True):
    """That a profile of a hub had `size` commits, whose tree has the root `root` (32 bytes).

    `epoch` is the hub's at that moment, `time` its clock.
    """

    hub: str
    profile: str
    size: int
    root: bytes
    epoch: int
    time: Millis


def key_name(hub: str) -> str:
    """The name under which a hub signs."""
    return f"stackroom/{hub}"


def body(checkpoint: Checkpoint) -> str:
    """The text that is signed."""
    return (
        f"{key_name(checkpoint.hub)}/{checkpoint.profile}\n"
        f"{checkpoint.size}\n"
        f"{b64encode(checkpoint.root).decode()}\n"
        f"epoch {checkpoint.epoch}\n"
        f"time {checkpoint.time}\n"
    )


def sign(checkpoint: Checkpoint, key: PrivateKey) -> str:
    """The checkpoint as a note of its hub."""
    return signed_note.sign(body(checkpoint), key_name(checkpoint.hub), key)


def parse(note: str) -> Checkpoint:
    """What a note states, whoever signed it; BadNote for what is no checkpoint."""
    return _of_text(signed_note.parse(note).text)


def verify(note: str, hub: str, public: bytes) -> Checkpoint:
    """What a note states that is a checkpoint of `hub` by the key `public`; BadNote for anything else."""
    checkpoint = _of_text(signed_note.verify(note, key_name(hub), public))
    if checkpoint.hub != hub:
        raise BadNote(f"it is a checkpoint of another hub ({checkpoint.hub})")
    return checkpoint


def _of_text(text: str) -> Checkpoint:
    lines = text[:-1].split("\n")
    origin = _ORIGIN.fullmatch(lines[0])
    if origin is None or len(lines) < 5 or not all(lines):
        raise BadNote(
            "a checkpoint is its origin, a size, a root, an epoch and a time, a line each"
        )
    root = signed_note.from_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise BadNote("the root in a checkpoint is 32 bytes")
    size = _count(lines[1])
    epoch, time = _after("epoch ", lines[3]), _after("time ", lines[4])
    return Checkpoint(origin[1], origin[2], size, root, epoch, time)


def _after(word: str, line: str) -> int:
    if not line.startswith(word):
        raise BadNote(f"a checkpoint has a line that begins with {word.strip()!r}")
    return _count(line.removeprefix(word))


def _count(text: str) -> int:
    if not _COUNT.fullmatch(text) or int(text) > COUNT_MOST:
        raise BadNote("a number in a checkpoint is decimal digits, without zeros before it")
    return int(text)
