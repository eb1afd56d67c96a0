"""Changes to events and back: JSON bodies and their versions.

A type that changes its shape gets the next version in `VERSIONS` and a function in `UPCASTS` that turns
the decoded JSON of the version before into its own. Stored bytes never change.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

from stackroom.events import model
from stackroom.events.errors import MalformedEvent, UnknownEvent
from stackroom.events.model import Change, Event
from stackroom.events.people import model as people_model

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


Kinds: TypeAlias = set[tuple[str, int]]
"""Types of events with their versions."""

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


def kinds_of(types: Sequence[str], versions: Sequence[int]) -> Kinds:
    """The kinds of events that there are among those of these types and versions."""
    return set(zip(types, versions, strict=True))


def known(kinds: Kinds) -> bool:
    """Whether this program knows all events of these kinds."""
    return all(type in CHANGES and 1 <= version <= VERSIONS[type] for type, version in kinds)


def all_opened(
    kinds: Kinds, types: Sequence[str], versions: Sequence[int], bodies: Sequence[bytes]
) -> Iterator[Change]:
    """`opened` of each, of events that are given by their columns, and are of these kinds."""
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
