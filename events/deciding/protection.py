"""What is protected in a profile: marked stacks and components, and all that a marked stack is made of."""

from collections.abc import Set
from typing import Final

from stackroom.events.state import Stack, State
from stackroom.events.values import Maybe, Path, pointer

PROTECTED: Final[Path] = pointer("protected")
"""Where a stack or component says whether it is marked."""


def protected_in(state: State) -> Set[str]:
    """The ids of what must not be changed without another person's approval."""
    found = set(state.protected)
    for id in state.protected:
        entity = state.entities[id]
        if isinstance(entity, Stack):
            found.update(member for _, member in entity.members())
    return found


def protected_by(state: State, id: str) -> list[str]:
    """The names of the marked stacks that have the component `id`."""
    stacks = ((stack, stack.members()) for _, stack in state.all(Stack) if stack.protected)
    return sorted(stack.name for stack, members in stacks if any(m == id for _, m in members))


def only_protects(path: Path, value: Maybe) -> bool:
    """Whether a write does nothing but mark its entity, which takes effect at once."""
    return path == PROTECTED and value is True
