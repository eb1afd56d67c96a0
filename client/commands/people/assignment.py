"""`stackroom assignment`: each role that is held, by whom, where, since when and by whose doing."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.options import reason_option, yes_option
from stackroom.client.commands.people.options import for_whom, hub_option, project_option
from stackroom.client.commands.tree import group

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Assignment


class AssignmentRow(Struct, frozen=True):
    """A role that a user or team holds; granted in commit `seq` by `author`, as far as that is here."""

    id: str
    role: str
    subject: str
    kind: str
    scope: str
    description: str
    seq: int
    author: str | None
    time: int | None
    message: str | None


id_argument = click.argument("id", metavar="ID", shell_complete=completing.assignments)


@group(
    "assignment",
    example="""
    stackroom assignment list --user ben
    stackroom assignment describe 3f2a9c
    """,
)
def assignment() -> None:
    """Assignments: who holds which role where, and who granted it. The end of an id is enough."""


@assignment.command("list", example="stackroom assignment list --user ben")
@for_whom
@hub_option
@click.pass_obj
def list_(app: "App", user: str | None, team: str | None, url: str | None) -> None:
    """List the assignments, or those of one user or team themselves."""
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import Assignment

    crowd = Crowd(app, url)
    wanted = crowd.subject(user, team) if user or team else None
    rows = [
        _row(crowd, id, found)
        for id, found in crowd.all(Assignment)
        if wanted is None or crowd.view.resolve(found.subject) == wanted
    ]

    def table() -> Table:
        from stackroom.client.commands.times import local

        return Table(
            ("id", "role", "for", "scope", "granted by", "when", "in"),
            [
                (
                    row.id[-12:],
                    row.role,
                    f"{row.kind} {row.subject}",
                    row.scope,
                    row.author,
                    local(row.time) if row.time is not None else "",
                    f"#{row.seq}",
                )
                for row in rows
            ],
            "Nothing is assigned: stackroom role assign ROLE --user NAME",
        )

    app.output.show(rows, table)
    app.show_copy_age(crowd.copy)


@assignment.command("describe", example="stackroom assignment describe 3f2a9c")
@id_argument
@hub_option
@click.pass_obj
def describe(app: "App", id: str, url: str | None) -> None:
    """Show an assignment, and the commit that granted it."""
    from stackroom.client.commands.output import Fields
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.client.commands.times import local

    crowd = Crowd(app, url)
    row = _row(crowd, *crowd.assignment(id))
    app.output.show(
        row,
        Fields(
            (
                ("role", row.role),
                ("for", f"{row.kind} {row.subject}"),
                ("scope", row.scope),
                ("description", row.description),
                ("granted by", row.author),
                ("when", local(row.time) if row.time is not None else ""),
                ("why", row.message),
                ("in", f"#{row.seq}"),
            ),
            f"assignment {row.id}",
        ),
    )
    app.show_copy_age(crowd.copy)


@assignment.command(
    "create", example="stackroom assignment create --role viewer --user eve --description audit"
)
@click.option("--role", required=True, shell_complete=completing.people("role"), help="The role.")
@for_whom
@project_option
@click.option("--description", default="", help="What it is for.")
@reason_option
@hub_option
@click.pass_obj
def create(
    app: "App",
    role: str,
    user: str | None,
    team: str | None,
    project: str | None,
    description: str,
    message: str,
    url: str | None,
) -> None:
    """Give a role to a user or a team, as `role assign` does, with a description."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.client.commands.people.options import scope_id
    from stackroom.events.people.model import RoleAssigned

    crowd = Crowd(app, url)
    subject, scope = crowd.subject(user, team), scope_id(app, crowd, project)
    new = RoleAssigned("", subject, crowd.role(role), scope, description)
    done = f"Role {role!r} assigned to {user or team} for {crowd.scope(scope)}"
    crowd.commit([(app.workspace.new_id(), new)], done, message)


@assignment.command(
    "update", example="stackroom assignment update 3f2a9c --description 'until May'"
)
@id_argument
@click.option("--description", required=True, help="What it is for.")
@reason_option
@hub_option
@click.pass_obj
def update(app: "App", id: str, description: str, message: str, url: str | None) -> None:
    """Change what an assignment's description says."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.model import AssignmentUpdated

    crowd = Crowd(app, url)
    found, _ = crowd.assignment(id)
    written = AssignmentUpdated({"/description": description})
    crowd.commit([(found, written)], f"Assignment {found[-12:]} updated", message)


@assignment.command("delete", example="stackroom assignment delete 3f2a9c --yes")
@id_argument
@yes_option
@reason_option
@hub_option
@click.pass_obj
def delete(app: "App", id: str, yes: bool, message: str, url: str | None) -> None:
    """Revoke an assignment: connections that live by it follow at once."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.model import RoleRevoked

    crowd = Crowd(app, url)
    found, held = crowd.assignment(id)
    what = (
        f"{crowd.role_name(held.role)} of {crowd.name(held.subject)} for {crowd.scope(held.scope)}"
    )
    app.confirm(f"Revoke {what}?", yes=yes)
    crowd.commit([(found, RoleRevoked())], f"Revoked: {what}", message)


def _row(crowd: "Crowd", id: str, found: "Assignment") -> AssignmentRow:
    from stackroom.events.values import WHOLE

    seq, _ = found.stamps[WHOLE]
    commits = crowd.copy.log.commits(crowd.copy.id, seq - 1, 1)
    commit = commits[0] if commits and commits[0].seq == seq else None
    subject = crowd.view.get(found.subject)
    return AssignmentRow(
        id,
        crowd.role_name(found.role),
        crowd.name(found.subject),
        subject.kind if subject is not None else "",
        crowd.scope(found.scope),
        found.description,
        seq,
        commit.author if commit is not None else None,
        commit.accepted if commit is not None else None,
        commit.message if commit is not None else None,
    )
