"""Changes composed from what they are to bring about: a registration, writes, a deletion."""

from collections.abc import Mapping
from typing import Final

from msgspec import UNSET

from stackroom.events import model
from stackroom.events.fold import DEFAULT_STACK, NAME
from stackroom.events.model import Change, Kind, Registered
from stackroom.events.state import AnyEntity, Component, Flavor, Profile, Stack
from stackroom.events.values import Maybe, Path, Value

UPDATED: Final[dict[Kind, type[model.Updated]]] = {
    "profile": model.ProfileUpdated,
    "flavor": model.FlavorUpdated,
    "component": model.ComponentUpdated,
    "stack": model.StackUpdated,
}
RENAMED: Final[dict[Kind, type[model.Renamed]]] = {
    "profile": model.ProfileRenamed,
    "flavor": model.FlavorRenamed,
    "component": model.ComponentRenamed,
    "stack": model.StackRenamed,
}
DELETED: Final[dict[Kind, type[model.Deleted]]] = {
    "profile": model.ProfileDeleted,
    "flavor": model.FlavorDeleted,
    "component": model.ComponentDeleted,
    "stack": model.StackDeleted,
}


def registration(entity: AnyEntity) -> Registered:
    """The registration that brings `entity` about as it is; TypeError for a conflict."""
    match entity:
        case Component():
            return model.ComponentRegistered(
                entity.name,
                entity.component_type,
                entity.flavor,
                entity.config,
                entity.labels,
                entity.extra,
            )
        case Stack():
            return model.StackRegistered(
                entity.name, entity.components, entity.labels, entity.description, entity.extra
            )
        case Flavor():
            return model.FlavorRegistered(
                entity.name,
                entity.component_type,
                entity.source,
                entity.integration,
                entity.config_schema,
                entity.extra,
            )
        case Profile():
            return model.ProfileCreated(entity.name, entity.description, entity.settings)
        case _:
            raise TypeError(f"a {entity.kind} is not registered")


def updates(kind: Kind, written: Mapping[Path, Maybe]) -> list[Change]:
    """The changes that write `written` (UNSET removes) into an entity of that kind, as few as can be."""
    changes: list[Change] = []
    inside: dict[Path, Value] = {}
    removed: list[Path] = []
    for path, value in written.items():
        if path == NAME and isinstance(value, str):
            changes.append(RENAMED[kind](value))
        elif path == DEFAULT_STACK:
            changes.append(model.DefaultStackSet(value if isinstance(value, str) else None))
        elif value is UNSET:
            removed.append(path)
        else:
            inside[path] = value
    if inside or removed:
        changes.insert(0, UPDATED[kind](inside, tuple(removed)))
    return changes
