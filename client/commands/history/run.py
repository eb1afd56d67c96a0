"""`stackroom run`: which pipeline ran on which stack, as the stack was."""

from typing import TYPE_CHECKING

import click

from stackroom.client.commands import completing
from stackroom.client.commands.options import labels_option, reason_option
from stackroom.client.commands.output import Table
from stackroom.client.commands.stacks.stack_export import FORMATS
from stackroom.client.commands.tree import group
from stackroom.events.deciding.run_rules import STATUSES

if TYPE_CHECKING:
    from stackroom.client.commands.context import App

status_choice = click.Choice(STATUSES)


@group(
    "run",
    example="""
    stackroom run record --pipeline training --stack prod
    stackroom run list --stack prod
    stackroom run show nightly-42
    """,
)
def run() -> None:
    """Record which stack a pipeline ran on, and see the stack as it was."""


@run.command(
    "record",
    example="""
    stackroom run record --pipeline training --stack prod
    stackroom run record --pipeline training --status running --id nightly-42
    stackroom run record --pipeline training --status failed --id nightly-42 --url https://ci.example/42
    """,
)
@click.option(
    "--pipeline",
    required=True,
    metavar="NAME",
    help="What ran.",
    shell_complete=completing.pipelines,
)
@click.option(
    "--stack",
    metavar="NAME",
    help="What it ran on, instead of the stack in use here.",
    shell_complete=completing.stacks,
)
@click.option(
    "--status", type=status_choice, default="completed", show_default=True, help="How it stands."
)
@click.option(
    "--at-commit",
    metavar="SEQ|TIME|TAG",
    help="The stack as it was then; otherwise as it stands here.",
    shell_complete=completing.moments,
)
@click.option(
    "--id",
    "named",
    metavar="RUN",
    default="",
    help="What others call the run: its id, or any text.",
)
@labels_option("-l", "--label")
@click.option("--url", default="", help="Where more can be read about it.")
@reason_option
@click.pass_obj
def record(
    app: "App",
    pipeline: str,
    stack: str | None,
    status: str,
    at_commit: str | None,
    named: str,
    labels: dict[str, str],
    url: str,
    message: str,
) -> None:
    """Record that a pipeline ran, or began to run, on a stack.

    It is saved first and sent when the hub can be reached, like a change; it conflicts with none. The same
    --id again says how that run goes on. Needs the permission run.record.
    """
    from stackroom.client.commands.history.run_view import save
    from stackroom.client.commands.lookup import commit_at, find_stack
    from stackroom.client.commands.stacks.stack_active import in_use
    from stackroom.client.history import runs

    copy = app.copy()
    commit = None if at_commit is None else commit_at(copy, at_commit)
    state = copy.view if commit is None else copy.at(commit.seq)
    found = in_use(app, copy)[:2] if stack is None else find_stack(state, stack)
    id = runs.run_id(copy.id, named) if named else app.workspace.new_id()
    change = runs.recording(
        copy,
        id,
        pipeline,
        found,
        status=status,
        named=named,
        commit=None if commit is None else commit.id,
        url=url,
        labels=labels,
    )
    done = f"Run {named or id} of {pipeline!r} on stack {found[1].name!r}"
    save(app, copy, change, message, f"{done} recorded")


@run.command(
    "update", example="stackroom run update nightly-42 --status failed --label reason=memory"
)
@click.argument("run", metavar="RUN", shell_complete=completing.runs)
@click.option("--status", type=status_choice, help="How it stands now.")
@labels_option("-l", "--label")
@click.option("--url", help="Where more can be read about it.")
@reason_option
@click.pass_obj
def update(
    app: "App",
    run: str,
    status: str | None,
    labels: dict[str, str],
    url: str | None,
    message: str,
) -> None:
    """Say how a run goes on. RUN is its id, the end of that, or the text that it was recorded by."""
    from stackroom.client.commands.history.run_view import save
    from stackroom.client.history import runs
    from stackroom.events.model import RunUpdated

    if status is None and url is None and not labels:
        raise click.UsageError("nothing to say: give --status, --label or --url")
    copy = app.copy()
    found = runs.named(copy, run).run
    change = found.id, RunUpdated(status, url, labels)
    save(app, copy, change, message, f"Run {found.name or found.id} of {found.pipeline!r} updated")


@run.command(
    "list",
    example="""
    stackroom run list
    stackroom run list --stack prod --status failed
    stackroom run list --since "7 days ago" --output json
    """,
)
@click.option("--stack", metavar="NAME", help="On that stack.", shell_complete=completing.stacks)
@click.option(
    "--pipeline", metavar="NAME", help="Of that pipeline.", shell_complete=completing.pipelines
)
@click.option("--status", type=status_choice, help="That stand so.")
@click.option(
    "--since",
    metavar="SEQ|TIME|TAG",
    help="Recorded after a commit, time or tag.",
    shell_complete=completing.moments,
)
@click.option(
    "--until",
    metavar="SEQ|TIME|TAG",
    help="Recorded until then.",
    shell_complete=completing.moments,
)
@click.option(
    "-n", "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many at most."
)
@click.pass_obj
def list_(
    app: "App",
    stack: str | None,
    pipeline: str | None,
    status: str | None,
    since: str | None,
    until: str | None,
    limit: int,
) -> None:
    """List the runs of the profile, the newest first."""
    from stackroom.client.commands.history.run_view import ids_of_stack, line, shown
    from stackroom.client.commands.lookup import seq_before, seq_of
    from stackroom.client.history import runs
    from stackroom.events.log import RunsWanted

    copy = app.copy()
    wanted = RunsWanted(
        None if stack is None else ids_of_stack(copy, stack),
        pipeline,
        status,
        after=0 if since is None else seq_before(copy, since),
        upto=None if until is None else seq_of(copy, until),
        limit=limit,
    )
    author = app.workspace.who(copy.hub, copy.id).author
    rows = [shown(copy, each) for each in runs.recent(copy, wanted, author)]
    everything = not any((stack, pipeline, status, since, until))
    app.output.show(
        rows,
        lambda: Table(
            ("run", "pipeline", "stack", "as of", "status", "by", "recorded"),
            [line(row) for row in rows],
            "No run was recorded: stackroom run record --pipeline NAME."
            if everything
            else "No run fits.",
        ),
    )
    if copy.missing is not None and len(rows) < limit:
        app.output.note("Older ones may not be on this machine yet: stackroom sync")
    app.show_copy_age(copy)


@run.command(
    "show",
    example="""
    stackroom run show nightly-42
    stackroom run show nightly-42 --format zenml-0.98 > stack.yaml
    """,
)
@click.argument("run", metavar="RUN", shell_complete=completing.runs)
@click.option(
    "--format", "format", type=click.Choice(FORMATS), help="The stack as YAML for ZenML instead."
)
@click.pass_obj
def show(app: "App", run: str, format: str | None) -> None:
    """Show a run, and the stack exactly as it was for it.

    RUN is its id, the end of that, or the text that it was recorded by.
    """
    from stackroom.client.commands.history.run_view import (
        RunShown,
        overtaken,
        shown,
        stack_then,
        view,
    )
    from stackroom.client.commands.stacks import entities
    from stackroom.client.commands.stacks.stack_active import active_id
    from stackroom.client.history import runs

    copy = app.copy()
    seen = runs.named(copy, run, app.workspace.who(copy.hub, copy.id).author)
    state, id, stack = stack_then(copy, seen)
    if format is not None:
        from stackroom.client.definitions import exporting
        from stackroom.client.zenml import render_stack

        exported = exporting.stack_file(state, stack, format)
        click.echo(render_stack(exported, form=exported.form), nl=False)
        return
    row = entities.stack(state, id, stack, active_id(app, copy))
    data = RunShown.of(shown(copy, seen), row)
    app.output.show(data, lambda: view(data, app.workspace.clock()))
    for sentence in overtaken(copy, seen):
        app.output.note(sentence)
    app.show_copy_age(copy)
