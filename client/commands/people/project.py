"""`stackroom project`: groups of profiles, in which roles are held."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.options import reason_option, yes_option
from stackroom.client.commands.people.options import hub_option
from stackroom.client.commands.tree import group
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Project


class Holder(Struct, frozen=True):
    """Who holds a role in a project."""

    role: str
    subject: str


class ProjectRow(Struct, frozen=True):
    """A project, its profiles, and who holds which role in it."""

    id: str
    name: str
    description: str
    profiles: list[str]
    holders: list[Holder]


name_argument = click.argument(
    "name", metavar="PROJECT", shell_complete=completing.people("project")
)
profiles_argument = click.argument(
    "profiles",
    metavar="PROFILE...",
    nargs=-1,
    required=True,
    shell_complete=completing.profiles,
)


@group(
    "project",
    example="""
    stackroom project create vision
    stackroom project add vision training serving
    stackroom role assign editor --team ml --project vision
    """,
)
def project() -> None:
    """Projects: a project groups profiles, so that a role can be given in all of them at once."""


@project.command("list", example="stackroom project list")
@hub_option
@click.pass_obj
def list_(app: "App", url: str | None) -> None:
    """List the projects and their profiles."""
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Project

    crowd = Crowd(app, url)
    rows = [_row(crowd, id, found) for id, found in crowd.all(Project)]

    def table() -> Table:
        return Table(
            ("name", "profiles", "roles", "description"),
            [(r.name, ", ".join(r.profiles), _held(r), r.description) for r in rows],
            "There are no projects: stackroom project create NAME makes one.",
        )

    app.output.show(rows, table)
    app.show_copy_age(crowd.copy)


@project.command("describe", example="stackroom project describe vision")
@name_argument
@hub_option
@click.pass_obj
def describe(app: "App", name: str, url: str | None) -> None:
    """Show a project, and who holds which role in it."""
    from stackroom.client.commands.output import Fields
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Project

    crowd = Crowd(app, url)
    row = _row(crowd, *crowd.find(Project, name))
    app.output.show(
        row,
        Fields(
            (
                ("description", row.description),
                ("profiles", ", ".join(row.profiles) or "(none)"),
                ("roles", _held(row) or "(none)"),
                ("id", row.id),
            ),
            f"project {row.name}",
        ),
    )
    app.show_copy_age(crowd.copy)


@project.command("create", example='stackroom project create vision --description "cameras"')
@click.argument("name")
@click.option("--description", default="", help="What it is about.")
@reason_option
@hub_option
@click.pass_obj
def create(app: "App", name: str, description: str, message: str, url: str | None) -> None:
    """Create a project."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.model import ProjectCreated

    crowd = Crowd(app, url)
    created = ProjectCreated(name, description)
    crowd.commit([(app.workspace.new_id(), created)], f"Project {name!r} created", message)


@project.command("update", example='stackroom project update vision --description "all cameras"')
@name_argument
@click.option("--description", required=True, help="What it is about.")
@reason_option
@hub_option
@click.pass_obj
def update(app: "App", name: str, description: str, message: str, url: str | None) -> None:
    """Change what a project's description says."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Project

    Crowd(app, url).update(Project, name, {"/description": description}, message)


@project.command("add", example="stackroom project add vision training serving")
@name_argument
@profiles_argument
@reason_option
@hub_option
@click.pass_obj
def add(app: "App", name: str, profiles: tuple[str, ...], message: str, url: str | None) -> None:
    """Add profiles to a project: roles that are held in it are good in them at once."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Project
    from stackroom.events.people.model import ProjectUpdated

    crowd = Crowd(app, url)
    id, found = crowd.find(Project, name)
    ids = [app.workspace.entry(profile).id for profile in profiles]
    new = {f"/profiles/{each}": True for each in ids if each not in found.profiles}
    changes = [(id, ProjectUpdated(dict(new)))] if new else []
    crowd.commit(changes, f"{', '.join(profiles)} added to project {name!r}", message)


@project.command("remove", example="stackroom project remove vision serving")
@name_argument
@profiles_argument
@reason_option
@hub_option
@click.pass_obj
def remove(app: "App", name: str, profiles: tuple[str, ...], message: str, url: str | None) -> None:
    """Take profiles out of a project: what was held in them through it alone ends at once."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Project
    from stackroom.events.people.model import ProjectUpdated

    crowd = Crowd(app, url)
    id, found = crowd.find(Project, name)
    ids = [app.workspace.entry(profile).id for profile in profiles]
    gone = tuple(f"/profiles/{each}" for each in ids if each in found.profiles)
    changes = [(id, ProjectUpdated({}, gone))] if gone else []
    crowd.commit(changes, f"{', '.join(profiles)} removed from project {name!r}", message)


@project.command("rename", example="stackroom project rename vision cameras")
@name_argument
@click.argument("new_name")
@reason_option
@hub_option
@click.pass_obj
def rename(app: "App", name: str, new_name: str, message: str, url: str | None) -> None:
    """Rename a project; its profiles and roles stay."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Project

    Crowd(app, url).rename(Project, name, new_name, message)


@project.command("delete", example="stackroom project delete vision --yes")
@name_argument
@yes_option
@reason_option
@hub_option
@click.pass_obj
def delete(app: "App", name: str, yes: bool, message: str, url: str | None) -> None:
    """Delete a project. Its profiles stay; the roles that were held in it end at once."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Project
    from stackroom.events.people.model import ProjectDeleted

    crowd = Crowd(app, url)
    id, _ = crowd.find(Project, name)
    revoked = crowd.revoked(id)
    app.confirm(
        f"Delete project {name!r}? {counted(len(revoked), 'role ends', 'roles end')} with it.",
        yes=yes,
    )
    crowd.commit([*revoked, (id, ProjectDeleted())], f"Project {name!r} deleted", message)


def _row(crowd: "Crowd", id: str, project: "Project") -> ProjectRow:
    from stackroom.events.people.entities import Assignment

    holders = [
        Holder(crowd.role_name(a.role), crowd.name(a.subject))
        for _, a in crowd.all(Assignment)
        if a.scope == id
    ]
    profiles = [crowd.profile_name(profile) for profile in project.profiles]
    return ProjectRow(id, project.name, project.description, profiles, holders)


def _held(row: ProjectRow) -> str:
    return ", ".join(f"{holder.subject}: {holder.role}" for holder in row.holders)
