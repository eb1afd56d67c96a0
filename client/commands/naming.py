"""Names instead of ids: what people call the entities and paths that events speak of by id."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from msgspec import UNSET

from stackroom.client.commands.output import cell
from stackroom.events.people.entities import Assignment
from stackroom.events.state import (
    AnyEntity,
    Component,
    Flavor,
    Holding,
    Stack,
    State,
    Tag,
)
from stackroom.events.values import Maybe, Path, segments

_NOTHING = "(none)"

NUMBERED: "Final[Mapping[str, str]]" = {"conflict": "conflict", "request": "change request"}
"""What has no name, and goes by the seq that opened it: by its kind, what people call it."""


class Names:
    """Names by the light of one or more states, the first that knows an id being the one that is asked.

    Give the newest first: `Names(now, before)` also names what `now` has no more.
    """

    def __init__(self, *states: State, opened: Mapping[str, int] | None = None) -> None:
        self.states = states
        self.opened = opened or {}
        """The seqs that opened conflicts and change requests which none of the states has open."""

    @cached_property
    def tags(self) -> dict[int, list[str]]:
        """The tags of now, by the commit that they name."""
        found: dict[int, list[str]] = {}
        for _, tag in self.states[0].all(Tag):
            found.setdefault(tag.seq, []).append(tag.name)
        return {seq: sorted(names) for seq, names in found.items()}

    @cached_property
    def users(self) -> dict[str, list[str]]:
        """The names of the stacks that have a component, by its id, in the first state that has the stack."""
        found: dict[str, list[str]] = {}
        known: set[str] = set()
        for state in self.states:
            for id, stack in state.all(Stack):
                if id not in known:
                    known.add(id)
                    for _, member in stack.members():
                        found.setdefault(member, []).append(stack.name)
        return {id: sorted(names) for id, names in found.items()}

    def entity(self, id: str) -> str:
        """`stack 'prod'`, `orchestrator/k8s`, `flavor orchestrator/custom`, or the id's first part."""
        for state in self.states:
            if (entity := state.get(id)) is not None:
                return _called(state, entity)
            if (gone := state.gone.get(state.resolve(id))) is not None:
                if gone.kind in NUMBERED and (seq := self._opening(id)):
                    return numbered(gone.kind, seq)
                return called(gone.kind, gone.name or short(id), gone.component_type)
        return short(id)

    def _opening(self, id: str) -> int | None:
        """The seq that opened what the first state has no more; None where nothing tells."""
        held = (state.get(id) for state in self.states)
        return next((e.opened for e in held if isinstance(e, Holding)), self.opened.get(id))

    def member(self, id: str) -> str:
        """The bare name of a component in a stack."""
        for state in self.states:
            if (entity := state.get(id)) is not None:
                return entity.name
            if (gone := state.gone.get(state.resolve(id))) is not None:
                return gone.name
        return short(id)

    def path(self, path: Path) -> str:
        """`config.namespace`, `components.orchestrator.k8s`; the whole entity is `(whole)`."""
        keys = list(segments(path))
        if len(keys) == 3 and keys[0] == "components":
            keys[2] = self.member(keys[2])
        return ".".join(key.replace(".", "\\.") for key in keys) or "(whole)"

    def value(self, path: Path, value: Maybe) -> str:
        """The value as text, component ids as names; `(none)` where there is no value."""
        keys = segments(path)
        if value is UNSET:
            return _NOTHING
        if keys[:1] == ("components",) and isinstance(value, list):
            return ", ".join(self.member(id) if isinstance(id, str) else cell(id) for id in value)
        if keys[:1] == ("components",) and len(keys) == 3 and value is True:
            return "in the stack"
        if keys == ("default_stack",) and isinstance(value, str):
            return self.member(value)
        return cell(value) if value is not None else "null"


def numbered(kind: str, seq: int) -> str:
    """How the conflict or change request is called that commit `seq` opened."""
    return f"{NUMBERED[kind]} #{seq}"


def called(kind: str, name: str, component_type: str = "") -> str:
    """How an entity of that kind and name is called."""
    match kind:
        case "component":
            return f"{component_type}/{name}"
        case "flavor":
            return f"flavor {component_type}/{name}"
        case "conflict" | "request":
            return f"a {NUMBERED[kind]}"
        case _:
            return f"{kind} {name!r}"


def short(id: str) -> str:
    """Enough of an id to tell it from the others of a profile: its last 12 characters are random."""
    return id[-12:]


def _called(state: State, entity: AnyEntity) -> str:
    if isinstance(entity, Holding):
        return numbered(entity.kind, entity.opened)
    if isinstance(entity, Assignment):
        held = state.get(entity.subject)
        role = state.get(entity.role)
        of = held.name if held is not None else short(entity.subject)
        return f"{role.name if role is not None else entity.role} of {of}"
    type = entity.component_type if isinstance(entity, Component | Flavor) else ""
    return called(entity.kind, entity.name, type)
