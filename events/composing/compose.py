"""Changes composed from what they are to bring about: a registration, writes, a deletion."""

from collections.abc import Mapping
from typing import Final

from msgspec import UNSET

from stackroom.events import model
from stackroom.events.fold import DEFAULT_STACK, NAME, PEOPLE
from stackroom.events.model import Change, Kind, Registered
from stackroom.events.people import model as people
from stackroom.events.state import AnyEntity, Component, Flavor, Profile, Stack, Tag
from stackroom.events.values import Maybe, Path, Value

UPDATED: Final[dict[Kind, type[model.Updated]]] = {
    "profile": model.ProfileUpdated,
    "flavor": model.FlavorUpdated,
    "component": model.ComponentUpdated,
    "stack": model.StackUpdated,
    "tag": model.TagUpdated,
    "user": people.UserUpdated,
    "team": people.TeamUpdated,
    "project": people.ProjectUpdated,
    "role": people.RoleUpdated,
    "assignment": people.AssignmentUpdated,
    "token": people.TokenUpdated,
}
RENAMED: Final[dict[Kind, type[model.Renamed]]] = {
    "profile": model.ProfileRenamed,
    "flavor": model.FlavorRenamed,
    "component": model.ComponentRenamed,
    "stack": model.StackRenamed,
    "team": people.TeamRenamed,
    "project": people.ProjectRenamed,
    "role": people.RoleRenamed,
}
DELETED: Final[dict[Kind, type[model.Deleted]]] = {
    "profile": model.ProfileDeleted,
    "flavor": model.FlavorDeleted,
    "component": model.ComponentDeleted,
    "stack": model.StackDeleted,
    "tag": model.TagDeleted,
    "user": people.UserDeleted,
    "team": people.TeamDeleted,
    "project": people.ProjectDeleted,
    "role": people.RoleDeleted,
    "assignment": people.RoleRevoked,
    "token": people.TokenRevoked,
    "invitation": people.InvitationEnded,
    "identity": people.IdentityUnlinked,
    "password": people.PasswordRemoved,
    "key": people.KeyRevoked,
}


def registration(entity: AnyEntity) -> Registered:
    """The registration that brings `entity` about as it is; TypeError for a conflict or request."""
    match entity:
        case Component():
            return model.ComponentRegistered(
                entity.name,
                entity.component_type,
                entity.flavor,
                entity.config,
                entity.labels,
                entity.extra,
                entity.protected,
            )
        case Stack():
            return model.StackRegistered(
                entity.name,
                entity.components,
                entity.labels,
                entity.description,
                entity.extra,
                entity.protected,
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
        case Tag():
            return model.TagRegistered(entity.name, entity.seq)
        case Profile():
            return model.ProfileCreated(entity.name, entity.description, entity.settings)
        case _:
            for made, kind in PEOPLE.items():
                if isinstance(entity, kind) and issubclass(made, Registered):
                    return made(*(getattr(entity, field) for field in made.__struct_fields__))
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
