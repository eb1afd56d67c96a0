"""A stack file's text to a `StackFile`: which form it is in, and what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NoReturn

from stackroom.client.zenml import limits
from stackroom.client.zenml.errors import StackFileError
from stackroom.client.zenml.model import ComponentSpec, Form, StackFile, StackWarning, Value

if TYPE_CHECKING:
    from stackroom.client.zenml.load import Node

_TYPE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TOP_KEYS: Final = {"components", "stack_name", "zenml_version"}
_OWN_KEYS: Final = {"name", "flavor", "type", "configuration"}
_FULL_KEYS: Final = {"id", "user", "is_shared"}
"""What form B, and of those with a `type` only form B, has beside the configuration."""


def parse_stack(text: str | bytes, *, source: str = "<input>") -> StackFile:
    """The stack that `text` (UTF-8 if bytes) describes; `source` names it in errors.

    Raises StackFileError, with the line where there is one, for anything else.
    """
    # A parser of YAML is slow to import, and much of this room does without one.
    from stackroom.client.zenml.load import load

    root, ambiguous = load(text, source)
    return stack_of(root, ambiguous, source)


def stack_of(root: Node, ambiguous: tuple[StackWarning, ...], source: str) -> StackFile:
    """The stack in a document that `load` gave; raises as `parse_stack`."""
    reader = _StackReader(source)
    top = reader.top(root)
    by_type = list(reader.by_type(top["components"]))
    return StackFile(
        form=_form(top["components"], by_type),
        name=reader.name(top["stack_name"], "stack_name"),
        components=reader.components(by_type),
        zenml_version=reader.version(top.get("zenml_version")),
        extra=_plain(top, _TOP_KEYS),
        ambiguous=ambiguous,
    )


def _form(components: Node, by_type: list[tuple[str, Node]]) -> Form:
    """The form that all components together show; one odd component does not hide the rest."""
    assert isinstance(components.value, dict)
    if any(isinstance(node.value, list) for node in components.value.values()):
        return Form.LIST
    fields = [node.value.keys() for _, node in by_type if isinstance(node.value, dict)]
    configured = [keys for keys in fields if "configuration" in keys]
    if not configured:
        return Form.FLAT
    if not all("type" in keys for keys in configured):
        return Form.RECIPE
    return Form.FULL if any(keys & _FULL_KEYS for keys in configured) else Form.MAPPING


def _plain(fields: Mapping[str, Node], without: set[str]) -> dict[str, Value]:
    return {key: node.plain() for key, node in fields.items() if key not in without}


class _StackReader:
    """Checks of one file, each refusing with the place of what it refuses."""

    def __init__(self, source: str) -> None:
        self._source = source

    def _refuse(self, what: str, node: Node, hint: str) -> NoReturn:
        raise StackFileError(
            what, hint=hint, source=self._source, line=node.line, column=node.column
        )

    def top(self, root: Node) -> dict[str, Node]:
        """The file's own mapping, which surely has `components` and `stack_name`."""
        if root.value is None:
            raise StackFileError(
                "the file is empty", hint="export the stack again", source=self._source
            )
        if not isinstance(root.value, dict):
            self._refuse(
                f"a stack file is a mapping, and this is {_kind(root)}",
                root,
                "it begins with 'components:', as `zenml stack export` writes it",
            )
        for key, hint in (
            ("components", "list the stack's components by type under 'components:'"),
            ("stack_name", "add 'stack_name: …' at the left margin"),
        ):
            if key not in root.value or root.value[key].value is None:
                self._refuse(f"the file has no {key}, so it is not a stack", root, hint)
        return root.value

    def by_type(self, components: Node) -> Iterator[tuple[str, Node]]:
        """Each component's type and node, in the file's order."""
        if not isinstance(components.value, dict):
            self._refuse(
                f"components is {_kind(components)}, not a mapping",
                components,
                "write each component under its type, for example 'orchestrator:'",
            )
        for component_type, node in components.value.items():
            if not _TYPE.fullmatch(component_type):
                self._refuse(
                    f"the component type {component_type[:40]!r} is not made of a-z, 0-9 and '_'",
                    node,
                    "write it as ZenML does, for example artifact_store",
                )
            if not isinstance(node.value, list):
                yield component_type, node
                continue
            if not node.value:
                self._refuse(f"{component_type} lists no component", node, "remove the type")
            for item in node.value:
                yield component_type, item

    def components(self, by_type: list[tuple[str, Node]]) -> tuple[ComponentSpec, ...]:
        specs: dict[tuple[str, str], ComponentSpec] = {}
        for component_type, node in by_type:
            spec = self._component(component_type, node)
            if (component_type, spec.name) in specs:
                self._refuse(
                    f"{component_type} has two components with the name {spec.name!r}",
                    node,
                    "give one of them another name",
                )
            specs[component_type, spec.name] = spec
        return tuple(specs.values())

    def _component(self, component_type: str, node: Node) -> ComponentSpec:
        fields = node.value
        if not isinstance(fields, dict):
            self._refuse(
                f"the {component_type} is {_kind(node)}, not a mapping",
                node,
                "a component is a mapping with at least a name and a flavor",
            )
        for key in ("name", "flavor"):
            if key not in fields or fields[key].value is None:
                self._refuse(f"the {component_type} has no {key}", node, f"add '{key}: …' to it")
        if "type" in fields and fields["type"].value != component_type:
            self._refuse(
                f"a component under {component_type} has another type",
                fields["type"],
                f"move it under its own type, or write 'type: {component_type}'",
            )
        if "configuration" in fields:
            config, extra = self._configuration(component_type, fields), _plain(fields, _OWN_KEYS)
        else:
            config, extra = _plain(fields, _OWN_KEYS), {}
        return ComponentSpec(
            type=component_type,
            name=self.name(fields["name"], f"name of the {component_type}"),
            flavor=self.name(fields["flavor"], f"flavor of the {component_type}"),
            config=config,
            extra=extra,
        )

    def _configuration(self, component_type: str, fields: dict[str, Node]) -> dict[str, Value]:
        node = fields["configuration"]
        if node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self._refuse(
                f"the configuration of the {component_type} is {_kind(node)}, not a mapping",
                node,
                "write it as 'key: value' lines, or as {} if there is none",
            )
        return _plain(node.value, set())

    def name(self, node: Node, what: str) -> str:
        """The text in `node` if it can name something: not empty, short enough, on one line."""
        text = node.value
        if not isinstance(text, str):
            self._refuse(f"the {what} is {_kind(node)}, not text", node, "quote it")
        if not text.strip():
            self._refuse(f"the {what} is empty", node, "give it a name")
        if len(text) > limits.NAME_LENGTH:
            self._refuse(
                f"the {what} has {len(text)} characters, and {limits.NAME_LENGTH} are the most",
                node,
                "shorten it",
            )
        if _CONTROL.search(text):
            self._refuse(f"the {what} has control characters", node, "write it anew, on one line")
        if text != text.strip():
            self._refuse(f"the {what} begins or ends with a blank", node, "remove the blank")
        if "/" in text:
            self._refuse(f"the {what} has a '/'", node, "use '-' or '_' instead of '/'")
        return text

    def version(self, node: Node | None) -> str | None:
        """`zenml_version`, or None where there is none; 0.10 as a number would be 0.1."""
        if node is None or node.value is None:
            return None
        if not isinstance(node.value, str):
            self._refuse(f"zenml_version is {_kind(node)}, not text", node, "quote it")
        return node.value


def _kind(node: Node) -> str:
    match node.value:
        case None:
            return "empty"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a mapping"
