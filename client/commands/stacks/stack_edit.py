"""`stackroom stack register`, `update`, `remove-component`, `rename`, `copy`, `delete`."""

from typing import TYPE_CHECKING

import click
from msgspec import structs

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import find_stack
from stackroom.client.commands.options import (
    Labels,
    labels_option,
    message_option,
    yes_option,
)
from stackroom.client.commands.profiles.bringing import on_conflict_options
from stackroom.client.commands.stacks.entities import member_names
from stackroom.client.commands.stacks.stack_active import in_use
from stackroom.client.commands.stacks.stack_options import (
    ZENML_SPELLING,
    Members,
    add_pairs,
    members_options,
    types_options,
)
from stackroom.client.commands.tree import command
from stackroom.client.component_types import is_known, type_named
from stackroom.client.errors import missing
from stackroom.events.state import Component, Stack, State

if TYPE_CHECKING:
    from stackroom.client.definitions.planning import OnConflict


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
@labels_option("--label")
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
        from stackroom.client.commands.stacks.stack_active import activate

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
@click.argument("name", required=False, shell_complete=completing.stacks)
@members_options
@click.option(
    "--add",
    multiple=True,
    metavar="TYPE=NAME",
    help="Add a component and leave the others of its type; may be repeated.",
    shell_complete=completing.pairs,
)
@click.option("--description", metavar="TEXT", help="What the stack is for.")
@labels_option("--label")
@click.option(
    "--unlabel",
    "unlabels",
    multiple=True,
    metavar="K",
    help="Remove a label.",
    shell_complete=completing.stack_labels,
)
@message_option
@click.pass_obj
def update(
    app: App,
    name: str | None,
    members: Members,
    add: tuple[str, ...],
    description: str | None,
    labels: Labels,
    unlabels: tuple[str, ...],
    message: str,
) -> None:
    """Change the components of a stack; without NAME, of the one in use here.

    An option such as -o replaces all components of its type; --add leaves them and adds one, so
    that two people who add different components do not get in each other's way.
    """
    added = add_pairs({}, add, "--add")
    if not (members or added or labels or unlabels or description is not None):
        raise click.UsageError("nothing to change: give a component, for example -o NAME")
    profile = app.copy()
    name = name or in_use(app, profile)[1].name
    draft = app.workspace.edit(profile, message)
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
@click.argument(
    "words",
    nargs=-1,
    metavar="[NAME] [TYPE[=NAME]]...",
    shell_complete=completing.stack_or_members,
)
@types_options
@message_option
@click.pass_obj
def remove_component(app: App, words: tuple[str, ...], types: list[str], message: str) -> None:
    """Remove components from a stack; without NAME, from the one in use here.

    TYPE=NAME removes one, TYPE or an option all of that type. The components themselves stay.
    """
    profile = app.copy()
    name, *components = words if _names_stack(profile.view, words) else ("", *words)
    name = name or in_use(app, profile)[1].name
    if not components and not types:
        raise click.UsageError("nothing to remove: give TYPE, TYPE=NAME, or an option such as -e")
    removals: list[tuple[str, str | None]] = [(type, None) for type in types]
    for text in components:
        type, equals, component = text.partition("=")
        if equals and not component:
            raise click.UsageError(f"{text!r} names no component: write TYPE or TYPE=NAME")
        removals.append((type_named(type), component or None))
    _, stack = find_stack(profile.view, name)
    members = member_names(profile.view, stack)
    draft = app.workspace.edit(profile, message)
    changed = draft.stack(name)
    for type, wanted in removals:
        in_it = members.get(type, [])
        if not in_it or (wanted is not None and wanted not in in_it):
            what = f"{type} {wanted!r}" if wanted else type
            listing = f"stackroom stack describe {name}"
            typed, names = (wanted, in_it) if wanted and in_it else (type, list(members))
            raise missing(f"{what} in stack {name!r}", typed, names, listing)
        changed.remove(type, wanted)
    app.commit(draft, f"Stack {name!r} updated")


def _names_stack(state: State, words: tuple[str, ...]) -> bool:
    """Whether the first word is a stack: it is none if it is `TYPE=NAME`, or a type and no stack."""
    if not words or "=" in words[0]:
        return False
    return not is_known(words[0]) or state.find(Stack, words[0]) is not None


@command(
    "set-default",
    example="""
    stackroom stack set-default prod -e wandb
    stackroom stack set-default prod --component alerter=pager
    """,
)
@click.argument("name", required=False, shell_complete=completing.stacks)
@members_options
@message_option
@click.pass_obj
def set_default(app: App, name: str | None, members: Members, message: str) -> None:
    """Make a component the first of its type, of several that a stack has; the others follow."""
    if not members:
        raise click.UsageError("nothing to change: give a component, for example -e NAME")
    profile = app.copy()
    name = name or in_use(app, profile)[1].name
    _, stack = find_stack(profile.view, name)
    standing = member_names(profile.view, stack)
    draft = app.workspace.edit(profile, message)
    for type, names in members.items():
        in_it = standing.get(type, [])
        for wanted in names:
            if wanted not in in_it:
                listing = f"stackroom stack describe {name}"
                raise missing(f"{type} {wanted!r} in stack {name!r}", wanted, in_it, listing)
        draft.stack(name).use(type, *names, *(each for each in in_it if each not in names))
    app.commit(draft, f"Stack {name!r} updated")


@command("rename", example="stackroom stack rename prod live")
@click.argument("name", shell_complete=completing.stacks)
@click.argument("new_name")
@message_option
@click.pass_obj
def rename(app: App, name: str, new_name: str, message: str) -> None:
    """Rename a stack. Its history goes with it."""
    draft = app.workspace.edit(app.copy(), message)
    draft.stack(name).rename(new_name)
    app.commit(draft, f"Stack {name!r} renamed to {new_name!r}")


@command(
    "copy",
    example="""
    stackroom stack copy prod staging -m "try spot instances"
    stackroom stack copy prod prod --to experiments
    """,
)
@click.argument("source", shell_complete=completing.stacks)
@click.argument("target")
@click.option(
    "--from",
    "from_profile",
    metavar="PROFILE",
    help="Where SOURCE is.",
    shell_complete=completing.profiles,
)
@click.option(
    "--to",
    "to_profile",
    metavar="PROFILE",
    help="Where TARGET is to be.",
    shell_complete=completing.profiles,
)
@on_conflict_options
@message_option
@click.pass_obj
def copy(
    app: App,
    source: str,
    target: str,
    from_profile: str | None,
    to_profile: str | None,
    on_conflict: "OnConflict | None",
    suffix: str,
    message: str,
) -> None:
    """Register a stack TARGET of the same components as SOURCE.

    Within a profile the components are shared, not copied: a change of one shows in both stacks. Into
    another profile they come along, with the flavors that the team made itself.
    """
    if from_profile is not None:
        app.profile_name = from_profile
    profile = app.copy()
    _, stack = find_stack(profile.view, source)
    done = f"Stack {source!r} copied to {target!r}"
    if to_profile is None:
        draft = app.workspace.edit(profile, message)
        draft.register_stack(
            target,
            member_names(profile.view, stack),
            labels=stack.labels,
            description=stack.description,
            extra=stack.extra,
        )
        app.commit(draft, done)
        return
    from stackroom.client.commands.profiles.bringing import bring
    from stackroom.client.definitions.exporting import with_needed

    wanted = with_needed(profile.view, source)
    renamed = structs.replace(wanted, stacks=(structs.replace(wanted.stacks[0], name=target),))
    app.profile_name = to_profile
    bring(
        app,
        app.copy(),
        renamed,
        f"{done} in profile {to_profile!r}",
        message=message,
        on_conflict=on_conflict,
        suffix=suffix,
    )


@command(
    "delete",
    example="""
    stackroom stack delete staging --yes
    stackroom stack delete staging --recursive -m "the experiment is over"
    """,
)
@click.argument("name", shell_complete=completing.stacks)
@click.option(
    "-r", "--recursive", is_flag=True, help="Its components, too, that no other stack has."
)
@yes_option
@message_option
@click.pass_obj
def delete(app: App, name: str, recursive: bool, yes: bool, message: str) -> None:
    """Delete a stack; its components stay, unless --recursive.

    Its history stays too, and `stackroom revert` brings it back.
    """
    profile = app.copy()
    draft = app.workspace.edit(profile, message)
    draft.stack(name).delete()
    alone = _only_in(profile.view, find_stack(profile.view, name)[1]) if recursive else []
    for type, component in alone:
        draft.component(type, component).delete()
    listed = ", ".join(f"{type}/{component}" for type, component in alone)
    app.confirm(f"Delete stack {name!r}{f' and {listed}' if listed else ''}?", yes=yes)
    count = f" and {len(alone)} of its components" if alone else ""
    app.commit(draft, f"Stack {name!r}{count} deleted")


def _only_in(state: State, stack: Stack) -> list[tuple[str, str]]:
    """Type and name of each component that no other stack has."""
    others = {
        id for _, other in state.all(Stack) if other is not stack for _, id in other.members()
    }
    found = (state.get(id) for _, id in stack.members() if id not in others)
    return [(c.component_type, c.name) for c in found if isinstance(c, Component)]
