"""What commands on a hub's people share: which hub, which scope, and names that lead to ids."""

from typing import TYPE_CHECKING, Any, TypeVar

import click

from stackroom.client.commands import completing

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.events.entity import Entity

E = TypeVar("E", bound="Entity")


class DurationType(click.ParamType):  # type: ignore[type-arg]
    """A duration such as 90d, as milliseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The duration in milliseconds; a usage error if it is none."""
        from stackroom.client.durations import milliseconds

        if isinstance(value, int):
            return value
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
    "--project", metavar="PROJECT", help="Good in the profiles of this project alone."
)


def role_id(app: "App", url: str, name: str) -> str:
    """The id of a role; a built-in one's is its name. NotFound."""
    from stackroom.events.people import BUILT_IN
    from stackroom.events.people_entities import Role

    return name if name in BUILT_IN else person_id(app, url, Role, name)


def team_id(app: "App", url: str, name: str) -> str:
    """The id of a team; NotFound."""
    from stackroom.events.people_entities import Team

    return person_id(app, url, Team, name)


def scope_id(app: "App", url: str, project: str | None) -> str:
    """Where a role is to be good: the id of `project`, or of --profile, or empty for the whole hub.

    NotFound, UsageError for both.
    """
    from stackroom.events.people_entities import Project

    if project and app.profile_name:
        raise click.UsageError("--project and --profile exclude each other")
    if project:
        return person_id(app, url, Project, project)
    if app.profile_name:
        return app.workspace.entry(app.profile_name).id
    return ""


def person_id(app: "App", url: str, kind: type[E], name: str) -> str:
    """The id of the entity of that kind and name among the people of the hub; NotFound."""
    from stackroom.client.errors import missing

    workspace = app.workspace
    view = workspace.copy(workspace.people(url).id).view
    found = view.find(kind, name)
    if found is None:
        names = [entity.name for _, entity in view.all(kind)]
        raise missing(
            f"{kind.kind} {name!r} on this hub", name, names, f"stackroom {kind.kind} list"
        )
    return found[0]
