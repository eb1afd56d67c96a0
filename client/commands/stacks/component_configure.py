"""`stackroom component register`, `update` and `remove-attribute`: components and their configuration."""

from typing import TYPE_CHECKING

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import (
    doubt,
    find_component,
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
    parse_settings,
    settings_argument,
)
from stackroom.client.commands.tree import command
from stackroom.events.state import Component

if TYPE_CHECKING:
    from stackroom.events.values import Value


from stackroom.client.commands.stacks.component_read import used


@command(
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
@labels_option("-l", "--label")
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
    from stackroom.client.commands.stacks import configuring

    copy = app.copy()
    of_type = [c.name for _, c in copy.view.all(Component) if c.component_type == type]
    if hint := doubt(type, of_type):
        app.output.note(f"Note: {hint}")
    config = config_of(configuring.fitted(copy.view, type, flavor, settings))
    if interactive:
        config |= configuring.ask(copy.view, type, flavor, config.keys())
    if not no_validate:
        configuring.check(copy.view, type, flavor, config)
    draft = app.workspace.edit(copy, message)
    draft.register_component(type, name, flavor, config=config, labels=labels)
    app.commit(draft, f"Component {type}/{name} registered")


@command(
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
@labels_option("-l", "--label")
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
    from stackroom.client.commands.stacks import configuring

    name, settings = named_or_setting(name, settings)
    if not (settings or unsets or labels or unlabels or flavor or interactive):
        raise click.UsageError("nothing to change: give --KEY=VALUE, --unset KEY or --label K=V")
    copy = app.copy()
    _, found = (
        find_component(copy.view, type, name) if name else used(app, copy, type, copy.view)[1:]
    )
    settings = configuring.fitted(copy.view, type, flavor or found.flavor, settings)
    if interactive:
        given = found.config.keys() | {setting.keys[0] for setting in settings}
        asked = configuring.ask(copy.view, type, flavor or found.flavor, given)
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
    app.commit(draft, f"Component {type}/{found.name} updated")


@command(
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
    from stackroom.client.commands.stacks import configuring

    copy = app.copy()
    draft = app.workspace.edit(copy, message)
    changed = draft.component(type, name)
    for key in keys:
        changed.unset(*parse_keys(key.removeprefix("--").removesuffix("=")))
    if not no_validate:
        configuring.check_change(copy.view, draft.preview, type, name)
    app.commit(draft, f"Component {type}/{name} updated")


def named_or_setting(
    name: str | None, settings: tuple[Setting, ...]
) -> tuple[str | None, tuple[Setting, ...]]:
    """The name, if there is one: where it was left out, the first setting stands in its place."""
    if name is None or not name.startswith("--"):
        return name, settings
    return None, (*parse_settings([name]), *settings)


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
