"""`stackroom zenml pull` and `push`: stacks from and to a running ZenML server."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.options import message_option, yes_option
from stackroom.client.commands.profiles.bringing import (
    bring,
    dry_run_option,
    on_conflict_options,
    secrets_options,
)
from stackroom.client.commands.progress import progress
from stackroom.client.commands.tree import command
from stackroom.client.errors import NotAuthorised, Unreachable
from stackroom.client.zenml_server.rest import ServerRefused
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.definitions.definitions import Definitions
    from stackroom.client.definitions.planning import OnConflict, Step
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.client.zenml_server.pushing import Push, Server
    from stackroom.client.zenml_server.rest import Api

F = TypeVar("F", bound=Callable[..., Any])


class Pushed(Struct, frozen=True):
    """What was done on the server, and what it had no place for."""

    url: str
    created: list[str]
    updated: list[str]
    left_out: list[str]


leave_out_option: Callable[[F], F] = click.option(
    "--leave-out", is_flag=True, help="Leave out what the server has no place for."
)


@command(
    "pull",
    example="""
    ZENML_STORE_API_KEY=KEY stackroom zenml pull https://zenml.example --dry-run
    stackroom zenml pull http://localhost:8237 --stack prod -m "from ZenML"
    """,
)
@click.argument("url")
@click.option("--stack", "stacks", multiple=True, metavar="NAME", help="Only this one; repeatable.")
@on_conflict_options
@secrets_options
@dry_run_option
@message_option
@click.pass_obj
def pull(
    app: App,
    url: str,
    stacks: tuple[str, ...],
    on_conflict: "OnConflict | None",
    suffix: str,
    dry_run: bool,
    message: str,
) -> None:
    """Bring a ZenML server's stacks and components into the profile: one commit, all or nothing.

    Signs in with ZENML_STORE_API_TOKEN, ZENML_STORE_API_KEY, or ZENML_STORE_USERNAME and
    ZENML_STORE_PASSWORD. References to secrets and connectors are kept as they are written; the
    server's secrets are not read.
    """
    from stackroom.client.definitions.planning import merged
    from stackroom.client.zenml_server import reading

    with progress(app.output, "Asking ZenML"):
        api = connected(app, url)
        wanted = merged([reading.definitions(api, stacks)])
    count = len(wanted.stacks)
    done = f"{counted(count, 'stack')} pulled from {api.url}"
    bring(
        app,
        app.copy(),
        wanted,
        done,
        message=message,
        on_conflict=on_conflict,
        suffix=suffix,
        dry_run=dry_run,
    )


@command(
    "push",
    example="""
    stackroom zenml push http://localhost:8237 --dry-run
    stackroom zenml push https://zenml.example --stack prod --yes
    """,
)
@click.argument("url")
@click.option(
    "--stack",
    "stacks",
    multiple=True,
    metavar="NAME",
    help="Only this one; repeatable.",
    shell_complete=completing.stacks,
)
@leave_out_option
@dry_run_option
@yes_option
@click.pass_obj
def push(
    app: App, url: str, stacks: tuple[str, ...], leave_out: bool, dry_run: bool, yes: bool
) -> None:
    """Bring stacks and their components to a ZenML server: made there, or given our values.

    Nothing is deleted there. The server has no transactions: if it refuses something, what was done
    before stays, and the next push goes on from there. Signs in as pull does.
    """
    from stackroom.client.zenml_server import pushing

    copy = app.copy()
    wanted = chosen(copy, stacks)
    with progress(app.output, "Asking ZenML"):
        api = connected(app, url)
        server = pushing.look(api, app.workspace.new_id)
    made = pushing.planned(wanted, server, app.workspace.new_id, leave_out=leave_out)
    if dry_run:
        show(app, api.url, server, made)
        return
    if made.plan.steps and not yes:
        show(app, api.url, server, made, beside=True)
        app.confirm(f"Do this on {api.url}?", yes=yes)
    _push(app, api, made, server)


def connected(app: App, url: str) -> "Api":
    """The API of the server at `url`, signed in as the environment says."""
    from stackroom.client.zenml_server.rest import Api, Credentials

    if app.offline:
        raise click.UsageError("this needs the network: leave out --offline")
    settings = app.workspace.settings
    return Api(url, Credentials.from_environment(), timeout=settings.zenml_patience)


def chosen(copy: "ProfileCopy", stacks: tuple[str, ...] = ()) -> "Definitions":
    """The stacks of these names with all that they need, or all that the profile says; NotFound."""
    from stackroom.client.commands.lookup import find_stack
    from stackroom.client.definitions.exporting import definitions, with_needed

    for name in stacks:
        find_stack(copy.view, name)
    return with_needed(copy.view, *stacks) if stacks else definitions(copy.view)


def show(app: App, url: str, server: "Server", made: "Push", *, beside: bool = False) -> None:
    """Shows what would be done on the server; `beside` the result, for whoever is asked."""
    from stackroom.client.commands.profiles import planned
    from stackroom.client.definitions.planning import after

    state = after(server.state, made.plan)
    left_out = [f"left out: {reason}" for reason in made.left_out]
    shown = planned.planned(url, made.plan, server.state, state, (), left_out)
    views = planned.view(shown, server.state, state)
    if beside:
        app.output.beside(views)
    else:
        app.output.show(shown, views)
    for warning in shown.warnings:
        app.output.note(f"Note: {warning}.")


def _push(app: App, api: "Api", made: "Push", server: "Server") -> None:
    from stackroom.client.commands.naming import called
    from stackroom.client.commands.output import Lines
    from stackroom.client.zenml_server import pushing

    pushed = Pushed(api.url, [], [], made.left_out)

    def done(step: "Step") -> None:
        name = called(step.kind, step.name, step.type)
        (pushed.created if step.action == "create" else pushed.updated).append(name)
        bar.step()

    def told() -> str:
        return f"{len(pushed.created)} made, {len(pushed.updated)} changed on {api.url}"

    try:
        with progress(app.output, "Pushing", total=len(made.plan.steps)) as bar:
            pushing.push(api, made, server, done)
    except (ServerRefused, Unreachable, NotAuthorised) as error:
        hint = "correct it, and push again: it goes on from there"
        raise type(error)(f"{error}; until then: {told()}", hint=hint) from error
    for reason in made.left_out:
        app.output.note(f"Note: left out: {reason}.")
    what = "the rest" if made.left_out else "all"
    nothing = f"The server says {what} of it already."
    app.output.show(pushed, Lines([f"{told()}." if made.plan.steps else nothing]))
