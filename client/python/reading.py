"""What people read in a script or a notebook: entities with names in place of ids.

Values of `config` are shown in full: whoever may read a profile may read them.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import TypeVar

from msgspec import Struct, UnsetType

from stackroom.client.errors import NotFound
from stackroom.client.history.runs import Seen, stack_name
from stackroom.events.history.history import Blame
from stackroom.events.model import Commit, Millis
from stackroom.events.state import Component, Conflict, Flavor, Stack, State, Tag
from stackroom.events.values import Maybe, Path, Value

T = TypeVar("T")


class ComponentView(Struct, frozen=True):
    """A component as it stands."""

    name: str
    type: str
    flavor: str
    config: dict[str, Value]
    labels: dict[str, str]
    id: str


class StackView(Struct, frozen=True):
    """A stack as it stands: `components` has names by type, the first being that type's default."""

    name: str
    components: dict[str, list[str]]
    labels: dict[str, str]
    description: str
    default: bool
    """Whether it is the profile's default stack."""
    id: str


class FlavorView(Struct, frozen=True):
    """A flavor as it stands."""

    name: str
    type: str
    source: str
    integration: str | None
    id: str


class TagView(Struct, frozen=True):
    """A name for the state after commit `seq`."""

    name: str
    seq: int
    id: str


class Side(Struct, frozen=True):
    """One place where a conflict's two sides differ; None also where there is no value."""

    entity: str
    path: str
    before: Value
    theirs: Value
    ours: Value
    their_author: str


class BlameView(Struct, frozen=True):
    """One value, and the commit that wrote it last; `time` is its author's, in milliseconds.

    Without an author: it is pending, or its commit has not been fetched yet.
    """

    path: Path
    value: Maybe
    seq: int
    author: str
    message: str
    time: Millis | None


class RunView(Struct, frozen=True):
    """A run of a pipeline; `seq` is that of the commit whose state it ran on: `profile.at(run.seq)`.

    Without a `seq`, that commit waits for the hub. `time` is when the run was first reported, by the clock of
    its `author`, in milliseconds.
    """

    id: str
    name: str
    pipeline: str
    stack: str
    seq: int | None
    status: str
    url: str
    labels: dict[str, str]
    author: str
    time: Millis
    pending: bool


class ConflictView(Struct, frozen=True):
    """An open conflict; people name it by its `number`, the seq of the commit that opened it."""

    number: int
    author: str
    message: str
    sides: tuple[Side, ...]
    id: str


def components(state: State, type: str | None = None) -> list[ComponentView]:
    """The components, of one type or all, by type and name."""
    found = [
        ComponentView(c.name, c.component_type, c.flavor, c.config, c.labels, id)
        for id, c in state.all(Component)
        if type is None or c.component_type == type
    ]
    return sorted(found, key=lambda c: (c.type, c.name))


def stacks(state: State) -> list[StackView]:
    """The stacks by name."""
    profile = state.profile
    default = profile.default_stack if profile is not None else None
    found = [
        StackView(
            stack.name,
            {type: list(_names(state, ids)) for type, ids in stack.components.items()},
            stack.labels,
            stack.description,
            id == default,
            id,
        )
        for id, stack in state.all(Stack)
    ]
    return sorted(found, key=lambda s: s.name)


def flavors(state: State) -> list[FlavorView]:
    """The flavors that the profile defines itself, by type and name."""
    found = [
        FlavorView(f.name, f.component_type, f.source, f.integration, id)
        for id, f in state.all(Flavor)
    ]
    return sorted(found, key=lambda f: (f.type, f.name))


def conflicts(state: State) -> list[ConflictView]:
    """The open conflicts, oldest first."""
    found = [_conflict(state, id, c) for id, c in state.all(Conflict)]
    return sorted(found, key=lambda c: c.number)


def tags(state: State) -> list[TagView]:
    """The tags, by the commits that they name, and by name."""
    found = [TagView(tag.name, tag.seq, id) for id, tag in state.all(Tag)]
    return sorted(found, key=lambda t: (t.seq, t.name))


class Reading(ABC):
    """What can be read of a state."""

    @property
    @abstractmethod
    def state(self) -> State:
        """The state; not to be changed."""

    def stacks(self) -> list[StackView]:
        """The stacks by name."""
        return stacks(self.state)

    def components(self, type: str | None = None) -> list[ComponentView]:
        """The components of one type or all, by type and name."""
        return components(self.state, type)

    def flavors(self) -> list[FlavorView]:
        """The flavors that the profile defines itself."""
        return flavors(self.state)

    def stack(self, name: str) -> StackView:
        """The stack of that name; NotFound."""
        return one((s for s in self.stacks() if s.name == name), f"stack {name!r}")

    def component(self, type: str, name: str) -> ComponentView:
        """The component of that type and name; NotFound."""
        found = (c for c in self.components(type) if c.name == name)
        return one(found, f"{type} {name!r}")

    def conflicts(self) -> list[ConflictView]:
        """The open conflicts, whoever's, oldest first."""
        return conflicts(self.state)

    def tags(self) -> list[TagView]:
        """The tags, by the commits that they name."""
        return tags(self.state)


class Past(Reading):
    """A profile as it was after commit `seq`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __repr__(self) -> str:
        return f"<Past at #{self.seq}>"

    @property
    def state(self) -> State:
        """The state; not to be changed."""
        return self._state

    @property
    def seq(self) -> int:
        """The last commit that is in it."""
        return self._state.seq


def one(found: Iterable[T], what: str) -> T:
    """The first of `found`; NotFound on `what` if there is none."""
    for each in found:
        return each
    raise NotFound(f"there is no {what}")


def blame_view(blamed: Blame, commit: Commit | None) -> BlameView:
    """A blamed value with what its commit says."""
    if commit is None:
        return BlameView(blamed.path, blamed.value, blamed.seq, "", "", None)
    return BlameView(
        blamed.path, blamed.value, blamed.seq, commit.author, commit.message, commit.time
    )


def run_view(state: State, seen: Seen) -> RunView:
    """A run, with the name that its stack has by now."""
    run, first = seen.run, seen.run.reports[0]
    return RunView(
        run.id,
        run.name,
        run.pipeline,
        stack_name(state, run.stack),
        seen.seq,
        run.status,
        run.url,
        run.labels,
        first.author,
        first.time,
        run.pending,
    )


def _conflict(state: State, id: str, conflict: Conflict) -> ConflictView:
    first = conflict.held[0]
    sides = tuple(
        Side(
            _name(state, o.entity),
            o.path,
            _shown(o.before),
            _shown(o.theirs),
            _shown(o.ours),
            o.author,
        )
        for o in conflict.overlaps
    )
    return ConflictView(conflict.opened, first.author, first.proposal.message, sides, id)


def _name(state: State, id: str) -> str:
    if (entity := state.get(id)) is not None:
        return entity.name
    gone = state.gone.get(state.resolve(id))
    return gone.name if gone is not None else id


def _names(state: State, ids: list[str]) -> Iterator[str]:
    return (_name(state, id) for id in ids)


def _shown(value: Maybe) -> Value:
    return None if isinstance(value, UnsetType) else value
