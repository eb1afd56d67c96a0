"""Credentials in plain text in what somebody is about to save: refused, or allowed and recorded.

The rules are those of `events.secrets.credentials`; on this side, flavors say in addition which of their
attributes hold credentials.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct, structs

from stackroom.events import limits
from stackroom.events.deciding.rules import Refusal
from stackroom.events.model import (
    Change,
    ComponentRegistered,
    FlavorRegistered,
    Registered,
    Updated,
)
from stackroom.events.secrets.credentials import plaintext
from stackroom.events.state import Component, State
from stackroom.events.values import Path, segments

if TYPE_CHECKING:
    from stackroom.client.definitions.flavors import Own

TRAILER: Final = "Allow-Plaintext: "
"""How the line begins that a message has where credentials were allowed."""

SHOWN: Final = 5
"""Places that one sentence names; the rest is counted."""


class Found(Struct, frozen=True):
    """A place in an entity such as `artifact_store/s3`; `reference` is what to write there."""

    entity: str
    path: Path
    why: str
    reference: str

    @property
    def where(self) -> str:
        """The place in one line: `artifact_store/s3: config.secret`."""
        return f"{self.entity}: {'.'.join(segments(self.path))}"


class _About(Struct, frozen=True):
    """What a change is about; type and flavor are a component's."""

    kind: str
    name: str
    type: str = ""
    flavor: str = ""


def found(view: State, changes: Iterable[tuple[str, Change]]) -> Iterator[Found]:
    """Where the `changes` of one commit write credentials in plain text; never a value.

    `view` knows the entities that they change, as they are or as they ended. What they register, later
    ones may change.
    """
    registered: dict[str, _About] = {}
    defined: dict[tuple[str, str], Own] = {}
    for id, change in changes:
        if isinstance(change, Registered):
            registered[id] = _registered(change)
        if isinstance(change, FlavorRegistered):
            defined[change.component_type, change.name] = change
        about = registered.get(id) or _standing(view, id, change.kind)
        if isinstance(change, Updated) and isinstance(flavor := change.set.get("/flavor"), str):
            about = structs.replace(about, flavor=flavor)
        yield from _places(view, about, change, defined)


def _places(
    view: State, about: _About, change: Change, defined: "dict[tuple[str, str], Own]"
) -> Iterator[Found]:
    def marked(key: str) -> bool:
        from stackroom.client.definitions import flavors

        type, flavor = about.type, about.flavor
        own = defined.get((type, flavor)) or flavors.own(view, type, flavor)
        return flavors.marked(type, flavor, key, own)

    entity = f"{about.type or about.kind}/{about.name}"
    for place in plaintext(change, about.type, marked):
        keys = segments(place.path)
        yield Found(entity, place.path, place.why, reference(about.name, keys[1:]))


def _registered(change: Registered) -> _About:
    if isinstance(change, ComponentRegistered):
        return _About(change.kind, change.name, change.component_type, change.flavor)
    return _About(change.kind, change.name)


def _standing(view: State, id: str, kind: str) -> _About:
    entity = view.get(id) or view.gone.get(view.resolve(id))
    if isinstance(entity, Component):
        return _About(kind, entity.name, entity.component_type, entity.flavor)
    return _About(kind, entity.name if entity is not None else id)


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
    """The message of a commit in which the places were allowed: it says so, where all can read it.

    As many of them as a message has room for; the rest is counted.
    """
    room = limits.MESSAGE_LENGTH - len(message) - len(f"\n\n{TRAILER}; and 10000 more")
    named: list[str] = []
    for place in places:
        where = " ".join(place.where.split())
        room -= len(where) + len("; ")
        if room < 0:
            break
        named.append(where)
    left = len(places) - len(named)
    rest = [f"and {left} more" if named else _counted(left)] if left else []
    return f"{message}\n\n{TRAILER}{'; '.join(named + rest)}".lstrip()


def _counted(places: int) -> str:
    from stackroom.events.counting import counted

    return counted(places, "place")


def subject(message: str) -> str:
    """The first line of what its author wrote; empty if that is nothing."""
    first = message.partition("\n")[0]
    return "" if first.startswith(TRAILER) else first
