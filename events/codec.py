"""Changes to events and back: JSON bodies, versions, what a Merkle leaf covers and an author signs.

A type that changes its shape gets the next version in `VERSIONS` and a function in `UPCASTS` that turns
the decoded JSON of the version before into its own. Stored bytes never change.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec
from msgspec import structs

from stackroom.events import model, people_model
from stackroom.events.errors import MalformedEvent, UnknownEvent
from stackroom.events.model import Change, Commit, Event, Millis, Proposal

CHANGES: dict[str, type[Change]] = {
    cls.__name__: cls
    for module in (model, people_model)
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, Change) and hasattr(cls, "kind")
}
"""Every type of change by its name."""

VERSIONS: dict[str, int] = dict.fromkeys(CHANGES, 1)
"""The version that this program writes, by type."""

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTS: dict[tuple[str, int], Upcast] = {}
"""From (type, version) to the version after it, on decoded JSON."""

SALT_BYTES = 16
LEAF_FORMAT = "stackroom/commit/1"
SIGNED_LEAF_FORMAT = "stackroom/commit/2"
STATEMENT_FORMAT = "stackroom/proposal/1"

Head: TypeAlias = tuple[int, str, str, int, int, str, str, Millis, Millis]
"""The fields of a commit before its events: what its hub and its author say of it."""

_encoder = msgspec.json.Encoder()


class _Decoders(dict[str, "msgspec.json.Decoder[Change]"]):
    """A decoder for each type of change, made when the first event of it is read: all take a while."""

    def __missing__(self, name: str) -> "msgspec.json.Decoder[Change]":
        made = self[name] = msgspec.json.Decoder(CHANGES[name])
        return made


_decoders = _Decoders()


def seal(entity: str, change: Change, salt: bytes) -> Event:
    """The event of `change`; `salt` is 16 fresh random bytes."""
    name = type(change).__name__
    return Event(name, VERSIONS[name], entity, salt, _encoder.encode(change).decode())


def unseal(event: Event) -> Change:
    """The change in `event`, brought to the version of today.

    Raises UnknownEvent for a type or version newer than this program, MalformedEvent for a body that
    does not fit.
    """
    return opened(event.type, event.version, event.body)


def opened(type: str, version: int, body: str | bytes) -> Change:
    """`unseal`, of an event that is given by its parts."""
    newest = VERSIONS.get(type, 0)
    if not 1 <= version <= newest:
        raise UnknownEvent(type, version)
    try:
        if version == newest:
            return _decoders[type].decode(body)
        raw = msgspec.json.decode(body)
        for before in range(version, VERSIONS[type]):
            raw = UPCASTS[type, before](raw)
        return msgspec.convert(raw, CHANGES[type])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MalformedEvent(type, str(error)) from error


def known(types: Sequence[str], versions: Sequence[int]) -> bool:
    """Whether this program knows all events of these types and versions."""
    kinds = set(zip(types, versions, strict=True))
    return all(type in CHANGES and 1 <= version <= VERSIONS[type] for type, version in kinds)


def all_opened(
    types: Sequence[str], versions: Sequence[int], bodies: Sequence[bytes]
) -> Iterator[Change]:
    """`opened` of each, of events that are given by their columns."""
    kinds = set(zip(types, versions, strict=True))
    if any(VERSIONS.get(type) != version for type, version in kinds):
        yield from map(opened, types, versions, bodies)
        return
    decode = {type: _decoders[type].decode for type, _ in kinds}
    type = ""
    try:
        if len(kinds) == 1:
            type = types[0]
            yield from map(decode[type], bodies)
        else:
            for type, body in zip(types, bodies, strict=True):
                yield decode[type](body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MalformedEvent(type, str(error)) from error


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
    # No JSON text has a line break in it.
    return _encoder.encode_lines(envelopes).split(b"\n")[:-1]


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
