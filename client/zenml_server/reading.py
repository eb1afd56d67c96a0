"""What a ZenML server has, as definitions."""

from collections.abc import Iterable, Mapping
from typing import Any

from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    FlavorDefinition,
    StackDefinition,
)
from stackroom.client.definitions.differing import PROVENANCE
from stackroom.client.errors import missing
from stackroom.client.zenml_server.rest import Api
from stackroom.events.values import Value


def definitions(api: Api, stacks: Iterable[str] = ()) -> Definitions:
    """All that the server has, or the stacks of these names with their components. NotFound.

    Names, labels and descriptions are taken over; environment, connector and references to secrets are
    kept as they are written; ids, times and the server's address as provenance.
    """
    version = api.version()
    listed = list(api.all("/stacks"))
    if wanted := set(stacks):
        names = [stack["name"] for stack in listed]
        for name in wanted - set(names):
            raise missing(f"stack {name!r} on {api.url}", name, names, "stackroom zenml pull URL")
        listed = [stack for stack in listed if stack["name"] in wanted]
    members = {
        member["id"]
        for stack in listed
        for of_type in stack["metadata"]["components"].values()
        for member in of_type
    }
    components = [c for c in api.all("/components") if not wanted or c["id"] in members]
    used = {(c["body"]["type"], c["body"]["flavor_name"]) for c in components}
    flavors = [
        f
        for f in api.all("/flavors")
        if f["body"]["is_custom"] and (not wanted or (f["body"]["type"], f["name"]) in used)
    ]
    return Definitions(
        flavors=tuple(_flavor(f, api.url, version) for f in flavors),
        components=tuple(_component(c, api.url, version) for c in components),
        stacks=tuple(_stack(s, api.url, version) for s in listed),
    )


def _flavor(found: Mapping[str, Any], url: str, version: str) -> FlavorDefinition:
    body, metadata = found["body"], found["metadata"] or {}
    return FlavorDefinition(
        body["type"],
        found["name"],
        body.get("source") or "",
        body.get("integration"),
        metadata.get("config_schema"),
        {PROVENANCE: _came(found, url, version)},
        url,
    )


def _component(found: Mapping[str, Any], url: str, version: str) -> ComponentDefinition:
    body, metadata = found["body"], found["metadata"]
    extra: dict[str, Value] = {PROVENANCE: _came(found, url, version)}
    if metadata.get("environment"):
        extra["environment"] = metadata["environment"]
    if connector := metadata.get("connector"):
        extra["connector"] = connector["name"]
        if metadata.get("connector_resource_id"):
            extra["connector_resource_id"] = metadata["connector_resource_id"]
    return ComponentDefinition(
        body["type"],
        found["name"],
        body["flavor_name"],
        metadata["configuration"],
        _labels(metadata.get("labels")),
        extra,
        url,
    )


def _stack(found: Mapping[str, Any], url: str, version: str) -> StackDefinition:
    metadata = found["metadata"]
    extra: dict[str, Value] = {PROVENANCE: _came(found, url, version)}
    if metadata.get("environment"):
        extra["environment"] = metadata["environment"]
    return StackDefinition(
        found["name"],
        {
            type: [member["name"] for member in of_type]
            for type, of_type in metadata["components"].items()
        },
        _labels(metadata.get("labels")),
        metadata.get("description") or "",
        extra,
        url,
    )


def _came(found: Mapping[str, Any], url: str, version: str) -> dict[str, Value]:
    return {
        "store": url,
        "version": version,
        "id": found["id"],
        "created": found["body"].get("created"),
    }


def _labels(labels: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: "" if value is None else str(value) for key, value in (labels or {}).items()}
