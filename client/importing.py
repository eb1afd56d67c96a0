"""ZenML's stack files as definitions."""

from typing import Final

from stackroom.client.definitions import ComponentDefinition, Definitions, StackDefinition
from stackroom.client.differing import PROVENANCE
from stackroom.client.zenml.model import StackFile
from stackroom.events.values import Value

UNKNOWN: Final = "unknown"
"""The key in a stack's `extra` that keeps the file's top-level keys which mean nothing here."""


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
    if file.extra:
        extra[UNKNOWN] = file.extra
    stack = StackDefinition(name or file.name, members, extra=extra, origin=origin)
    return Definitions((), components, (stack,))
