"""What every message between a hub and its replicas is, and what decodes them; see `protocol`.

A decoder takes a while to make: the first need of it makes it.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar, get_args

import msgspec
from msgspec import Struct

M = TypeVar("M")


class Message(Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of all messages."""


class Together(Generic[M]):
    """One decoder of all `messages`: the quickest for who hears very many."""

    def __init__(self, messages: Any) -> None:
        self._messages = messages

    @cached_property
    def packed(self) -> Callable[[bytes], M]:
        """Gives a message in MessagePack; raises what msgspec does."""
        decoder: msgspec.msgpack.Decoder[M] = msgspec.msgpack.Decoder(self._messages)
        return decoder.decode

    @cached_property
    def text(self) -> Callable[[str], M]:
        """Gives a message in JSON; raises what msgspec does."""
        decoder: msgspec.json.Decoder[M] = msgspec.json.Decoder(self._messages)
        return decoder.decode


class Tag(Struct):
    """What every message begins with."""

    type: str


class OneByOne(Generic[M]):
    """A decoder for each type of `messages`: for who hears few of them, and is to be ready at once.

    Each message is looked at twice; all that it holds is passed over the first time.
    """

    def __init__(self, messages: Any) -> None:
        self._types: dict[str, type[M]] = {
            type.__struct_config__.tag: type for type in get_args(messages)
        }
        self._packed: dict[str, msgspec.msgpack.Decoder[M]] = {}
        self._text: dict[str, msgspec.json.Decoder[M]] = {}

    def make_ready(self, *tags: str) -> None:
        """Makes what decodes these types in MessagePack, for who has a moment before they come."""
        for tag in tags:
            self._packed_of(tag)

    def packed(self, data: bytes) -> M:
        """As of `Together`."""
        return self._packed_of(self._packed_tag.decode(data).type).decode(data)

    def _packed_of(self, tag: str) -> "msgspec.msgpack.Decoder[M]":
        if (decoder := self._packed.get(tag)) is None:
            decoder = self._packed[tag] = msgspec.msgpack.Decoder(self._type(tag))
        return decoder

    def text(self, data: str) -> M:
        """As of `Together`."""
        tag = self._text_tag.decode(data).type
        if (decoder := self._text.get(tag)) is None:
            decoder = self._text[tag] = msgspec.json.Decoder(self._type(tag))
        return decoder.decode(data)

    @cached_property
    def _packed_tag(self) -> "msgspec.msgpack.Decoder[Tag]":
        return msgspec.msgpack.Decoder(Tag)

    @cached_property
    def _text_tag(self) -> "msgspec.json.Decoder[Tag]":
        return msgspec.json.Decoder(Tag)

    def _type(self, tag: str) -> type[M]:
        try:
            return self._types[tag]
        except KeyError:
            raise msgspec.ValidationError(f"Invalid value {tag!r} - at `$.type`") from None
