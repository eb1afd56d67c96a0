"""What differs between two states, two stacks, or two profiles: which key of what, from what to what.

Of one profile, entities are the same by their identity, whatever they are called; between profiles, by
their names. The members of two stacks are held against each other by identity, then by type and name, and
what is left of a type in the order of the stacks.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import UNSET, Struct

from stackroom.events.fold import DEFAULT_STACK
from stackroom.events.history import history
from stackroom.events.history.history import Difference, leaves
from stackroom.events.state import AnyEntity, Component, Flavor, Profile, Stack, State, Tag
from stackroom.events.values import Path, pointer, same


class Side(Struct, frozen=True):
    """One of two stacks: its id, in the state that it is looked at in."""

    state: State
    id: str

    @property
    def stack(self) -> Stack:
        """The stack itself."""
        found = self.state.entities[self.id]
        assert isinstance(found, Stack)
        return found

    def members(self, type: str) -> list[tuple[str, Component]]:
        """The members of a type, in their order."""
        found = ((id, self.state.get(id)) for id in self.stack.components.get(type, []))
        return [(id, each) for id, each in found if isinstance(each, Component)]


def states(before: State, after: State) -> list[Difference]:
    """What differs between two states of one profile; tags are names for its history, and left out."""
    return [each for each in history.diff(before, after) if each.kind != Tag.kind]


def one_stack(before: State, after: State, id: str) -> list[Difference]:
    """What differs in a stack of one profile, and in the components that it has in either state."""
    ids = {id}
    for state in (before, after):
        stack = state.get(id)
        if isinstance(stack, Stack):
            ids.update(member for _, member in stack.members())
    return [each for each in states(before, after) if each.entity in ids]


def two_stacks(before: Side, after: Side) -> list[Difference]:
    """What differs between two stacks and their members; what the stacks are called does not count."""
    a, b = before.stack, after.stack
    found = list(_unlike(after.id, a, b, {"/name"}))
    of_members: list[Difference] = []
    for type in dict.fromkeys((*a.components, *b.components)):
        here, there = before.members(type), after.members(type)
        if [c.name for _, c in here] != [c.name for _, c in there]:
            path = pointer("components", type)
            was: object = [id for id, _ in here] or UNSET
            now: object = [id for id, _ in there] or UNSET
            found.append(Difference(after.id, b.kind, b.name, path, was, now))  # type: ignore[arg-type]
        for old, new in _paired(here, there):
            of_members += _pair(old, new)
    return found + of_members


def two_profiles(before: State, after: State) -> list[Difference]:
    """What differs between two profiles: their entities are the same by kind, type and name."""
    found: list[Difference] = []
    a, b = before.profile, after.profile
    if a is not None and b is not None:
        found += _unlike(after.profile_id, a, b, {"/name", DEFAULT_STACK})
        if _default(before, a) != _default(after, b):
            ids = a.default_stack or UNSET, b.default_stack or UNSET
            found.append(Difference(after.profile_id, b.kind, b.name, DEFAULT_STACK, *ids))
    for kind in (Flavor, Component):
        old, new = _by_key(before, kind), _by_key(after, kind)
        for key in sorted({*old, *new}):
            found += _pair(old.get(key), new.get(key))
    stacks, others = _by_key(before, Stack), _by_key(after, Stack)
    for key in sorted({*stacks, *others}):
        if key in stacks and key in others:
            old_one, new_one = Side(before, stacks[key][0]), Side(after, others[key][0])
            found += (each for each in two_stacks(old_one, new_one) if each.entity == new_one.id)
        else:
            found += _pair(stacks.get(key), others.get(key))
    return found


def _default(state: State, profile: Profile) -> str | None:
    stack = state.get(profile.default_stack) if profile.default_stack else None
    return stack.name if stack is not None else None


Named = tuple[str, AnyEntity]
"""An entity with its id."""


def _by_key(state: State, kind: type[AnyEntity]) -> dict[tuple[str, str, str], Named]:
    return {key: (id, each) for id, each in state.all(kind) if (key := each.key()) is not None}


def _paired(
    here: Sequence[tuple[str, Component]], there: Sequence[tuple[str, Component]]
) -> Iterator[tuple[Named | None, Named | None]]:
    """The members of a type, each with the one that it is held against."""
    old, new = list(here), list(there)
    for same_one in (_same_id, _same_name):
        for one in list(old):
            other = next((each for each in new if same_one(one, each)), None)
            if other is not None:
                old.remove(one)
                new.remove(other)
                yield one, other
    for n in range(max(len(old), len(new))):
        yield (old[n] if n < len(old) else None), (new[n] if n < len(new) else None)


def _same_id(a: tuple[str, Component], b: tuple[str, Component]) -> bool:
    return a[0] == b[0]


def _same_name(a: tuple[str, Component], b: tuple[str, Component]) -> bool:
    return a[1].name == b[1].name


def _pair(old: Named | None, new: Named | None) -> Iterable[Difference]:
    """What differs between two entities that are held against each other, either of which may lack."""
    if old is None and new is None:
        return []
    id, _ = new or old or ("", None)
    return _unlike(id, old[1] if old else None, new[1] if new else None, set())


def _unlike(
    id: str, old: AnyEntity | None, new: AnyEntity | None, without: set[Path]
) -> Iterator[Difference]:
    """Where two entities say something else, path by path; members of stacks are for others to compare."""
    shown = new or old
    assert shown is not None
    both = isinstance(old, Stack) and isinstance(new, Stack)
    was = leaves(old) if old is not None else {}
    now = leaves(new) if new is not None else {}
    type = getattr(shown, "component_type", "")
    for path in dict.fromkeys((*was, *now)):
        if path in without or (both and path.startswith("/components/")):
            continue
        before, after = was.get(path, UNSET), now.get(path, UNSET)
        if not same(before, after):
            yield Difference(id, shown.kind, shown.name, path, before, after, type)
