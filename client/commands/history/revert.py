"""`stackroom revert`: a new commit that undoes an earlier one, or all since a moment."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.exits import Refused
from stackroom.client.commands.history.drafting import show_draft
from stackroom.client.commands.lookup import around, commit_at, seq_before
from stackroom.client.commands.options import message_option, yes_option
from stackroom.client.commands.profiles.bringing import dry_run_option
from stackroom.client.commands.tree import command
from stackroom.events.counting import counted

if TYPE_CHECKING:
    from stackroom.client.commands.naming import Names
    from stackroom.events.composing.revert import Since
    from stackroom.events.model import Commit


@command(
    "revert",
    example="""
    stackroom revert 43
    stackroom revert 43 -m "spot instances were too slow"
    stackroom revert --since release-2026-11 --dry-run
    """,
)
@click.argument("seq", required=False, metavar="[SEQ]", shell_complete=completing.moments)
@click.option(
    "--since",
    metavar="SEQ|TIME|TAG",
    help="Undo all commits after that one, or from that time on; a day counts from its beginning.",
    shell_complete=completing.moments,
)
@click.option("--force", is_flag=True, help="Also undo values that were changed again since.")
@dry_run_option
@yes_option
@message_option
@click.pass_obj
def revert(
    app: App,
    seq: str | None,
    since: str | None,
    force: bool,
    dry_run: bool,
    yes: bool,
    message: str,
) -> None:
    """Undo a commit by a new one that writes back what stood before it.

    What it deleted comes back as the same entity, history and all; what it registered is deleted.
    Where a value was changed again since, nothing is undone and the values are listed: --force
    undoes them, too. A conflict is not reverted but resolved, and a profile's creation stands.

    With --since, one commit brings all that is configured back to what it was then, whoever changed it,
    once you have agreed. Conflicts, change requests and tags stay.
    """
    if (seq is None) == (since is None):
        raise click.UsageError("what is to be undone is one commit, or all --since a moment")
    if since is not None:
        _revert_all(app, since, message, dry_run=dry_run, yes=yes)
        return
    assert seq is not None
    _revert_one(app, seq, message, force=force, dry_run=dry_run)


def _revert_all(app: App, since: str, message: str, *, dry_run: bool, yes: bool) -> None:
    from stackroom.events.composing.restoring import towards

    copy = app.copy()
    then = copy.at(max(1, seq_before(copy, since)))
    draft = app.workspace.edit(copy, message or f"revert all since #{then.seq}")
    draft.add(towards(copy.view, then))
    if dry_run:
        show_draft(app, copy, draft)
        return
    number = copy.seq - then.seq + len(copy.standings)
    if not draft.empty:
        app.confirm(f"Undo {counted(number, 'commit')}, all since #{then.seq}?", yes=yes)
    app.commit(draft, f"All since #{then.seq} reverted")


def _revert_one(app: App, seq: str, message: str, *, force: bool, dry_run: bool) -> None:
    from stackroom.client.commands.naming import Names
    from stackroom.events.composing.revert import revert as undo

    copy = app.copy()
    commit = commit_at(copy, seq)
    before, after = around(copy, commit)
    reversal = undo(before, commit, copy.view)
    names = Names(copy.view, after, before)
    if reversal.since and not force:
        raise ChangedSince(commit.seq, reversal.since, names)
    if not reversal.changes and reversal.kept:
        raise NotReverted(commit.seq, reversal.kept[0])
    draft = app.workspace.edit(copy, message or _because(commit))
    draft.add(reversal.changes)
    if dry_run:
        show_draft(app, copy, draft)
        return
    app.commit(draft, f"#{commit.seq} reverted")


KEPT: Final = {
    "conflict": ("a conflict ends by being resolved", "stackroom conflicts list"),
    "request": (
        "a change request ends by being approved, rejected or withdrawn",
        "stackroom request list",
    ),
    "profile": ("a profile's beginning and end stand for ever", "stackroom profile --help"),
    "run": ("that a pipeline ran stays a fact", "stackroom run list"),
    "redaction": ("what was redacted is nowhere any more", "stackroom redact --help"),
}
"""Why something is not undone, and what to look at."""


class ChangedSince(Refused):
    """What a commit wrote was changed again after it."""

    def __init__(self, seq: int, since: "Sequence[Since]", names: "Names") -> None:
        found = ", ".join(
            names.entity(each.entity) + (f":{names.path(each.path)}" if each.path else "")
            for each in since
        )
        super().__init__(
            f"nothing was undone: changed again since #{seq}: {found}",
            hint=f"stackroom revert {seq} --force",
        )


class NotReverted(Refused):
    """A commit that no revert undoes."""

    def __init__(self, seq: int, kept: str) -> None:
        why, hint = KEPT[kept]
        super().__init__(f"#{seq} holds nothing that can be undone: {why}", hint=hint)


def _because(commit: "Commit") -> str:
    first = commit.message.partition("\n")[0]
    return f"revert #{commit.seq}: {first}" if first else f"revert #{commit.seq}"
