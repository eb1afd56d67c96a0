"""What the commits of a stream did, change by change, with the values before and after.

A credential in plain text is not repeated: its place has `HIDDEN`.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from msgspec import UNSET, Struct

from stackroom.client.reports.naming import about, called, placed
from stackroom.events.codec import unseal
from stackroom.events.fold import DEFAULT_STACK, MEMBERS, apply_change, read, writes
from stackroom.events.model import (
    Change,
    ChangeRequested,
    Commit,
    ConflictJoined,
    ConflictOpened,
    ConflictResolved,
    Deleted,
    Redacted,
    Registered,
    Renamed,
    RequestApproved,
    RequestClosed,
    RequestJoined,
    RunRecorded,
    RunReport,
    RunUpdated,
    StackRegistered,
)
from stackroom.events.people.permissions import PEOPLE
from stackroom.events.secrets.credentials import located
from stackroom.events.state import AnyEntity, Component, Flavor, Stack, State
from stackroom.events.values import Maybe, Path, Value, pointer, segments

Kind: TypeAlias = Literal["edit", "conflict", "request", "redaction", "run", "access"]

HIDDEN: Final = "[a credential in plain text]"
"""What a report has in the place of one."""


class Act(Struct, frozen=True, gc=False):
    """One change of one thing: `action` is a word for it, `path` where inside, empty for the whole of it.

    `entity` is its id, `what` its kind, and for a component `type`; `stacks` are the names of the stacks
    that it is or was in, `within` their ids. `before` and
    `after` are absent where there is no value; `accepted` is the hub's time, in milliseconds.
    """

    profile: str
    seq: int
    commit: str
    accepted: int
    author: str
    message: str
    kind: Kind
    action: str
    entity: str
    what: str
    type: str
    name: str
    stacks: tuple[str, ...]
    within: tuple[str, ...]
    path: Path
    before: Maybe = UNSET
    after: Maybe = UNSET


class Folding:
    """Tells the acts of commits one by one, and folds them: `state` is what the last one left."""

    def __init__(self, profile: str, state: State) -> None:
        self.profile = profile
        self.state = state
        self._using: dict[str, set[str]] = {}
        self._runs: dict[str, RunRecorded] = {}
        for id, stack in state.all(Stack):
            self._use(id, stack)

    def acts(self, commit: Commit) -> Iterator[tuple[Change, Act]]:
        """The acts of the next commit, each with its change; an update gives one for each of its paths."""
        stamp = (commit.seq, self.state.writer(commit.replica))
        for event in commit.events:
            change = unseal(event)
            if isinstance(change, RunRecorded):
                self._runs[event.entity] = change
            id = self.state.resolve(event.entity)
            before = self.state.entities.get(id)
            told = list(self._told(id, change, before))
            acts = self._acts(commit, id, change, before, told)
            apply_change(self.state, stamp, event.entity, change)
            if change.kind == "stack":
                self._reuse(id, before)
            if isinstance(change, Registered):
                acts = self._acts(commit, id, change, self.state.get(event.entity), told)
            yield from ((change, act) for act in acts)
        self.state.seq = commit.seq

    def _told(
        self, id: str, change: Change, entity: AnyEntity | None
    ) -> Iterator[tuple[str, Path, Maybe, Maybe]]:
        """(action, path, before, after) of each act of the change."""
        type = getattr(entity or change, "component_type", "")
        match change:
            case Renamed(name):
                yield "renamed", "/name", UNSET if entity is None else entity.name, name
            case Registered():
                yield "registered", "", UNSET, _shown(type, "", self._definition(change))
            case Deleted():
                yield "deleted", "", UNSET if entity is None else entity.name, UNSET
            case ConflictOpened() | ConflictJoined():
                yield "opened", "", UNSET, change.held.proposal.message
            case ConflictResolved(choice):
                yield "decided", "", UNSET, choice
            case ChangeRequested() | RequestJoined():
                yield "requested", "", UNSET, change.held.proposal.message
            case RequestApproved():
                yield "approved", "", UNSET, UNSET
            case RequestClosed(choice):
                yield choice, "", UNSET, UNSET
            case Redacted(reason, rewritten):
                yield "redacted", "", len(rewritten), reason
            case RunRecorded(status=status) | RunUpdated(status=status):
                began = isinstance(change, RunRecorded)
                yield (
                    "recorded" if began else "updated",
                    "",
                    UNSET,
                    UNSET if status is None else status,
                )
            case _:
                for path, value in writes(change):
                    was = read(self.state, entity, path) if entity is not None else UNSET
                    was, value = self._by_name(path, was), self._by_name(path, value)
                    yield "updated", path, _shown(type, path, was), _shown(type, path, value)

    def _definition(self, change: Registered) -> dict[str, Value]:
        """What a registration says beside the name, without what is empty; members by their names."""
        fields = (field for field in change.__struct_fields__ if field != "name")
        said = {field: getattr(change, field) for field in fields}
        if isinstance(change, StackRegistered):
            said["components"] = {
                type: [called(self.state, id) for id in ids]
                for type, ids in change.components.items()
            }
        return {key: value for key, value in said.items() if value not in ("", None, {}, [], False)}

    def _by_name(self, path: Path, value: Maybe) -> Maybe:
        """The value, with names in the place of ids of stacks and components."""
        if path == DEFAULT_STACK:
            return called(self.state, value) if isinstance(value, str) else UNSET
        if path.startswith(MEMBERS) and isinstance(value, list):
            return [called(self.state, id) for id in value]
        return value

    def _acts(
        self,
        commit: Commit,
        id: str,
        change: Change,
        entity: AnyEntity | None,
        told: Iterable[tuple[str, Path, Maybe, Maybe]],
    ) -> list[Act]:
        type = entity.component_type if isinstance(entity, Component | Flavor) else ""
        within = tuple(sorted(self._stacks(id, change)))
        stacks = tuple(sorted(called(self.state, each) for each in within))
        name = self._name(id, change, entity)
        return [
            Act(
                self.profile,
                commit.seq,
                commit.id,
                commit.accepted,
                commit.author,
                commit.message,
                _kind(change),
                action,
                id,
                change.kind,
                type,
                name,
                stacks,
                within,
                placed(self.state, path),
                before,
                after,
            )
            for action, path, before, after in told
        ]

    def _stacks(self, id: str, change: Change) -> Iterable[str]:
        if change.kind == "run":
            recorded = self._runs.get(id)
            return () if recorded is None else (recorded.stack,)
        return (id,) if change.kind == "stack" else self._using.get(id, ())

    def _name(self, id: str, change: Change, entity: AnyEntity | None) -> str:
        """What the change is about, by name: of a run, its pipeline, if it was recorded in these commits."""
        if change.kind == "run":
            recorded = self._runs.get(id)
            return id[-12:] if recorded is None else recorded.pipeline
        if isinstance(change, ConflictOpened | ConflictJoined | ChangeRequested | RequestJoined):
            return ", ".join(about(self.state, [change.held]))
        return called(self.state, id, entity)

    def _reuse(self, id: str, before: AnyEntity | None) -> None:
        for _, member in before.members() if isinstance(before, Stack) else ():
            self._using.get(member, set()).discard(id)
        if isinstance(stack := self.state.entities.get(id), Stack):
            self._use(id, stack)

    def _use(self, id: str, stack: Stack) -> None:
        for _, member in stack.members():
            self._using.setdefault(member, set()).add(id)


def shown_at(state: State, id: str, path: Path, value: Maybe) -> Maybe:
    """A value of the entity `id`, without credentials in plain text."""
    return _shown(getattr(state.get(id), "component_type", ""), path, value)


def _kind(change: Change) -> Kind:
    match change:
        case ConflictOpened() | ConflictJoined() | ConflictResolved():
            return "conflict"
        case ChangeRequested() | RequestJoined() | RequestApproved() | RequestClosed():
            return "request"
        case Redacted():
            return "redaction"
        case _ if isinstance(change, RunReport):
            return "run"
        case _:
            return "access" if change.kind in PEOPLE else "edit"


def _shown(type: str, path: Path, value: Maybe) -> Maybe:
    """The value, without credentials in plain text."""
    keys = segments(path)
    if value is UNSET:
        return value
    if not keys and isinstance(value, dict):
        return {key: _shown(type, pointer(key), inner) for key, inner in value.items()}
    inside = keys[1:] if keys[:1] == ("config",) else keys
    places = [at for at, _ in located(type, value, inside)]
    for at in places:
        value = _hidden(value, at[len(inside) :])
    return value


def _hidden(value: Value, keys: tuple[str, ...]) -> Value:
    if not keys:
        return HIDDEN
    if isinstance(value, list):
        return [_hidden(v, keys[1:]) if str(n) == keys[0] else v for n, v in enumerate(value)]
    assert isinstance(value, dict)
    return {k: _hidden(v, keys[1:]) if k == keys[0] else v for k, v in value.items()}
