"""`stackroom redact`: a value goes out of a profile's whole history, for everybody."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.options import yes_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.sync.protocol import Reply


class RedactedRow(Struct, frozen=True):
    """What was redacted: by commit `seq` (null for a dry run), in so many places of these commits.

    `remnants` are where it stands on, as part of a longer text, a name, a key or a message.
    """

    profile: str
    seq: int | None
    places: int
    commits: list[int]
    remnants: list["RemnantRow"]


class RemnantRow(Struct, frozen=True):
    """Where a redaction does not reach: `message`, or the number of an event and a pointer into it."""

    seq: int
    where: str


@command(
    "redact",
    example="""
    stackroom redact 12 config.secret_key --reason "leaked, and changed on the store"
    stackroom redact 12 /config/secret_key --entity artifact_store/s3 --reason leaked --yes
    """,
)
@click.argument("seq", metavar="SEQ", shell_complete=completing.commits)
@click.argument("path", metavar="PATH")
@click.option("--reason", required=True, help="Why: stands in the history in the value's place.")
@click.option(
    "--entity",
    metavar="STACK|TYPE/NAME",
    shell_complete=completing.entities,
    help="Of which, where the commit wrote several.",
)
@click.option("--dry-run", is_flag=True, help="Only say where the value stands.")
@yes_option
@click.pass_obj
def redact(
    app: "App", seq: str, path: str, reason: str, entity: str | None, dry_run: bool, yes: bool
) -> None:
    """Take the text that commit SEQ wrote at PATH out of the history, wherever it stands there.

    It goes from the hub, from each replica at its next sync, from snapshots, and from exports and backups
    that are made afterwards; older backups have it still. All hashes stay valid. First of all, change the
    credential where it is good: whoever could read the profile may know it.
    """
    from stackroom.client.commands.lookup import find_entity
    from stackroom.client.commands.progress import progress
    from stackroom.client.connection.exchange import exchange, order
    from stackroom.client.errors import NoHub
    from stackroom.events.values import pointer
    from stackroom.sync import protocol as wire

    copy = app.copy()
    if copy.hub is None:
        raise NoHub(
            f"profile {copy.name!r} is local, and nobody else has it",
            hint="stackroom profile clone makes one that has none of its history",
        )
    number = seq.removeprefix("#")
    if not number.isdigit():
        raise click.UsageError(f"{seq!r} is no commit: give its number")
    where = path if path.startswith("/") else pointer(*path.split("."))
    id = find_entity(copy.view, entity)[0] if entity else ""
    asked = wire.Redact(copy.id, int(number), where, reason, id, dry_run=True)
    shown = _shown(copy.name, order(app.workspace, copy.hub, asked))
    if dry_run:
        app.output.show(shown, Lines([f"The text stands in {_places(shown)}.", *_rest(shown)]))
        return
    app.confirm(f"Redact it in {_places(shown)}? There is no way back.", yes=yes)
    with progress(app.output, "Redacting"):
        asked = wire.Redact(copy.id, int(number), where, reason, id)
        shown = _shown(copy.name, order(app.workspace, copy.hub, asked))
        exchange(app.workspace, copy.hub, [copy.id])
    done = f"Redacted in {_places(shown)}: committed as #{shown.seq}"
    app.output.show(shown, Lines([done, *_rest(shown)]))


def _shown(profile: str, reply: "Reply") -> RedactedRow:
    places = sum(len(each.paths) for each in reply.rewritten)
    commits = sorted({each.seq for each in reply.rewritten})
    remnants = [RemnantRow(each.seq, each.where) for each in reply.remnants]
    return RedactedRow(profile, reply.seq, places, commits, remnants)


def _places(row: RedactedRow) -> str:
    return f"{counted(row.places, 'place')}, in {', '.join(f'#{seq}' for seq in row.commits)}"


def _rest(row: RedactedRow) -> list[str]:
    """Where it stands on, which somebody has to look at."""
    if not row.remnants:
        return []
    lines = [f"  #{each.seq}  {each.where}" for each in row.remnants]
    return ["It stands on as a part of what is not redacted with it:", *lines]
