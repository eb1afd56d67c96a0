"""A state as definitions, and a stack of it as a `StackFile`, in the form that it came in or in today's."""

from importlib.util import find_spec
from typing import Final

from msgspec import structs

from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    FlavorDefinition,
    ProfileDefinition,
    StackDefinition,
)
from stackroom.client.definitions.differing import PROVENANCE
from stackroom.client.definitions.flavors import marked_in
from stackroom.client.definitions.importing import FLAVORS, UNKNOWN
from stackroom.client.zenml.forms import losses
from stackroom.client.zenml.model import ComponentSpec, Form, StackFile
from stackroom.client.zenml.travel import warnings_for
from stackroom.events.state import Component, Flavor, Stack, State
from stackroom.events.values import Value

FORMATS: Final = {
    "zenml-0.12": (Form.FLAT, "0.12.0"),
    "zenml-0.94": (Form.MAPPING, "0.94.0"),
    "zenml-0.98": (Form.LIST, "0.98.0"),
}
"""The forms that can be asked for, with the version of ZenML that the file names."""

DEFAULT: Final = FORMATS["zenml-0.98"]


def stack_file(
    state: State, stack: Stack, format: str = "", *, with_flavors: bool = False
) -> StackFile:
    """`stack` as a file of that format (a key of `FORMATS`), of the form it came in, or of 0.98.

    A version is only ours to name where the stack was not imported in that very form. With flavors,
    those that the profile defines itself are in it, under a key that only our own import reads.
    """
    form, version = _remembered(stack.extra.get(PROVENANCE))
    if format and FORMATS[format][0] is not form:
        form, version = FORMATS[format]
    unknown = stack.extra.get(UNKNOWN)
    extra: dict[str, Value] = dict(unknown) if isinstance(unknown, dict) else {}
    if with_flavors and (own := _own_flavors(state, stack)):
        extra[FLAVORS] = [
            {"type": f.type, "name": f.name, "source": f.source, "integration": f.integration}
            | ({} if f.config_schema is None else {"config_schema": f.config_schema})
            for f in own
        ]
    return StackFile(
        form=form,
        name=stack.name,
        components=tuple(
            _spec(state, type, id)
            for type in sorted(stack.components)
            for id in stack.components[type]
        ),
        zenml_version=version,
        extra=extra,
    )


def warnings(state: State, stack: Stack, file: StackFile) -> list[str]:
    """What of the stack will not travel in this file, a sentence each; no value is in it."""
    found = [*losses(file, file.form)]
    found += [
        f"{warning.where}: {warning.sentence}" for warning in warnings_for(file, marked_in(state))
    ]
    for flavor in _own_flavors(state, stack):
        if not _importable(flavor.source):
            where = f"source {flavor.source!r}" if flavor.source else "no source"
            found.append(
                f"flavor {flavor.type}/{flavor.name}: {where}: its code cannot be imported here, "
                "and ZenML needs it where the stack is imported"
            )
    return found


def _own_flavors(state: State, stack: Stack) -> tuple[FlavorDefinition, ...]:
    return with_needed(state, stack.name).flavors


def _importable(source: str) -> bool:
    """Whether the package that a dotted path begins with is on this machine."""
    package = source.partition(".")[0]
    return package.isidentifier() and find_spec(package) is not None


def definitions(state: State) -> Definitions:
    """All that the profile says, names in place of ids."""
    names = {id: component.name for id, component in state.all(Component)}
    profile = state.profile
    default = state.get(profile.default_stack) if profile and profile.default_stack else None
    return Definitions(
        tuple(
            FlavorDefinition(
                f.component_type, f.name, f.source, f.integration, f.config_schema, f.extra
            )
            for _, f in state.all(Flavor)
        ),
        tuple(
            ComponentDefinition(
                c.component_type,
                c.name,
                c.flavor,
                c.config,
                c.labels,
                c.extra,
                protected=c.protected or None,
            )
            for _, c in state.all(Component)
        ),
        tuple(
            StackDefinition(
                s.name,
                {type: [names[id] for id in ids] for type, ids in s.components.items()},
                s.labels,
                s.description,
                s.extra,
                protected=s.protected or None,
            )
            for _, s in state.all(Stack)
        ),
        ProfileDefinition(
            profile.description if profile else "",
            profile.settings if profile else {},
            default.name if default else "",
        ),
        whole=True,
    )


def with_needed(state: State, *stacks: str) -> Definitions:
    """What the profile says of the stacks of these names, and of all that they are made of.

    What is protected is this profile's own affair, and not said.
    """
    everything = definitions(state)
    chosen = tuple(
        structs.replace(stack, protected=None)
        for stack in everything.stacks
        if stack.name in stacks
    )
    members = {
        (type, name)
        for stack in chosen
        for type, names in stack.components.items()
        for name in names
    }
    components = tuple(
        structs.replace(c, protected=None)
        for c in everything.components
        if (c.type, c.name) in members
    )
    used = {(c.type, c.flavor) for c in components}
    flavors = tuple(f for f in everything.flavors if (f.type, f.name) in used)
    return Definitions(flavors, components, chosen, whole=True)


def _remembered(zenml: Value) -> tuple[Form, str | None]:
    """The form and version that the file had from which the stack was imported, or today's.

    Anybody may write there: what no import would have written counts for nothing.
    """
    if not isinstance(zenml, dict) or zenml.get("form") not in list(Form):
        return DEFAULT
    version = zenml.get("version")
    return Form(zenml["form"]), version if isinstance(version, str) else None


def _spec(state: State, type: str, id: str) -> ComponentSpec:
    component = state.get(id)
    assert isinstance(component, Component), id
    return ComponentSpec(type, component.name, component.flavor, component.config, component.extra)
