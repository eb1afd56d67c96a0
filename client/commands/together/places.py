"""How people name a place in a conflict: `namespace`, `config.namespace`, `orchestrator/k8s:namespace`.

A place is an entity and a path in it. The end of a path is enough where only one contended place has
it; the entity goes before a colon where several have. An entity alone is the place that means all of
it (it was deleted on one side). A JSON Pointer (`/config/namespace`) is taken as it is.
"""

from collections.abc import Sequence

import click

from stackroom.client.commands.lookup import find_component, find_stack
from stackroom.client.commands.naming import Names
from stackroom.client.commands.options import parse_keys
from stackroom.events.composing.resolve import Place
from stackroom.events.fold import DEFAULT_STACK
from stackroom.events.state import Conflict, State
from stackroom.events.values import WHOLE, Value, pointer, segments


def contended(conflict: Conflict) -> list[Place]:
    """The places on which the two sides differ, each once."""
    return list(dict.fromkeys((o.entity, o.path) for o in conflict.overlaps))


def spelled(place: Place, names: Names) -> str:
    """The place in full, as `find` takes it."""
    id, path = place
    entity = names.entity(id)
    return entity if path == WHOLE else f"{entity}:{names.path(path)}"


def find(conflict: Conflict, names: Names, text: str) -> Place:
    """The contended place that `text` names; UsageError listing them if it names none, or several."""
    places = contended(conflict)
    entity, colon, rest = text.rpartition(":")
    found = [place for place in places if _means(place, names, text)]
    if not found and colon:
        found = [
            place
            for place in places
            if _is_entity(place, names, entity) and _means(place, names, rest)
        ]
    if len(found) == 1:
        return found[0]
    if not found and (written := _literal(places, rest)) is not None:
        return written
    listed = ", ".join(spelled(place, names) for place in found or places)
    why = "is one of several" if found else "is not contended"
    raise click.UsageError(f"{text!r} {why}: say which of {listed}")


def value_at(state: State, place: Place, value: Value) -> Value:
    """`value` as the model keeps it at `place`: ids where people write names."""
    _, path = place
    keys = segments(path)
    if path == DEFAULT_STACK and isinstance(value, str):
        return find_stack(state, value)[0]
    if len(keys) == 2 and keys[0] == "components":
        wanted = value if isinstance(value, list) else [value]
        return [_component(state, keys[1], name) for name in wanted]
    return value


def _component(state: State, component_type: str, name: object) -> str:
    return find_component(state, component_type, str(name))[0]


def _means(place: Place, names: Names, text: str) -> bool:
    """Whether `text` is the place's pointer, its whole path, or the end of it."""
    _, path = place
    if path == WHOLE:
        return _is_entity(place, names, text)
    if text.startswith("/"):
        return text == path
    full = parse_keys(names.path(path))
    try:
        given = parse_keys(text)
    except click.UsageError:
        return False
    return full[-len(given) :] == given


def _is_entity(place: Place, names: Names, text: str) -> bool:
    called = names.entity(place[0])
    return text in (called, called.replace("'", ""), called.partition("'")[2].rstrip("'"))


def _literal(places: Sequence[Place], text: str) -> Place | None:
    """A path that is not contended, in the only entity that the conflict is about."""
    entities = {id for id, _ in places}
    if len(entities) != 1 or not text:
        return None
    path = text if text.startswith("/") else pointer(*parse_keys(text))
    return (entities.pop(), path) if path.count("/") > 1 or path == "/description" else None
