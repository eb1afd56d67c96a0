"""How a hub comes to another key: a statement, signed by the key that it had, which names the next.

A statement is a signed note of three lines: `stackroom/HUB has a new key`, the key as text, and
`time MILLISECONDS`. The first line has spaces, so that it can be taken for no checkpoint.
"""

import re
from collections.abc import Sequence
from typing import Final

from stackroom.events.model import Millis
from stackroom.events.proofs import signed_note
from stackroom.events.proofs.checkpoint import key_name
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.signed_note import BadNote

_TIME: Final = re.compile(r"time (0|[1-9][0-9]{0,15})")


def state(hub: str, new: bytes, now: Millis, key: PrivateKey) -> str:
    """The statement of `key`, by which the hub signs, that `new` (a public key) comes after it."""
    name = key_name(hub)
    text = f"{name} has a new key\n{signed_note.verifier_key(name, new)}\ntime {now}\n"
    return signed_note.sign(text, name, key)


def next_key(hub: str, statement: str, key: bytes) -> bytes:
    """The key that comes after `key` by this statement; BadNote if it is not one of that key's."""
    name = key_name(hub)
    lines = signed_note.verify(statement, name, key)[:-1].split("\n")
    if len(lines) != 3 or lines[0] != f"{name} has a new key" or not _TIME.fullmatch(lines[2]):
        raise BadNote("it is not a statement that a hub has a new key")
    called, new = signed_note.parse_verifier_key(lines[1])
    if called != name:
        raise BadNote(f"it names a key of another hub ({called})")
    return new


def leads(hub: str, pinned: bytes, statements: Sequence[str], key: bytes) -> bool:
    """Whether `statements`, oldest first, lead from the key `pinned` to `key`."""
    for statement in statements:
        try:
            pinned = next_key(hub, statement, pinned)
        except BadNote:
            continue  # It was made by a key from before the pinned one.
    return pinned == key


def leading_to(hub: str, statements: Sequence[str], key: bytes) -> list[str]:
    """Those of the statements that lead to `key`: none that was made after it, and never came about."""
    named = signed_note.verifier_key(key_name(hub), key)
    for end in range(len(statements), 0, -1):
        if named in signed_note.parse(statements[end - 1]).text.split("\n"):
            return list(statements[:end])
    return []
