"""The SQLite store of today's ZenML (0.98), and of releases back to 0.40 that have the same columns."""

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    FlavorDefinition,
    ProfileDefinition,
    StackDefinition,
)
from stackroom.client.definitions.differing import PROVENANCE
from stackroom.client.errors import NotASource
from stackroom.client.stores.database import rows, tables, unpacked, with_dashes
from stackroom.events.values import Value

TABLES = frozenset({"stack", "stack_component", "stack_composition", "flavor"})
"""By these the store is recognised."""


def read(connection: sqlite3.Connection, file: str, active_stack: str | None) -> Definitions:
    """What the store defines; `active_stack` is the id of the user's active stack. NotASource.

    Labels and descriptions are taken over; environment, connector and its resource are kept beside.
    """
    version = _version(connection)
    users = {row["id"]: row["name"] for row in rows(connection, "SELECT id, name FROM user")}
    connectors = {
        row["id"]: row["name"] for row in rows(connection, "SELECT id, name FROM service_connector")
    }

    def came(row: Mapping[str, Any]) -> dict[str, Value]:
        found: dict[str, Value] = {
            "store": "sql",
            "version": version,
            "id": with_dashes(row["id"]),
            "created": row["created"],
        }
        return found | ({"user": users[row["user_id"]]} if row["user_id"] in users else {})

    def beside(row: Mapping[str, Any], where: str) -> dict[str, Value]:
        extra: dict[str, Value] = {PROVENANCE: came(row)}
        if environment := unpacked(row.get("environment"), f"{where}: environment"):
            extra["environment"] = environment
        if (connector := row.get("connector_id")) is not None:
            extra["connector"] = connectors.get(connector, with_dashes(connector))
            if row.get("connector_resource_id"):
                extra["connector_resource_id"] = row["connector_resource_id"]
        return extra

    components = {
        row["id"]: ComponentDefinition(
            row["type"],
            row["name"],
            row["flavor"],
            _map(unpacked(row["configuration"], f"{file}: {row['name']}"), file, row["name"]),
            _labels(unpacked(row["labels"], f"{file}: {row['name']}: labels")),
            beside(row, f"{file}: {row['name']}"),
            file,
        )
        for row in rows(connection, "SELECT * FROM stack_component ORDER BY created, id")
    }
    members = _members(connection, components)
    stacks = tuple(
        StackDefinition(
            row["name"],
            members.get(row["id"], {}),
            _labels(unpacked(row["labels"], f"{file}: {row['name']}: labels")),
            row.get("description") or "",
            beside(row, f"{file}: {row['name']}"),
            file,
        )
        for row in rows(connection, "SELECT * FROM stack ORDER BY created, id")
    )
    names = {
        with_dashes(row["id"]): row["name"]
        for row in rows(connection, "SELECT id, name FROM stack")
    }
    return Definitions(
        flavors=tuple(_flavors(connection, file, version)),
        components=tuple(components.values()),
        stacks=stacks,
        profile=ProfileDefinition(default_stack=names.get(active_stack or "")),
    )


def _members(
    connection: sqlite3.Connection, components: Mapping[str, ComponentDefinition]
) -> dict[str, dict[str, list[str]]]:
    """The names of each stack's components by type, the default of a type first."""
    found: dict[str, dict[str, list[str]]] = {}
    has_default = any(
        row["name"] == "default_for_type"
        for row in rows(connection, "PRAGMA table_info(stack_composition)")
    )
    order = "default_for_type IS NULL, rowid" if has_default else "rowid"
    for row in rows(connection, f"SELECT * FROM stack_composition ORDER BY {order}"):
        component = components.get(row["component_id"])
        if component is not None:
            of_stack = found.setdefault(row["stack_id"], {})
            of_stack.setdefault(component.type, []).append(component.name)
    return found


def _flavors(
    connection: sqlite3.Connection, file: str, version: str | None
) -> list[FlavorDefinition]:
    """The flavors that are not ZenML's own."""
    found = []
    for row in rows(connection, "SELECT * FROM flavor WHERE is_custom ORDER BY type, name"):
        try:
            schema = msgspec.json.decode(row["config_schema"] or "null")
        except msgspec.DecodeError as error:
            raise NotASource(f"{file}: the schema of flavor {row['name']} is not JSON") from error
        came: dict[str, Value] = {
            "store": "sql",
            "version": version,
            "id": with_dashes(row["id"]),
            "created": row["created"],
        }
        found.append(
            FlavorDefinition(
                row["type"],
                row["name"],
                row["source"] or "",
                row["integration"],
                schema if isinstance(schema, dict) else None,
                {PROVENANCE: came},
                file,
            )
        )
    return found


def _version(connection: sqlite3.Connection) -> str | None:
    """The release whose migrations the store has been through: their ids are releases' numbers."""
    if "alembic_version" not in tables(connection):
        return None
    found = rows(connection, "SELECT version_num FROM alembic_version")
    return str(found[0]["version_num"]) if found else None


def _map(value: Value, file: str, name: str) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise NotASource(f"{file}: the configuration of {name} is no map")
    return value


def _labels(value: Value) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: "" if label is None else str(label) for key, label in value.items()}
