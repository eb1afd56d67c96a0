"""`stackroom stack register`, `update`, `remove-component`, `rename`, `copy`, `delete`."""

import click

from stackroom.client.commands.context import App
from stackroom.client.commands.entities import member_names
from stackroom.client.commands.lookup import find_stack
from stackroom.client.commands.options import (
    Labels,
    labels_option,
    message_option,
    yes_option,
)
from stackroom.client.commands.stack_options import (
    ZENML_SPELLING,
    Members,
    add_pairs,
    members_options,
    types_options,
)
from stackroom.client.commands.tree import command
from stackroom.client.component_types import type_named
from stackroom.client.errors import missing


@command(
    "register",
    context_settings=ZENML_SPELLING,
    example="""
    stackroom stack register prod -o k8s -a s3 -c ecr --set
    stackroom stack register prod -o k8s -a s3 -e mlflow -e wandb -m "two trackers"
    stackroom stack register prod --component orchestrator=k8s --component my_type=thing
    """,
)
@click.argument("name")
@members_options
@click.option("--description", default="", metavar="TEXT", help="What the stack is for.")
@labels_option
@click.option("--set", "make_active", is_flag=True, help="Use this stack here from now on.")
@message_option
@click.pass_obj
def register(
    app: App,
    name: str,
    members: Members,
    description: str,
    labels: Labels,
    make_active: bool,
    message: str,
) -> None:
    """Register a stack of registered components.

    Each component option may be repeated: the first component of a type is that type's default.
    """
    profile = app.copy()
    draft = app.workspace.edit(profile, message)
    made = draft.register_stack(name, members, labels=labels, description=description)
    app.commit(draft, f"Stack {name!r} registered")
    if make_active:
        from stackroom.client.commands.stack_active import activate

        activate(app, profile, made.id, name)


@command(
    "update",
    context_settings=ZENML_SPELLING,
    example="""
    stackroom stack update prod -o k8s-eu -m "move to Europe"
    stackroom stack update prod -e mlflow -e wandb
    stackroom stack update prod --add experiment_tracker=wandb
    """,
)
@click.argument("name")
@members_options
@click.option(
    "--add",
    multiple=True,
    metavar="TYPE=NAME",
    help="Add a component and leave the others of its type; may be repeated.",
)
@click.option("--description", metavar="TEXT", help="What the stack is for.")
@labels_option
@click.option("--unlabel", "unlabels", multiple=True, metavar="K", help="Remove a label.")
@message_option
@click.pass_obj
def update(
    app: App,
    name: str,
    members: Members,
    add: tuple[str, ...],
    description: str | None,
    labels: Labels,
    unlabels: tuple[str, ...],
    message: str,
) -> None:
    """Change the components of a stack.

    An option such as -o replaces all components of its type; --add leaves them and adds one, so
    that two people who add different components do not get in each other's way.
    """
    added = add_pairs({}, add, "--add")
    if not (members or added or labels or unlabels or description is not None):
        raise click.UsageError("nothing to change: give a component, for example -o NAME")
    draft = app.workspace.edit(app.copy(), message)
    changed = draft.stack(name)
    for type, names in members.items():
        changed.use(type, *names)
    for type, names in added.items():
        for each in names:
            changed.add(type, each)
    if description is not None:
        changed.describe(description)
    for key, value in labels.items():
        changed.label(key, value)
    for key in unlabels:
        changed.unlabel(key)
    app.commit(draft, f"Stack {name!r} updated")


@command(
    "remove-component",
    context_settings=ZENML_SPELLING,
    example="""
    stackroom stack remove-component prod -e
    stackroom stack remove-component prod experiment_tracker=wandb
    """,
)
@click.argument("name")
@click.argument("components", nargs=-1, metavar="[TYPE[=NAME]]...")
@types_options
@message_option
@click.pass_obj
def remove_component(
    app: App, name: str, components: tuple[str, ...], types: list[str], message: str
) -> None:
    """Remove components from a stack.

    TYPE=NAME removes one, TYPE or an option all of that type. The components themselves stay.
    """
    if not components and not types:
        raise click.UsageError("nothing to remove: give TYPE, TYPE=NAME, or an option such as -e")
    removals: list[tuple[str, str | None]] = [(type, None) for type in types]
    for text in components:
        type, equals, component = text.partition("=")
        if equals and not component:
            raise click.UsageError(f"{text!r} names no component: write TYPE or TYPE=NAME")
        removals.append((type_named(type), component or None))
    profile = app.copy()
    _, stack = find_stack(profile.view, name)
    members = member_names(profile.view, stack)
    draft = app.workspace.edit(profile, message)
    changed = draft.stack(name)
    for type, wanted in removals:
        in_it = members.get(type, [])
        if not in_it or (wanted is not None and wanted not in in_it):
            what = f"{type} {wanted!r}" if wanted else type
            listing = f"stackroom stack describe {name}"
            raise missing(f"{what} in stack {name!r}", wanted or "", in_it, listing)
        changed.remove(type, wanted)
    app.commit(draft, f"Stack {name!r} updated")


@command("rename", example="stackroom stack rename prod live")
@click.argument("name")
@click.argument("new_name")
@message_option
@click.pass_obj
def rename(app: App, name: str, new_name: str, message: str) -> None:
    """Rename a stack. Its history goes with it."""
    draft = app.workspace.edit(app.copy(), message)
    draft.stack(name).rename(new_name)
    app.commit(draft, f"Stack {name!r} renamed to {new_name!r}")


@command("copy", example='stackroom stack copy prod staging -m "try spot instances"')
@click.argument("source")
@click.argument("target")
@message_option
@click.pass_obj
def copy(app: App, source: str, target: str, message: str) -> None:
    """Register a stack TARGET of the same components as SOURCE.

    The components are shared, not copied: a change of one shows in both stacks.
    """
    profile = app.copy()
    _, stack = find_stack(profile.view, source)
    draft = app.workspace.edit(profile, message)
    draft.register_stack(
        target,
        member_names(profile.view, stack),
        labels=stack.labels,
        description=stack.description,
        extra=stack.extra,
    )
    app.commit(draft, f"Stack {source!r} copied to {target!r}")


@command("delete", example="stackroom stack delete staging --yes")
@click.argument("name")
@yes_option
@message_option
@click.pass_obj
def delete(app: App, name: str, yes: bool, message: str) -> None:
    """Delete a stack; its components stay.

    Its history stays too, and `stackroom revert` brings it back.
    """
    draft = app.workspace.edit(app.copy(), message)
    draft.stack(name).delete()
    app.confirm(f"Delete stack {name!r}?", yes=yes)
    app.commit(draft, f"Stack {name!r} deleted")
