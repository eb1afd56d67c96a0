"""Undoing a commit: the changes that write back what stood before it.

A revert is an ordinary commit, taken through the ordinary check. It undoes the commit's changes one
by one, the last first, so that each meets the state that it left. What others changed since is not
overwritten unless asked: it is listed instead.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, Struct

from stackroom.events.codec import unseal
from stackroom.events.composing.compose import DELETED, registration, updates
from stackroom.events.fold import apply_change, read, same_definition, writes
from stackroom.events.model import (
    Change,
    ChangeRequested,
    Commit,
    ConflictJoined,
    ConflictOpened,
    ConflictResolved,
    Deleted,
    Kind,
    ProfileCreated,
    ProfileDeleted,
    Redacted,
    Registered,
    RequestApproved,
    RequestClosed,
    RequestJoined,
    RunRecorded,
    RunUpdated,
    Updated,
)
from stackroom.events.state import AnyEntity, Stack, State
from stackroom.events.values import WHOLE, Maybe, Path, overlap, same, segments

_UNCONFIGURED: Final = ("conflict", "request", "run")
"""The kinds of entity that stand for a decision or a fact, and not for something configured."""


class Since(Struct, frozen=True, omit_defaults=True):
    """One value of the commit that was changed after it: what it wrote, and what stands now.

    The empty path is the whole entity; `now` is absent where it was removed since.
    """

    entity: str
    kind: Kind
    name: str
    path: Path
    wrote: Maybe = UNSET
    now: Maybe = UNSET
    component_type: str = ""


class Reversal(Struct, frozen=True):
    """`changes` undo the commit; `since` is what others changed, and `changes` would overwrite.

    `kept` names what no revert undoes: a profile's creation and end, conflicts, change
    requests, redactions, runs.
    """

    changes: tuple[tuple[str, Change], ...]
    since: tuple[Since, ...]
    kept: tuple[str, ...]


def revert(before: State, commit: Commit, now: State) -> Reversal:
    """What undoes `commit` in the state `now`.

    `before` is the state that the commit met; only the entities that it speaks of are looked at, so
    what `around` gives will do. Neither state is changed.
    """
    undoing = _Undoing(now, commit)
    if _stands_again(before, commit, now):
        return Reversal((), (), ())
    for earlier, id, change, later in reversed(list(_steps(before, commit))):
        undoing.undo(earlier, id, change, later)
    return Reversal(tuple(_merged(undoing.changes)), tuple(undoing.since), tuple(undoing.kept))


def _stands_again(before: State, commit: Commit, now: State) -> bool:
    """Whether every entity that the commit changed is as it was: by a revert, or by hand."""
    changes = [(event.entity, unseal(event)) for event in commit.events]
    ids = [
        now.resolve(id)
        for id, change in changes
        if change.kind not in _UNCONFIGURED and not isinstance(change, Redacted)
    ]
    for id in ids:
        was, is_now = before.entities.get(id), now.entities.get(id)
        if was is None or is_now is None:
            if was is not is_now:
                return False
        elif not same_definition(was, is_now):
            return False
    return bool(ids)


def _steps(before: State, commit: Commit) -> Iterator[tuple[State, str, Change, State]]:
    """Each single write of `commit`, with the states before and after it."""
    state = before.copy()
    stamp = (commit.seq, state.writer(commit.replica))
    for event in commit.events:
        for change in _single(unseal(event)):
            earlier, state = state, state.copy()
            apply_change(state, stamp, event.entity, change)
            yield earlier, state.resolve(event.entity), change, state


def _single(change: Change) -> Iterator[Change]:
    """An update as updates of one path each, any other change as it is."""
    if not isinstance(change, Updated):
        yield change
        return
    cls = type(change)
    for path, value in change.set.items():
        yield cls(set={path: value})
    for path in change.unset:
        yield cls(unset=(path,))


class _Undoing:
    """One run: single writes come in, the last first; each meets what those before it left."""

    def __init__(self, now: State, commit: Commit) -> None:
        self.state = now.copy()
        self.stamp = (now.seq + 1, self.state.writer(commit.replica))
        self.changes: list[tuple[str, Change]] = []
        self.since: list[Since] = []
        self.kept: list[str] = []

    def undo(self, earlier: State, id: str, change: Change, later: State) -> None:
        match change:
            case ConflictOpened() | ConflictJoined() | ConflictResolved():
                self.kept.append("conflict")
            case ChangeRequested() | RequestJoined() | RequestClosed():
                self.kept.append("request")
            case RequestApproved():
                pass  # What it let through stands beside it, and is undone.
            case ProfileCreated() | ProfileDeleted():
                self.kept.append("profile")
            case Redacted():
                self.kept.append("redaction")
            case RunRecorded() | RunUpdated():
                self.kept.append("run")
            case Registered():
                self.unregister(earlier, id, later)
            case Deleted():
                self.restore(earlier, id)
            case _:
                for path, _ in writes(change):
                    self.write_back(earlier, id, path, later)

    def unregister(self, earlier: State, id: str, later: State) -> None:
        made, now = later.entities.get(id), self.state.entities.get(id)
        if made is None or now is None or id in earlier.entities:
            return
        if not same_definition(made, now):
            self.since.append(_since(id, now, WHOLE, made.name, now.name))
        self.take(id, DELETED[now.kind]())

    def restore(self, earlier: State, id: str) -> None:
        was = earlier.entities.get(id)
        if was is not None and id not in self.state.entities:
            self.take(id, registration(was))

    def write_back(self, earlier: State, id: str, path: Path, later: State) -> None:
        was, wrote = earlier.entities.get(id), later.entities.get(id)
        if was is None or wrote is None:
            return
        old, new = read(earlier, was, path), read(later, wrote, path)
        if same(old, new):
            return
        now = self.state.entities.get(id)
        if now is None:
            self.since.append(_since(id, wrote, path, new, UNSET))
            return
        found = read(self.state, now, path)
        if same(found, old):
            return
        if not same(found, new):
            self.since.append(_since(id, now, path, new, found))
        path, old = _in_place(was, wrote, now, path, old)
        if old is UNSET:
            path = self.outermost(earlier, was, now, path)
        self.take(id, *updates(now.kind, {path: old}))

    def outermost(self, earlier: State, was: AnyEntity, now: AnyEntity, path: Path) -> Path:
        """The outermost map that the commit made for the sake of `path` alone, or `path` itself."""
        parent = path.rpartition("/")[0]
        while len(segments(parent)) > 1 and read(earlier, was, parent) is UNSET:
            around = read(self.state, now, parent)
            if not isinstance(around, dict) or len(around) > 1:
                break
            path, parent = parent, parent.rpartition("/")[0]
        return path

    def take(self, id: str, change: Change) -> None:
        self.changes.append((id, change))
        apply_change(self.state, self.stamp, id, change)


def _in_place(
    was: AnyEntity, wrote: AnyEntity, now: AnyEntity, path: Path, old: Maybe
) -> tuple[Path, Maybe]:
    """A member that comes back takes its old place if the list stands: the first is the default."""
    field, *keys = segments(path)
    if old is not True or field != "components" or len(keys) != 2:
        return path, old
    assert isinstance(was, Stack)
    assert isinstance(wrote, Stack)
    assert isinstance(now, Stack)
    type = keys[0]
    if now.components.get(type) == wrote.components.get(type):
        return path.rpartition("/")[0], was.components[type]
    return path, old


def _since(id: str, entity: AnyEntity, path: Path, wrote: Maybe, now: Maybe) -> Since:
    type = getattr(entity, "component_type", "")
    return Since(id, entity.kind, entity.name, path, wrote, now, type)


def _merged(changes: list[tuple[str, Change]]) -> Iterator[tuple[str, Change]]:
    """The changes, with neighbouring updates of one entity in one."""
    held: tuple[str, Updated] | None = None
    for id, change in changes:
        if held is not None:
            if isinstance(change, Updated) and id == held[0] and _apart(held[1], change):
                held = (id, _joined(held[1], change))
                continue
            yield held
        held = (id, change) if isinstance(change, Updated) else None
        if held is None:
            yield id, change
    if held is not None:
        yield held


def _apart(a: Updated, b: Updated) -> bool:
    return not any(overlap(p, q) for p in (*a.set, *a.unset) for q in (*b.set, *b.unset))


def _joined(a: Updated, b: Updated) -> Updated:
    return type(a)(set={**a.set, **b.set}, unset=(*a.unset, *b.unset))
