"""Signed notes, as C2SP signed-note has them: text, a blank line, and lines that sign it.

A signature line is `— NAME BASE64`, where BASE64 is the four bytes of the key's id and an Ed25519
signature of the text (RFC 8032). The text ends in a newline, which is signed with it.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from functools import lru_cache
from hashlib import sha256
from typing import Final

from msgspec import Struct

from stackroom.events.limits import KEY_BYTES
from stackroom.events.proofs.ed25519 import PrivateKey, is_signed

ED25519: Final = b"\x01"
"""The type of signature in a key's id, and before a key in its text."""

ID_BYTES: Final = 4
NOTE_CHARACTERS: Final = 8_192
SIGNATURES: Final = 16
"""What a note has at the most."""

_PRIVATE: Final = "PRIVATE+KEY+"
_ONE: Final = re.compile(r"[^\n].*?\n\n(?:— [^\n]+\n)+", re.DOTALL)
_NAME: Final = re.compile(r"[^\s+]+")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_LINE: Final = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


class BadNote(ValueError):
    """Text that is no signed note, or not by whom it should be; the sentence says why."""


class Signature(Struct, frozen=True):
    """One line under a note; `key` is the id of the key, not the key."""

    name: str
    key: bytes
    signature: bytes


class Note(Struct, frozen=True):
    """A note whose form is right; nobody has looked at its signatures."""

    text: str
    signatures: tuple[Signature, ...]


@lru_cache(maxsize=1_024)
def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature says whose it is; no proof of anything."""
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:ID_BYTES]


def sign(text: str, name: str, key: PrivateKey) -> str:
    """The note of `text`, signed; ValueError for a text or a name that no note can have."""
    if not text.endswith("\n") or _CONTROL.search(text) or not _NAME.fullmatch(name):
        raise ValueError(
            "the text of a note ends in a newline, and the name of a key has no spaces"
        )
    signed = key_id(name, key.public) + key.sign(text.encode())
    return f"{text}\n— {name} {b64encode(signed).decode()}\n"


def parse(note: str) -> Note:
    """The parts of a note; BadNote for what is none."""
    if len(note) > NOTE_CHARACTERS:
        raise BadNote(f"a note has at most {NOTE_CHARACTERS} characters")
    if _CONTROL.search(note) or not _is_unicode(note):
        raise BadNote("a note is text without control characters")
    text, blank, below = note.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise BadNote("a note is its text, a blank line, and lines that sign it")
    lines = below[:-1].split("\n")
    if len(lines) > SIGNATURES:
        raise BadNote(f"a note has at most {SIGNATURES} signatures")
    return Note(f"{text}\n", tuple(map(_signature, lines)))


def verify(note: str, name: str, public: bytes) -> str:
    """The text of a note that was signed by the key `public` under that name.

    Signatures by others are left alone; BadNote if there is none by that key, or one that is wrong.
    """
    parts = parse(note)
    id = key_id(name, public)
    own = [s for s in parts.signatures if (s.name, s.key) == (name, id)]
    if not own:
        raise BadNote(f"it is not signed by {verifier_key(name, public)}")
    data = parts.text.encode()
    if not all(is_signed(public, data, s.signature) for s in own):
        raise BadNote(f"its signature is not one of {verifier_key(name, public)}")
    return parts.text


def verifier_key(name: str, public: bytes) -> str:
    """A public key as people pass it on: its name, its id in hex, and its type and bytes in base64."""
    return f"{name}+{key_id(name, public).hex()}+{b64encode(ED25519 + public).decode()}"


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    """The name and the public key in what `verifier_key` gave; BadNote for anything else."""
    name, id, key = (*text.split("+", 2), "", "")[:3]
    try:
        data = from_base64(key)
    except BadNote:
        data = b""
    public = data[1:]
    if data[:1] != ED25519 or len(public) != KEY_BYTES or not _NAME.fullmatch(name):
        raise BadNote("a public key is NAME+ID+KEY, as stackroom hub status prints it")
    if key_id(name, public).hex() != id:
        raise BadNote("the id in this public key is not that of the key: a character was lost")
    return name, public


def signer_key(name: str, seed: bytes) -> str:
    """A private key as it is kept, in the form that Go's sumdb/note has: secret."""
    public = PrivateKey(seed).public
    text = b64encode(ED25519 + seed).decode()
    return f"{_PRIVATE}{name}+{key_id(name, public).hex()}+{text}"


def parse_signer_key(text: str) -> tuple[str, PrivateKey]:
    """The name and the key in what `signer_key` gave; BadNote, which does not show it, for anything else."""
    name, id, key = (*text.removeprefix(_PRIVATE).split("+", 2), "", "")[:3]
    data = from_base64(key)
    if not text.startswith(_PRIVATE) or data[:1] != ED25519 or len(data) != 1 + KEY_BYTES:
        raise BadNote("what should be a private key is none")
    signing = PrivateKey(data[1:])
    if not _NAME.fullmatch(name) or key_id(name, signing.public).hex() != id:
        raise BadNote("the id in a private key is not that of the key: a character was lost")
    return name, signing


def split(text: str) -> list[str]:
    """The notes that stand one after the other in `text`, none looked at; BadNote for what is left over."""
    if _ONE.sub("", text).strip("\n"):
        raise BadNote("beside the notes stands what is none")
    return _ONE.findall(text)


def from_base64(text: str) -> bytes:
    """The bytes of base64 (RFC 4648 section 4) in its one canonical form; BadNote for anything else."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        data = b""
    if not data or b64encode(data).decode() != text:
        raise BadNote("what should be base64 is not")
    return data


def _signature(line: str) -> Signature:
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadNote("a line that signs a note is a dash, the name of a key, and base64")
    data = from_base64(found[2])
    if len(data) <= ID_BYTES:
        raise BadNote("a line that signs a note has no signature")
    return Signature(found[1], data[:ID_BYTES], data[ID_BYTES:])


def _is_unicode(text: str) -> bool:
    """Whether it can be encoded: JSON may have half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
