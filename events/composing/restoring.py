"""Bringing back what was: the changes that lead from the state of now to one of the past.

They are ordinary changes, for the ordinary check: what is there no more is registered again with its
identity, what came since is deleted, and values are written back. Conflicts, change requests and tags are
no configuration, and stay as they are. The order is one in which every change finds what it needs: places
and names are given up before they are taken.
"""

from collections.abc import Iterator, Mapping, Set

from msgspec import UNSET

from stackroom.events.composing.compose import DELETED, registration, updates
from stackroom.events.deciding.references import users
from stackroom.events.fold import DEFAULT_STACK, NAME, apply_change
from stackroom.events.model import Change
from stackroom.events.state import AnyEntity, Component, Flavor, Profile, Stack, State
from stackroom.events.values import Maybe, Path, Value, pointer, same

Changes = list[tuple[str, Change]]

CONFIGURATION = (Flavor, Component, Stack)
"""What is brought back, beside the profile itself; each may refer to those before it."""


def towards(now: State, then: State) -> Changes:
    """What makes all that is configured in `now` as it is in `then`, an earlier state of the same profile."""
    ids = {
        id
        for state in (now, then)
        for id, entity in state.entities.items()
        if isinstance(entity, CONFIGURATION)
    }
    return _Way(now, then, {*ids, now.profile_id}).changes()


def entities(now: State, then: State, ids: Set[str]) -> Changes:
    """What makes the entities `ids`, all of which `then` has, as they are in `then`.

    What they refer to must be there in `now`, or be among them.
    """
    return _Way(now, then, {now.resolve(id) for id in ids}).changes()


class _Way:
    """One way from a state to an earlier one: each step is made upon those before it."""

    def __init__(self, now: State, then: State, ids: Set[str]) -> None:
        self.state = now.copy()
        self.then = then
        self.stamp = (now.seq + 1, -1)
        self.made: Changes = []
        both = sorted(ids & now.entities.keys() & then.entities.keys())
        self.gone = sorted(ids & now.entities.keys() - then.entities.keys())
        self.lost = sorted(ids & then.entities.keys() - now.entities.keys())
        self.kept = [id for id in both if _definition(now, id) != _definition(then, id)]

    def changes(self) -> Changes:
        """All of it, in order."""
        self._leave_default()
        self._delete(Stack)
        self._leave_places()
        self._delete(Component)
        self._rename()
        for kind in (Flavor, Component):
            self._register(kind)
            self._write(kind)
        self._delete(Flavor)
        self._register(Stack)
        self._write(Stack)
        self._write(Profile)
        return self.made

    def take(self, id: str, change: Change) -> None:
        self.made.append((id, change))
        apply_change(self.state, self.stamp, id, change)

    def put(self, id: str, written: Mapping[Path, Maybe]) -> None:
        for change in updates(self.state.entities[id].kind, written):
            self.take(id, change)

    def _leave_default(self) -> None:
        profile = self.state.profile
        if profile is not None and profile.default_stack in self.gone:
            self.put(self.state.profile_id, {DEFAULT_STACK: None})

    def _leave_places(self) -> None:
        """Takes the components out of stacks that go, or that the stacks did not have."""
        for id in self.kept:
            now, then = self.state.entities[id], self.then.entities[id]
            if isinstance(now, Stack) and isinstance(then, Stack):
                had = set(then.members())
                left = {
                    pointer("components", type, member): UNSET
                    for type, member in now.members()
                    if (type, member) not in had and member in self.gone
                }
                self.put(id, left)

    def _delete(self, kind: type[AnyEntity]) -> None:
        """Deletes what came since, but for flavors that components name: those may name what is not there."""
        for id in self.gone:
            entity = self.state.entities.get(id)
            if isinstance(entity, kind) and not next(
                users(self.state, id, entity, change := DELETED[kind.kind]()), None
            ):
                self.take(id, change)

    def _register(self, kind: type[AnyEntity]) -> None:
        for id in self.lost:
            entity = self.then.entities[id]
            if isinstance(entity, kind):
                self.take(id, registration(entity))

    def _rename(self) -> None:
        """Gives back the names; where two hold each other's, one waits under a name of its own."""
        waiting = [
            id for id in self.kept if self.state.entities[id].name != self.then.entities[id].name
        ]
        while waiting:
            free = [id for id in waiting if self._holder(id) not in waiting]
            for id in free:
                self.put(id, {NAME: self.then.entities[id].name})
                waiting.remove(id)
            if not free:
                self.put(
                    waiting[0], {NAME: f"{self.state.entities[waiting[0]].name[:200]} {waiting[0]}"}
                )

    def _holder(self, id: str) -> str | None:
        """Who has the name that `id` had."""
        key = self.then.entities[id].key()
        return self.state.names.get(key) if key is not None else None

    def _write(self, kind: type[AnyEntity]) -> None:
        for id in self.kept:
            entity = self.state.entities[id]
            if isinstance(entity, kind):
                self.put(id, dict(_written(entity, self.then.entities[id])))


def _definition(state: State, id: str) -> tuple[object, ...]:
    """What an entity says, to be compared."""
    entity = state.entities[id]
    fields = [f for f in entity.__struct_fields__ if f != "stamps"]
    return tuple(_exact(getattr(entity, f)) for f in fields)


def _exact(value: object) -> object:
    """A value that is equal to another only if JSON says the same: 1, 1.0 and true are three."""
    match value:
        case dict():
            return frozenset((key, _exact(inner)) for key, inner in value.items())
        case list() | tuple():
            return ("list", *map(_exact, value))
        case _:
            return type(value), value


def _written(now: AnyEntity, then: AnyEntity) -> Iterator[tuple[Path, Maybe]]:
    """The writes that make `now` say what `then` says, but for the name."""
    for field in now.__struct_fields__:
        path, old, new = pointer(field), getattr(now, field), getattr(then, field)
        if field == "components":
            for type in dict.fromkeys((*old, *new)):
                if old.get(type) != new.get(type):
                    yield path + pointer(type), list(new[type]) if type in new else UNSET
        elif field in now.maps:
            yield from _inside(path, old, new)
        elif (field in now.leaves or path == DEFAULT_STACK) and not same(old, new):
            yield path, new


def _inside(
    path: Path, old: dict[str, Value], new: dict[str, Value]
) -> Iterator[tuple[Path, Maybe]]:
    """The writes inside a map: what it has not goes as a whole, with all that is below."""
    for key in dict.fromkeys((*old, *new)):
        place, was, wanted = path + pointer(key), old.get(key, UNSET), new.get(key, UNSET)
        if isinstance(was, dict) and isinstance(wanted, dict):
            yield from _inside(place, was, wanted)
        elif not same(was, wanted):
            yield place, wanted
