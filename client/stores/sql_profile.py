"""The SQLite file of a `sql` profile of ZenML 0.10 to 0.13."""

import base64
import binascii
import sqlite3

from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    FlavorDefinition,
    ProfileDefinition,
    StackDefinition,
)
from stackroom.client.definitions.differing import PROVENANCE
from stackroom.client.errors import NotASource
from stackroom.client.stores.database import rows, with_dashes
from stackroom.client.zenml.errors import StackFileError
from stackroom.client.zenml.load import load
from stackroom.events.values import Value

TABLES = frozenset({"zenstack", "zenstackcomponent", "zenstackdefinition", "zenflavor"})
"""By these the store is recognised."""

_NOT_CONFIG = {"name", "uuid"}


def read(
    connection: sqlite3.Connection, file: str, active_stack: str | None, version: str | None
) -> Definitions:
    """What the profile defines. NotASource where it is not what ZenML wrote."""
    came: dict[str, Value] = {"store": "sql", "version": version}
    members: dict[str, dict[str, list[str]]] = {}
    for row in rows(connection, "SELECT * FROM zenstackdefinition ORDER BY rowid"):
        of_stack = members.setdefault(row["stack_name"], {})
        of_stack[row["component_type"].lower()] = [row["component_name"]]
    stacks = rows(connection, "SELECT * FROM zenstack ORDER BY create_time, name")
    return Definitions(
        flavors=tuple(
            FlavorDefinition(
                row["type"].lower(),
                row["name"],
                row["source"],
                row["integration"],
                extra={PROVENANCE: dict(came)},
                origin=file,
            )
            for row in rows(connection, "SELECT * FROM zenflavor ORDER BY type, name")
        ),
        components=tuple(
            ComponentDefinition(
                row["component_type"].lower(),
                row["name"],
                row["component_flavor"],
                _config(row["configuration"], file, row["name"]),
                None,
                {PROVENANCE: came | {"id": with_dashes(row["id"])}},
                file,
            )
            for row in rows(connection, "SELECT * FROM zenstackcomponent ORDER BY rowid")
        ),
        stacks=tuple(
            StackDefinition(
                row["name"],
                members.get(row["name"], {}),
                extra={PROVENANCE: came | {"created": row["create_time"]}},
                origin=file,
            )
            for row in stacks
        ),
        profile=ProfileDefinition(
            default_stack=active_stack if active_stack in {r["name"] for r in stacks} else None
        ),
    )


def _config(data: bytes, file: str, name: str) -> dict[str, Value]:
    """The attributes, which are kept as base64 of YAML; those that are not set are left out."""
    try:
        node, _ = load(base64.b64decode(data, validate=True), f"{file}: {name}")
    except (binascii.Error, StackFileError) as error:
        raise NotASource(f"{file}: the configuration of {name}: {error}") from error
    held = node.plain()
    if not isinstance(held, dict):
        raise NotASource(f"{file}: the configuration of {name} is no map")
    return {k: v for k, v in held.items() if k not in _NOT_CONFIG and v is not None}
