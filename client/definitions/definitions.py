"""What a source says of flavors, components and stacks: one shape for all of them.

Sources are ZenML's stack files, our own files (`files`), ZenML's stores and its server. A definition
refers to others by name. Where a field may be None, None means that the source does not say: then what
stands is left as it is.
"""

from typing import TypeAlias

from msgspec import Struct

from stackroom.events.values import Value

Key: TypeAlias = tuple[str, str]
"""A component's or flavor's type and name."""


class FlavorDefinition(Struct, frozen=True):
    """A flavor of a component type; `origin` is where it was read, for people (a file, an address)."""

    type: str
    name: str
    source: str = ""
    integration: str | None = None
    config_schema: dict[str, Value] | None = None
    extra: dict[str, Value] = {}
    origin: str = ""


class ComponentDefinition(Struct, frozen=True):
    """A component; `extra` is what the source says beside the configuration, kept uninterpreted."""

    type: str
    name: str
    flavor: str
    config: dict[str, Value] = {}
    labels: dict[str, str] | None = None
    extra: dict[str, Value] = {}
    origin: str = ""
    protected: bool | None = None


class StackDefinition(Struct, frozen=True):
    """A stack; `components` has the names of its members by type, the first being the default."""

    name: str
    components: dict[str, list[str]]
    labels: dict[str, str] | None = None
    description: str | None = None
    extra: dict[str, Value] = {}
    origin: str = ""
    protected: bool | None = None


class ProfileDefinition(Struct, frozen=True):
    """What a source says of the profile itself; `default_stack` is a name, and "" means none."""

    description: str | None = None
    settings: dict[str, Value] | None = None
    default_stack: str | None = None
    origin: str = ""


class Definitions(Struct, frozen=True):
    """All that one or several sources say.

    `whole` sources say all there is to say of what they define: a key of `extra` that such a source
    does not have is to be removed.
    """

    flavors: tuple[FlavorDefinition, ...] = ()
    components: tuple[ComponentDefinition, ...] = ()
    stacks: tuple[StackDefinition, ...] = ()
    profile: ProfileDefinition | None = None
    whole: bool = False


def default_stack(name: str) -> Definitions:
    """The stack that needs nothing but this machine, as ZenML makes it: the profile's default."""
    types = ("orchestrator", "artifact_store")
    return Definitions(
        components=tuple(ComponentDefinition(type, name, "local") for type in types),
        stacks=(StackDefinition(name, {type: [name] for type in types}),),
        profile=ProfileDefinition(default_stack=name),
    )
