"""YAML text to a tree of values that knows where each of them stands, within bounds.

Works on the parser's events, and builds nothing but null, booleans, numbers, text, lists and
mappings. An alias is counted before it is followed: a few lines cannot become a huge value.
"""

import math
import re
from collections.abc import Iterator
from typing import Final, NoReturn

import msgspec
from msgspec.structs import replace
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamStartEvent,
)

from stackroom.client.zenml import limits
from stackroom.client.zenml.decode import decoded
from stackroom.client.zenml.errors import StackFileError
from stackroom.client.zenml.model import StackWarning, Value
from stackroom.client.zenml.scalars import agreed, meaning_to_zenml

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_STANDARD: Final = "tag:yaml.org,2002:"
_HARMLESS_TAGS: Final = {"!", f"{_STANDARD}str", f"{_STANDARD}seq", f"{_STANDARD}map"}


class Node(msgspec.Struct, frozen=True):
    """A value and its place, counted from 1; lists and mappings hold nodes."""

    value: "bool | int | float | str | list[Node] | dict[str, Node] | None"
    line: int
    column: int
    nodes: int = 1
    """Keys and values in it, itself included."""
    characters: int = 0
    height: int = 1
    """Levels of nesting, itself included."""

    def plain(self) -> Value:
        """The value alone, a fresh copy."""
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return self.value


def load(text: str | bytes, source: str) -> tuple[Node, tuple[StackWarning, ...]]:
    """The one document in `text`, and its ambiguous scalars; StackFileError if there is not one."""
    reader = _Reader(source)
    try:
        root = reader.document(YAML(typ="safe", pure=True).parse(decoded(text, source)))
    except StackFileError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise StackFileError(
            f"this is not YAML: {error.problem or error.context}",
            hint="correct the text there; a value with ': ' or ' #' in it must be quoted",
            source=source,
            line=mark.line + 1 if mark else None,
            column=mark.column + 1 if mark else None,
        ) from None
    except AssertionError:
        # The parser only asserts that the version in a directive is 1.1 or 1.2.
        raise StackFileError(
            "this is not YAML: the %YAML line names no version that is read",
            hint="remove that line",
            source=source,
        ) from None
    except (ValueError, OverflowError):
        # Escapes beyond Unicode come through the parser as what chr() raises, without a place.
        raise StackFileError(
            "this is not YAML: an escape names no character",
            hint='the highest escape is "\\U0010FFFF"; in single quotes a backslash is itself',
            source=source,
        ) from None
    return root, tuple(reader.ambiguous)


class _Reader:
    """Folds the events of one document into a node, keeping count."""

    def __init__(self, source: str) -> None:
        self.ambiguous: list[StackWarning] = []
        self._source = source
        self._anchors: dict[str, Node | None] = {}
        """None while the anchored node is being read."""
        self._nodes = 0
        self._characters = 0

    def document(self, events: Iterator[Event]) -> Node:
        self._events = events
        event = next(events)
        assert isinstance(event, StreamStartEvent)
        event = next(events)
        if not isinstance(event, DocumentStartEvent):
            raise StackFileError(
                "the file is empty", hint="export the stack again", source=self._source
            )
        root = self._node(next(events), depth=1)
        event = next(events)
        assert isinstance(event, DocumentEndEvent)
        event = next(events)
        if isinstance(event, DocumentStartEvent):
            self._refuse("a second document begins", event, "keep one stack in a file")
        return root

    def _refuse(self, what: str, event: Event, hint: str) -> NoReturn:
        mark = event.start_mark
        raise StackFileError(
            what, hint=hint, source=self._source, line=mark.line + 1, column=mark.column + 1
        )

    def _count(self, event: Event, nodes: int, characters: int) -> None:
        self._nodes += nodes
        self._characters += characters
        if self._nodes > limits.NODES:
            self._refuse(
                f"the file holds more than {limits.NODES} values, aliases written out",
                event,
                "a stack has a few hundred: is this the right file?",
            )
        if self._characters > limits.DOCUMENT_BYTES:
            self._refuse(
                f"the file holds more than {limits.DOCUMENT_BYTES} characters, aliases written out",
                event,
                "write the values out instead of repeating them by alias",
            )

    def _deepest(self, event: Event, depth: int) -> None:
        if depth > limits.DEPTH:
            self._refuse(
                f"values are nested deeper than {limits.DEPTH} levels",
                event,
                "keep the inner part in a file of its own, or as text",
            )

    def _node(self, event: Event, depth: int) -> Node:
        if isinstance(event, AliasEvent):
            return self._alias(event, depth)
        assert isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent)
        self._deepest(event, depth)
        self._count(event, 1, 0)
        if event.tag is not None and event.tag not in _HARMLESS_TAGS:
            self._refuse(
                f"the tag {_shown(event.tag)} is not read",
                event,
                "remove it: a stack holds text, numbers, booleans, lists and mappings",
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        if isinstance(event, ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, SequenceStartEvent):
            node = self._list(event, depth)
        else:
            node = self._mapping(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: AliasEvent, depth: int) -> Node:
        if event.anchor not in self._anchors:
            self._refuse(
                "an alias names an anchor that is not there",
                event,
                "quote the value if it is meant to begin with '*'",
            )
        node = self._anchors[event.anchor]
        if node is None:
            self._refuse("a value holds itself", event, "write the value out instead of '*…'")
        self._deepest(event, depth + node.height - 1)
        self._count(event, node.nodes, node.characters)
        return node

    def _scalar(self, event: ScalarEvent) -> Node:
        text: str = event.value
        self._count(event, 0, len(text))
        value: Value = text
        if event.implicit[0] and event.tag is None:
            value = self._unquoted(event, text)
        elif _SURROGATE.search(text):
            self._refuse(
                "half a character (a lone surrogate) is escaped here",
                event,
                'write the character itself, or its whole code point as "\\U0001F600"',
            )
        return self._placed(event, value, characters=len(text))

    def _unquoted(self, event: ScalarEvent, text: str) -> Value:
        try:
            value = agreed(text)
        except ValueError:
            value = math.inf
        if isinstance(value, float) and not math.isfinite(value):
            self._refuse("a number is not finite, or too large", event, "quote it to make it text")
        if type(value) is int and not limits.INTEGER_MIN <= value <= limits.INTEGER_MAX:
            self._refuse("an integer does not fit 64 bits", event, "quote it to make it text")
        if isinstance(value, str) and (meaning := meaning_to_zenml(text)):
            self.ambiguous.append(
                StackWarning(
                    kind="ambiguous",
                    where=f"line {event.start_mark.line + 1}",
                    sentence=f"kept as text, but unquoted it is {meaning} to ZenML: quote the "
                    "text, or write the value as true, false or a plain number",
                )
            )
        return value

    def _list(self, event: SequenceStartEvent, depth: int) -> Node:
        items = []
        while not isinstance(inner := next(self._events), SequenceEndEvent):
            items.append(self._node(inner, depth + 1))
        return self._placed(event, items, items)

    def _mapping(self, event: MappingStartEvent, depth: int) -> Node:
        entries: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        while not isinstance(inner := next(self._events), MappingEndEvent):
            key = self._node(inner, depth + 1)
            if not isinstance(key.value, str):
                self._refuse("a key is not text", inner, "quote the key")
            if key.value == "<<" and isinstance(inner, ScalarEvent) and inner.implicit[0]:
                self._refuse(
                    "merge keys ('<<') are not read", inner, "write the merged keys out here"
                )
            if key.value in keys:
                self._refuse(
                    f"the key {_shown(key.value)} stands here again, after line "
                    f"{keys[key.value].line}",
                    inner,
                    "keep one of the two",
                )
            keys[key.value] = key
            value = self._node(next(self._events), depth + 1)
            if value.value is None:
                # Where nothing is written, the parser names the place of what comes next.
                value = replace(value, line=key.line, column=key.column)
            entries[key.value] = value
        return self._placed(event, entries, [*keys.values(), *entries.values()])

    def _placed(
        self,
        event: Event,
        value: "bool | int | float | str | list[Node] | dict[str, Node] | None",
        inner: "list[Node] | tuple[()]" = (),
        characters: int = 0,
    ) -> Node:
        mark = event.start_mark
        return Node(
            value=value,
            line=mark.line + 1,
            column=mark.column + 1,
            nodes=1 + sum(node.nodes for node in inner),
            characters=characters + sum(node.characters for node in inner),
            height=1 + max((node.height for node in inner), default=0),
        )


def _shown(text: str) -> str:
    short = text.replace(_STANDARD, "!!")
    return repr(short if len(short) <= 40 else short[:40] + "…")
