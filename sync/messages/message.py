"""What every message between a hub and its replicas is, and what decodes them; see `protocol`.

A decoder takes a while to make: the first need of it makes it. `make` does, for one coding:
`msgspec.msgpack.Decoder` or `msgspec.json.Decoder`.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeAlias, TypeVar, get_args

import msgspec
from msgspec import Struct

M = TypeVar("M")

Make: TypeAlias = Callable[[Any], Any]


class Message(Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of all messages."""


class Together(Generic[M]):
    """One decoder of all `messages`: the quickest for who hears very many."""

    def __init__(self, messages: Any, make: Make) -> None:
        self._messages = messages
        self._make = make

    @cached_property
    def decode(self) -> Callable[[bytes | str], M]:
        """Gives a message; raises what msgspec does."""
        decode: Callable[[bytes | str], M] = self._make(self._messages).decode
        return decode


class Tag(Struct):
    """What every message begins with."""

    type: str


class OneByOne(Generic[M]):
    """A decoder for each type of `messages`: for who hears few of them, and is to be ready at once.

    Each message is looked at twice; all that it holds is passed over the first time.
    """

    def __init__(self, messages: Any, make: Make) -> None:
        self._messages = messages
        self._make = make
        self._made: dict[str, Callable[[bytes | str], M]] = {}

    def make_ready(self, *tags: str) -> None:
        """Makes what decodes these types, for who has a moment before they come."""
        for tag in tags:
            self._decoding(tag)

    def decode(self, data: bytes | str) -> M:
        """As of `Together`."""
        return self._decoding(self._tag(data).type)(data)

    def _decoding(self, tag: str) -> Callable[[bytes | str], M]:
        if (decode := self._made.get(tag)) is None:
            try:
                type = self._types[tag]
            except KeyError:
                raise msgspec.ValidationError(f"Invalid value {tag!r} - at `$.type`") from None
            decode = self._made[tag] = self._make(type).decode
        return decode

    @cached_property
    def _types(self) -> dict[str, Any]:
        return {type.__struct_config__.tag: type for type in get_args(self._messages)}

    @cached_property
    def _tag(self) -> Callable[[bytes | str], Tag]:
        decode: Callable[[bytes | str], Tag] = self._make(Tag).decode
        return decode
