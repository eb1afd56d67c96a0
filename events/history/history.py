"""What was when: states of the past, who wrote a value, what a commit changed.

Everything here reads a log and folds; nothing is written.
"""

from collections.abc import Iterable, Sequence

from msgspec import UNSET, Struct, structs

from stackroom.events import state as states
from stackroom.events.bodies import unseal
from stackroom.events.fold import advance, apply_change, read
from stackroom.events.log import LogReader
from stackroom.events.model import Commit, Overlap
from stackroom.events.proofs import merkle
from stackroom.events.state import AnyEntity, Holding, Stack, State
from stackroom.events.values import Maybe, Path, pointer, same

PAGE = 1_000
"""Commits read at once."""


def load(
    log: LogReader, profile: str, upto: int | None = None
) -> tuple[State, merkle.Frontier, int]:
    """The state at seq `upto` (or the head), the tree at the log's head or snapshot, and the seq of
    the snapshot that it began from (0 without one).

    The frontier belongs to the same seq as the state only at the head, where it is the head's.
    """
    snapshot = log.snapshot(profile, upto)
    if snapshot is None:
        state, since = State(), 0
    else:
        state, since = states.decode(snapshot.state), snapshot.seq
    for commits in pages(log, profile, since, upto):
        advance(state, commits)
    return state, log.head(profile).frontier, since


def state_at(log: LogReader, profile: str, seq: int | None = None) -> State:
    """The state at `seq`, or at the head."""
    return load(log, profile, seq)[0]


def pages(
    log: LogReader, profile: str, after: int, upto: int | None = None
) -> Iterable[list[Commit]]:
    """The commits after `after`, up to `upto`, a page at a time."""
    while upto is None or after < upto:
        limit = PAGE if upto is None else min(PAGE, upto - after)
        commits = log.commits(profile, after, limit)
        if not commits:
            return
        yield commits
        after = commits[-1].seq


def entity_at(log: LogReader, profile: str, now: State, id: str, seq: int) -> AnyEntity | None:
    """What entity `id` was at `seq`, folded from its own events alone.

    `now` is any later state; it tells under which other ids the entity was spoken of.
    """
    ids = now.spoken_of((id,))
    state = State()
    state.aliases = now.aliases.copy()
    for commit in log.touching(profile, sorted(ids), seq):
        stamp = (commit.seq, state.writer(commit.replica))
        for event in commit.events:
            if event.entity in ids:
                apply_change(state, stamp, event.entity, unseal(event))
    return state.entities.get(id)


def before_deletion(log: LogReader, profile: str, now: State, id: str) -> AnyEntity | None:
    """What a deleted entity was before its deletion; None for one that stands, or never was.

    `now` is the state that misses it.
    """
    id = now.resolve(id)
    gone = now.gone.get(id)
    return None if gone is None else entity_at(log, profile, now, id, gone.stamp[0] - 1)


def explain(
    log: LogReader, profile: str, now: State, base: int, overlaps: Sequence[Overlap]
) -> tuple[Overlap, ...]:
    """The overlaps with what they lack: who wrote `theirs`, and the value at the base."""
    told = []
    for overlap in overlaps:
        commits = log.commits(profile, overlap.seq - 1, 1)
        author = commits[0].author if commits else ""
        before: Maybe = UNSET
        if (entity := entity_at(log, profile, now, overlap.entity, base)) is not None:
            before = read(now, entity, overlap.path) if overlap.path else entity.name
        told.append(structs.replace(overlap, author=author, before=before))
    return tuple(told)


class Difference(Struct, frozen=True, omit_defaults=True):
    """One value that differs between two states; absent where there is none.

    `name` and `kind` say what the entity is called, in the later state that has it.
    """

    entity: str
    kind: str
    name: str
    path: Path
    before: Maybe = UNSET
    after: Maybe = UNSET
    component_type: str = ""


def diff(before: State, after: State) -> list[Difference]:
    """What differs between two states of one profile, entity by entity, path by path."""
    found: list[Difference] = []
    for id in differing(before, after):
        own = differences(id, before.entities.get(id), after.entities.get(id))
        found += sorted(own, key=lambda d: d.path)
    return found


def differing(before: State, after: State) -> list[str]:
    """The ids of what is not the same in two states of one profile, by kind, type and name.

    Some may differ in nothing but who wrote them; conflicts and change requests have no values.
    """
    found: list[tuple[str, str, str, str]] = []
    for id in dict.fromkeys((*before.entities, *after.entities)):
        old, new = before.entities.get(id), after.entities.get(id)
        shown = new or old
        if shown is None or old is new or isinstance(shown, Holding) or old == new:
            continue
        found.append((shown.kind, getattr(shown, "component_type", ""), shown.name, id))
    return [id for *_, id in sorted(found)]


def leaves(entity: AnyEntity) -> dict[Path, Maybe]:
    """Every value of `entity` by its path: maps down to their leaves, members of a stack one by one."""
    found: dict[Path, Maybe] = {}
    for field in entity.__struct_fields__:
        value = getattr(entity, field)
        if field == "stamps":
            continue
        if field == "components" and isinstance(entity, Stack):
            for type, id in entity.members():
                found[pointer(field, type, id)] = True
        elif field in entity.maps:
            _spread(pointer(field), value, found)
        elif value is not None and value != "" and (field, value) != ("protected", False):
            found[pointer(field)] = value
    return found


class Blame(Struct, frozen=True):
    """One value, and the seq of the commit that wrote it."""

    path: Path
    value: Maybe
    seq: int


def blame(entity: AnyEntity) -> list[Blame]:
    """Every value of `entity` with the seq of the commit that wrote it last.

    An empty map is the work of whoever took the last key out of it.
    """
    found = []
    for path, value in leaves(entity).items():
        seq = entity.written(path)[0]
        if value == {}:
            below = (s[0] for p, s in entity.stamps.items() if p.startswith(path + "/"))
            seq = max((seq, *below))
        found.append(Blame(path, value, seq))
    return found


def _spread(path: Path, value: Maybe, found: dict[Path, Maybe]) -> None:
    if isinstance(value, dict) and (value or path.count("/") > 1):
        if not value:
            found[path] = value
        for key, inner in value.items():
            _spread(path + pointer(key), inner, found)
    elif not isinstance(value, dict):
        found[path] = value


def differences(id: str, old: AnyEntity | None, new: AnyEntity | None) -> list[Difference]:
    """What differs between two states of one entity, path by path; one of them may be None."""
    shown = new or old
    assert shown is not None
    type = getattr(shown, "component_type", "")
    was = leaves(old) if old is not None else {}
    now = leaves(new) if new is not None else {}
    if isinstance(old, Stack) and isinstance(new, Stack):
        # Who is a member shows leaf by leaf; the order, of which the first is the default, does not.
        for component_type, ids in new.components.items():
            before = old.components.get(component_type, [])
            if before != ids and sorted(before) == sorted(ids):
                path = pointer("components", component_type)
                was[path], now[path] = list(before), list(ids)
    return [
        Difference(
            id, shown.kind, shown.name, path, was.get(path, UNSET), now.get(path, UNSET), type
        )
        for path in dict.fromkeys((*was, *now))
        if not same(was.get(path, UNSET), now.get(path, UNSET))
    ]
