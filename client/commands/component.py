"""`stackroom component`: the configured pieces of infrastructure that stacks are made of."""

from typing import TYPE_CHECKING

import click
from msgspec import UNSET

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import (
    doubt,
    find_component,
    optional_type_argument,
    type_argument,
)
from stackroom.client.commands.options import (
    FREE_SETTINGS,
    Labels,
    Setting,
    interactive_option,
    labels_option,
    message_option,
    no_validate_option,
    parse_keys,
    parse_labels,
    parse_settings,
    settings_argument,
    stack_option,
    yes_option,
)
from stackroom.client.commands.tree import group
from stackroom.client.errors import NotFound
from stackroom.events.state import Component, Stack

if TYPE_CHECKING:
    from stackroom.client.commands.entities import ComponentRow
    from stackroom.client.commands.output import Views
    from stackroom.client.workspace import ProfileCopy
    from stackroom.events.values import Value


@group(
    "component",
    example="""
    stackroom component register orchestrator k8s --flavor kubernetes --kubernetes_context=prod
    stackroom component update orchestrator k8s --kubernetes_namespace=ml -m "move to ml"
    stackroom component list artifact-store
    """,
)
def component() -> None:
    """Configured pieces of infrastructure: orchestrators, artifact stores …"""


@component.command(
    "register",
    context_settings=FREE_SETTINGS,
    example="""
    stackroom component register orchestrator k8s --flavor kubernetes --kubernetes_context=prod
    stackroom component register artifact-store s3 -f s3 --path=s3://acme/zenml --label team=ml
    stackroom component register orchestrator vertex -f vertex --location=eu --network=@network.txt
    """,
)
@type_argument
@click.argument("name")
@settings_argument
@click.option(
    "-f",
    "--flavor",
    required=True,
    help="The flavor, for example kubernetes or s3.",
    shell_complete=completing.used_flavors,
)
@labels_option
@interactive_option
@no_validate_option
@message_option
@click.pass_obj
def register(
    app: App,
    type: str,
    name: str,
    settings: tuple[Setting, ...],
    flavor: str,
    labels: Labels,
    interactive: bool,
    no_validate: bool,
    message: str,
) -> None:
    """Register a component of TYPE.

    Its configuration is given as --KEY=VALUE. A VALUE is YAML (3 is a number, '[a, b]' a list);
    --KEY=@FILE takes the text of a file, and --KEY.SUB=VALUE goes into a map. It is checked against the
    flavor, if that is one of ZenML's or has a schema.
    """
    from stackroom.client.commands import configuring

    copy = app.copy()
    of_type = [c.name for _, c in copy.view.all(Component) if c.component_type == type]
    if hint := doubt(type, of_type):
        app.output.note(f"Note: {hint}")
    config = config_of(configuring.fitted(copy.view, type, flavor, settings))
    if interactive:
        config |= configuring.ask(copy.view, type, flavor, config)
    if not no_validate:
        configuring.check(copy.view, type, flavor, config)
    draft = app.workspace.edit(copy, message)
    draft.register_component(type, name, flavor, config=config, labels=labels)
    configuring.note_credentials(app, copy.view, type, flavor, config)
    app.commit(draft, f"Component {type}/{name} registered")


@component.command(
    "list",
    example="""
    stackroom component list
    stackroom component list orchestrator --output json
    stackroom component list --flavor kubernetes --label team=ml
    """,
)
@optional_type_argument
@click.option("-f", "--flavor", help="Only those of this flavor.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="K=V",
    callback=lambda _context, _parameter, values: parse_labels(values),
    help="Only those with this label; may be repeated.",
)
@click.option("--name", default="", metavar="TEXT", help="Only those with this in their name.")
@click.pass_obj
def list_(app: App, type: str, flavor: str | None, labels: Labels, name: str) -> None:
    """List the components, or those of one TYPE."""
    from stackroom.client.commands import entities
    from stackroom.client.commands.output import Table

    copy = app.copy()
    listed = entities.components(copy.view, type)
    rows = [
        row
        for row in listed
        if flavor in (None, row.flavor)
        and labels.items() <= row.labels.items()
        and name in row.name
    ]

    def table() -> Table:
        return Table(
            ("type", "name", "flavor", "labels", "stacks"),
            [
                (
                    row.type,
                    row.name,
                    row.flavor,
                    entities.map_cell(row.labels),
                    entities.names_cell(row.stacks),
                )
                for row in rows
            ],
            doubt(type, listed)
            or ("No component is like that." if listed else "")
            or "There are no components yet: stackroom component register makes one.",
        )

    app.output.show(rows, table)
    app.show_copy_age(copy)


@component.command(
    "describe",
    example="""
    stackroom component describe orchestrator k8s
    stackroom component describe orchestrator
    """,
)
@type_argument
@click.argument("name", required=False, shell_complete=completing.components)
@stack_option
@click.pass_obj
def describe(app: App, type: str, name: str | None) -> None:
    """Show one component and the stacks that use it.

    Without NAME, the one that the stack in use here has.
    """
    from stackroom.client.commands import entities

    copy = app.copy()
    found = find_component(copy.view, type, name) if name else used(app, copy, type)[1:]
    row = entities.component(copy.view, *found)
    app.output.show(row, lambda: described(row))
    app.show_copy_age(copy)


@component.command(
    "update",
    context_settings=FREE_SETTINGS,
    example="""
    stackroom component update orchestrator k8s --kubernetes_namespace=ml -m "move to ml"
    stackroom component update orchestrator k8s --unset synchronous --unlabel team
    stackroom component update artifact-store s3 --client_kwargs.endpoint_url=http://minio:9000
    """,
)
@type_argument
@click.argument("name", required=False, shell_complete=completing.components)
@settings_argument
@click.option(
    "--unset",
    "unsets",
    multiple=True,
    metavar="KEY",
    help="Remove a key; may be repeated.",
    shell_complete=completing.config_keys,
)
@labels_option
@click.option(
    "--unlabel",
    "unlabels",
    multiple=True,
    metavar="K",
    help="Remove a label; may be repeated.",
    shell_complete=completing.component_labels,
)
@click.option("-f", "--flavor", help="Change the flavor.", shell_complete=completing.used_flavors)
@interactive_option
@no_validate_option
@message_option
@click.pass_obj
def update(
    app: App,
    type: str,
    name: str | None,
    settings: tuple[Setting, ...],
    unsets: tuple[str, ...],
    labels: Labels,
    unlabels: tuple[str, ...],
    flavor: str | None,
    interactive: bool,
    no_validate: bool,
    message: str,
) -> None:
    """Change the configuration, labels or flavor of a component.

    Only what is named changes: two people who change different keys do not get in each other's way.
    Without NAME, the component of the stack in use here.
    """
    from stackroom.client.commands import configuring

    name, settings = named_or_setting(name, settings)
    if not (settings or unsets or labels or unlabels or flavor or interactive):
        raise click.UsageError("nothing to change: give --KEY=VALUE, --unset KEY or --label K=V")
    copy = app.copy()
    _, found = find_component(copy.view, type, name) if name else used(app, copy, type)[1:]
    settings = configuring.fitted(copy.view, type, flavor or found.flavor, settings)
    if interactive:
        asked = configuring.ask(copy.view, type, flavor or found.flavor, found.config)
        settings += tuple(Setting((key,), value) for key, value in asked.items())
    draft = app.workspace.edit(copy, message)
    changed = draft.component(type, found.name)
    for setting in settings:
        changed.set(*setting.keys, setting.value)
    for key in unsets:
        changed.unset(*parse_keys(key))
    for key, value in labels.items():
        changed.label(key, value)
    for key in unlabels:
        changed.unlabel(key)
    if flavor:
        changed.flavor(flavor)
    if not no_validate:
        configuring.check_change(copy.view, draft.preview, type, found.name)
    written = {setting.keys[0]: setting.value for setting in settings}
    configuring.note_credentials(app, copy.view, type, flavor or found.flavor, written)
    app.commit(draft, f"Component {type}/{found.name} updated")


@component.command("get", example="stackroom component get orchestrator")
@type_argument
@stack_option
@click.pass_obj
def get(app: App, type: str) -> None:
    """Show which component of TYPE the stack in use here has."""
    from stackroom.client.commands import entities
    from stackroom.client.commands.output import Lines

    copy = app.copy()
    stack, id, found = used(app, copy, type)
    line = f"{found.name} (of stack {stack.name!r})"
    app.output.show(entities.component(copy.view, id, found), Lines([line]))
    app.show_copy_age(copy)


@component.command(
    "copy",
    example="""
    stackroom component copy orchestrator k8s k8s-staging
    stackroom component copy orchestrator k8s k8s --to experiments
    """,
)
@type_argument
@click.argument("name", shell_complete=completing.components)
@click.argument("new_name")
@click.option("--from", "from_profile", metavar="PROFILE", help="Where NAME is.")
@click.option("--to", "to_profile", metavar="PROFILE", help="Where NEW_NAME is to be.")
@message_option
@click.pass_obj
def copy_(
    app: App,
    type: str,
    name: str,
    new_name: str,
    from_profile: str | None,
    to_profile: str | None,
    message: str,
) -> None:
    """Register a component that begins as a copy of another, in this or another profile."""
    if from_profile is not None:
        app.profile_name = from_profile
    copy = app.copy()
    _, found = find_component(copy.view, type, name)
    if to_profile is not None:
        app.profile_name = to_profile
        copy = app.copy()
    draft = app.workspace.edit(copy, message)
    draft.register_component(
        type, new_name, found.flavor, config=found.config, labels=found.labels, extra=found.extra
    )
    app.commit(draft, f"Component {type}/{name} copied to {new_name!r}")


@component.command(
    "remove-attribute",
    context_settings=FREE_SETTINGS,
    example="stackroom component remove-attribute orchestrator k8s --synchronous --timeout",
)
@type_argument
@click.argument("name", shell_complete=completing.components)
@click.argument("keys", nargs=-1, required=True, type=click.UNPROCESSED, metavar="--KEY...")
@no_validate_option
@message_option
@click.pass_obj
def remove_attribute(
    app: App, type: str, name: str, keys: tuple[str, ...], no_validate: bool, message: str
) -> None:
    """Remove keys of a component's configuration, as `update --unset` does."""
    from stackroom.client.commands import configuring

    copy = app.copy()
    draft = app.workspace.edit(copy, message)
    changed = draft.component(type, name)
    for key in keys:
        changed.unset(*parse_keys(key.removeprefix("--").removesuffix("=")))
    if not no_validate:
        configuring.check_change(copy.view, draft.preview, type, name)
    app.commit(draft, f"Component {type}/{name} updated")


@component.command(
    "connect",
    example="""
    stackroom component connect orchestrator k8s --connector gke --resource-id cluster-1
    """,
)
@type_argument
@click.argument("name", shell_complete=completing.components)
@click.option("-c", "--connector", required=True, metavar="NAME", help="ZenML's service connector.")
@click.option("-r", "--resource-id", metavar="ID", help="Which of the connector's resources.")
@message_option
@click.pass_obj
def connect(
    app: App, type: str, name: str, connector: str, resource_id: str | None, message: str
) -> None:
    """Note which of ZenML's service connectors a component uses.

    The reference is kept, exchanged with ZenML's servers by name, and not looked into.
    """
    draft = app.workspace.edit(app.copy(), message)
    changed = draft.component(type, name).extra("connector", connector)
    changed.extra("connector_resource_id", resource_id if resource_id is not None else UNSET)
    app.commit(draft, f"Component {type}/{name} connected to {connector!r}")


@component.command("disconnect", example="stackroom component disconnect orchestrator k8s")
@type_argument
@click.argument("name", shell_complete=completing.components)
@message_option
@click.pass_obj
def disconnect(app: App, type: str, name: str, message: str) -> None:
    """Take the reference to a service connector away."""
    draft = app.workspace.edit(app.copy(), message)
    changed = draft.component(type, name)
    changed.extra("connector", UNSET).extra("connector_resource_id", UNSET)
    app.commit(draft, f"Component {type}/{name} disconnected")


@component.command("rename", example="stackroom component rename orchestrator k8s k8s-prod")
@type_argument
@click.argument("name", shell_complete=completing.components)
@click.argument("new_name")
@message_option
@click.pass_obj
def rename(app: App, type: str, name: str, new_name: str, message: str) -> None:
    """Rename a component; the stacks that use it follow."""
    draft = app.workspace.edit(app.copy(), message)
    draft.component(type, name).rename(new_name)
    app.commit(draft, f"Component {type}/{name} renamed to {new_name!r}")


@component.command("delete", example="stackroom component delete orchestrator k8s --yes")
@type_argument
@click.argument("name", shell_complete=completing.components)
@yes_option
@message_option
@click.pass_obj
def delete(app: App, type: str, name: str, yes: bool, message: str) -> None:
    """Delete a component that no stack uses.

    Its history stays, and `stackroom revert` brings it back.
    """
    draft = app.workspace.edit(app.copy(), message)
    draft.component(type, name).delete()
    app.confirm(f"Delete component {type}/{name}?", yes=yes)
    app.commit(draft, f"Component {type}/{name} deleted")


def named_or_setting(
    name: str | None, settings: tuple[Setting, ...]
) -> tuple[str | None, tuple[Setting, ...]]:
    """The name, if there is one: where it was left out, the first setting stands in its place."""
    if name is None or not name.startswith("--"):
        return name, settings
    return None, (*parse_settings([name]), *settings)


def used(app: App, copy: "ProfileCopy", type: str) -> tuple[Stack, str, Component]:
    """The stack in use here, and the id and entity of its first component of `type`; NotFound."""
    from stackroom.client.commands.stack_active import in_use

    _, stack, _ = in_use(app, copy)
    for id in stack.components.get(type, []):
        if isinstance(found := copy.view.get(id), Component):
            return stack, id, found
    raise NotFound(
        f"stack {stack.name!r}, which is in use here, has no {type}",
        hint=f"stackroom component list {type}",
    )


def config_of(settings: tuple[Setting, ...]) -> "dict[str, Value]":
    """The configuration that `settings` add up to; UsageError where two want the same place."""
    config: dict[str, Value] = {}
    for setting in settings:
        inner = config
        *outer, last = setting.keys
        for key in outer:
            deeper = inner.setdefault(key, {})
            if not isinstance(deeper, dict):
                raise click.UsageError(f"--{'.'.join(setting.keys)} leads into a value of --{key}")
            inner = deeper
        if last in inner:
            raise click.UsageError(f"--{'.'.join(setting.keys)} is given twice")
        inner[last] = setting.value
    return config


def described(row: "ComponentRow") -> "Views":
    """One component for people."""
    from stackroom.client.commands import entities
    from stackroom.client.commands.output import Fields

    fields: list[tuple[str, object]] = [
        ("flavor", row.flavor),
        ("labels", entities.map_cell(row.labels)),
        ("stacks", ", ".join(ref.name for ref in row.stacks) or "(none)"),
        ("id", row.id),
    ]
    views = [Fields(fields, f"{row.type}/{row.name}")]
    if row.config:
        views.append(Fields(sorted(row.config.items()), "Configuration"))
    if row.extra:
        views.append(Fields(sorted(row.extra.items()), "Kept beside it"))
    return views
