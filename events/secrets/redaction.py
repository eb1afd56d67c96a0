"""Redaction: a value goes out of every body that holds it; the leaves, and with them all roots, stay.

A leaf covers the digest of an event's body. A redacted event keeps that digest, loses the salt by which a
weak value could be guessed from it, and has a marker where the value stood. All equal texts of a history
get one marker at once, and different texts different ones: so the redacted history takes the course of
the original one.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import structs

from stackroom.events.carriers import HOLDING, REDACTED
from stackroom.events.codec import digest, unseal
from stackroom.events.codec import digest_now as now
from stackroom.events.model import (
    Change,
    ChangeRequested,
    Commit,
    ConflictJoined,
    ConflictOpened,
    Event,
    Redacted,
    Registered,
    RequestJoined,
    Rewritten,
    RunRecorded,
    RunUpdated,
    Updated,
)
from stackroom.events.values import Maybe, Path, Value, lookup, pointer, segments

FIELDS: Final = frozenset(
    {"config", "labels", "extra", "settings", "description", "config_schema", "source", "url"}
)
"""Fields that hold values; names, types and references are what everything hangs on, and stay."""

LEAST: Final = 4
"""Characters from which a text is looked for in longer ones."""

HELD_EVENTS: Final = ("held", "proposal", "events")
"""Where the events that a conflict holds stand in its body."""

SIDES: Final = ("before", "theirs", "ours")
"""The values of an overlap."""

MARKER: Final = re.compile(r"\[redacted in #[0-9]+(?:, [0-9]+)?\]")

Marks = Mapping[str, str]
"""What stands in the place of each text that is taken away."""

Salt = Callable[[], bytes]
"""Gives 16 fresh random bytes."""

_Replace = Callable[[Value, tuple[str, ...]], Value]


def marks(texts: "dict[str, None]", seq: int) -> dict[str, str]:
    """A marker for each of `texts`, which the commit `seq` takes away; numbered, if they are several."""
    one = len(texts) == 1
    return {
        text: f"[redacted in #{seq}]" if one else f"[redacted in #{seq}, {number}]"
        for number, text in enumerate(texts, 1)
    }


def is_marker(value: object) -> bool:
    """Whether the value is what a redaction left."""
    return isinstance(value, str) and MARKER.fullmatch(value) is not None


def texts_at(event: Event, path: Path, entity: str = "") -> "dict[str, None]":
    """Every text that `event` writes at or under `path` of `entity` (of any, if empty), in its order.

    Of a conflict or change request, what the proposal in it writes, and both sides. Markers do not count.
    """
    keys = segments(path)
    if keys and keys[0] in FIELDS:
        found = _written(unseal(event), event.entity, keys, entity)
        return {text: None for value in found for text in _texts(value)}
    return {}


def redacted(commit: Commit, marks: Marks, salt: Salt) -> tuple[Commit, list[Rewritten]]:
    """The commit with `marks` in the place of texts, and where that is; the same object if nowhere."""
    events, rewritten = [], []
    for number, event in enumerate(commit.events):
        after, paths = _without(event, marks, salt)
        events.append(after)
        if paths:
            rewritten.append(Rewritten(commit.seq, number, tuple(paths), now(after)))
    return (structs.replace(commit, events=tuple(events)) if rewritten else commit), rewritten


def remnants(commit: Commit, texts: Iterable[str]) -> list[str]:
    """Where one of `texts` still stands in `commit`: in a longer text, a name, a key, the message.

    `message`, or the number of the event and a pointer into its body. Texts of less than four characters
    are in everything, and not looked for.
    """
    wanted = [text for text in texts if len(text) >= LEAST]
    found = ["message"] if _holds(commit.message, wanted) else []
    for number, event in enumerate(commit.events):
        body = msgspec.json.decode(event.body)
        inside = dict.fromkeys(pointer(*at) for at, said in _said(body) if _holds(said, wanted))
        found += [f"{number}{at}" for at in inside]
    return found


def texts_in(event: Event, paths: Iterable[Path]) -> set[str]:
    """The texts that stand at `paths` of a body; a pointer goes on through the body of a held event."""
    body = msgspec.json.decode(event.body)
    wanted = {segments(path) for path in paths}
    said = _said(body, keys=False)
    return {text for at, text in said if at in wanted and not is_marker(text)}


def mentions(event: Event, texts: Iterable[str]) -> bool:
    """Whether the body says one of `texts`, alone or (from four characters on) in a longer text."""
    wanted = set(texts)
    parts = [text for text in wanted if len(text) >= LEAST]
    said = _said(msgspec.json.decode(event.body))
    return any(text in wanted or _holds(text, parts) for _, text in said)


def rewritten_by(commits: Iterable[Commit]) -> Iterator[Rewritten]:
    """The events that redactions among `commits` take values from, in their order."""
    for commit in commits:
        for event in commit.events:
            if event.type == REDACTED:
                change = unseal(event)
                assert isinstance(change, Redacted)
                yield from change.rewritten


class Vouchers:
    """Holds redacted events against the commits that vouch for them, over a whole history in its order."""

    def __init__(self) -> None:
        self._claimed: dict[tuple[int, int], str] = {}
        self._vouched: dict[tuple[int, int], str] = {}

    def look(self, commit: Commit) -> None:
        """Takes the next commit into account."""
        for number, event in enumerate(commit.events):
            if event.digest:
                self._claimed[commit.seq, number] = now(event)
            elif event.type == REDACTED:
                self._vouch(commit)

    def _vouch(self, commit: Commit) -> None:
        for each in rewritten_by((commit,)):
            if each.seq < commit.seq:
                self._vouched[each.seq, each.event] = each.digest

    def fault(self) -> tuple[int, int] | None:
        """The first (seq, event) that is not what the last redaction of it says, or None.

        Redacted without a commit that says so, not redacted though one says so, or other than it was left.
        """
        either = self._claimed.keys() | self._vouched.keys()
        wrong = (at for at in either if self._claimed.get(at) != self._vouched.get(at))
        return min(wrong, default=None)


def _written(change: Change, id: str, keys: tuple[str, ...], entity: str) -> Iterator[Maybe]:
    """The values that `change` writes at or under `keys`."""
    match change:
        case ConflictOpened() | ConflictJoined() | ChangeRequested() | RequestJoined():
            for event in change.held.proposal.events:
                yield from _written(unseal(event), event.entity, keys, entity)
            for overlap in getattr(change, "overlaps", ()):
                if entity in ("", overlap.entity):
                    for side in SIDES:
                        yield _under(segments(overlap.path), getattr(overlap, side), keys)
        case Registered() | RunRecorded() | RunUpdated() if entity in ("", id):
            field = getattr(change, keys[0], None)
            yield lookup(field, keys[1:]) if keys[1:] else field
        case Updated() if entity in ("", id):
            for path, value in change.set.items():
                yield _under(segments(path), value, keys)


def _under(place: tuple[str, ...], value: Maybe, keys: tuple[str, ...]) -> Maybe:
    """What of a value written at `place` stands at or under `keys`."""
    if place[: len(keys)] == keys:
        return value
    return lookup(value, keys[len(place) :]) if keys[: len(place)] == place else None


def _without(event: Event, marks: Marks, salt: Salt) -> tuple[Event, list[Path]]:
    body = msgspec.json.decode(event.body)
    paths: list[Path] = []

    def replace(value: Value, path: tuple[str, ...]) -> Value:
        match value:
            case str() if value in marks:
                paths.append(pointer(*path))
                return marks[value]
            case dict():
                return {key: replace(inner, (*path, key)) for key, inner in value.items()}
            case list():
                return [replace(inner, (*path, str(n))) for n, inner in enumerate(value)]
            case _:
                return value

    holds = event.type in HOLDING
    after = _held(body, marks, salt, replace, paths) if holds else _change(body, replace)
    if not paths:
        return event, []
    text = msgspec.json.encode(after).decode()
    return structs.replace(event, salt=salt(), body=text, digest=digest(event)), paths


def _change(body: dict[str, Any], replace: _Replace) -> dict[str, Any]:
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
    body: dict[str, Any], marks: Marks, salt: Salt, replace: _Replace, paths: list[Path]
) -> dict[str, Any]:
    """The body of a conflict or change request: what it holds, and both sides of each overlap."""
    proposal = body["held"]["proposal"]
    events = []
    for number, raw in enumerate(proposal["events"]):
        nested, inside = _without(msgspec.convert(raw, Event), marks, salt)
        events.append(msgspec.to_builtins(nested) if inside else raw)
        at = pointer(*HELD_EVENTS, str(number), "body")
        paths += [at + path for path in inside]
    held = {**body["held"], "proposal": {**proposal, "events": events}}
    overlaps = [
        {
            key: replace(value, ("overlaps", str(n), key))
            if key in SIDES and (segments(overlap["path"]) or ("",))[0] in FIELDS
            else value
            for key, value in overlap.items()
        }
        for n, overlap in enumerate(body.get("overlaps", ()))
    ]
    return {**body, "held": held, **({"overlaps": overlaps} if overlaps else {})}


def _said(
    value: object, at: tuple[str, ...] = (), *, keys: bool = True
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text (and every key) with the place where it stands; of a held event, in its body too."""
    match value:
        case str():
            yield at, value
        case dict():
            for key, inner in value.items():
                if keys:
                    yield (*at, key), key
                if key == "body" and at[:3] == HELD_EVENTS and len(at) == 4:
                    inner = msgspec.json.decode(inner)
                yield from _said(inner, (*at, key), keys=keys)
        case list():
            for number, inner in enumerate(value):
                yield from _said(inner, (*at, str(number)), keys=keys)


def _holds(said: str, wanted: list[str]) -> bool:
    return any(text in said for text in wanted)


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            if value and not is_marker(value):
                yield value
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
