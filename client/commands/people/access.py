"""`stackroom access`: what one may do, and why."""

from typing import TYPE_CHECKING, Final

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.people.options import hub_option
from stackroom.client.commands.tree import group

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


KINDS: Final = (
    "signed_in",
    "sign_in_refused",
    "joined",
    "refused",
    "limit",
    "people",
    "certificate",
    "hub_key",
    "healing",
    "started",
    "stopped",
)
"""What an entry of the security log may be about."""

COLUMNS: Final = ("time", "kind", "user", "address")
"""What a row of it shows in columns of their own."""


class Right(Struct, frozen=True):
    """One permission that somebody holds, and where it comes from."""

    permission: str
    role: str
    scope: str
    team: str
    assignment: str


class Access(Struct, frozen=True):
    """What a user may do in a profile, or (`profile` null) on the hub as a whole."""

    user: str
    active: bool
    profile: str | None
    rights: list[Right]


class Mine(Struct, frozen=True):
    """What this home's token may do in a profile, as the hub said last; `profile` null is the hub."""

    profile: str | None
    permissions: list[str]


@group("access", example="stackroom access explain ben production\nstackroom access show")
def access() -> None:
    """What people may do, and by which assignment."""


@access.command(
    "explain",
    example="""
    stackroom access explain
    stackroom access explain ben production
    """,
)
@click.argument("user", required=False, shell_complete=completing.people("user"))
@click.argument("profile", required=False, shell_complete=completing.profiles)
@hub_option
@click.pass_obj
def explain(app: "App", user: str | None, profile: str | None, url: str | None) -> None:
    """Say what USER (yourself, without) may do in PROFILE (or on the hub), and by which assignment.

    The hub is asked, so that the answer is that of now.
    """
    from stackroom.client.commands.output import Table
    from stackroom.client.connection.exchange import order
    from stackroom.sync import protocol as wire

    workspace = app.workspace
    address = workspace.hub(url).url
    entry = workspace.entry(profile) if profile else None
    reply = order(workspace, address, wire.Explain(user or "", entry.id if entry else ""))
    explained = reply.explained
    assert explained is not None
    names = {each.id: each.name for each in workspace.store.profiles()}
    rights = [
        Right(g.permission, g.role, _scope(g.scope, g.project, names), g.team, g.assignment)
        for g in sorted(explained.grants, key=lambda g: (g.permission, g.role))
    ]
    name = entry.name if entry else None

    def table() -> Table:
        return Table(
            ("permission", "by role", "for", "through", "assignment"),
            [
                (
                    r.permission,
                    r.role,
                    r.scope,
                    f"team {r.team}" if r.team else "",
                    r.assignment[-12:],
                )
                for r in rights
            ],
            f"{explained.user} may do nothing {f'in {name}' if name else 'on this hub'}"
            + ("." if explained.active else ": the account is inactive."),
        )

    app.output.show(Access(explained.user, explained.active, name, rights), table)


@access.command("show", example="stackroom access show")
@hub_option
@click.pass_obj
def show(app: "App", url: str | None) -> None:
    """Show what you may do here with the token of this home, as the hub said last."""
    from stackroom.client.commands.output import Table
    from stackroom.client.errors import NoHub

    workspace = app.workspace
    address = workspace.hub(url).url
    known = workspace.rights(address)
    if known is None:
        raise NoHub(f"the hub at {address} has not said yet what you may do", hint="stackroom sync")
    rows = [Mine(None, list(known.hub))]
    for entry in workspace.profiles():
        if entry.hub == address:
            rows.append(Mine(entry.name, sorted(known.of(entry.id))))

    def table() -> Table:
        return Table(
            ("where", "what you may do"),
            [
                (row.profile or "(the hub)", ", ".join(row.permissions) or "(nothing)")
                for row in rows
            ],
            "",
        )

    app.output.show(rows, table)


@access.command(
    "log",
    example="""
    stackroom access log
    stackroom access log --user ben --since '2h ago'
    stackroom access log --kind refused --output json
    """,
)
@click.option(
    "--kind", type=click.Choice(KINDS), metavar="KIND", help=f"One of {', '.join(KINDS)}."
)
@click.option(
    "--user",
    metavar="USER",
    shell_complete=completing.people("user"),
    help="What this user did, or tried.",
)
@click.option("--since", metavar="TIME", help="Not before: 2026-11-20, '2h ago', yesterday.")
@click.option(
    "-n", "--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most."
)
@hub_option
@click.pass_obj
def log(
    app: "App",
    kind: str | None,
    user: str | None,
    since: str | None,
    limit: int,
    url: str | None,
) -> None:
    """Show the hub's security log: who came in, what was refused, granted, or hit a limit.

    Auditors and administrators may (hub.audit). The newest entries, oldest first.
    """
    import json

    from stackroom.client.commands.output import Table
    from stackroom.client.connection.exchange import order
    from stackroom.sync import protocol as wire

    workspace = app.workspace
    asked = wire.ListNotes(limit, kind or "", user or "", _since(since) if since else 0)
    reply = order(workspace, workspace.hub(url).url, asked)
    entries = [json.loads(line) for line in reply.notes]

    def table() -> Table:
        return Table(
            ("when", "kind", "user", "address", "what"),
            [
                (
                    *(entry.get(name, "") for name in COLUMNS),
                    " ".join(f"{k}={v}" for k, v in entry.items() if k not in COLUMNS),
                )
                for entry in entries
            ],
            "Nothing of that was noted.",
        )

    app.output.show(entries, table)


def _since(text: str) -> int:
    """The time that `text` means, in milliseconds since 1970; a usage error if it means none."""
    from datetime import datetime

    from stackroom.client.history import when

    try:
        place = when.parse(text, datetime.now().astimezone())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from None
    if not isinstance(place, when.Moment):
        raise click.BadParameter("this takes a time, not a commit", param_hint="--since")
    return place.time


def _scope(scope: str, project: str, names: dict[str, str]) -> str:
    if not scope:
        return "hub"
    return f"project {project}" if project else f"profile {names.get(scope, scope[-12:])}"
