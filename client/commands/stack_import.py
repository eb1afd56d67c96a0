"""`stackroom stack import`: a stack from ZenML's YAML, in any form that ZenML has written."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from msgspec import Struct

from stackroom.client.commands.context import App
from stackroom.client.commands.exits import Refused
from stackroom.client.commands.naming import called
from stackroom.client.commands.options import message_option
from stackroom.client.commands.tree import command
from stackroom.client.errors import ClientError
from stackroom.events.values import Path as Pointer
from stackroom.events.values import pointer

if TYPE_CHECKING:
    from stackroom.client.commands.output import View
    from stackroom.client.importing import Plan
    from stackroom.client.workspace import ProfileCopy
    from stackroom.client.zenml import StackFile

MEANINGS: Final = {
    "create": "new",
    "reuse": "there already",
    "replace": "replaced by the file's values",
    "taken": "another definition has this name",
}


class Step(Struct, frozen=True):
    """What becomes of one component or the stack: create, reuse, replace or taken (nobody decided).

    `differs` are the paths in which the file and what stands differ; values are never shown.
    """

    action: str
    kind: str
    type: str
    name: str
    differs: list[Pointer]


class Planned(Struct, frozen=True):
    """What an import does; `changes` is false where everything is there already."""

    stack: str
    form: str
    changes: bool
    steps: list[Step]
    warnings: list[str]


@command(
    "import",
    example="""
    stackroom stack import prod.yaml --dry-run
    stackroom stack import prod.yaml -m "from ZenML"
    stackroom stack import staging prod.yaml --rename _staging
    zenml stack export prod /dev/stdout | stackroom stack import -
    """,
)
@click.argument("name_and_file", nargs=-1, required=True, metavar="[NAME] FILE")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option(
    "--replace", is_flag=True, help="Where a name has another definition, take the file's values."
)
@click.option(
    "--rename",
    "suffix",
    default="",
    metavar="SUFFIX",
    help="Where a name has another definition, add SUFFIX to the file's name.",
)
@message_option
@click.pass_obj
def import_(
    app: App,
    name_and_file: tuple[str, ...],
    dry_run: bool,
    replace: bool,
    suffix: str,
    message: str,
) -> None:
    """Import a stack from ZenML's YAML, all or nothing.

    FILE may be - for stdin. It is read in any form that ZenML exported, from 0.10 to 0.98, and that
    of the Terraform recipes. The import is one commit. Components that say the same are used as
    they are, so that importing a file twice changes nothing. Keys that mean nothing here are kept,
    and are there again on export. NAME is the stack's, instead of the file's.
    """
    from stackroom.client.importing import OtherDefinitions, changes, plan

    if len(name_and_file) > 2:
        raise click.UsageError("give at most a NAME and a FILE")
    if replace and suffix:
        raise click.UsageError("--replace and --rename exclude each other")
    *name, source = name_and_file
    file = read(source)
    copy = app.copy()
    made = plan(file, copy.view, name="".join(name), replace=replace, suffix=suffix)
    if dry_run:
        check(app, copy, made)
        planned = _planned(made, file)
        app.output.show(planned, lambda: _view(planned))
        return
    if made.taken:
        raise OtherDefinitions(made.taken)
    for warning in _warnings(file):
        app.output.note(f"Note: {warning}.")
    draft = app.workspace.edit(copy, message)
    draft.add(changes(made, app.workspace.new_id))
    app.commit(draft, f"Stack {made.stack.name!r} imported")


def read(source: str) -> "StackFile":
    """The stack file at that path, or on stdin for `-`; NotAStackFile if it is not one."""
    from stackroom.client.zenml import StackFileError, limits, parse_stack

    if source == "-":
        data = sys.stdin.buffer.read(limits.DOCUMENT_BYTES + 1)
    else:
        with Path(source).open("rb") as stream:
            data = stream.read(limits.DOCUMENT_BYTES + 1)
    try:
        return parse_stack(data, source="<stdin>" if source == "-" else source)
    except StackFileError as error:
        raise NotAStackFile(str(error), hint=error.hint) from error


class NotAStackFile(ClientError):
    """What should be imported is not a stack in any of ZenML's forms."""


def check(app: App, copy: "ProfileCopy", made: "Plan") -> None:
    """Refused if the rules would refuse the import."""
    from stackroom.client.importing import changes
    from stackroom.events.check import Rejected, check_changes

    if made.taken or not made.changes:
        return
    workspace = app.workspace
    outcome = check_changes(
        copy.view, copy.seq, changes(made, workspace.new_id), workspace.store.replica
    )
    if isinstance(outcome, Rejected):
        raise Refused(outcome.refusal.sentence)


def _planned(made: "Plan", file: "StackFile") -> Planned:
    steps = [
        Step(
            step.action,
            "component",
            step.spec.type,
            step.spec.name,
            [each.path for each in step.divergences],
        )
        for step in made.components
    ]
    stack = made.stack
    differing = [pointer("components", type) for type in stack.differing]
    steps.append(Step(stack.action, "stack", "", stack.name, differing))
    return Planned(stack.name, str(file.form), made.changes, steps, _warnings(file))


def _view(planned: Planned) -> "list[View]":
    from stackroom.client.commands.output import Lines, Table

    table = Table(
        ("what", "is", "differs in"),
        [
            (
                called(step.kind, step.name, step.type),
                MEANINGS[step.action],
                ", ".join(path.removeprefix("/").replace("/", ".") for path in step.differs),
            )
            for step in planned.steps
        ],
    )
    lines = [f"Note: {warning}." for warning in planned.warnings]
    lines.append(_verdict(planned))
    return [table, Lines(lines)]


def _verdict(planned: Planned) -> str:
    if not planned.changes:
        return "Nothing would change: it is all there already."
    if any(step.action == "taken" for step in planned.steps):
        return "The import would be refused: add --replace or --rename SUFFIX."
    return "Nothing was done: this is what would be done, as one commit."


def _warnings(file: "StackFile") -> list[str]:
    from stackroom.client.zenml import warnings_for

    return [f"{warning.where}: {warning.sentence}" for warning in warnings_for(file)]
