"""`stackroom show`: one commit."""

from typing import TYPE_CHECKING, Final

import click

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import around, commit_at
from stackroom.client.commands.naming import numbered
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.naming import Names
    from stackroom.client.commands.output import View
    from stackroom.client.commands.telling import DecidedRow, Shown
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.events.model import Commit, Millis


LATER: Final = 60_000
"""Milliseconds between writing and acceptance from which both are told."""


@command(
    "show",
    example="""
    stackroom show 43
    stackroom show 43 --output json
    """,
)
@click.argument("seq", shell_complete=completing.moments)
@click.pass_obj
def show(app: App, seq: str) -> None:
    """Show one commit: who, when and why, and each value that it changed, before → after.

    SEQ may also be a tag, or a time ('2h ago'), which means the last commit until then. Of a conflict, the
    values of both sides; the losing proposal changed nothing. Of a decision, which conflict or change
    request it ended, and how.
    """
    from stackroom.client.commands import telling
    from stackroom.client.commands.history import authorship
    from stackroom.client.commands.naming import Names
    from stackroom.events.history.history import diff

    copy = app.copy()
    commit = commit_at(copy, seq)
    before, after = around(copy, commit)
    names = Names(copy.view, after, before)
    row = telling.committed(commit, names, copy.name)
    changes = telling.changed(diff(before, after), names)
    overlaps = telling.overlaps(commit, names)
    asked = _requested_by(copy, commit) if row.kind == "approval" else []
    signature = authorship.found(app, copy, commit).result
    decided = telling.decided(commit, before, after)
    data = telling.Shown.of(row, signature, changes, overlaps, asked, decided)
    app.output.show(data, lambda: _view(data, names, app.workspace.clock(), copy.hub))


def _requested_by(copy: "ProfileCopy", commit: "Commit") -> list[str]:
    """Who asked for what the commit approves, as far as the history here tells."""
    from stackroom.client.drafting.requests import ended_requests

    (approved,) = (e.entity for e in commit.events if e.type == "RequestApproved")
    found = (request for request in ended_requests(copy) if request.id == approved)
    return list(dict.fromkeys(held.author for request in found for held in request.held))


def _decision(decided: "DecidedRow") -> str:
    return f"{numbered(decided.kind, decided.seq)}: {decided.choice}"


def _view(row: "Shown", names: "Names", now: "Millis", hub: str | None) -> "list[View]":
    from stackroom.client.commands import telling
    from stackroom.client.commands.history import authorship
    from stackroom.client.commands.output import Changes, Fields, Lines, Table
    from stackroom.client.commands.times import ago, local

    assert row.seq is not None
    assert row.accepted is not None
    mark = telling.MARKS[row.kind]
    fields: list[tuple[str, object]] = [
        ("author", row.author),
        *([("requested by", ", ".join(row.requested_by))] if row.requested_by else []),
        *(("decides", _decision(each)) for each in row.decided),
        ("when", f"{local(row.accepted)} ({ago(row.accepted, now)})"),
        *([("written", local(row.time))] if abs(row.accepted - row.time) >= LATER else []),
        *([("tags", ", ".join(row.tags))] if row.tags else []),
        ("message", row.message or "(none)"),
        ("id", row.id),
        ("signed", authorship.told(row.signature, row.key, row.author, hub)),
    ]
    views: list[View] = [Fields(fields, f"#{row.seq}" + (f" ({mark})" if mark else ""))]
    if row.overlaps:
        views.append(
            Table(
                ("contended", "base", "theirs", "ours"),
                [
                    (
                        f"{each.name}:{each.place}",
                        names.value(each.path, each.before),
                        f"{names.value(each.path, each.theirs)}  ({each.author}, #{each.seq})",
                        names.value(each.path, each.ours),
                    )
                    for each in row.overlaps
                ],
            )
        )
    if row.changes:
        views.append(Changes(list(telling.change_lines(row.changes, names))))
    elif row.kind == "request":
        ask = f"stackroom request show {row.seq}"
        views.append(Lines([f"It changed no value yet. What it asks for: {ask}"]))
    elif not row.overlaps:
        views.append(Lines(["It changed no value."]))
    return views
