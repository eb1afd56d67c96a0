"""Stacks, components and flavors as `--output json` gives them: ids and names both."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from stackroom.client.commands.output import cell
from stackroom.events.state import Component, Flavor, Stack, State
from stackroom.events.values import Value

if TYPE_CHECKING:
    from stackroom.client.definitions.flavors import Attribute

SHOWN_NAMES = 3
"""Names in one cell of a table; the rest is counted."""


class Ref(Struct, frozen=True):
    """What refers to an entity, or is referred to."""

    id: str
    name: str


class ComponentRow(Struct, frozen=True):
    """A component; `stacks` are those that it is in, by name.

    `protected` is whether it is marked itself, `protected_by` which marked stacks it is in.
    """

    id: str
    type: str
    name: str
    flavor: str
    config: dict[str, Value]
    labels: dict[str, str]
    extra: dict[str, Value]
    stacks: list[Ref]
    protected: bool
    protected_by: list[str]


class AttributeRow(Struct, frozen=True):
    """One key of a flavor's configuration; `versions` of ZenML know it, if fewer than know the flavor."""

    name: str
    type: str
    required: bool
    secret: bool
    versions: list[str]


class FlavorRow(Struct, frozen=True):
    """A flavor; `components` are those of that flavor, by name. Those of ZenML have no id."""

    id: str | None
    type: str
    name: str
    source: str
    integration: str | None
    schema: dict[str, Value] | None
    extra: dict[str, Value]
    components: list[Ref]
    custom: bool = True
    versions: list[str] = []
    attributes: list[AttributeRow] = []


class Member(Struct, frozen=True):
    """A component as a stack has it."""

    id: str
    name: str
    flavor: str
    config: dict[str, Value]
    labels: dict[str, str]


class StackRow(Struct, frozen=True):
    """A stack; the first component of a type is that type's default.

    `default` is the stack that the profile offers to everybody, `active` the one in use here.
    """

    id: str
    name: str
    description: str
    labels: dict[str, str]
    default: bool
    active: bool
    components: dict[str, list[Member]]
    extra: dict[str, Value]
    protected: bool


def components(state: State, type: str = "") -> list[ComponentRow]:
    """The components of that type, or all, by type and name."""
    users: dict[str, list[Ref]] = defaultdict(list)
    for stack_id, stack in state.all(Stack):
        for _, id in stack.members():
            users[id].append(Ref(stack_id, stack.name))
    rows = [
        _component(state, id, component, users[id])
        for id, component in state.all(Component)
        if not type or component.component_type == type
    ]
    return sorted(rows, key=lambda row: (row.type, row.name))


def component(state: State, id: str, component: Component) -> ComponentRow:
    """One component."""
    users = (
        Ref(stack_id, stack.name)
        for stack_id, stack in state.all(Stack)
        if id in stack.components.get(component.component_type, ())
    )
    return _component(state, id, component, users)


def flavors(state: State, type: str = "") -> list[FlavorRow]:
    """The flavors of that type, or all, by type and name."""
    from stackroom.client.definitions.flavors import attributes

    users: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for id, component in state.all(Component):
        users[component.component_type, component.flavor].append(Ref(id, component.name))
    rows = [
        FlavorRow(
            id,
            flavor.component_type,
            flavor.name,
            flavor.source,
            flavor.integration,
            flavor.config_schema,
            flavor.extra,
            _by_name(users[flavor.component_type, flavor.name]),
            attributes=_attributes(attributes(flavor.component_type, flavor.name, flavor)),
        )
        for id, flavor in state.all(Flavor)
        if not type or flavor.component_type == type
    ]
    return sorted(rows, key=lambda row: (row.type, row.name))


def shipped_flavors(state: State, type: str = "") -> list[FlavorRow]:
    """ZenML's flavors of that type, or all, but for those that the team has made its own."""
    from stackroom.client.definitions.flavors import rows

    users: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for id, component in state.all(Component):
        users[component.component_type, component.flavor].append(Ref(id, component.name))
    return [
        FlavorRow(
            None,
            component_type,
            name,
            "",
            flavor.integration,
            None,
            {},
            _by_name(users[component_type, name]),
            False,
            list(flavor.versions),
            _attributes(flavor.attributes),
        )
        for component_type, name, flavor in rows(type)
        if state.find(Flavor, name, component_type) is None
    ]


def stacks(state: State, active: str | None) -> list[StackRow]:
    """Every stack by name; `active` is the id of the one in use here."""
    member = cache(partial(_member, state))  # Many stacks have the same ones.
    rows = [_stack(state, id, entity, active, member) for id, entity in state.all(Stack)]
    return sorted(rows, key=attrgetter("name"))


def stack(state: State, id: str, entity: Stack, active: str | None) -> StackRow:
    """One stack with its components."""
    return _stack(state, id, entity, active, partial(_member, state))


def _stack(
    state: State, id: str, entity: Stack, active: str | None, member: Callable[[str], Member]
) -> StackRow:
    profile = state.profile
    return StackRow(
        id,
        entity.name,
        entity.description,
        entity.labels,
        profile is not None and profile.default_stack == id,
        active == id,
        {
            type: [member(id) for id in entity.components[type]]
            for type in sorted(entity.components)
        },
        entity.extra,
        entity.protected,
    )


def member_names(state: State, stack: Stack) -> dict[str, list[str]]:
    """The names of the stack's components by type, each type's default first."""
    return {type: [_member(state, id).name for id in ids] for type, ids in stack.components.items()}


def names_cell(refs: Iterable[Ref]) -> str:
    """The first few names, and how many more there are."""
    names = [ref.name for ref in refs]
    shown = ", ".join(names[:SHOWN_NAMES])
    more = len(names) - SHOWN_NAMES
    return f"{shown} +{more}" if more > 0 else shown


def map_cell(values: dict[str, Value] | dict[str, str]) -> str:
    """A map on one line: `key=value, …`."""
    return ", ".join(f"{key}={cell(value)}" for key, value in sorted(values.items()))


def protected_cell(name: str, *, protected: bool, through: Sequence[str] = ()) -> str:
    """The name, with a mark where it is protected, by itself or through stacks."""
    return f"{name} (protected)" if protected or through else name


def _component(state: State, id: str, component: Component, users: Iterable[Ref]) -> ComponentRow:
    refs = _by_name(users)
    return ComponentRow(
        id,
        component.component_type,
        component.name,
        component.flavor,
        component.config,
        component.labels,
        component.extra,
        refs,
        component.protected,
        [ref.name for ref in refs if ref.id in state.protected],
    )


def _member(state: State, id: str) -> Member:
    component = state.get(id)
    assert isinstance(component, Component), id
    return Member(id, component.name, component.flavor, component.config, component.labels)


def _attributes(attributes: dict[str, "Attribute"]) -> list[AttributeRow]:
    """Those that are required first."""
    ordered = sorted(attributes.items(), key=lambda pair: (not pair[1].required, pair[0]))
    return [
        AttributeRow(name, of.type, of.required, of.secret, list(of.versions))
        for name, of in ordered
    ]


def _by_name(refs: Iterable[Ref]) -> list[Ref]:
    return sorted(refs, key=lambda ref: ref.name)
