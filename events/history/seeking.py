"""Whether a commit is one of those that are sought.

`matches` is the meaning of `Sought`; a log may find the same commits by an index (`sqlite.search`).
"""

from collections.abc import Iterator

import msgspec
from msgspec import UNSET

from stackroom.events.bodies import unseal
from stackroom.events.errors import UnknownEvent
from stackroom.events.fold import writes
from stackroom.events.history.sought import Sought
from stackroom.events.model import Change, Commit, Event, Registered
from stackroom.events.values import Path, lookup, overlap, segments


def matches(sought: Sought, commit: Commit) -> bool:
    """Whether `commit` is one of those that are sought."""
    if not sought.after < commit.seq or (sought.upto is not None and commit.seq > sought.upto):
        return False
    if sought.authors and commit.author not in sought.authors:
        return False
    if plain(sought.message) not in plain(commit.message):
        return False
    return not sought.asks_of_events or any(_speaks(sought, event) for event in commit.events)


def plain(text: str) -> str:
    """`text` with the capitals A to Z made small, as SQLite's LIKE has it."""
    return text.translate(_SMALL)


_SMALL = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def _speaks(sought: Sought, event: Event) -> bool:
    if sought.entities is not None and event.entity not in sought.entities:
        return False
    if sought.types and event.type not in sought.types:
        return False
    return not sought.paths or any(
        overlap(written, path) for written in _written(event, sought.paths) for path in sought.paths
    )


def _written(event: Event, paths: tuple[Path, ...]) -> Iterator[Path]:
    """The paths that an event writes; of a registration, those of `paths` at which it has a value."""
    try:
        change: Change = unseal(event)
    except UnknownEvent:
        return
    yield from (path for path, _ in writes(change))
    if isinstance(change, Registered):
        body = msgspec.to_builtins(change)
        for path in paths:
            field, *rest = segments(path)
            if field == "components" and len(rest) == 2:
                members = lookup(body, (field, rest[0]))
                if isinstance(members, list) and rest[1] in members:
                    yield path
            elif lookup(body, (field, *rest)) is not UNSET:
                yield path
