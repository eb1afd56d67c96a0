"""What it takes for a profile to say what a source says: a plan, made before anything is touched.

What the profile lacks is made; what says the same is used as it is. Where a name has another definition,
the policy decides, or the caller for that one entity; where nobody did, the plan says so, and must not be
carried out. One plan serves imports, `apply` and drift: they differ in their policy alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Literal, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Struct, structs

from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    FlavorDefinition,
    StackDefinition,
)
from stackroom.client.definitions.differing import (
    PROVENANCE,
    Divergence,
    compare,
    compare_profile,
    dotted,
    provenance,
)
from stackroom.client.errors import ClientError, NotFound
from stackroom.events.composing.compose import DELETED, updates
from stackroom.events.fold import apply_change
from stackroom.events.model import (
    Change,
    ComponentRegistered,
    FlavorRegistered,
    Kind,
    Registered,
    StackRegistered,
)
from stackroom.events.state import AnyEntity, Component, Flavor, Stack, State
from stackroom.events.values import Value, same

Action: TypeAlias = Literal["create", "reuse", "update", "delete", "taken"]
"""`reuse`: what stands is used as it is. `taken`: another definition has the name, nobody decided."""

OnConflict: TypeAlias = Literal["fail", "rename", "replace", "reuse"]
"""What to do where a name has another definition: nothing at all; take another name; give what stands
the source's values; use what stands."""

Called: TypeAlias = tuple[Kind, str, str]
"""Kind, type (empty for stacks) and name: what a source calls an entity."""

Definition: TypeAlias = FlavorDefinition | ComponentDefinition | StackDefinition


class Step(Struct, frozen=True):
    """What becomes of one entity; `name` is the one that it gets, `asked` the one the source has.

    `divergences` are where what stands says something else; `changes` is what carries the step out.
    """

    action: Action
    kind: Kind
    type: str
    name: str
    id: str
    asked: str = ""
    origin: str = ""
    divergences: tuple[Divergence, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def called(self) -> Called:
        """What the source calls it."""
        return self.kind, self.type, self.asked or self.name


class Plan(Struct, frozen=True):
    """The steps, in the order in which they can be carried out as one commit."""

    steps: tuple[Step, ...]

    @property
    def changes(self) -> list[tuple[str, Change]]:
        """(entity id, change), in order: what carries the plan out."""
        return [(step.id, change) for step in self.steps for change in step.changes]

    @property
    def taken(self) -> list[Step]:
        """The steps about which nobody decided."""
        return [step for step in self.steps if step.action == "taken"]


class OtherDefinitions(ClientError):
    """Names of the source stand for something else here; nothing was done."""

    def __init__(self, taken: Iterable[Step]) -> None:
        self.taken = list(taken)
        said = "; ".join(
            f"{(step.type or step.kind).replace('_', ' ')} {step.name!r} ({_paths(step)})"
            for step in self.taken
        )
        super().__init__(
            f"nothing was imported: other definitions have these names: {said}",
            hint="add --on-conflict replace, rename or reuse; --dry-run shows what each would do",
        )


class DefinedTwice(ClientError):
    """The sources have two different definitions of one name."""

    def __init__(self, one: Definition, other: Definition) -> None:
        what = f"{getattr(one, 'type', 'stack').replace('_', ' ')} {one.name!r}"
        places = " and ".join(filter(None, dict.fromkeys((one.origin, other.origin))))
        super().__init__(
            f"there are two different definitions of {what}{f' in {places}' if places else ''}",
            hint="give one of them another name, or leave one out",
        )


def merged(sources: Iterable[Definitions]) -> Definitions:
    """All that several sources say. Raises DefinedTwice where two of them contradict each other."""
    listed = list(sources)
    profiles = [each.profile for each in listed if each.profile is not None]
    return Definitions(
        tuple(_once(d for each in listed for d in each.flavors)),
        tuple(_once(d for each in listed for d in each.components)),
        tuple(_once(d for each in listed for d in each.stacks)),
        profiles[-1] if profiles else None,
        bool(listed) and all(each.whole for each in listed),
    )


def plan(
    wanted: Definitions,
    state: State,
    new_id: Callable[[], str],
    *,
    on_conflict: OnConflict = "fail",
    decisions: Mapping[Called, OnConflict] = {},
    suffix: str = "",
    prune: bool = False,
) -> Plan:
    """The plan by which `state` comes to say what is wanted; `new_id` makes ids for what is created.

    `decisions` go before `on_conflict`. What is renamed gets `suffix`, as often as it takes to be free,
    or else the first free of `_2`, `_3` and so on. With `prune`, what is not wanted is deleted: flavors,
    components and stacks. Raises NotFound for a stack's member that neither the source nor the state has.
    """
    planner = _Planner(wanted, state, new_id, on_conflict, decisions, suffix)
    return Plan((*planner.steps(), *(planner.prune() if prune else ())))


def state_of(defined: Definitions, new_id: Callable[[], str]) -> State:
    """A state that says what a source says, as far as it needs no profile."""
    return after(State(), plan(structs.replace(defined, profile=None), State(), new_id))


def after(state: State, made: Plan) -> State:
    """The state that the plan brings about; `state` stays as it is."""
    scratch = state.copy()
    stamp = (state.seq + 1, scratch.writer(""))
    for id, change in made.changes:
        apply_change(scratch, stamp, id, change)
    return scratch


class _Planner:
    """Makes the steps; `ids` fills with those of everything that the source defines."""

    def __init__(
        self,
        wanted: Definitions,
        state: State,
        new_id: Callable[[], str],
        on_conflict: OnConflict,
        decisions: Mapping[Called, OnConflict],
        suffix: str,
    ) -> None:
        self._wanted = wanted
        self._state = state
        self._new_id = new_id
        self._on_conflict = on_conflict
        self._decisions = decisions
        self._suffix = suffix
        self._ids: dict[Called, str] = {}
        self._names = {
            *map(_called, wanted.flavors),
            *map(_called, wanted.components),
            *map(_called, wanted.stacks),
        }

    def steps(self) -> Iterator[Step]:
        """The steps for what the source defines, in an order in which each finds what it refers to."""
        for flavor in self._wanted.flavors:
            yield self._step(flavor, _flavor(flavor))
        for component in self._wanted.components:
            yield self._step(
                component, _component(component), _unsaid(component, "labels", "protected")
            )
        for stack in self._wanted.stacks:
            unsaid = _unsaid(stack, "labels", "description", "protected")
            yield self._step(stack, self._stack(stack), unsaid)
        yield from self._profile()

    def prune(self) -> Iterator[Step]:
        """The steps that delete what the source does not define, users before what they use."""
        kept = set(self._ids.values())
        for kind in ("stack", "component", "flavor"):
            found = [
                (getattr(entity, "component_type", ""), entity.name, id)
                for id, entity in self._state.entities.items()
                if entity.kind == kind and id not in kept
            ]
            for type, name, id in sorted(found):
                yield Step("delete", kind, type, name, id, changes=(DELETED[kind](),))

    def _stack(self, wanted: StackDefinition) -> StackRegistered:
        members = {
            type: [self._member(wanted, type, name) for name in names]
            for type, names in wanted.components.items()
            if names
        }
        return StackRegistered(
            wanted.name,
            members,
            wanted.labels or {},
            wanted.description or "",
            wanted.extra,
            wanted.protected or False,
        )

    def _member(self, stack: StackDefinition, type: str, name: str) -> str:
        if (id := self._ids.get(("component", type, name))) is not None:
            return id
        if (found := self._state.find(Component, name, type)) is not None:
            return found[0]
        where = f" ({stack.origin})" if stack.origin else ""
        raise NotFound(
            f"stack {stack.name!r}{where} uses {type.replace('_', ' ')} {name!r}, which is neither "
            "defined there nor in the profile",
            hint=f"stackroom component list {type}",
        )

    def _step(
        self, wanted: Definition, registered: Registered, unsaid: frozenset[str] = frozenset()
    ) -> Step:
        called = _called(wanted)
        standing = self._find(registered)
        if standing is None:
            step = self._creating(registered)
        else:
            step = self._meeting(registered, *standing, unsaid)
        self._ids[called] = step.id
        return structs.replace(step, asked=wanted.name, origin=wanted.origin)

    def _creating(self, registered: Registered) -> Step:
        type = getattr(registered, "component_type", "")
        id = self._new_id()
        return Step("create", registered.kind, type, registered.name, id, changes=(registered,))

    def _meeting(
        self, wanted: Registered, id: str, standing: AnyEntity, unsaid: frozenset[str]
    ) -> Step:
        """The step for a definition whose name is in use."""
        type = getattr(wanted, "component_type", "")
        compared = compare(standing, wanted, unsaid=unsaid, whole=self._wanted.whole)
        called = (wanted.kind, type, wanted.name)
        decision = self._decisions.get(called, self._on_conflict)
        if not compared.divergences or decision == "reuse":
            changes = updates(wanted.kind, {d.path: d.wanted for d in compared.added})
            action: Action = "reuse"
        elif decision == "replace":
            writes = {d.path: d.wanted for d in (*compared.divergences, *compared.added)}
            changes = updates(wanted.kind, writes | provenance(wanted))
            action = "update"
        elif decision == "rename":
            return self._renamed(wanted, unsaid)
        else:
            changes, action = [], "taken"
        return Step(action, *called, id, divergences=compared.divergences, changes=tuple(changes))

    def _renamed(self, wanted: Registered, unsaid: frozenset[str]) -> Step:
        """The step under the first name that is free, or that says the same already."""
        type = getattr(wanted, "component_type", "")
        for n in count(2):
            ending = self._suffix * (n - 1) or f"_{n}"
            other = structs.replace(wanted, name=wanted.name + ending)
            called = (other.kind, type, other.name)
            if called in self._names:
                continue
            if (found := self._find(other)) is None:
                return self._creating(other)
            compared = compare(found[1], other, unsaid=unsaid, whole=self._wanted.whole)
            if not compared.divergences:
                changes = updates(other.kind, {d.path: d.wanted for d in compared.added})
                return Step("reuse", *called, found[0], changes=tuple(changes))
        raise AssertionError("there is always another name")

    def _find(self, wanted: Registered) -> tuple[str, AnyEntity] | None:
        match wanted:
            case FlavorRegistered():
                return self._state.find(Flavor, wanted.name, wanted.component_type)
            case ComponentRegistered():
                return self._state.find(Component, wanted.name, wanted.component_type)
            case _:
                return self._state.find(Stack, wanted.name)

    def _profile(self) -> Iterator[Step]:
        """The step for the profile itself: unless it is to be replaced, only its gaps are filled."""
        wanted, standing = self._wanted.profile, self._state.profile
        if wanted is None or standing is None:
            return
        found = compare_profile(standing, wanted, self._default_stack(wanted.default_stack))
        if self._on_conflict != "replace":
            found = tuple(d for d in found if d.standing in (UNSET, None, ""))
        changes = updates("profile", {d.path: d.wanted for d in found})
        yield Step(
            "update" if changes else "reuse",
            "profile",
            "",
            standing.name,
            self._state.profile_id,
            origin=wanted.origin,
            divergences=found,
            changes=tuple(changes),
        )

    def _default_stack(self, name: str | None) -> str | None:
        """The id of the stack of that name, in the source or in the state."""
        if not name:
            return None
        if (id := self._ids.get(("stack", "", name))) is not None:
            return id
        if (found := self._state.find(Stack, name)) is not None:
            return found[0]
        raise NotFound(
            f"the default stack {name!r} is neither defined there nor in the profile",
            hint="stackroom stack list",
        )


def _called(definition: Definition) -> Called:
    match definition:
        case FlavorDefinition():
            return "flavor", definition.type, definition.name
        case ComponentDefinition():
            return "component", definition.type, definition.name
        case StackDefinition():
            return "stack", "", definition.name


def _unsaid(definition: Definition, *fields: str) -> frozenset[str]:
    """Those of the fields of which the source says nothing."""
    return frozenset(field for field in fields if getattr(definition, field) is None)


def _flavor(wanted: FlavorDefinition) -> FlavorRegistered:
    return FlavorRegistered(
        wanted.name,
        wanted.type,
        wanted.source,
        wanted.integration,
        wanted.config_schema,
        wanted.extra,
    )


def _component(wanted: ComponentDefinition) -> ComponentRegistered:
    return ComponentRegistered(
        wanted.name,
        wanted.type,
        wanted.flavor,
        wanted.config,
        wanted.labels or {},
        wanted.extra,
        wanted.protected or False,
    )


D = TypeVar("D", FlavorDefinition, ComponentDefinition, StackDefinition)


def _once(definitions: Iterable[D]) -> Iterator[D]:
    """Each definition once. Raises DefinedTwice for two of one name that differ."""
    seen: dict[Called, D] = {}
    for each in definitions:
        before = seen.setdefault(_called(each), each)
        if before is each:
            yield each
        elif not same(_bare(before), _bare(each)):
            raise DefinedTwice(before, each)


def _bare(definition: Definition) -> Value:
    """The definition without where it was read, and where it came from."""
    bare: dict[str, Value] = msgspec.to_builtins(structs.replace(definition, origin=""))
    bare["extra"] = {k: v for k, v in definition.extra.items() if k != PROVENANCE}
    return bare


def _paths(step: Step) -> str:
    return ", ".join(dotted(d.path) for d in step.divergences)
