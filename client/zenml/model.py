"""What a stack file says, whichever of ZenML's forms it is written in."""

from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

Value: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None
"""What JSON can say."""


class Form(StrEnum):
    """How `components` is laid out; the letters are those of `docs/yaml.md`."""

    FLAT = "A"
    """First export to 0.13: attributes beside `name` and `flavor`."""
    FULL = "B"
    """0.20: `configuration`, and `id`, `user`, `is_shared` beside it."""
    MAPPING = "C"
    """0.23 to 0.94: `configuration`, one mapping a type."""
    LIST = "D"
    """0.98: as C, but a list of mappings a type."""
    RECIPE = "E"
    """Terraform recipes: `configuration`, no `type`."""


class ComponentSpec(msgspec.Struct, frozen=True):
    """One component: what it is, how it is configured, and what else the file says of it."""

    type: str
    name: str
    flavor: str
    config: dict[str, Value] = {}
    extra: dict[str, Value] = {}
    """Keys beside the configuration that are not interpreted: `id`, `user`, `labels` …"""


class StackWarning(msgspec.Struct, frozen=True):
    """Something that reads well here and may not work, or not mean the same, elsewhere."""

    kind: str
    """`local path`, `local address`, `plain secret` or `ambiguous`."""
    where: str
    """`type/name: path.to.key`, or `line N`. Never the value."""
    sentence: str


class StackFile(msgspec.Struct, frozen=True):
    """A stack as its file has it; components by type in the file's order, then in the list's."""

    form: Form
    name: str
    components: tuple[ComponentSpec, ...]
    zenml_version: str | None = None
    extra: dict[str, Value] = {}
    """Top-level keys that are not interpreted."""
    ambiguous: tuple[StackWarning, ...] = ()
    """Unquoted values that ZenML's reader takes for something else than text."""
