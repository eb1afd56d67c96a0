"""`stackroom flavor`: the implementations of component types, ZenML's and those of the team itself."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import (
    doubt,
    optional_type_argument,
    state_at,
    type_argument,
)
from stackroom.client.commands.options import at_option, message_option, yes_option
from stackroom.client.commands.tree import group

if TYPE_CHECKING:
    from stackroom.events.values import Value

_CLASS: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*\.[A-Z]\w*")
"""A class by its path, such as acme.batch.BatchFlavor: what ZenML's `flavor register` takes."""


@group(
    "flavor",
    example="""
    stackroom flavor register orchestrator my_batch --source acme.batch.BatchFlavor
    stackroom flavor list orchestrator
    """,
)
def flavor() -> None:
    """Implementations of component types, such as your own orchestrator.

    Those of ZenML are known, and need no registration. A component may name any other flavor, too.
    """


@flavor.command(
    "register",
    example="""
    stackroom flavor register orchestrator my_batch --source acme.batch.BatchFlavor
    stackroom flavor register step-operator gpu --source acme.gpu.Gpu --schema @gpu-schema.json
    """,
)
@type_argument
@click.argument("name")
@click.option("--source", default="", metavar="PATH", help="The class, as package.module.Class.")
@click.option("--integration", metavar="NAME", help="The ZenML integration that it belongs to.")
@click.option(
    "--schema", "schema", metavar="@FILE", help="JSON Schema of its configuration (JSON or YAML)."
)
@message_option
@click.pass_obj
def register(
    app: App,
    type: str,
    name: str,
    source: str,
    integration: str | None,
    schema: str | None,
    message: str,
) -> None:
    """Register a flavor of component TYPE.

    With --schema, configurations of its components are checked against it.
    """
    if not source and _CLASS.fullmatch(name):
        raise click.UsageError(
            f"{name} is a class, which is not loaded here, and so its flavor has no name yet: "
            f"stackroom flavor register {type} NAME --source {name}"
        )
    config_schema = read_schema(schema) if schema is not None else None
    draft = app.workspace.edit(app.copy(), message)
    draft.register_flavor(
        type, name, source=source, integration=integration, config_schema=config_schema
    )
    app.commit(draft, f"Flavor {type}/{name} registered")


@flavor.command(
    "list", example="stackroom flavor list orchestrator\nstackroom flavor list --custom"
)
@optional_type_argument
@click.option("--custom", is_flag=True, help="Only those that the team registered.")
@at_option
@click.pass_obj
def list_(app: App, type: str, custom: bool, at: str | None) -> None:
    """List the flavors, or those of one component TYPE: the team's, and ZenML's."""
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.stacks import entities

    copy = app.copy()
    state = state_at(copy, at)
    rows = entities.flavors(state, type)
    if not custom:
        rows += entities.shipped_flavors(state, type)

    def table() -> Table:
        return Table(
            ("type", "name", "from", "integration", "versions", "components"),
            [
                (
                    r.type,
                    r.name,
                    r.source or "(the team)" if r.custom else "ZenML",
                    r.integration,
                    ", ".join(r.versions),
                    entities.names_cell(r.components),
                )
                for r in rows
            ],
            doubt(type, rows)
            or "There are no flavors of your own: stackroom flavor register makes one.",
        )

    app.output.show(rows, table)
    app.show_copy_age(copy, state)


@flavor.command(
    "describe",
    example="""
    stackroom flavor describe orchestrator my_batch
    stackroom flavor describe artifact-store s3
    """,
)
@type_argument
@click.argument("name", shell_complete=completing.flavors)
@at_option
@click.pass_obj
def describe(app: App, type: str, name: str, at: str | None) -> None:
    """Show a flavor, its attributes, and the components of it."""
    from stackroom.client.commands.output import Fields, Table
    from stackroom.client.commands.stacks import entities
    from stackroom.client.errors import missing

    copy = app.copy()
    state = state_at(copy, at)
    listed = [*entities.flavors(state, type), *entities.shipped_flavors(state, type)]
    row = next((row for row in listed if row.name == name), None)
    if row is None:
        listing = f"stackroom flavor list {type}"
        raise missing(f"{type} flavor {name!r}", name, (r.name for r in listed), listing)

    def views() -> list[Fields | Table]:
        fields = Fields(
            (
                ("from", "the team" if row.custom else f"ZenML {', '.join(row.versions)}"),
                ("source", row.source),
                ("integration", row.integration),
                ("schema", row.schema),
                ("components", ", ".join(ref.name for ref in row.components) or "(none)"),
                ("id", row.id),
            ),
            f"flavor {row.type}/{row.name}",
        )
        attributes = Table(
            ("attribute", "type", "", "versions"),
            [
                (
                    each.name,
                    each.type,
                    ", ".join(w for w in ("required", "secret") if getattr(each, w)),
                    ", ".join(each.versions),
                )
                for each in row.attributes
            ],
            "It has no attributes." if row.schema or not row.custom else "It has no schema.",
        )
        return [fields, attributes]

    app.output.show(row, views)
    app.show_copy_age(copy, state)


@flavor.command(
    "update",
    example="""
    stackroom flavor update orchestrator my_batch --source acme.v2.batch.BatchFlavor
    stackroom flavor update step-operator gpu --schema @gpu-schema.json
    """,
)
@type_argument
@click.argument("name", shell_complete=completing.flavors)
@click.option("--source", metavar="PATH", help="The class, as package.module.Class.")
@click.option("--integration", metavar="NAME", help="The ZenML integration that it belongs to.")
@click.option("--schema", metavar="@FILE", help="JSON Schema of its configuration (JSON or YAML).")
@message_option
@click.pass_obj
def update(
    app: App,
    type: str,
    name: str,
    source: str | None,
    integration: str | None,
    schema: str | None,
    message: str,
) -> None:
    """Change a flavor that the team registered. Components stay as they are."""
    if source is None and integration is None and schema is None:
        raise click.UsageError("nothing to change: give --source, --integration or --schema")
    draft = app.workspace.edit(app.copy(), message)
    changed = draft.flavor(type, name)
    if source is not None:
        changed.source(source)
    if integration is not None:
        changed.integration(integration or None)
    if schema is not None:
        changed.config_schema(read_schema(schema))
    app.commit(draft, f"Flavor {type}/{name} updated")


@flavor.command("rename", example="stackroom flavor rename orchestrator my_batch acme_batch")
@type_argument
@click.argument("name", shell_complete=completing.flavors)
@click.argument("new_name")
@message_option
@click.pass_obj
def rename(app: App, type: str, name: str, new_name: str, message: str) -> None:
    """Rename a flavor that the team registered, and name it so in its components."""
    from stackroom.events.state import Component

    copy = app.copy()
    draft = app.workspace.edit(copy, message)
    draft.flavor(type, name).rename(new_name)
    for _, component in copy.view.all(Component):
        if (component.component_type, component.flavor) == (type, name):
            draft.component(type, component.name).flavor(new_name)
    app.commit(draft, f"Flavor {type}/{name} renamed to {new_name!r}")


@flavor.command("delete", example="stackroom flavor delete orchestrator my_batch --yes")
@type_argument
@click.argument("name", shell_complete=completing.flavors)
@yes_option
@message_option
@click.pass_obj
def delete(app: App, type: str, name: str, yes: bool, message: str) -> None:
    """Delete a flavor that no component names. Its history stays."""
    draft = app.workspace.edit(app.copy(), message)
    draft.flavor(type, name).delete()
    app.confirm(f"Delete flavor {type}/{name}?", yes=yes)
    app.commit(draft, f"Flavor {type}/{name} deleted")


def read_schema(text: str) -> "dict[str, Value]":
    """The map in `@FILE` (JSON, or YAML of which JSON is a part); UsageError if it holds none."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    from stackroom.client.definitions.schema_faults import schema_fault

    if not text.startswith("@"):
        raise click.UsageError("--schema takes a file: --schema @FILE")
    name = text[1:]
    try:
        found: Any = YAML(typ="safe", pure=True).load(Path(name).expanduser().read_text("utf-8"))
    except OSError as error:
        raise click.UsageError(f"--schema: {name}: {error.strerror}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise click.UsageError(f"--schema: {name} is neither JSON nor YAML") from error
    if not isinstance(found, dict):
        raise click.UsageError(f"--schema: {name} holds no map")
    if (why := schema_fault(found)) is not None:
        raise click.UsageError(f"--schema: {name} is no JSON Schema: {why}")
    return found
