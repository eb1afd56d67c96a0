"""Changes to events and back (as `bodies` has it), what a Merkle leaf covers, and what an author signs.

Apart from `bodies`, because who only reads events hashes nothing.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec
from msgspec import structs

from stackroom.events.bodies import (
    CHANGES,
    UPCASTS,
    VERSIONS,
    Kinds,
    all_opened,
    kinds_of,
    known,
    opened,
    seal,
    unseal,
)
from stackroom.events.model import Commit, Event, Millis, Proposal

__all__ = [
    "CHANGES",
    "LEAF_FORMAT",
    "SALT_BYTES",
    "SIGNED_LEAF_FORMAT",
    "STATEMENT_FORMAT",
    "UPCASTS",
    "VERSIONS",
    "Head",
    "Kinds",
    "all_opened",
    "digest",
    "digest_now",
    "envelope",
    "kinds_of",
    "known",
    "leaf",
    "leaves",
    "lines",
    "opened",
    "seal",
    "statement",
    "unseal",
]

SALT_BYTES = 16
LEAF_FORMAT = "stackroom/commit/1"
SIGNED_LEAF_FORMAT = "stackroom/commit/2"
STATEMENT_FORMAT = "stackroom/proposal/1"

Head: TypeAlias = tuple[int, str, str, int, int, str, str, Millis, Millis]
"""The fields of a commit before its events: what its hub and its author say of it."""

_encoder = msgspec.json.Encoder()


def leaf(profile: str, commit: Commit) -> bytes:
    """What the Merkle leaf of `commit` covers: its envelope, each body by its salted digest.

    The JSON array is documented in `docs/log.md`, so that anybody can compute it. That of a signed commit
    ends with key and signature, as hexadecimal digits.
    """
    return _encoder.encode(_said(profile, commit))


def envelope(
    profile: str, head: Sequence[Any], events: tuple[Event, ...], key: bytes, signature: bytes
) -> tuple[Any, ...]:
    """What the leaf of a commit is the JSON text of; `head` are its fields before the events."""
    if key or signature:
        signed = key.hex(), signature.hex()
        return (SIGNED_LEAF_FORMAT, profile, *head, _digests(events), *signed)
    return (LEAF_FORMAT, profile, *head, _digests(events))


def leaves(profile: str, commits: Iterable[Commit]) -> list[bytes]:
    """`leaf` of each."""
    return lines([_said(profile, commit) for commit in commits])


def _said(profile: str, commit: Commit) -> tuple[Any, ...]:
    *head, events, _, key, signature = structs.astuple(commit)
    return envelope(profile, head, events, key, signature)


def lines(envelopes: Iterable[tuple[Any, ...]]) -> list[bytes]:
    """The JSON text of each envelope: what `leaf` gives, for many at once."""
    # A list: of an iterator, msgspec never lets go (0.22), nor that of the columns that it goes through.
    text = _encoder.encode_lines(list(envelopes))
    # No JSON text has a line break in it.
    return text.split(b"\n")[:-1]


def statement(profile: str, replica: str, made: Proposal | Commit) -> bytes:
    """What the author of a proposal signs; of a commit, what the author of its proposal has signed.

    The JSON array is documented in `docs/log.md`. Each body stands in it by its salted digest, as in a
    leaf: so a redaction breaks no signature.
    """
    said = (
        STATEMENT_FORMAT,
        profile,
        made.id,
        replica,
        made.number,
        made.base,
        made.message,
        made.time,
        _digests(made.events),
    )
    return _encoder.encode(said)


def _digests(events: tuple[Event, ...]) -> list[tuple[str, int, str, str]]:
    # `digest` is written out: of many events, calls cost as much as hashes.
    return [
        (
            e.type,
            e.version,
            e.entity,
            e.digest or sha256(e.salt + e.body.encode()).hexdigest(),
        )
        for e in events
    ]


def digest(event: Event) -> str:
    """SHA-256 over salt and body, as 64 hexadecimal digits; of a redacted event, as its author wrote it."""
    return event.digest or digest_now(event)


def digest_now(event: Event) -> str:
    """SHA-256 over salt and body as they stand, as 64 hexadecimal digits."""
    return sha256(event.salt + event.body.encode()).hexdigest()
