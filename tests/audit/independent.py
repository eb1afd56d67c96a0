"""Checks what `stackroom audit export` and `audit prove` write, with nothing of Stackroom: docs/audit.md alone.

    python independent.py FILE [HUB_KEY]

Prints what holds and ends with 0, or says what does not, and ends with 1. Needs `cryptography`.
"""

import base64
import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def need(true, what):
    if not true:
        fault(what)


def fault(what) -> NoReturn:
    raise SystemExit(f"FAULT: {what}")


def text_of(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def node(left, right):
    return sha256(b"\x01" + left + right).digest()


def is_signed(public, signature, text):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_of(verifier_key):
    """The name and the bytes of a public key in the text form of C2SP signed-note."""
    name, id, key = verifier_key.split("+", 2)
    key = base64.b64decode(key, validate=True)
    need(sha256(f"{name}\n".encode() + key).digest()[:4].hex() == id, "a public key: its id")
    return name, key[1:]


def opened(note, name, public):
    """The text of a signed note, if `public` has signed it; None if others have."""
    text, _, below = note.rpartition("\n\n")
    id = sha256(f"{name}\n\x01".encode() + public).digest()[:4]
    for _, by, signature in (line.split(" ") for line in below.splitlines()):
        signed = base64.b64decode(signature, validate=True)
        if (by, signed[:4]) == (name, id):
            need(is_signed(public, signed[4:], f"{text}\n".encode()), "hub signature")
            return text
    return None


def key_chain(first, rotations):
    """The keys from the first one on; each is named by a statement of the one before."""
    keys = [public_of(first)]
    for note in rotations:
        if text := opened(note, *keys[-1]):
            keys.append(public_of(text.split("\n")[1]))
    return keys


def checkpoint(note, hub, profile, keys):
    """The size and root that one of the hub's keys has signed."""
    for name, public in keys:
        if text := opened(note, name, public):
            origin, size, root, *_ = text.split("\n")
            need(origin == f"stackroom/{hub}/{profile}", "hub signature: of another profile")
            return int(size), base64.b64decode(root, validate=True)
    fault("hub signature: there is none by the hub's key")


def commit_hash(said, profile, claimed, vouched):
    """The hash of a commit's leaf, once its bodies and its author's signature fit it."""
    leaf, events = said["leaf"], said["events"]
    form, owner, seq, id, replica, number, base, _, message, time, _, digests = leaf[:12]
    signed = len(leaf) == 14
    need(
        form == f"stackroom/commit/{2 if signed else 1}" and owner == profile, f"envelope of #{seq}"
    )
    need(len(events) == len(digests), f"event body of #{seq}: there are more or fewer")
    for n, (event, (type, *_, digest)) in enumerate(zip(events, digests, strict=True)):
        salted = sha256(base64.b64decode(event["salt"]) + event["body"].encode()).hexdigest()
        if event.get("redacted"):
            claimed[seq, n] = salted
            continue
        need(salted == digest, f"event body {n} of #{seq}")
        for each in json.loads(event["body"])["rewritten"] if type == "Redacted" else ():
            vouched[each["seq"], each["event"]] = each["digest"]
    if signed:
        text = ["stackroom/proposal/1", profile, id, replica, number, base, message, time, digests]
        key, signature = map(bytes.fromhex, leaf[12:])
        need(is_signed(key, signature, text_of(text)), f"author signature of #{seq}")
    return sha256(b"\x00" + text_of(leaf)).digest()


def check_history(heading, lines, keys):
    """A whole export: every leaf, place and root, every checkpoint, and the redactions."""
    hub, profile = heading["hub"], heading["profile"]
    peaks, size, root, upto, claimed, vouched = [], 0, sha256(b"").digest(), 0, {}, {}
    for line in map(json.loads, lines):
        if "checkpoint" in line:
            upto, signed = checkpoint(line["checkpoint"], hub, profile, keys)
            need((upto, signed) == (size, root), f"hub signature: #{upto} was signed otherwise")
            continue
        hashed, below = commit_hash(line, profile, claimed, vouched), size
        need(line["leaf"][2] == size + 1, f"place of #{size + 1}")
        need(line["hash"] == hashed.hex(), f"leaf of #{size + 1}")
        while below & 1:
            hashed, below = node(peaks.pop(), hashed), below >> 1
        peaks, size, root = [*peaks, hashed], size + 1, hashed
        for peak in peaks[-2::-1]:
            root = node(peak, root)
        need(line["root"] == root.hex(), f"root of #{size}")
    need((heading["seq"], heading["root"]) == (size, root.hex()), f"tree head: it is at #{size}")
    need(claimed == vouched, "event body: a redaction that no commit vouches for")
    return f"#{size} {root.hex()}, signed by the hub up to #{upto}"


def check_proof(proof, keys):
    """One commit: that its leaf is in the tree that the hub has signed (RFC 9162, section 2.1.3.2)."""
    hashed = commit_hash(proof, proof["profile"], {}, {})
    size, root = checkpoint(proof["checkpoint"], proof["hub"], proof["profile"], keys)
    seq = proof["leaf"][2]
    place, last = seq - 1, size - 1
    need(0 <= place <= last, f"place of #{seq}: {size} are signed")
    for sibling in map(bytes.fromhex, proof["path"]):
        need(last, f"path of #{seq}")
        if place & 1 or place == last:
            hashed = node(sibling, hashed)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            hashed = node(hashed, sibling)
        place, last = place >> 1, last >> 1
    need(last == 0 and hashed == root, f"path of #{seq}: it leads to another root")
    return f"#{seq} is in the tree of {size} commits that the hub has signed"


def main(file, trusted=None):
    with Path(file).open("rb") as lines:
        heading = json.loads(next(lines))
        keys = key_chain(trusted or heading["key"], heading["rotations"]) if heading["key"] else []
        if heading["format"] == "stackroom/inclusion/1":
            print(check_proof(heading, keys))
        else:
            print(check_history(heading, lines, keys))


main(*sys.argv[1:])
