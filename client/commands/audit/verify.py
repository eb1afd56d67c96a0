"""`stackroom audit verify`: a history held, from its first commit, against all that was said of it."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.output import Table
    from stackroom.client.history.auditing import Audited
    from stackroom.events.log import Taken
    from stackroom.events.proofs.authors import AuthorFinding, AuthorResult

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@command(
    "verify",
    example="""
    stackroom audit verify
    stackroom audit verify team --anchors checkpoints.txt
    stackroom audit verify --from-file team.jsonl --key 'stackroom/018f…+38d55f72+AQOh…'
    stackroom audit verify --hub-file /srv/stackroom/hub.db
    stackroom audit verify --each --output json
    """,
)
@click.argument("profile", required=False, shell_complete=completing.profiles)
@click.option("--from-file", type=_file, metavar="FILE", help="An export; no home is needed.")
@click.option("--hub-file", type=_file, metavar="FILE", help="The log of a hub: all its profiles.")
@click.option(
    "--anchors",
    type=_file,
    metavar="FILE",
    help="Checkpoints that were kept elsewhere, as hub anchor writes them.",
)
@click.option("--key", metavar="HUBKEY", help="The hub's public key, as hub status shows it.")
@click.option("--each", is_flag=True, help="Tell of every commit, not of the first fault alone.")
@click.pass_obj
def verify(
    app: "App",
    profile: str | None,
    from_file: Path | None,
    hub_file: Path | None,
    anchors: Path | None,
    key: str | None,
    each: bool,
) -> None:
    """Verify a history from its first commit. Ends with 9 if something does not fit, and says what.

    Every leaf, place and root is computed anew, the author's signature of each commit is verified, and
    redactions are vouched for; what follows from the commits (snapshots, indexes) must follow; and what the
    hub has signed must be what is here: the last checkpoint that this replica was given, those in an export,
    and those of --anchors. Without PROFILE, the active one.
    """
    from stackroom.client.commands.exits import Exit
    from stackroom.client.commands.progress import progress
    from stackroom.client.history import audit_sources as sources
    from stackroom.events.audit.audit import nobody
    from stackroom.events.errors import IntegrityError, LogCorrupt

    if from_file is not None and hub_file is not None:
        raise click.UsageError("--from-file and --hub-file exclude each other")
    if from_file is not None and profile is not None:
        raise click.UsageError("an export has one profile: leave out PROFILE")
    kept = sources.Anchors.read(anchors) if anchors is not None else sources.NO_ANCHORS
    heard = partial(_hear, app) if each else nobody
    try:
        with progress(app.output, "Verifying") as bar:
            tell = (
                bar.at if not each else _unheard
            )  # What is told of each commit is progress enough.
            if from_file is not None:
                audited = [sources.of_export(from_file, key, kept, tell, heard)]
            elif hub_file is not None:
                audited = sources.of_hub_file(hub_file, profile, key, kept, tell, heard)
            else:
                app.profile_name = profile or app.profile_name
                _ask_whose_keys(app)
                audited = [sources.of_copy(app.workspace, app.copy(), key, kept, tell, heard)]
    except LogCorrupt as error:
        raise IntegrityError(str(error), hint=error.hint) from error
    if each and not app.output.for_people:
        for one in audited:
            app.output.item(one, "")
    else:
        app.output.show(audited, lambda: _table(audited))
    if from_file is None and hub_file is None:
        app.tell_profile()
    if any(one.fault for one in audited):
        app.output.note("Next: keep the files; stackroom explain history_fault says what it means")
        click.get_current_context().exit(Exit.INTEGRITY)


class Fitting(Struct, frozen=True):
    """A commit that is where it belongs and hashes to its root; `signature` is what tells of its author.

    `leaf` and `root` are hexadecimal, `key` is the fingerprint of the key that signed it (null if none did).
    """

    seq: int
    id: str
    author: str
    leaf: str
    root: str
    signature: str
    key: str | None


def _unheard(done: int, total: int | None) -> None:
    """No bar is drawn among lines."""


def _hear(app: "App", taken: "Taken", finding: "AuthorFinding") -> None:
    """Tells of one commit."""
    from stackroom.events.proofs.fingerprints import fingerprint

    commit = taken.commit
    key = fingerprint(finding.key) if finding.key else None
    fitting = Fitting(
        commit.seq,
        commit.id,
        commit.author,
        taken.leaf.hex(),
        commit.root.hex(),
        finding.result,
        key,
    )
    signed = WORDS[finding.result].format(key=key, author=commit.author)
    app.output.item(fitting, f"#{commit.seq}  {fitting.leaf[:16]}…  {signed}")


WORDS: "Final[dict[AuthorResult, str]]" = {
    "valid": "signed by {author}, key {key}",
    "unbound": "signed by key {key}, whose owner is not known here (says: {author})",
    "unsigned": "not signed (says: {author})",
}
"""How the finding about an author is told; others are faults."""


def _ask_whose_keys(app: "App") -> None:
    """Has the people of the profile's hub here as they are now: a key may be younger than they are."""
    from stackroom.client.commands.people.news import ask_for_people
    from stackroom.events.errors import StackroomError

    copy = app.copy()
    if copy.hub is not None and not app.workspace.knows_people(copy):
        try:
            ask_for_people(app, copy.hub)
        except StackroomError as error:
            # What is here is audited all the same: the hub may be what somebody doubts.
            app.output.note(f"The people of the hub are as they were here: {error}.")


def _table(audited: "list[Audited]") -> "Table":
    from stackroom.client.commands.output import Table, Toned

    return Table(
        ("profile", "commits", "signed by the hub", "signed by authors", "verdict"),
        [
            (
                each.name or each.profile,
                each.seq,
                f"to #{each.signed}" if each.signed else "no",
                _authors(each),
                Toned(each.fault.sentence, "bad") if each.fault else Toned("holds", "good"),
            )
            for each in audited
        ],
        "There is no profile.",
    )


def _authors(audited: "Audited") -> str:
    found = audited.authors
    if not found.keys() - {"unsigned"}:
        return "none"
    words = {"valid": "", "unbound": " by keys of unknown owners", "unsigned": " unsigned"}
    return ", ".join(f"{found[r]}{word}" for r, word in words.items() if r in found)
