"""What refers to what: stacks to components, the profile to its default stack, components to flavors."""

from collections.abc import Iterator

from msgspec import UNSET

from stackroom.events.deciding.rules import Refusal
from stackroom.events.entity import Stamp
from stackroom.events.fold import DEFAULT_STACK
from stackroom.events.model import Change, FlavorDeleted
from stackroom.events.state import AnyEntity, Component, Flavor, Stack, State
from stackroom.events.values import Maybe, Path, pointer


def users(
    state: State, id: str, entity: AnyEntity, change: Change
) -> Iterator[tuple[str, Path, Stamp, str]]:
    """What a deletion would leave without what it refers to, `entity` being what is deleted.

    Gives (who, at which path, written by whom, the sentence on it).
    """
    noun = f"{entity.kind} {entity.name!r}"
    if isinstance(entity, Component):
        path = pointer("components", entity.component_type, id)
        for user, stack in state.all(Stack):
            if id in stack.components.get(entity.component_type, ()):
                sentence = f"{noun} is used by stack {stack.name!r}: remove it there first"
                yield user, path, stack.written(path), sentence
    elif isinstance(entity, Stack) and (profile := state.profile) is not None:
        if profile.default_stack == id:
            sentence = f"{noun} is the default stack: set another first"
            yield state.profile_id, DEFAULT_STACK, profile.written(DEFAULT_STACK), sentence
    elif isinstance(entity, Flavor) and isinstance(change, FlavorDeleted):
        path = pointer("flavor")
        for user, component in state.all(Component):
            if (component.component_type, component.flavor) == entity.key()[1:]:
                sentence = f"{noun} is used by component {component.name!r}"
                yield user, path, component.written(path), sentence


def targets(path: Path, value: Maybe) -> Iterator[tuple[str, str | None]]:
    """What a write of a stack or profile refers to: (id, component type, or None for a stack)."""
    if path.startswith("/components/") and value is not UNSET:
        type, *member = path.removeprefix("/components/").split("/")
        for id in member or (value if isinstance(value, list) else []):
            yield id, type
    elif path == DEFAULT_STACK and isinstance(value, str):
        yield value, None


def refuse_target(id: str, entity: AnyEntity, component_type: str | None) -> Refusal | None:
    """Why `entity` is not what a reference takes: a component of that type, or (None) a stack."""
    if component_type is None:
        if isinstance(entity, Stack):
            return None
        sentence = f"{id} is a {entity.kind}, not a stack"
    elif not isinstance(entity, Component):
        sentence = f"{id} is a {entity.kind}, not a component"
    elif entity.component_type != component_type:
        sentence = f"{entity.name!r} is a {entity.component_type}, not a {component_type}"
    else:
        return None
    return Refusal("wrong_type", sentence)
