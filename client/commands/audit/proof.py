"""`stackroom audit prove` and `check`: one commit, proven to somebody who has nothing but the hub's key."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.output import Fields, Lines
from stackroom.client.commands.tree import command
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


class ProvenRow(Struct, frozen=True):
    """A proof that was written: of commit `seq`, by the checkpoint that covers the first `size` ones."""

    profile: str
    seq: int
    size: int
    key: str
    file: str


class CheckedRow(Struct, frozen=True):
    """What a proof shows: a commit of a hub's profile, and what of it is proven.

    `signed` says whether its author's signature is in it, and holds; `redacted` are the numbers of events
    that say something else than their author wrote. Times are milliseconds since 1970 (UTC).
    """

    hub: str
    profile: str
    name: str
    seq: int
    size: int
    checkpoint_time: int
    id: str
    author: str
    message: str
    time: int
    accepted: int
    events: list[str]
    signed: bool
    redacted: list[int]
    key: str


@command(
    "prove",
    example="""
    stackroom audit prove 43 -o commit-43.json
    stackroom audit prove 'yesterday' > proof.json
    """,
)
@click.argument("seq", shell_complete=completing.commits)
@click.option(
    "-o",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to; without it, stdout.",
)
@click.option("-y", "--yes", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def prove(app: "App", seq: str, file: Path | None, yes: bool) -> None:
    """Write a proof that commit SEQ is in the history that the hub has signed, to hand to an outsider.

    It holds that commit whole, and of all others nothing but hashes. audit check verifies it with the hub's
    public key alone; give that to the outsider by another way than the proof.
    """
    from stackroom.client.commands.lookup import seq_of
    from stackroom.client.commands.writing import write_whole
    from stackroom.client.history import audit_sources as sources

    copy = app.copy()
    number = seq_of(copy, seq)
    proof, size, key = sources.proof(app.workspace, copy, number)
    if file is None:
        click.echo(proof, nl=False)
    else:
        write_whole(file, [proof], replace=yes)
        done = f"The proof of #{number} was written to {file}."
        app.output.show(ProvenRow(copy.name, number, size, key, str(file)), Lines([done]))
    app.output.note(f"Next: stackroom audit check {file or 'FILE'} --key '{key}'")
    app.tell_profile()


@command(
    "check",
    example="stackroom audit check commit-43.json --key 'stackroom/018f…+38d55f72+AQOh…'",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", metavar="HUBKEY", help="The hub's public key, as you know it.")
@click.pass_obj
def check(app: "App", file: Path, key: str | None) -> None:
    """Verify a proof that audit prove wrote. Ends with 9 if it does not hold.

    Neither a home nor the network is used. Without --key, the proof is held against the key that it names
    itself: then compare that with what the hub's people say.
    """
    from stackroom.client.commands.times import local
    from stackroom.client.history import audit_sources as sources
    from stackroom.events.audit import inclusion

    proof = inclusion.read(file.read_bytes())
    found = inclusion.check(proof, sources.keys_of(proof.hub, key or proof.key, proof.rotations))
    commit, promise = found.commit, found.promise
    row = CheckedRow(
        proof.hub,
        proof.profile,
        proof.name,
        commit.seq,
        promise.size,
        promise.time,
        commit.id,
        commit.author,
        commit.message,
        commit.time,
        commit.accepted,
        [f"{event.type} {event.entity}: {event.body}" for event in commit.events],
        found.signed,
        list(found.redacted),
        key or proof.key,
    )

    def fields() -> Fields:
        signed = "yes; whose key it is, the people of the hub say" if found.signed else "no"
        return Fields(
            [
                ("profile", row.name),
                ("author", row.author),
                ("when", local(row.accepted)),
                ("message", row.message or "(none)"),
                *(("event", event) for event in row.events),
                ("signed by its author", signed),
                (
                    "signed by the hub",
                    f"as one of {counted(row.size, 'commit')}, {local(promise.time)}",
                ),
                ("hub's key", row.key),
            ],
            f"#{row.seq} is in the history that the hub has signed",
        )

    app.output.show(row, fields)
    if key is None:
        app.output.note(
            "The key is the one that the proof names itself: compare it, or give yours by --key."
        )
    for number in row.redacted:
        app.output.note(f"Event {number} was redacted: this proof does not show what it said.")
