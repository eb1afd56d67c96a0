"""What differs between two moments of a profile, a page at a time. Plain functions.

They run inside a reading transaction, on the log's reading thread.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from stackroom.events.history.history import Difference, differences, differing
from stackroom.events.log import LogReader
from stackroom.events.state import State, Tag
from stackroom.events.values import segments
from stackroom.sync.effects import Contrast
from stackroom.sync.reading.showing import Past
from stackroom.sync.settings import Settings

_encode: Final = msgspec.json.Encoder().encode


class Contrasted(Struct, frozen=True):
    """One page; `next` is the number of the entity that the next one begins with, None at the end."""

    before: int
    after: int
    differences: tuple[Difference, ...]
    names: dict[str, str]
    weight: int
    next: int | None


def read_diff(contrast: Contrast, past: Past, settings: Settings, log: LogReader) -> Contrasted:
    """The page that `contrast` asks for; it ends with the entity that brings it to `shown_bytes`."""
    asked = contrast.asked
    # The earlier one first: the later one then shares with it what has not changed.
    for seq in sorted((asked.before, asked.after)):
        past.at(log, asked.profile, seq)
    before = past.at(log, asked.profile, asked.before)
    after = past.at(log, asked.profile, asked.after)
    ids = differing(before, after)
    found: list[Difference] = []
    names: dict[str, str] = {}
    weight, skip = 0, contrast.skip
    while skip < len(ids) and weight < settings.shown_bytes:
        old, new = before.entities.get(ids[skip]), after.entities.get(ids[skip])
        skip += 1
        if isinstance(old or new, Tag):
            continue
        own = differences(ids[skip - 1], old, new)
        named = {id: _name(id, after, before) for each in own for id in _ids(each)}
        found += own
        names |= named
        weight += len(_encode(own)) + len(_encode(named))
    return Contrasted(
        before.seq, after.seq, tuple(found), names, weight, skip if skip < len(ids) else None
    )


def _ids(difference: Difference) -> Iterator[str]:
    """The ids that a difference speaks of: those of members of a stack, and that of the default stack."""
    field, *keys = segments(difference.path)
    if (difference.kind, field) == ("stack", "components"):
        yield from keys[1:]
    if (difference.kind, field) in (("stack", "components"), ("profile", "default_stack")):
        for value in (difference.before, difference.after):
            yield from _texts(value)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))


def _name(id: str, *states: State) -> str:
    """What the entity is called, in the first of the states that has it; else its id."""
    found = (entity.name for state in states if (entity := state.entities.get(id)) is not None)
    return next(found, id)
