"""Credentials in plain text in what somebody is about to save: refused, or allowed and recorded.

The rules are those of `events.credentials`; on this side, flavors say in addition which of their attributes
hold credentials.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from stackroom.events.credentials import is_reference, leaves, plaintext
from stackroom.events.model import Change, Registered
from stackroom.events.rules import Refusal
from stackroom.events.state import Component, State
from stackroom.events.values import Path, pointer, segments

SHOWN = 5
"""Places that one sentence names; the rest is counted."""


class Found(Struct, frozen=True):
    """A place: `where` is `artifact_store/s3: config.secret`, `reference` what to write there."""

    where: str
    path: Path
    why: str
    reference: str


def found(view: State, changes: Iterable[tuple[str, Change]]) -> Iterator[Found]:
    """Where `changes` to `view` write credentials in plain text; never a value."""
    marked = None
    for id, change in changes:
        entity = view.get(id)
        component = entity if isinstance(entity, Component) else None
        type = getattr(change, "component_type", "") or (
            component.component_type if component else ""
        )
        name = change.name if isinstance(change, Registered) else entity.name if entity else ""
        flavor = getattr(change, "flavor", "") or (component.flavor if component else "")
        what = f"{type}/{name}" if type else f"{change.kind} {name!r}"
        places = {place.path: place.why for place in plaintext(change, type)}
        if change.kind == "component":
            if marked is None:
                from stackroom.client import flavors

                marked = flavors.marked_in(view)
            for keys in _config(change):
                if marked(type, flavor, keys[0]):
                    places.setdefault(pointer("config", *keys), "its key names a credential")
        for path, why in places.items():
            parts = segments(path)
            yield Found(f"{what}: {'.'.join(parts)}", path, why, reference(name, parts[1:]))


def reference(name: str, keys: Sequence[str]) -> str:
    """A reference for the value at these keys: `{{s3.secret_key}}`, of letters that ZenML takes."""
    return f"{{{{{secret_name(name)}.{secret_name('_'.join(keys) or 'value')}}}}}"


def secret_name(text: str) -> str:
    """A name for a secret, or for a key in one: letters, digits, `-` and `_`."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in text) or "_"


def refuse(places: Sequence[Found]) -> Refusal | None:
    """Why the places are not saved; None where there are none."""
    if not places:
        return None
    first = places[0]
    named = [f"{place.where} ({place.why})" for place in places[:SHOWN]]
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return Refusal(
        "plaintext_secret",
        f"a credential would stand in the history in plain text, for ever: {'; '.join(named)}{more}; "
        f"keep it in a secret, and write a reference such as {first.reference}",
    )


def recorded(message: str, places: Sequence[Found]) -> str:
    """The message of a commit in which the places were allowed: it says so, where all can read it."""
    allowed = "; ".join(place.where for place in places)
    return f"{message}\n\nAllow-Plaintext: {allowed}".lstrip()


def _config(change: Change) -> Iterator[tuple[str, ...]]:
    """The keys of each text or number that a change writes in a component's configuration."""
    written = getattr(change, "set", None)
    values = (
        written.items() if written is not None else [("/config", getattr(change, "config", {}))]
    )
    for path, value in values:
        for keys, leaf in leaves(value, segments(path)):
            holds = not isinstance(leaf, bool) and leaf not in (None, "") and not is_reference(leaf)
            if holds and keys[:1] == ("config",) and len(keys) > 1:
                yield keys[1:]
