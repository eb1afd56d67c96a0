"""`stackroom pending`: your own changes that the hub has not taken: those that wait, and those refused."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import click
from msgspec import Struct, json

from stackroom.client.commands import completing
from stackroom.client.commands.exits import Refused
from stackroom.client.commands.options import yes_option
from stackroom.client.commands.output import Fields, Lines, Table, Toned, View
from stackroom.client.commands.times import ago, local
from stackroom.client.commands.tree import group
from stackroom.client.errors import NotFound
from stackroom.events.model import Proposal

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.naming import Names
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.client.rebase import Standing

Waits: TypeAlias = Literal["pending", "parked"]


class Row(Struct, frozen=True):
    """A proposal that is not in the log.

    `outlook` is what would become of a pending one now (`commit`, `merge`, `converge`, `conflict`,
    `request`, `refuse`); `code` and `why` say why the hub refused a parked one, or the rules would
    refuse a pending one.
    """

    number: int
    id: str
    state: Waits
    message: str
    time: int
    base: int
    changes: list[str]
    outlook: str
    code: str
    why: str


class Exported(Struct, frozen=True):
    """What `pending export` writes: the proposals whole, to be carried by hand.

    `profile` is the profile's id; each proposal has its id, number, base, message, time and events,
    with their bodies and salts.
    """

    stackroom: Literal["proposals"]
    version: Literal[1]
    replica: str
    user: str
    profile: str
    name: str
    proposals: list["Carried"]


class Carried(Struct, frozen=True):
    """One proposal, and what the hub said if it refused it."""

    state: Waits
    code: str
    sentence: str
    proposal: Proposal


@group("pending", example="stackroom pending list\nstackroom pending retry 7")
def pending() -> None:
    """See your own changes that the hub has not taken: waiting, or refused and parked."""


@pending.command("list", example="stackroom pending list --output json")
@click.pass_obj
def list_(app: "App") -> None:
    """List the changes that wait for the hub, and those that it refused."""
    copy = app.copy()
    rows = _rows(copy)
    now = app.workspace.clock()
    app.output.show(
        rows,
        Table(
            ("number", "state", "when", "what", "message", "outlook"),
            [
                (
                    r.number,
                    Toned(r.state, "bad" if r.state == "parked" else "careful"),
                    ago(r.time, now),
                    ", ".join(r.changes),
                    r.message,
                    r.why if r.state == "parked" else r.outlook,
                )
                for r in rows
            ],
            empty="Nothing is pending.",
        ),
    )
    app.show_copy_age(copy)


@pending.command("show", example="stackroom pending show 7")
@click.argument("number", shell_complete=completing.waiting)
@click.pass_obj
def show(app: "App", number: str) -> None:
    """Show one change whole. NUMBER is the one that `pending list` shows, or the beginning of its id."""
    copy = app.copy()
    carried = _named(copy, number)
    row = next(r for r in _rows(copy) if r.id == carried.proposal.id)
    app.output.show(
        {"row": row, "proposal": carried.proposal}, lambda: _view(row, carried.proposal)
    )


@pending.command("drop", example="stackroom pending drop 7 --yes")
@click.argument(
    "numbers", nargs=-1, required=True, metavar="NUMBER...", shell_complete=completing.waiting
)
@yes_option
@click.pass_obj
def drop(app: "App", numbers: tuple[str, ...], yes: bool) -> None:
    """Give changes up for good. They are not in the history, so nothing brings them back."""
    copy = app.copy()
    chosen = [_named(copy, number).proposal for number in numbers]
    listed = ", ".join(f"{p.number}" + (f" {p.message!r}" if p.message else "") for p in chosen)
    app.confirm(f"Drop {listed} for good?", yes=yes)
    for proposal in chosen:
        app.workspace.store.drop(proposal.id)
    dropped = {proposal.id for proposal in chosen}
    left = [each for each in _all(copy) if each.proposal.id not in dropped]
    if copy.seq == 0 and copy.hub is not None and not left:
        # Its creation was all that there was of it.
        app.workspace.store.forget_profile(copy.id)
    app.output.show({"dropped": [p.id for p in chosen]}, Lines([f"Dropped {listed}."]))


@pending.command(
    "export",
    example="""
    stackroom pending export 7 --file change.json
    stackroom pending export > all-of-mine.json
    """,
)
@click.argument("numbers", nargs=-1, metavar="[NUMBER]...", shell_complete=completing.waiting)
@click.option("--file", type=click.Path(path_type=Path), help="Where to write; stdout without it.")
@click.pass_obj
def export(app: "App", numbers: tuple[str, ...], file: Path | None) -> None:
    """Write changes as JSON, with everything in them, to be carried by hand. All without NUMBER."""
    copy = app.copy()
    chosen = [_named(copy, number) for number in numbers] or _all(copy)
    document = Exported(
        "proposals",
        1,
        app.workspace.store.replica,
        app.workspace.user(copy.hub),
        copy.id,
        copy.name,
        chosen,
    )
    if file is None:
        click.echo(json.format(json.encode(document), indent=2).decode())
        return
    file.write_bytes(json.format(json.encode(document), indent=2) + b"\n")
    told = f"{len(chosen)} written to {file}."
    app.output.show({"file": str(file), "proposals": len(chosen)}, Lines([told]))


@pending.command("retry", example="stackroom pending retry 7")
@click.argument("numbers", nargs=-1, metavar="[NUMBER]...", shell_complete=completing.parked)
@click.pass_obj
def retry(app: "App", numbers: tuple[str, ...]) -> None:
    """Propose parked changes again, on top of what stands now. All of them without NUMBER."""
    from stackroom.client.commands.saving import offer, sentence
    from stackroom.client.errors import ClientError

    copy = app.copy()
    if copy.hub is None:
        raise ClientError(
            "this profile has no hub to try again: make the change once more, and drop this one",
            hint="stackroom pending drop NUMBER",
        )
    chosen = [_named(copy, number) for number in numbers] or [
        each for each in _all(copy) if each.state == "parked"
    ]
    for carried in chosen:
        if carried.state != "parked":
            number = carried.proposal.number
            raise click.UsageError(f"{number} waits for the hub: it is not parked")
    if not chosen:
        raise NotFound("nothing is parked", hint="stackroom pending list")
    workspace = app.workspace
    again = [
        workspace.store.retry(each.proposal.id, id=workspace.new_id(), base=copy.seq)
        for each in chosen
    ]
    written = offer(app, copy.id, [proposal.id for proposal in again])
    lines = [
        sentence(each, f"Change {proposal.number}, once {carried.proposal.number}")
        + (f": {each.sentence}" if each.sentence else "")
        for each, proposal, carried in zip(written, again, chosen, strict=True)
    ]
    app.output.show(written, Lines(lines))
    if any(each.outcome == "parked" for each in written):
        raise Refused("the hub refused it again", hint="stackroom pending list")


def _all(copy: "ProfileCopy") -> list[Carried]:
    """Everything that is not in the log, by number."""
    waiting = [Carried("pending", "", "", s.proposal) for s in copy.standings]
    parked = [Carried("parked", p.code, p.sentence, p.proposal) for p in copy.parked]
    return sorted([*waiting, *parked], key=lambda each: each.proposal.number)


def _named(copy: "ProfileCopy", text: str) -> Carried:
    """The proposal that `text` names, by its number or the beginning of its id; NotFound."""
    every = _all(copy)
    wanted = text.removeprefix("#")
    found = [each for each in every if str(each.proposal.number) == wanted]
    found = found or [each for each in every if wanted and each.proposal.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    why = f"{text!r} begins several ids" if found else f"nothing pending or parked is {text!r}"
    raise NotFound(why, hint="stackroom pending list")


def _rows(copy: "ProfileCopy") -> list[Row]:
    from stackroom.client.commands.naming import Names

    names = Names(copy.view, copy.confirmed)
    outlooks = {s.proposal.id: s for s in copy.standings}
    return [_row(each, outlooks.get(each.proposal.id), names) for each in _all(copy)]


def _row(carried: Carried, standing: "Standing | None", names: "Names") -> Row:
    from stackroom.client.commands.profiles.planning import fate
    from stackroom.client.commands.telling import proposed

    proposal = carried.proposal
    outlook, why = fate(standing.outcome, names) if standing is not None else ("", "")
    return Row(
        proposal.number,
        proposal.id,
        carried.state,
        proposal.message,
        proposal.time,
        proposal.base,
        list(dict.fromkeys(row.name for row in proposed(proposal, "", names).events)),
        outlook,
        carried.code,
        carried.sentence or why,
    )


def _view(row: Row, proposal: Proposal) -> list[View]:
    fields: list[tuple[str, object]] = [
        ("state", row.state),
        ("message", row.message or "(none)"),
        ("written", local(row.time)),
        ("on top of", f"#{row.base}"),
        ("id", row.id),
    ]
    fields += [("outlook", row.outlook)] if row.outlook else []
    fields += [("why", row.why)] if row.why else []
    events = [(event.type, event.body) for event in proposal.events]
    return [Fields(fields, f"Change {row.number}"), Table(("event", "says"), events)]
