"""Options that the commands on a hub's people share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stackroom.client.commands import completing

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.people.crowd import Crowd

F = TypeVar("F", bound=Callable[..., Any])


class DurationType(click.ParamType):  # type: ignore[type-arg]
    """A duration such as 90d, as milliseconds; with `never`, that word is None."""

    name = "duration"

    def __init__(self, *, never: bool = False) -> None:
        self.never = never

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """The duration in milliseconds; a usage error if it is none."""
        from stackroom.client.history.durations import milliseconds

        if value is None or isinstance(value, int):
            return value
        if self.never and value == "never":
            return None
        try:
            return milliseconds(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


hub_option = click.option(
    "--hub",
    "url",
    metavar="URL",
    shell_complete=completing.joined_hubs,
    help="Which hub, where several are joined.",
)
project_option = click.option(
    "--project",
    metavar="PROJECT",
    shell_complete=completing.people("project"),
    help="Good in the profiles of this project alone; with --profile, in that one.",
)


def for_whom(function: F) -> F:
    """`--user` and `--team`: who holds a role."""
    function = click.option(
        "--team", metavar="TEAM", shell_complete=completing.people("team"), help="A team."
    )(function)
    return click.option(
        "--user", metavar="USER", shell_complete=completing.people("user"), help="A user."
    )(function)


def scope_id(app: "App", crowd: "Crowd", project: str | None) -> str:
    """Where a role is to be good: the id of `project`, or of --profile, or empty for the whole hub.

    NotFound, UsageError for both.
    """
    from stackroom.events.people.entities import Project

    if project and app.profile_name:
        raise click.UsageError("--project and --profile exclude each other")
    if project:
        return crowd.find(Project, project)[0]
    return app.workspace.entry(app.profile_name).id if app.profile_name else ""
