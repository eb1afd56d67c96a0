"""`stackroom component copy`, `connect`, `disconnect`, `rename` and `delete`."""

import click
from msgspec import UNSET

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import (
    find_component,
    type_argument,
)
from stackroom.client.commands.options import (
    message_option,
    no_validate_option,
    yes_option,
)
from stackroom.client.commands.tree import command


@command(
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
@no_validate_option
@message_option
@click.pass_obj
def copy_(
    app: App,
    type: str,
    name: str,
    new_name: str,
    from_profile: str | None,
    to_profile: str | None,
    no_validate: bool,
    message: str,
) -> None:
    """Register a component that begins as a copy of another, in this or another profile.

    Its configuration is checked as `register` does, against the flavor as the other profile has it.
    """
    from stackroom.client.commands.stacks import configuring

    if from_profile is not None:
        app.profile_name = from_profile
    copy = app.copy()
    _, found = find_component(copy.view, type, name)
    if to_profile is not None:
        app.profile_name = to_profile
        copy = app.copy()
    if not no_validate:
        configuring.check(copy.view, type, found.flavor, found.config)
    draft = app.workspace.edit(copy, message)
    draft.register_component(
        type, new_name, found.flavor, config=found.config, labels=found.labels, extra=found.extra
    )
    app.commit(draft, f"Component {type}/{name} copied to {new_name!r}")


@command(
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


@command("disconnect", example="stackroom component disconnect orchestrator k8s")
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


@command("rename", example="stackroom component rename orchestrator k8s k8s-prod")
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


@command("delete", example="stackroom component delete orchestrator k8s --yes")
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
