"""Redaction: a value goes out of every body that holds it; the leaves, and with them all roots, stay.

A leaf covers the digest of an event's body. A redacted event keeps that digest, loses its salt (by which a
weak value could be guessed), and has a marker where the value stood. All equal texts of a history get the
same marker at once, so that whoever folds the redacted history comes to one state.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

import msgspec
from msgspec import structs

from stackroom.events.codec import digest, unseal
from stackroom.events.model import (
    Change,
    ChangeRequested,
    Commit,
    ConflictJoined,
    ConflictOpened,
    Event,
    Place,
    Redacted,
    Registered,
    RequestJoined,
    Updated,
)
from stackroom.events.outcomes import HOLDING
from stackroom.events.values import Path, Value, lookup, pointer, segments

FIELDS: Final = frozenset(
    {"config", "labels", "extra", "settings", "description", "config_schema", "source"}
)
"""Fields that hold values; names, types and references are what everything hangs on, and stay."""


def marker(seq: int) -> str:
    """What stands in the place of a value that the commit `seq` took away."""
    return f"[redacted in #{seq}]"


def texts_at(change: Change, path: Path) -> set[str]:
    """Every text that `change` writes at or under `path` of its entity."""
    keys = segments(path)
    if not keys or keys[0] not in FIELDS:
        return set()
    match change:
        case Registered():
            field = getattr(change, keys[0], None)
            return set(_texts(lookup(field, keys[1:]) if keys[1:] else field))
        case Updated():
            found: set[str] = set()
            for written, value in change.set.items():
                parts = segments(written)
                if parts[: len(keys)] == keys:
                    found.update(_texts(value))
                elif keys[: len(parts)] == parts:
                    found.update(_texts(lookup(value, keys[len(parts) :])))
            return found
        case ConflictOpened() | ConflictJoined() | ChangeRequested() | RequestJoined():
            held = (unseal(event) for event in change.held.proposal.events)
            return {text for inner in held for text in texts_at(inner, path)}
        case _:
            return set()


def redacted(commit: Commit, texts: Collection[str], mark: str) -> tuple[Commit, list[Place]]:
    """The commit without `texts`, and where they stood; the same object if they are not in it."""
    events, places = [], []
    for number, event in enumerate(commit.events):
        after, paths = _without(event, texts, mark)
        events.append(after)
        places += [Place(commit.seq, number, path) for path in paths]
    return (structs.replace(commit, events=tuple(events)) if places else commit), places


class Vouchers:
    """Holds redacted events against the commits that vouch for them, over a whole history."""

    def __init__(self) -> None:
        self._claimed: dict[tuple[int, int], None] = {}
        self._vouched: set[tuple[int, int]] = set()

    def look(self, commit: Commit) -> None:
        """Takes one commit into account."""
        for number, event in enumerate(commit.events):
            if event.digest:
                self._claimed[commit.seq, number] = None
            self._vouched.update((place.seq, place.event) for place in places_of(event))

    def unvouched(self) -> tuple[int, int] | None:
        """The first (seq, event) that is said to be redacted, and no commit says so; None without one."""
        return next((place for place in self._claimed if place not in self._vouched), None)


def places_of(event: Event) -> tuple[Place, ...]:
    """The places that an event takes values from; none, for any that is no redaction."""
    if event.type != Redacted.__name__:
        return ()
    change = unseal(event)
    assert isinstance(change, Redacted)
    return change.places


def _without(event: Event, texts: Collection[str], mark: str) -> tuple[Event, list[Path]]:
    body = msgspec.json.decode(event.body)
    paths: list[Path] = []

    def replace(value: Value, path: tuple[str, ...]) -> Value:
        match value:
            case str() if value in texts:
                paths.append(pointer(*path))
                return mark
            case dict():
                return {key: replace(inner, (*path, key)) for key, inner in value.items()}
            case list():
                return [replace(inner, (*path, str(n))) for n, inner in enumerate(value)]
            case _:
                return value

    holds = event.type in HOLDING
    after = _held(body, texts, mark, replace, paths) if holds else _change(body, replace)
    if not paths:
        return event, []
    text = msgspec.json.encode(after).decode()
    return structs.replace(event, salt=b"", body=text, digest=digest(event)), paths


def _change(
    body: dict[str, Any], replace: Callable[[Value, tuple[str, ...]], Value]
) -> dict[str, Any]:
    """The body of a registration or of an update."""
    after = dict(body)
    for field in body:
        if field in FIELDS:
            after[field] = replace(body[field], (field,))
    if isinstance(body.get("set"), dict):
        after["set"] = {
            path: replace(value, ("set", path)) if (segments(path) or ("",))[0] in FIELDS else value
            for path, value in body["set"].items()
        }
    return after


def _held(
    body: dict[str, Any],
    texts: Collection[str],
    mark: str,
    replace: Callable[[Value, tuple[str, ...]], Value],
    paths: list[Path],
) -> dict[str, Any]:
    """The body of a conflict or request: what it holds, and both sides of each overlap."""
    proposal = body["held"]["proposal"]
    events = []
    for number, raw in enumerate(proposal["events"]):
        nested, inside = _without(msgspec.convert(raw, Event), texts, mark)
        events.append(msgspec.to_builtins(nested) if inside else raw)
        at = pointer("held", "proposal", "events", str(number), "body")
        paths += [at + path for path in inside]
    held = {**body["held"], "proposal": {**proposal, "events": events}}
    overlaps = [
        {
            key: replace(value, ("overlaps", str(n), key))
            if key in ("before", "theirs", "ours")
            else value
            for key, value in overlap.items()
        }
        for n, overlap in enumerate(body.get("overlaps", ()))
    ]
    return {**body, "held": held, **({"overlaps": overlaps} if overlaps else {})}


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            if value:
                yield value
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
