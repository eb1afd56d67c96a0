"""What a file may hold: a struct for each kind of entity. What a file leaves out is empty.

Only `protected` is left as it stands: files must not take protection away by saying nothing of it.
"""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    FlavorDefinition,
    ProfileDefinition,
    StackDefinition,
)
from stackroom.client.zenml.limits import NAME_LENGTH
from stackroom.events.values import Value

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]
Type: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Shape(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True):
    """Base of all: `kind` is the struct's tag, and fields are written in the order that they have here."""


class ProfileFile(Shape, frozen=True, tag="profile"):
    name: Name
    description: str = ""
    default_stack: str | None = None
    settings: dict[str, Value] = {}


class FlavorFile(Shape, frozen=True, tag="flavor"):
    type: Type
    name: Name
    source: str = ""
    integration: str | None = None
    config_schema: dict[str, Value] | None = None
    extra: dict[str, Value] = {}


class ComponentFile(Shape, frozen=True, tag="component"):
    type: Type
    name: Name
    flavor: Name
    config: dict[str, Value] = {}
    labels: dict[str, str] = {}
    extra: dict[str, Value] = {}
    protected: bool | None = None


class StackFile(Shape, frozen=True, tag="stack"):
    """`components` has a name, or a list of names, for each component type."""

    name: Name
    description: str = ""
    components: dict[Type, Name | list[Name]] = {}
    labels: dict[str, str] = {}
    extra: dict[str, Value] = {}
    protected: bool | None = None


File: TypeAlias = ProfileFile | FlavorFile | ComponentFile | StackFile

KINDS = ("profile", "flavor", "component", "stack")


def definitions(file: File, origin: str) -> Definitions:
    """What the file defines, which is all that there is to say of it."""
    match file:
        case ProfileFile():
            profile = ProfileDefinition(
                file.description, file.settings, file.default_stack or "", origin
            )
            return Definitions(profile=profile, whole=True)
        case FlavorFile():
            flavor = FlavorDefinition(
                file.type,
                file.name,
                file.source,
                file.integration,
                file.config_schema,
                file.extra,
                origin,
            )
            return Definitions(flavors=(flavor,), whole=True)
        case ComponentFile():
            component = ComponentDefinition(
                file.type,
                file.name,
                file.flavor,
                file.config,
                file.labels,
                file.extra,
                origin,
                file.protected,
            )
            return Definitions(components=(component,), whole=True)
        case StackFile():
            members = {
                type: [names] if isinstance(names, str) else list(names)
                for type, names in file.components.items()
            }
            stack = StackDefinition(
                file.name,
                members,
                file.labels,
                file.description,
                file.extra,
                origin,
                file.protected,
            )
            return Definitions(stacks=(stack,), whole=True)


def files(name: str, defined: Definitions) -> list[File]:
    """The files that define the same, by kind, type and name; `name` is the profile's."""
    profile = defined.profile or ProfileDefinition()
    found: list[File] = [
        ProfileFile(
            name,
            profile.description or "",
            profile.default_stack or None,
            profile.settings or {},
        )
    ]
    for flavor in sorted(defined.flavors, key=lambda f: (f.type, f.name)):
        found.append(
            FlavorFile(
                flavor.type,
                flavor.name,
                flavor.source,
                flavor.integration,
                flavor.config_schema,
                flavor.extra,
            )
        )
    for component in sorted(defined.components, key=lambda c: (c.type, c.name)):
        found.append(
            ComponentFile(
                component.type,
                component.name,
                component.flavor,
                component.config,
                component.labels or {},
                component.extra,
                component.protected,
            )
        )
    for stack in sorted(defined.stacks, key=lambda s: s.name):
        members: dict[str, str | list[str]] = {
            type: names[0] if len(names) == 1 else list(names)
            for type, names in sorted(stack.components.items())
        }
        found.append(
            StackFile(
                stack.name,
                stack.description or "",
                members,
                stack.labels or {},
                stack.extra,
                stack.protected,
            )
        )
    return found
