"""`stackroom role`: named sets of permissions, and who is given which."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.options import reason_option, yes_option
from stackroom.client.commands.people.options import for_whom, hub_option, project_option, scope_id
from stackroom.client.commands.tree import group
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.people.crowd import Crowd


class RoleRow(Struct, frozen=True):
    """A role: its `permissions`, and how often it is assigned."""

    id: str
    name: str
    built_in: bool
    description: str
    permissions: list[str]
    assigned: int


name_argument = click.argument("name", metavar="ROLE", shell_complete=completing.people("role"))


@group(
    "role",
    example="""
    stackroom role assign editor --team ml --profile production
    stackroom role create releaser --permission profile.read --permission profile.approve
    stackroom role revoke editor --user ben
    """,
)
def role() -> None:
    """Roles: named sets of permissions. viewer, editor, maintainer, admin and auditor are built in.

    A role is assigned to a user or a team, for the whole hub, a project's profiles, or one profile.
    """


@role.command("list", example="stackroom role list")
@hub_option
@click.pass_obj
def list_(app: "App", url: str | None) -> None:
    """List the roles and their permissions."""
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.people.crowd import Crowd

    crowd = Crowd(app, url)
    rows = _rows(crowd)

    def table() -> Table:
        return Table(
            ("name", "permissions", "assigned", ""),
            [
                (r.name, ", ".join(r.permissions), r.assigned, "built in" if r.built_in else "")
                for r in rows
            ],
            "There are no roles.",
        )

    app.output.show(rows, table)
    app.show_copy_age(crowd.copy)


@role.command("describe", example="stackroom role describe maintainer")
@name_argument
@hub_option
@click.pass_obj
def describe(app: "App", name: str, url: str | None) -> None:
    """Show a role, and what each of its permissions lets one do."""
    from stackroom.client.commands.output import Fields
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.permissions import PERMISSIONS

    crowd = Crowd(app, url)
    id = crowd.role(name)
    row = next(row for row in _rows(crowd) if row.id == id)
    app.output.show(
        row,
        Fields(
            (
                ("kind", "built in" if row.built_in else "the team's own"),
                ("description", row.description),
                ("assigned", counted(row.assigned, "time")),
                *((permission, PERMISSIONS.get(permission, "")) for permission in row.permissions),
            ),
            f"role {row.name}",
        ),
    )
    app.show_copy_age(crowd.copy)


permissions_option = click.option(
    "--permission",
    "permissions",
    multiple=True,
    shell_complete=completing.permissions,
    help="A permission that it has; may be given several times.",
)


@role.command(
    "create", example="stackroom role create releaser --permission profile.read -m 'for releases'"
)
@click.argument("name")
@permissions_option
@click.option("--description", default="", help="What it is for.")
@reason_option
@hub_option
@click.pass_obj
def create(
    app: "App",
    name: str,
    permissions: tuple[str, ...],
    description: str,
    message: str,
    url: str | None,
) -> None:
    """Create a role of permissions: `stackroom role describe admin` lists all that there are."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.model import RoleCreated

    crowd = Crowd(app, url)
    created = RoleCreated(name, description, dict.fromkeys(permissions, True))
    crowd.commit([(app.workspace.new_id(), created)], f"Role {name!r} created", message)


@role.command(
    "update",
    example="""
    stackroom role update releaser --permission profile.approve
    stackroom role update releaser --remove profile.read
    """,
)
@name_argument
@permissions_option
@click.option(
    "--remove",
    "removed",
    multiple=True,
    shell_complete=completing.permissions,
    help="A permission that it is to have no more.",
)
@click.option("--description", help="What it is for.")
@reason_option
@hub_option
@click.pass_obj
def update(
    app: "App",
    name: str,
    permissions: tuple[str, ...],
    removed: tuple[str, ...],
    description: str | None,
    message: str,
    url: str | None,
) -> None:
    """Change a role: whoever holds it may do more, or less, at once."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Role
    from stackroom.events.people.model import RoleUpdated
    from stackroom.events.people.people import BUILT_IN
    from stackroom.events.values import Value

    if name in BUILT_IN:
        raise click.UsageError(
            f"{name} is built in, and stays as it is: stackroom role create NAME"
        )
    crowd = Crowd(app, url)
    id, found = crowd.find(Role, name)
    written: dict[str, Value] = {f"/permissions/{each}": True for each in permissions}
    if description is not None:
        written["/description"] = description
    gone = tuple(f"/permissions/{each}" for each in removed if each in found.permissions)
    if not written and not removed:
        raise click.UsageError("nothing to change: give --permission, --remove or --description")
    changes = [(id, RoleUpdated(written, gone))] if written or gone else []
    crowd.commit(changes, f"Role {name!r} updated", message)


@role.command("rename", example="stackroom role rename releaser release-manager")
@name_argument
@click.argument("new_name")
@reason_option
@hub_option
@click.pass_obj
def rename(app: "App", name: str, new_name: str, message: str, url: str | None) -> None:
    """Rename a role; whoever holds it keeps it."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Role

    Crowd(app, url).rename(Role, name, new_name, message)


@role.command("delete", example="stackroom role delete releaser --yes")
@name_argument
@yes_option
@reason_option
@hub_option
@click.pass_obj
def delete(app: "App", name: str, yes: bool, message: str, url: str | None) -> None:
    """Delete a role: its assignments end with it."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Role
    from stackroom.events.people.model import RoleDeleted

    crowd = Crowd(app, url)
    id, _ = crowd.find(Role, name)
    revoked = crowd.revoked(id)
    ending = counted(len(revoked), "assignment ends", "assignments end")
    app.confirm(f"Delete role {name!r}? {ending} with it.", yes=yes)
    crowd.commit([*revoked, (id, RoleDeleted())], f"Role {name!r} deleted", message)


@role.command(
    "assign",
    example="""
    stackroom role assign editor --user ben
    stackroom role assign viewer --team guests --project vision
    stackroom role assign maintainer --user ada --profile production
    """,
)
@name_argument
@for_whom
@project_option
@reason_option
@hub_option
@click.pass_obj
def assign(
    app: "App",
    name: str,
    user: str | None,
    team: str | None,
    project: str | None,
    message: str,
    url: str | None,
) -> None:
    """Give a role to a user or a team, for the whole hub, or with --project or --profile for that."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.model import RoleAssigned

    crowd = Crowd(app, url)
    subject, scope = crowd.subject(user, team), scope_id(app, crowd, project)
    role = crowd.role(name)
    known = any((a.role, a.scope) == (role, scope) for a in crowd.assigned(subject))
    new = RoleAssigned("", subject, role, scope)
    changes = [] if known else [(app.workspace.new_id(), new)]
    done = f"Role {name!r} assigned to {user or team} for {crowd.scope(scope)}"
    crowd.commit(changes, done, message)


@role.command("revoke", example="stackroom role revoke editor --user ben")
@name_argument
@for_whom
@project_option
@reason_option
@hub_option
@click.pass_obj
def revoke(
    app: "App",
    name: str,
    user: str | None,
    team: str | None,
    project: str | None,
    message: str,
    url: str | None,
) -> None:
    """Take a role back: connections that live by it follow at once."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.client.errors import NotFound
    from stackroom.events.people.entities import Assignment
    from stackroom.events.people.model import RoleRevoked

    crowd = Crowd(app, url)
    subject, scope = crowd.subject(user, team), scope_id(app, crowd, project)
    role = crowd.role(name)
    found = [
        id
        for id, a in crowd.all(Assignment)
        if (crowd.view.resolve(a.subject), a.role, a.scope) == (subject, role, scope)
    ]
    if not found:
        raise NotFound(
            f"{user or team} does not hold {name!r} for {crowd.scope(scope)} by itself",
            hint="stackroom assignment list" + (f" --user {user}" if user else f" --team {team}"),
        )
    done = f"Role {name!r} revoked from {user or team} for {crowd.scope(scope)}"
    crowd.commit([(id, RoleRevoked()) for id in found], done, message)


def _rows(crowd: "Crowd") -> list[RoleRow]:
    from stackroom.events.people.entities import Assignment, Role
    from stackroom.events.people.people import BUILT_IN

    assigned = [a.role for _, a in crowd.all(Assignment)]
    rows = [
        RoleRow(name, name, True, "", sorted(permissions), assigned.count(name))
        for name, permissions in BUILT_IN.items()
    ]
    return rows + [
        RoleRow(id, r.name, False, r.description, sorted(r.permissions), assigned.count(id))
        for id, r in crowd.all(Role)
    ]
