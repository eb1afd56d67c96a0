"""The proof that one commit is in a hub's history, for somebody who has nothing but the hub's public key.

`docs/audit.md` describes the file. A proof holds the commit whole, the way from its leaf to the root that
the hub has signed, and that signature; nothing of any other commit is in it but hashes.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from stackroom.events import codec
from stackroom.events.audit.audit import signed_by
from stackroom.events.audit.exported import Leaf, Sealed, hash_of, rebuilt, sealed
from stackroom.events.errors import HistoryFault, IntegrityError
from stackroom.events.history.tree import prove_inclusion
from stackroom.events.log import LogReader
from stackroom.events.model import Commit
from stackroom.events.proofs import checkpoint, merkle
from stackroom.events.proofs.authors import author_finding
from stackroom.events.proofs.checkpoint import Checkpoint
from stackroom.events.proofs.merkle_proofs import is_included

FORMAT: Final = "stackroom/inclusion/1"


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That the commit of `leaf` is in the tree that `checkpoint` signs; `path` as in RFC 9162, 2.1.3.

    `leaf` and `events` are as in an export, `key` and `rotations` as in its heading.
    """

    format: str = FORMAT
    hub: str
    profile: str
    name: str
    key: str
    rotations: tuple[str, ...] = ()
    leaf: Leaf
    events: tuple[Sealed, ...]
    path: tuple[str, ...]
    checkpoint: str


class Included(Struct, frozen=True):
    """What a proof shows: the commit, and what the hub has signed of the tree that it is in.

    `signed` says whether its author's signature is in it, and holds; whose key that is, the people of the
    hub say. What the events of the numbers `redacted` say is vouched for elsewhere in the history.
    """

    commit: Commit
    promise: Checkpoint
    signed: bool
    redacted: tuple[int, ...]


class Signer(Struct, frozen=True):
    """The hub that signs: its id, a public key of it, and the statements by which it came to others."""

    hub: str
    key: str
    rotations: tuple[str, ...] = ()


def prove(log: LogReader, profile: str, name: str, seq: int, signer: Signer, note: str) -> bytes:
    """The file that proves that commit `seq` is in the tree that the checkpoint `note` signs.

    Raises LogError where the log lacks a commit, ValueError where the checkpoint does not cover it.
    """
    path = prove_inclusion(log, profile, seq, checkpoint.parse(note).size)
    (commit,) = log.commits(profile, seq - 1, 1)
    proof = {
        "format": FORMAT,
        "hub": signer.hub,
        "profile": profile,
        "name": name,
        "key": signer.key,
        "rotations": signer.rotations,
        "leaf": msgspec.Raw(codec.leaf(profile, commit)),
        "events": sealed(commit),
        "path": [hashed.hex() for hashed in path],
        "checkpoint": note,
    }
    return msgspec.json.encode(proof) + b"\n"


def read(data: bytes) -> Proof:
    """The proof in a file; IntegrityError for what is none."""
    try:
        proof = msgspec.json.decode(data, type=Proof)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise IntegrityError(f"this is no proof of a commit: {error}") from error
    if proof.format != FORMAT:
        raise IntegrityError(
            f"this is {proof.format!r}, and this program reads {FORMAT!r}", hint="update stackroom"
        )
    return proof


def check(proof: Proof, keys: Sequence[bytes]) -> Included:
    """What `proof` shows, by the `keys` of its hub; HistoryFault where it does not hold."""
    profile, seq = proof.profile, proof.leaf.seq
    try:
        commit = rebuilt(profile, proof.leaf, proof.events, b"")
        path = [hash_of(hashed) for hashed in proof.path]
    except ValueError as error:
        raise HistoryFault(profile, seq, "commit", f"this proof cannot be read: {error}") from error
    signed = signed_by(profile, proof.checkpoint, proof.hub, keys)
    hashed = merkle.leaf_hash(codec.leaf(profile, commit))
    if not is_included(hashed, seq - 1, signed.size, path, signed.root):
        raise HistoryFault(
            profile,
            seq,
            "root",
            f"commit #{seq} of profile {profile} is not in the tree that the hub has signed",
        )
    author = author_finding(profile, commit, None)
    if author.result == "invalid":
        raise HistoryFault(
            profile,
            seq,
            "author_signature",
            f"commit #{seq} of profile {profile} is not what its author has signed",
        )
    redacted = tuple(n for n, event in enumerate(commit.events) if event.digest)
    return Included(commit, signed, bool(author.key), redacted)
