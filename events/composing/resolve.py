"""How a conflict ends: what to commit so that one side, or a mixture, comes to stand.

The losing proposals are re-made for the state of now. `ours` are the values that they wanted, `theirs`
is what stands. A decision is a default side, exceptions path by path, and values typed in place.
"""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from msgspec import UNSET, structs

from stackroom.events.codec import unseal
from stackroom.events.composing.compose import registration, updates
from stackroom.events.errors import StackroomError
from stackroom.events.fold import (
    DEFAULT_STACK,
    NAME,
    apply_change,
    entity_of,
    read,
    same_definition,
    standing,
    writes,
)
from stackroom.events.history.history import leaves
from stackroom.events.model import (
    Change,
    ConflictResolved,
    Deleted,
    Held,
    ProfileCreated,
    Registered,
)
from stackroom.events.state import AnyEntity, Component, Conflict, Stack, State
from stackroom.events.values import Maybe, Path, pointer, same

Side: TypeAlias = Literal["ours", "theirs"]
Place: TypeAlias = tuple[str, Path]
"""An entity's id and a path in it."""

Revive: TypeAlias = Callable[[str], AnyEntity | None]
"""The entity of that id as it was before it was deleted."""


class Undecided(StackroomError):
    """The decision leaves something open that only a person can say."""


def resolve(
    state: State,
    conflict_id: str,
    default: Side,
    *,
    takes: Mapping[Place, Side] | None = None,
    edits: Mapping[Place, Maybe] | None = None,
    revive: Revive,
) -> list[tuple[str, Change]]:
    """What to commit to end the conflict: (entity id, change), the conflict's own end last.

    A place where two entities want one name is that of the entity that has it; a name typed there is
    for ours. Raises KeyError where `state` has no such open conflict, Undecided where two entities
    would have one name.
    """
    conflict = state.entities[conflict_id]
    if not isinstance(conflict, Conflict):
        raise KeyError(conflict_id)
    takes, edits = takes or {}, edits or {}
    work = _Resolution(state, conflict, default, takes, edits, revive)
    work.run()
    choice = "edited" if takes or edits else default
    return [*work.changes, (conflict_id, ConflictResolved(choice, work.aliases))]


def remade(state: State, held: tuple[Held, ...], revive: Revive) -> list[tuple[str, Change]]:
    """What brings about in `state` what the held proposals wanted, whatever stands against it.

    Raises Undecided as `resolve`.
    """
    work = _Resolution(state, Conflict("", {}, held), "ours", {}, {}, revive)
    work.run()
    return work.changes


class _Resolution:
    """One run: the held proposals in order, each change upon those before it."""

    def __init__(
        self,
        state: State,
        conflict: Conflict,
        default: Side,
        takes: Mapping[Place, Side],
        edits: Mapping[Place, Maybe],
        revive: Revive,
    ) -> None:
        self.state = state.copy()
        self.conflict = conflict
        self.default = default
        self.takes = takes
        self.edits = edits
        self.revive = revive
        self.changes: list[tuple[str, Change]] = []
        self.aliases: dict[str, str] = {}

    def run(self) -> None:
        for held in self.conflict.held:
            for event in held.proposal.events:
                change = unseal(event)
                match change:
                    case ProfileCreated():
                        continue
                    case Registered():
                        self.register(event.entity, change)
                    case Deleted():
                        self.delete(event.entity, change)
                    case ConflictResolved():
                        if self.default == "ours" and event.entity in self.state.conflicts:
                            self.emit(event.entity, change)
                    case _:
                        self.write(event.entity, change)
        names = {(o.entity, o.path) for o in self.conflict.overlaps if o.kind == "name"}
        for (id, path), value in self.edits.items():
            entity = self.state.get(id)
            if entity is not None and path and (id, path) not in names:
                self.put(id, entity, {path: value})

    def side(self, id: str, path: Path) -> Side:
        return self.takes.get((id, path), self.default)

    def emit(self, id: str, change: Change) -> None:
        """Adds a change, and moves on to the state after it."""
        self.changes.append((id, change))
        apply_change(self.state, (self.state.seq + 1, -1), id, change)

    def put(self, id: str, entity: AnyEntity, written: Mapping[Path, Maybe]) -> None:
        """Emits the writes that change something."""
        news = {
            path: value
            for path, value in written.items()
            if not same(read(self.state, entity, path), standing(self.state, path, value)[1])
        }
        for change in updates(entity.kind, news):
            self.emit(id, change)

    # The three kinds of change that can be held

    def register(self, id: str, change: Registered) -> None:
        if id in self.state.entities or id in self.state.aliases:
            return
        entity = entity_of(self.state, change, (self.state.seq, -1))
        holder = self.state.names.get(key) if (key := entity.key()) is not None else None
        if holder is None:
            if self.default == "ours":
                self.bring(id, entity)
            return
        wanted = self.edits.get((holder, NAME))
        if isinstance(wanted, str) and wanted != entity.name:
            self.bring(id, structs.replace(entity, name=wanted))
            return
        if self.side(holder, NAME) == "ours":
            there = self.state.entities[holder]
            if not same_definition(there, entity):
                self.put(holder, there, _towards(there, entity))
        self.aliases[id] = holder
        self.state.aliases[id] = holder

    def write(self, id: str, change: Change) -> None:
        id = self.state.resolve(id)
        ours = {p: v for p, v in writes(change) if self.side(id, p) == "ours"}
        ours = {p: self.edits.get((id, p), v) for p, v in ours.items()}
        if not ours:
            return
        entity = self.state.entities.get(id) or self.back(id)
        if entity is None:
            return
        self.free_name(id, entity, ours)
        for path, value in ours.items():
            for target in _targets(path, value):
                if self.state.get(target) is None and self.back(target) is None:
                    raise Undecided(
                        f"{path} refers to something that no longer exists",
                        hint="take theirs for this path, or give another value with --set",
                    )
        self.put(id, entity, ours)

    def delete(self, id: str, change: Deleted) -> None:
        id = self.state.resolve(id)
        entity = self.state.entities.get(id)
        contended = [o.path for o in self.conflict.overlaps if o.entity == id]
        sides = {self.side(id, path) for path in contended} or {self.default}
        if entity is None or "theirs" in sides:
            return
        for user, path in _users(self.state, id, entity):
            there = self.state.entities[user]
            self.put(user, there, {path: None if path == DEFAULT_STACK else UNSET})
        self.emit(id, change)

    # What they need

    def bring(self, id: str, entity: AnyEntity) -> None:
        """Registers `entity`, and brings back members that were deleted meanwhile."""
        if isinstance(entity, Stack):
            for _, member in list(entity.members()):
                if self.state.get(member) is None:
                    self.back(member)
            members = {
                type: [i for i in ids if self.state.get(i) is not None]
                for type, ids in entity.components.items()
            }
            entity = structs.replace(entity, components=members)
        self.emit(id, registration(entity))

    def back(self, id: str) -> AnyEntity | None:
        """A deleted entity, brought back with its identity; None where nothing is known of it."""
        entity = self.revive(id)
        if entity is not None:
            self.bring(id, entity)
        return self.state.entities.get(id)

    def free_name(self, id: str, entity: AnyEntity, ours: dict[Path, Maybe]) -> None:
        """Two entities cannot have one name, whichever side is taken."""
        name, key = ours.get(NAME), entity.key()
        if not isinstance(name, str) or key is None:
            return
        holder = self.state.names.get((*key[:2], name))
        if holder is None or holder == id:
            return
        wanted = self.edits.get((holder, NAME))
        if not isinstance(wanted, str) or wanted == name:
            raise Undecided(
                f"there is another {entity.kind} called {name!r}",
                hint="choose a name for yours with --set name=NAME, or take theirs",
            )
        ours[NAME] = wanted


def _towards(there: AnyEntity, entity: AnyEntity) -> dict[Path, Maybe]:
    """The writes that make `there` say what `entity` says."""
    written: dict[Path, Maybe] = dict.fromkeys(leaves(there), UNSET)
    written.update(leaves(entity))
    for field in there.leaves:
        written[pointer(field)] = getattr(entity, field)
    if isinstance(there, Stack) and isinstance(entity, Stack):
        written = {p: v for p, v in written.items() if not p.startswith("/components/")}
        for type in (*there.components, *entity.components):
            ids = entity.components.get(type)
            written[pointer("components", type)] = UNSET if ids is None else list(ids)
    return written


def _targets(path: Path, value: Maybe) -> list[str]:
    """The entities that a write refers to."""
    if path == DEFAULT_STACK:
        return [value] if isinstance(value, str) else []
    if not path.startswith("/components/") or value is UNSET:
        return []
    _, _, _, *member = path.split("/")
    return member or (list(value) if isinstance(value, list) else [])


def _users(state: State, id: str, entity: AnyEntity) -> list[Place]:
    """Where the entity is used, as places to write."""
    if isinstance(entity, Component):
        path = pointer("components", entity.component_type, id)
        type = entity.component_type
        return [(s, path) for s, stack in state.all(Stack) if id in stack.components.get(type, ())]
    profile = state.profile
    if profile is not None and profile.default_stack == id:
        return [(state.profile_id, DEFAULT_STACK)]
    return []
