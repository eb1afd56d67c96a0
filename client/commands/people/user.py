"""`stackroom user`: the accounts of a hub, of people and of services."""

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
    from stackroom.events.people.entities import User


class KeyRow(Struct, frozen=True):
    """A key by which a replica of a user's signs: its fingerprint, and since when (ms since 1970)."""

    key: str
    replica: str
    created: int


class UserRow(Struct, frozen=True):
    """A user: `roles` are those held directly and through `teams`, `keys` those that have not ended."""

    id: str
    name: str
    full_name: str
    email: str
    service: bool
    active: bool
    teams: list[str]
    roles: "list[Held]"
    keys: list[KeyRow] = []


name_argument = click.argument("name", shell_complete=completing.people("user"))


@group(
    "user",
    example="""
    stackroom user list
    stackroom user create ci --service
    stackroom user update ben --inactive -m "left the team"
    """,
    lazy={
        "password": "stackroom.client.commands.hubs.signing:password",
        "link": "stackroom.client.commands.hubs.signing:link",
        "revoke-key": "stackroom.client.commands.people.revoke_key:revoke_key",
    },
)
def user() -> None:
    """The users of a hub: people, and services such as CI.

    People come in by an invitation (`stackroom invite`); what they may do is said by roles.
    """


@user.command("list", example="stackroom user list")
@hub_option
@click.pass_obj
def list_(app: "App", url: str | None) -> None:
    """List the users, their teams and their roles."""
    from stackroom.client.commands.output import Table
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import User

    crowd = Crowd(app, url)
    rows = [_row(crowd, id, found) for id, found in crowd.all(User)]

    def table() -> Table:
        return Table(
            ("name", "full name", "teams", "roles", ""),
            [
                (
                    row.name,
                    row.full_name,
                    ", ".join(row.teams),
                    ", ".join(map(str, row.roles)),
                    ", ".join(_marks(row)),
                )
                for row in rows
            ],
            "There are no users.",
        )

    app.output.show(rows, table)
    app.show_copy_age(crowd.copy)


@user.command("describe", example="stackroom user describe ada")
@name_argument
@hub_option
@click.pass_obj
def describe(app: "App", name: str, url: str | None) -> None:
    """Show a user, each role that they hold, and the keys by which their replicas sign."""
    from stackroom.client.commands.output import Fields
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.client.commands.times import local
    from stackroom.events.people.entities import User

    crowd = Crowd(app, url)
    row = _row(crowd, *crowd.find(User, name))
    app.output.show(
        row,
        Fields(
            (
                ("full name", row.full_name),
                ("email", row.email),
                ("kind", "service account" if row.service else "person"),
                ("active", "yes" if row.active else "no"),
                ("teams", ", ".join(row.teams) or "(none)"),
                ("roles", ", ".join(map(str, row.roles)) or "(none)"),
                (
                    "keys",
                    ", ".join(f"{k.key} (since {local(k.created)})" for k in row.keys) or "(none)",
                ),
                ("id", row.id),
            ),
            f"user {row.name}",
        ),
    )
    app.show_copy_age(crowd.copy)


@user.command(
    "create",
    example="""
    stackroom user create ci --service
    stackroom token create deploy --user ci --expires 365d
    """,
)
@click.argument("name")
@click.option("--full-name", default="", help="The name as people write it.")
@click.option("--email", default="", help="An address.")
@click.option("--service", is_flag=True, help="An account of a program, such as CI.")
@reason_option
@hub_option
@click.pass_obj
def create(
    app: "App",
    name: str,
    full_name: str,
    email: str,
    service: bool,
    message: str,
    url: str | None,
) -> None:
    """Create an account. A person's is opened by an invitation, a service's by tokens made for it.

    The name signs commits, and is never given to anybody else, even when the account is deleted.
    """
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.model import UserCreated

    crowd = Crowd(app, url)
    created = UserCreated(name, full_name, email, service)
    crowd.commit([(app.workspace.new_id(), created)], f"User {name!r} created", message)
    if not service:
        app.output.note(f"Next: stackroom invite {name}")


@user.command(
    "update",
    example="""
    stackroom user update ada --full-name "Ada Lovelace" --email ada@example.org
    stackroom user update ben --inactive
    """,
)
@name_argument
@click.option("--full-name", help="The name as people write it.")
@click.option("--email", help="An address.")
@click.option(
    "--active/--inactive", default=None, help="An inactive user is signed out, and may do nothing."
)
@reason_option
@hub_option
@click.pass_obj
def update(
    app: "App",
    name: str,
    full_name: str | None,
    email: str | None,
    active: bool | None,
    message: str,
    url: str | None,
) -> None:
    """Change an account. Whoever is made inactive is signed out at once, everywhere."""
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import User
    from stackroom.events.values import Value

    asked: dict[str, Value] = {"/full_name": full_name, "/email": email, "/active": active}
    written: dict[str, Value] = {path: value for path, value in asked.items() if value is not None}
    if not written:
        raise click.UsageError("nothing to change: give --full-name, --email or --inactive")
    Crowd(app, url).update(User, name, written, message)


@user.command("delete", example="stackroom user delete ben --yes")
@name_argument
@yes_option
@reason_option
@hub_option
@click.pass_obj
def delete(app: "App", name: str, yes: bool, message: str, url: str | None) -> None:
    """Delete an account: its tokens, keys, roles and memberships end with it.

    What it did stays in every history under its name.
    """
    from stackroom.client.commands.people.crowd import Crowd
    from stackroom.events.people.entities import SigningKey, Token, User
    from stackroom.events.people.model import KeyRevoked, TeamUpdated, TokenRevoked, UserDeleted

    crowd = Crowd(app, url)
    id, _ = crowd.find(User, name)
    tokens = [(each, TokenRevoked()) for each, token in crowd.all(Token) if token.user == id]
    keys = [(each, KeyRevoked()) for each, key in crowd.all(SigningKey) if key.user == id]
    revoked = crowd.revoked(id)
    teams = [(team, TeamUpdated({}, (f"/members/{id}",))) for team, _ in crowd.teams_of(id)]
    held = f"{counted(len(tokens), 'token')}, {counted(len(revoked), 'role')}"
    ending = f"{held} and {counted(len(teams), 'membership')} end with it"
    app.confirm(f"Delete user {name!r}? {ending}.", yes=yes)
    changes = [*tokens, *keys, *revoked, *teams, (id, UserDeleted())]
    crowd.commit(changes, f"User {name!r} deleted", message)


def _row(crowd: "Crowd", id: str, user: "User") -> UserRow:
    from stackroom.events.people.entities import SigningKey

    teams = crowd.teams_of(id)
    roles = [*crowd.held(id)]
    for team_id, team in teams:
        roles += crowd.held(team_id, team.name)
    names = [team.name for _, team in teams]
    keys = [KeyRow(k.name, k.replica, k.created) for _, k in crowd.all(SigningKey) if k.user == id]
    return UserRow(
        id, user.name, user.full_name, user.email, user.service, user.active, names, roles, keys
    )


def _marks(row: UserRow) -> list[str]:
    marks = (("service", row.service), ("inactive", not row.active))
    return [mark for mark, holds in marks if holds]
