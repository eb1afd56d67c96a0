"""Folding commits into a state.

`fold` is total: a committed commit always folds, and nothing but the state and the commit is looked at.
Whether a change makes sense was decided by `check`, before it was committed.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from msgspec import UNSET, structs

from stackroom.events.bodies import unseal
from stackroom.events.entity import Key, Stamp
from stackroom.events.model import (
    Change,
    ChangeRequested,
    Commit,
    ComponentRegistered,
    ConflictJoined,
    ConflictOpened,
    ConflictResolved,
    DefaultStackSet,
    Deleted,
    FlavorRegistered,
    ProfileCreated,
    Registered,
    Renamed,
    RequestApproved,
    RequestClosed,
    RequestJoined,
    RunReport,
    StackRegistered,
    TagRegistered,
    Updated,
)
from stackroom.events.people.entities import (
    Assignment,
    Hub,
    Identity,
    Invitation,
    Password,
    Project,
    Role,
    SigningKey,
    Team,
    Token,
    User,
)
from stackroom.events.people.model import (
    HubFounded,
    IdentityLinked,
    KeyRegistered,
    PasswordSet,
    ProjectCreated,
    RoleAssigned,
    RoleCreated,
    TeamCreated,
    TokenCreated,
    UserCreated,
    UserInvited,
)
from stackroom.events.state import (
    AnyEntity,
    Component,
    Conflict,
    Flavor,
    Gone,
    Profile,
    Request,
    Stack,
    State,
    Tag,
)
from stackroom.events.values import (
    WHOLE,
    Maybe,
    Path,
    Value,
    lookup,
    placed,
    pointer,
    prefixes,
    same,
    segments,
)

PEOPLE: Final[dict[type[Registered], type[AnyEntity]]] = {
    HubFounded: Hub,
    UserCreated: User,
    TeamCreated: Team,
    ProjectCreated: Project,
    RoleCreated: Role,
    RoleAssigned: Assignment,
    TokenCreated: Token,
    UserInvited: Invitation,
    IdentityLinked: Identity,
    PasswordSet: Password,
    KeyRegistered: SigningKey,
}
"""What each registration among people makes; the entity has the fields of the change, in their order."""

ROOTS: Final = frozenset({ProfileCreated, HubFounded})
"""What a stream begins with."""

DEFAULT_STACK: Path = pointer("default_stack")
NAME: Path = pointer("name")
CHOICE: Path = pointer("choice")
MEMBERS: Path = pointer("components", "")


def fold(state: State, *commits: Commit) -> State:
    """The state after `commits`, in their order; `state` itself is left as it is.

    Raises UnknownEvent where a commit holds an event newer than this program.
    """
    after = state.copy()
    advance(after, commits)
    return after


def advance(state: State, commits: Iterable[Commit]) -> None:
    """Folds `commits` into `state` in place; for those who own the state."""
    for commit in commits:
        changes = [(event.entity, unseal(event)) for event in commit.events]
        apply(state, commit.seq, commit.replica, changes)


def apply(state: State, seq: int, replica: str, changes: Iterable[tuple[str, Change]]) -> None:
    """Applies what one commit says to `state` in place.

    Who reports runs and does nothing else leaves no trace: there may be a replica for each run.
    """
    for entity, change in changes:
        if not isinstance(change, RunReport):
            apply_change(state, (seq, state.writer(replica)), entity, change)
    state.seq = seq


def apply_change(state: State, stamp: Stamp, id: str, change: Change) -> None:
    """Applies one change to `state` in place."""
    match change:
        case Updated() | Renamed() | DefaultStackSet():
            _rewrite(state, stamp, id, change)
        case Registered():
            _register(state, stamp, id, change)
        case Deleted():
            _delete(state, stamp, id, change)
        case ConflictOpened() | ConflictJoined():
            _hold(state, stamp, id, change)
        case ConflictResolved():
            _resolve(state, stamp, id, change)
        case ChangeRequested() | RequestJoined():
            _request(state, stamp, id, change)
        case RequestApproved():
            _close(state, stamp, id, "approved")
        case RequestClosed(choice):
            _close(state, stamp, id, choice)


def writes(change: Change) -> list[tuple[Path, Maybe]]:
    """What a change writes inside its entity: (path, value), UNSET where it removes."""
    match change:
        case Updated():
            return [*change.set.items(), *((path, UNSET) for path in change.unset)]
        case Renamed():
            return [(NAME, change.name)]
        case DefaultStackSet():
            return [(DEFAULT_STACK, change.stack)]
        case _:
            return []


def read(state: State, entity: AnyEntity, path: Path) -> Maybe:
    """The value at `path` of `entity`, or UNSET."""
    return _value(state, entity, segments(path))


def rewritten(
    state: State, entity: AnyEntity, written: Iterable[tuple[Path, Maybe]], stamp: Stamp
) -> AnyEntity:
    """`entity` with each value at its path; the same object if it says all of that already."""
    after = entity
    is_stack = isinstance(entity, Stack)
    maps = entity.maps
    own: dict[int, Value] = {}
    wrote: dict[Path, int] = {}
    covering: dict[Path, int] = {}
    for n, (said, wanted) in enumerate(written):
        parts = segments(said)
        field = parts[0] if parts else WHOLE
        # Most writes are one level below a map of values: those take no call.
        shallow = len(parts) == 2 and field in maps and field != "components"
        if shallow:
            path, value = said, wanted
            before = getattr(after, field).get(parts[1], UNSET)
        else:
            path, value = standing(state, said, wanted)
            parts = segments(path)
            before = _value(state, after, parts)
        # Most values differ, which `==` sees at once; what it takes for equal may be 1 and true.
        if before == value and same(before, value):
            continue
        if after is entity:
            after = structs.replace(entity, stamps=entity.stamps.copy())
        if shallow:
            values = getattr(after, field)
            if id(values) not in own:
                values = values.copy()
                own[id(values)] = values
                setattr(after, field, values)
            if value is UNSET:
                values.pop(parts[1], None)
            else:
                values[parts[1]] = value
        elif len(parts) == 1:
            setattr(after, field, value)
        elif is_stack and field == "components":
            assert isinstance(after, Stack)
            after.components = _members(after, parts[1:], value, state)
        else:
            setattr(after, field, placed(getattr(after, field), parts[1:], value, own))
        if isinstance(before, dict) or field == "components":
            covering[path] = n
        wrote[path] = n
        after.stamps[path] = stamp
    if covering:
        _uncover(after.stamps, covering, wrote)
    return after


def _uncover(stamps: dict[Path, Stamp], covering: dict[Path, int], wrote: dict[Path, int]) -> None:
    """Forgets who wrote what was below a place that was then written whole, in one pass over all."""
    for path in [*stamps]:
        last = wrote.get(path, -1)
        above = islice(prefixes(path), 1, None)
        if any(covering.get(place, -1) > last for place in above):
            del stamps[path]


def _value(state: State, entity: AnyEntity, parts: tuple[str, ...]) -> Maybe:
    value: Maybe = getattr(entity, parts[0], UNSET)
    if len(parts) == 1:
        return value
    if len(parts) == 3 and parts[0] == "components" and isinstance(entity, Stack):
        members = entity.components.get(parts[1], [])
        return True if state.resolve(parts[2]) in members else UNSET
    return lookup(value, parts[1:])


def standing(state: State, path: Path, value: Maybe) -> tuple[Path, Maybe]:
    """`path` and `value` with each id in them replaced by the one that stands for it."""
    if path.startswith(MEMBERS):
        field, type, *member = segments(path)
        if len(member) == 1:
            return pointer(field, type, state.resolve(member[0])), value
        if not member and isinstance(value, list):
            return path, list(dict.fromkeys(state.resolve(id) for id in value))
    elif path == DEFAULT_STACK and isinstance(value, str):
        return path, state.resolve(value)
    return path, value


def entity_of(state: State, change: Registered, stamp: Stamp) -> AnyEntity:
    """The entity that a registration makes."""
    stamps = {WHOLE: stamp}
    match change:
        case ComponentRegistered():
            return _component(change, stamps)
        case StackRegistered():
            return _stack(state, change, stamps)
        case FlavorRegistered(name, kind, source, integration, schema, extra):
            return Flavor(name, stamps, kind, source, integration, schema, extra)
        case TagRegistered(name, seq):
            return Tag(name, stamps, seq)
        case ProfileCreated(name, description, settings):
            return Profile(name, stamps, description, settings)
        case _ if (made := PEOPLE.get(type(change))) is not None:
            name, *rest = (getattr(change, field) for field in change.__struct_fields__)
            return made(name, stamps, *rest)
        case _:
            raise TypeError(f"{type(change).__name__} registers nothing")


def register_plain(state: State, stamps: dict[Path, Stamp], id: str, change: Change) -> bool:
    """Registers a component or stack that nothing stands against, as of most; else False, with nothing done.

    All that one commit registers may share `stamps`: they are copied before an entity gets others. It is
    what `apply_change` does, without most of its calls: those cost more than all else.
    """
    key: Key
    entity: Component | Stack
    if type(change) is ComponentRegistered:
        key = ("component", change.component_type, change.name)
        entity = _component(change, stamps)
    elif type(change) is StackRegistered:
        key = ("stack", "", change.name)
        entity = _stack(state, change, stamps)
    else:
        return False
    if key in state.names or id in state.entities or id in state.aliases or id in state.gone:
        return False
    state.names[key] = id
    state.entities[id] = entity
    if entity.protected:
        state.protected.add(id)
    return True


def _component(c: ComponentRegistered, stamps: dict[Path, Stamp]) -> Component:
    # By thousands at once: taken by their names, not as a pattern.
    return Component(
        c.name, stamps, c.component_type, c.flavor, c.config, c.labels, c.extra, c.protected
    )


def _stack(state: State, s: StackRegistered, stamps: dict[Path, Stamp]) -> Stack:
    members = _members_of(state, s.components)
    return Stack(s.name, stamps, members, s.labels, s.description, s.extra, s.protected)


def _members_of(state: State, said: dict[str, list[str]]) -> dict[str, list[str]]:
    """The members of a new stack as they stand: each once, and none under an id that another stands for."""
    aliases = state.aliases
    for ids in said.values():
        if len(ids) != 1 or ids[0] in aliases:
            break
    else:
        return said  # One of each type, as in most.
    return {
        type: list(dict.fromkeys([aliases.get(id, id) for id in ids]))
        for type, ids in said.items()
        if ids
    }


def same_definition(a: AnyEntity, b: AnyEntity) -> bool:
    """Whether two entities say the same, whoever wrote them."""
    fields = [f for f in a.__struct_fields__ if f != "stamps"]
    return type(a) is type(b) and all(same(getattr(a, f), getattr(b, f)) for f in fields)


def _register(state: State, stamp: Stamp, id: str, change: Registered) -> None:
    known = id in state.entities or id in state.aliases
    if known or (type(change) in ROOTS and state.profile_id):
        return
    entity = entity_of(state, change, stamp)
    key = entity.key()
    holder = state.names.get(key) if key is not None else None
    if holder is not None and holder != id and same_definition(state.entities[holder], entity):
        state.aliases[id] = holder
        return
    state.gone.pop(id, None)
    state.add(id, key, entity)


def _rewrite(
    state: State, stamp: Stamp, id: str, change: Updated | Renamed | DefaultStackSet
) -> None:
    id = state.resolve(id)
    entity = state.entities.get(id)
    if entity is not None and entity.kind == change.kind:
        after = rewritten(state, entity, writes(change), stamp)
        if after is not entity:
            state.put(id, after)


def _delete(state: State, stamp: Stamp, id: str, change: Deleted) -> None:
    id = state.resolve(id)
    entity = state.entities.get(id)
    if entity is not None and entity.kind == change.kind:
        component_type = getattr(entity, "component_type", "")
        state.remove(id, Gone(entity.kind, entity.name, stamp, component_type))


def _hold(state: State, stamp: Stamp, id: str, change: ConflictOpened | ConflictJoined) -> None:
    conflict = state.entities.get(id)
    if isinstance(conflict, Conflict):
        conflict = structs.replace(
            conflict,
            held=(*conflict.held, change.held),
            overlaps=conflict.overlaps + change.overlaps,
        )
    else:
        conflict = Conflict("", {WHOLE: stamp}, (change.held,), change.overlaps)
    state.put(id, conflict)


def _request(state: State, stamp: Stamp, id: str, change: ChangeRequested | RequestJoined) -> None:
    request = state.entities.get(id)
    if isinstance(request, Request):
        request = structs.replace(
            request,
            held=(*request.held, change.held),
            protected=tuple(dict.fromkeys((*request.protected, *change.protected))),
        )
    else:
        request = Request("", {WHOLE: stamp}, (change.held,), change.protected)
    state.put(id, request)


def _close(state: State, stamp: Stamp, id: str, choice: str) -> None:
    if id in state.requests:
        state.remove(id, Gone("request", "", stamp, choice=choice))


def _resolve(state: State, stamp: Stamp, id: str, change: ConflictResolved) -> None:
    if id in state.conflicts:
        state.remove(id, Gone("conflict", "", stamp, choice=change.choice))
        for alias, entity in change.aliases.items():
            if alias not in state.entities:
                state.aliases[alias] = state.resolve(entity)
                state.gone.pop(alias, None)


def _members(
    stack: Stack, keys: tuple[str, ...], value: Maybe, state: State
) -> dict[str, list[str]]:
    """The members of `stack` after a write at /components/TYPE or /components/TYPE/ID."""
    type = keys[0]
    ids = list(stack.components.get(type, []))
    if len(keys) == 2:
        id = state.resolve(keys[1])
        ids = [i for i in ids if i != id] if value is UNSET else [*ids, id]
    else:
        ids = list(value) if isinstance(value, list) else []
    members = {**stack.components, type: ids}
    if not ids:
        del members[type]
    return members
