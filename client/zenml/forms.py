"""A `StackFile` to text in any of ZenML's forms, and what a form has no place for."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from stackroom.client.zenml.emit import dump
from stackroom.client.zenml.model import ComponentSpec, Form, StackFile, Value

_NOT_ATTRIBUTES: Final = {"name", "flavor", "type", "configuration"}
"""Keys that a flat component uses itself, or that would make it another form."""

_READ_BY_ZENML: Final = {Form.FULL: {"id"}}
"""Extras that ZenML's own import looks at: 0.20 reuses the component with that id."""


def render_stack(stack: StackFile, *, form: Form) -> str:
    """`stack` as a file in `form`, laid out as by ZenML; `losses` says what is left out."""
    components: dict[str, Value] = {}
    for component_type, group in _by_type(stack):
        written = [_fields(spec, form) for spec in group]
        components[component_type] = list(written) if form is Form.LIST else written[0]
    document: dict[str, Value] = {
        **stack.extra,
        "components": components,
        "stack_name": stack.name,
    }
    if stack.zenml_version is not None:
        document["zenml_version"] = stack.zenml_version
    return dump(document)


def losses(stack: StackFile, form: Form) -> list[str]:
    """What would not reach the reader of a file in `form`, a sentence each; empty if all would."""
    return [*_file_losses(stack), *_further(stack, form), *_unread(stack, form)]


def _by_type(stack: StackFile) -> Iterator[tuple[str, list[ComponentSpec]]]:
    """Components by type, types sorted, the order within a type kept: its first is the default."""
    ordered = sorted(stack.components, key=lambda spec: spec.type)
    for component_type, group in groupby(ordered, key=lambda spec: spec.type):
        yield component_type, list(group)


def _fields(spec: ComponentSpec, form: Form) -> dict[str, Value]:
    if form is Form.FLAT:
        attributes = {k: v for k, v in spec.config.items() if k not in _NOT_ATTRIBUTES}
        return {**attributes, "name": spec.name, "flavor": spec.flavor}
    fields: dict[str, Value] = {
        **spec.extra,
        "name": spec.name,
        "flavor": spec.flavor,
        "configuration": spec.config,
    }
    return fields if form is Form.RECIPE else {**fields, "type": spec.type}


def _file_losses(stack: StackFile) -> Iterator[str]:
    for key in sorted(stack.extra):
        yield f"{key}: written, but ZenML does not read it"


def _further(stack: StackFile, form: Form) -> Iterator[str]:
    if form is Form.LIST:
        return
    for component_type, (first, *others) in _by_type(stack):
        for spec in others:
            yield (
                f"{component_type}/{spec.name}: left out, form {form} has one component "
                f"of a type, and {first.name} is the first"
            )


def _unread(stack: StackFile, form: Form) -> Iterator[str]:
    """Keys of a component that are not written, or that are written and not read."""
    for component_type, group in _by_type(stack):
        for spec in group if form is Form.LIST else group[:1]:
            where = f"{component_type}/{spec.name}"
            if form is Form.FLAT:
                keys = spec.extra.keys() | (spec.config.keys() & _NOT_ATTRIBUTES)
                fate = "left out, form A has no place for it"
            else:
                keys = spec.extra.keys() - _READ_BY_ZENML.get(form, set())
                fate = "written, but ZenML does not read it"
            if keys:
                yield f"{where}: {', '.join(sorted(keys))}: {fate}"
