"""A local profile of ZenML 0.10 to 0.13: a folder with `stacks.yaml`, and a file for each component."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from stackroom.client.component_types import TYPES
from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    FlavorDefinition,
    ProfileDefinition,
    StackDefinition,
)
from stackroom.client.definitions.differing import PROVENANCE
from stackroom.client.errors import NotASource
from stackroom.client.zenml.errors import StackFileError
from stackroom.client.zenml.limits import DOCUMENT_BYTES
from stackroom.client.zenml.load import load
from stackroom.events.values import Value

INDEX: Final = "stacks.yaml"
_PLURALS: Final = {known.type: known.plural for known in TYPES}
_NOT_CONFIG: Final = {"name", "uuid"}


def read(folder: Path, active_stack: str | None, version: str | None) -> Definitions:
    """What the profile in `folder` defines. NotASource where a file is missing or is not what it was."""
    index = _mapping(folder / INDEX)
    origin: dict[str, Value] = {"store": "yaml", "version": version}
    stacks = _maps(index, "stacks", folder)
    components = _maps(index, "stack_components", folder)
    return Definitions(
        flavors=tuple(_flavors(index, folder, origin)),
        components=tuple(
            _component(folder, type, name, flavor, origin)
            for type, named in components.items()
            for name, flavor in named.items()
        ),
        stacks=tuple(
            StackDefinition(
                name,
                {type: [member] for type, member in members.items()},
                extra={PROVENANCE: dict(origin)},
                origin=str(folder / INDEX),
            )
            for name, members in stacks.items()
        ),
        profile=ProfileDefinition(default_stack=active_stack if active_stack in stacks else None),
    )


def _component(
    folder: Path, type: str, name: str, flavor: str, origin: dict[str, Value]
) -> ComponentDefinition:
    if "/" in name or "/" in type:
        raise NotASource(f"{folder / INDEX}: {name!r} is no name of a component")
    file = folder / _PLURALS.get(type, f"{type}s") / f"{name}.yaml"
    held = _mapping(file)
    # ZenML writes the attributes that are not set as nulls, and its own export leaves them out.
    config = {
        key: value for key, value in held.items() if key not in _NOT_CONFIG and value is not None
    }
    came = origin | ({"id": held["uuid"]} if held.get("uuid") else {})
    return ComponentDefinition(type, name, flavor, config, None, {PROVENANCE: came}, str(file))


def _flavors(
    index: dict[str, Any], folder: Path, origin: dict[str, Value]
) -> Iterator[FlavorDefinition]:
    file = folder / INDEX
    for flavor in index.get("stack_component_flavors") or []:
        if not isinstance(flavor, dict) or not {"name", "type"} <= flavor.keys():
            raise NotASource(f"{file}: a flavor without name or type")
        yield FlavorDefinition(
            str(flavor["type"]),
            str(flavor["name"]),
            str(flavor.get("source") or ""),
            flavor.get("integration"),
            extra={PROVENANCE: dict(origin)},
            origin=str(file),
        )


def _maps(index: dict[str, Any], key: str, folder: Path) -> dict[str, dict[str, str]]:
    """A map of maps of text in `stacks.yaml`."""
    found = index.get(key) or {}
    if not isinstance(found, dict) or not all(
        isinstance(inner, dict) and all(isinstance(value, str) for value in inner.values())
        for inner in found.values()
    ):
        raise NotASource(f"{folder / INDEX}: {key} is not what ZenML writes there")
    return found


def _mapping(file: Path) -> dict[str, Any]:
    return mapping(file, "ZenML's store is not complete")


def mapping(file: Path, otherwise: str) -> dict[str, Any]:
    """The map in a YAML file of ZenML's; NotASource, which says `otherwise` if the file is missing."""
    try:
        with file.open("rb") as stream:
            data = stream.read(DOCUMENT_BYTES + 1)
        held = load(data, str(file))[0].plain()
    except FileNotFoundError:
        raise NotASource(f"there is no {file}: {otherwise}") from None
    except StackFileError as error:
        raise NotASource(str(error), hint=error.hint) from error
    if not isinstance(held, dict):
        raise NotASource(f"{file} holds no map, which ZenML writes there")
    return held
