"""`stackroom team`: users who hold roles together."""

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
    from stackroom.client.commands.people.crowd import Crowd, Held
    from stackroom.events.people.entities import Team


class TeamRow(Struct, frozen=True):
    """A team, its members and its roles."""

    id: str
    name: str
    description: str
    members: list[str]
    roles: "list[Held]"


name_argument = click.argument("name", metavar="TEAM", shell_complete=completing.people("team"))
users_argument = click.argument(
    "users", metavar="USER...", nargs=-1, required=True, shell_complete=completing.people("user")
)


@group(
    "team",
    example="""
    stackroom team create ml --member ada --member ben
    stackroom role assign editor --team ml --profile production
    """,
)
def team() -> None:
    """Teams: what a team may do, each of its members may."""


@team.command("list", example="stackroom team list")
@hub_option
@click.pass_obj
def list_(app: "App", url: str | None) -> None:
    """List the teams, their members and their roles."""
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Team

    crowd = Crowd(app, url)
    rows = [_row(crowd, id, found) for id, found in crowd.all(Team)]

    def table() -> Table:
        return Table(
            ("name", "members", "roles", "description"),
            [
                (row.name, ", ".join(row.members), ", ".join(map(str, row.roles)), row.description)
                for row in rows
            ],
            "There are no teams: stackroom team create NAME makes one.",
        )

    app.output.show(rows, table)
    app.show_copy_age(crowd.copy)


@team.command("describe", example="stackroom team describe ml")
@name_argument
@hub_option
@click.pass_obj
def describe(app: "App", name: str, url: str | None) -> None:
    """Show a team."""
    from stackroom.client.commands.output import Fields
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Team

    crowd = Crowd(app, url)
    row = _row(crowd, *crowd.find(Team, name))
    app.output.show(
        row,
        Fields(
            (
                ("description", row.description),
                ("members", ", ".join(row.members) or "(none)"),
                ("roles", ", ".join(map(str, row.roles)) or "(none)"),
                ("id", row.id),
            ),
            f"team {row.name}",
        ),
    )
    app.show_copy_age(crowd.copy)


@team.command("create", example="stackroom team create ml --member ada --member ben")
@click.argument("name")
@click.option("--description", default="", help="What it is for.")
@click.option(
    "--member",
    "members",
    multiple=True,
    shell_complete=completing.people("user"),
    help="A user who is in it; may be given several times.",
)
@reason_option
@hub_option
@click.pass_obj
def create(
    app: "App",
    name: str,
    description: str,
    members: tuple[str, ...],
    message: str,
    url: str | None,
) -> None:
    """Create a team."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import User
    from stackroom.events.people.model import TeamCreated

    crowd = Crowd(app, url)
    ids = {crowd.find(User, member)[0]: True for member in members}
    created = TeamCreated(name, description, ids)
    crowd.commit([(app.workspace.new_id(), created)], f"Team {name!r} created", message)


@team.command("update", example='stackroom team update ml --description "machine learning"')
@name_argument
@click.option("--description", required=True, help="What it is for.")
@reason_option
@hub_option
@click.pass_obj
def update(app: "App", name: str, description: str, message: str, url: str | None) -> None:
    """Change what a team's description says."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Team

    Crowd(app, url).update(Team, name, {"/description": description}, message)


@team.command("add", example="stackroom team add ml cleo dan")
@name_argument
@users_argument
@reason_option
@hub_option
@click.pass_obj
def add(app: "App", name: str, users: tuple[str, ...], message: str, url: str | None) -> None:
    """Add users to a team."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Team, User
    from stackroom.events.people.model import TeamUpdated

    crowd = Crowd(app, url)
    id, found = crowd.find(Team, name)
    ids = [crowd.find(User, each)[0] for each in users]
    new = {f"/members/{user}": True for user in ids if user not in found.members}
    changes = [(id, TeamUpdated(dict(new)))] if new else []
    crowd.commit(changes, f"{', '.join(users)} added to team {name!r}", message)


@team.command("remove", example="stackroom team remove ml cleo")
@name_argument
@users_argument
@reason_option
@hub_option
@click.pass_obj
def remove(app: "App", name: str, users: tuple[str, ...], message: str, url: str | None) -> None:
    """Take users out of a team: what they held through it alone ends at once."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Team, User
    from stackroom.events.people.model import TeamUpdated

    crowd = Crowd(app, url)
    id, found = crowd.find(Team, name)
    ids = [crowd.find(User, each)[0] for each in users]
    gone = tuple(f"/members/{user}" for user in ids if user in found.members)
    changes = [(id, TeamUpdated({}, gone))] if gone else []
    crowd.commit(changes, f"{', '.join(users)} removed from team {name!r}", message)


@team.command("rename", example="stackroom team rename ml machine-learning")
@name_argument
@click.argument("new_name")
@reason_option
@hub_option
@click.pass_obj
def rename(app: "App", name: str, new_name: str, message: str, url: str | None) -> None:
    """Rename a team; its members and roles stay."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Team

    Crowd(app, url).rename(Team, name, new_name, message)


@team.command("delete", example="stackroom team delete ml --yes")
@name_argument
@yes_option
@reason_option
@hub_option
@click.pass_obj
def delete(app: "App", name: str, yes: bool, message: str, url: str | None) -> None:
    """Delete a team: what its members held through it alone ends at once."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Team
    from stackroom.events.people.model import TeamDeleted

    crowd = Crowd(app, url)
    id, found = crowd.find(Team, name)
    revoked = crowd.revoked(id)
    losing = counted(len(found.members), "member loses", "members lose")
    roles = counted(len(revoked), "role")
    app.confirm(f"Delete team {name!r}? Its {losing} {roles}.", yes=yes)
    crowd.commit([*revoked, (id, TeamDeleted())], f"Team {name!r} deleted", message)


def _row(crowd: "Crowd", id: str, team: "Team") -> TeamRow:
    members = [crowd.name(member) for member in team.members]
    return TeamRow(id, team.name, team.description, members, list(crowd.held(id)))
