"""What things are called in a report, by the state of the moment in which they are spoken of."""

from collections.abc import Iterable

from stackroom.events.codec import unseal
from stackroom.events.fold import MEMBERS
from stackroom.events.model import Held, Registered
from stackroom.events.people.entities import Assignment, Identity, Password, SigningKey, Token
from stackroom.events.state import AnyEntity, Holding, State
from stackroom.events.values import Path, pointer, segments


def placed(state: State, path: Path) -> Path:
    """The path, with the name of a component in the place of its id."""
    if not path.startswith(MEMBERS):
        return path
    keys = segments(path)
    return pointer(*keys[:2], called(state, keys[2])) if len(keys) == 3 else path


def called(state: State, id: str, entity: AnyEntity | None = None) -> str:
    """What the entity is called, standing or ended: its name, or what it is about; else the end of its id."""
    entity = entity or state.get(id)
    match entity:
        case None:
            gone = state.gone.get(state.resolve(id))
            return (gone.name if gone is not None else "") or id[-12:]
        case Assignment():
            scope = f" in {called(state, entity.scope)}" if entity.scope else ""
            return f"{_role(state, entity.role)} of {called(state, entity.subject)}{scope}"
        case Token() | Identity() | Password() | SigningKey():
            what = "password" if isinstance(entity, Password) else entity.name
            return f"{what} of {called(state, entity.user)}"
        case Holding():
            return ", ".join(about(state, entity.held))
        case _:
            return entity.name or id[-12:]


def named(state: State, id: str) -> str:
    """What the entity is called, a component with its type."""
    type = getattr(state.get(id), "component_type", "")
    return f"{type}/{called(state, id)}" if type else called(state, id)


def about(state: State, holding: Iterable[Held]) -> dict[str, None]:
    """What held proposals are about: components with their type; what they register, by its name."""
    names: dict[str, None] = {}
    for held in holding:
        for event in held.proposal.events:
            change = unseal(event)
            entity = state.get(event.entity)
            made = change.name if isinstance(change, Registered) else ""
            type = getattr(entity or change, "component_type", "")
            name = made or called(state, event.entity, entity)
            names[f"{type}/{name}" if type else name] = None
    return names


def _role(state: State, role: str) -> str:
    """A built-in role is its own name."""
    found = state.get(role)
    return role if found is None else found.name
