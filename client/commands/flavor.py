"""`stackroom flavor`: the implementations of component types that a team has made itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import (
    doubt,
    find_flavor,
    optional_type_argument,
    type_argument,
)
from stackroom.client.commands.options import message_option, yes_option
from stackroom.client.commands.tree import group

if TYPE_CHECKING:
    from stackroom.events.values import Value


@group(
    "flavor",
    example="""
    stackroom flavor register orchestrator my_batch --source acme.batch.BatchFlavor
    stackroom flavor list orchestrator
    """,
)
def flavor() -> None:
    """Implementations of component types, such as your own orchestrator.

    A component may name any flavor: those of ZenML need no registration here.
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
    """Register a flavor of component TYPE."""
    config_schema = read_schema(schema) if schema is not None else None
    draft = app.workspace.edit(app.copy(), message)
    draft.register_flavor(
        type, name, source=source, integration=integration, config_schema=config_schema
    )
    app.commit(draft, f"Flavor {type}/{name} registered")


@flavor.command("list", example="stackroom flavor list orchestrator")
@optional_type_argument
@click.pass_obj
def list_(app: App, type: str) -> None:
    """List the registered flavors, or those of one component TYPE."""
    from stackroom.client.commands import entities
    from stackroom.client.commands.output import Table

    copy = app.copy()
    rows = entities.flavors(copy.view, type)

    def table() -> Table:
        return Table(
            ("type", "name", "source", "integration", "components"),
            [
                (r.type, r.name, r.source, r.integration, entities.names_cell(r.components))
                for r in rows
            ],
            doubt(type, rows)
            or "There are no flavors of your own: components may name ZenML's without registration.",
        )

    app.output.show(rows, table)
    app.show_copy_age(copy)


@flavor.command("describe", example="stackroom flavor describe orchestrator my_batch")
@type_argument
@click.argument("name", shell_complete=completing.flavors)
@click.pass_obj
def describe(app: App, type: str, name: str) -> None:
    """Show one flavor and the components of it."""
    from stackroom.client.commands import entities
    from stackroom.client.commands.output import Fields

    copy = app.copy()
    id, _ = find_flavor(copy.view, type, name)
    row = next(row for row in entities.flavors(copy.view, type) if row.id == id)

    def fields() -> Fields:
        return Fields(
            (
                ("source", row.source),
                ("integration", row.integration),
                ("schema", row.schema),
                ("components", ", ".join(ref.name for ref in row.components) or "(none)"),
                ("id", row.id),
            ),
            f"flavor {row.type}/{row.name}",
        )

    app.output.show(row, fields)
    app.show_copy_age(copy)


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
    return found
