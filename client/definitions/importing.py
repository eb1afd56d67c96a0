"""ZenML's stack files as definitions."""

from typing import Final

import msgspec
from msgspec import Struct

from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    FlavorDefinition,
    StackDefinition,
)
from stackroom.client.definitions.differing import PROVENANCE
from stackroom.client.zenml.model import StackFile
from stackroom.events.values import Value

UNKNOWN: Final = "unknown"
"""The key in a stack's `extra` that keeps the file's top-level keys which mean nothing here."""


FLAVORS: Final = "flavors"
"""The top-level key under which our own export puts the team's flavors; ZenML does not read it."""


class _Flavor(Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    name: str
    source: str = ""
    integration: str | None = None
    config_schema: dict[str, Value] | None = None


def definitions(file: StackFile, *, name: str = "", origin: str = "") -> Definitions:
    """What the file defines; `name` is the stack's instead of the file's."""
    components = tuple(
        ComponentDefinition(c.type, c.name, c.flavor, c.config, None, c.extra, origin)
        for c in file.components
    )
    members: dict[str, list[str]] = {}
    for spec in file.components:
        names = members.setdefault(spec.type, [])
        if spec.name not in names:
            names.append(spec.name)
    extra: dict[str, Value] = {PROVENANCE: {"form": str(file.form), "version": file.zenml_version}}
    flavors = _flavors(file.extra.get(FLAVORS), origin)
    unknown = {key: value for key, value in file.extra.items() if key != FLAVORS or not flavors}
    if unknown:
        extra[UNKNOWN] = unknown
    stack = StackDefinition(name or file.name, members, extra=extra, origin=origin)
    return Definitions(flavors, components, (stack,))


def _flavors(listed: Value, origin: str) -> tuple[FlavorDefinition, ...]:
    """The flavors that our own export has put in; none where the key means something else."""
    try:
        found = msgspec.convert(listed or [], list[_Flavor])
    except msgspec.ValidationError:
        return ()
    return tuple(
        FlavorDefinition(f.type, f.name, f.source, f.integration, f.config_schema, {}, origin)
        for f in found
    )
