"""`stackroom stack export`: a stack as ZenML's own YAML."""

from pathlib import Path

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.context import App
from stackroom.client.commands.lookup import find_stack, known_stack, state_at
from stackroom.client.commands.options import at_option
from stackroom.client.commands.output import Lines
from stackroom.client.commands.stacks.stack_active import in_use
from stackroom.client.commands.tree import command
from stackroom.client.commands.writing import write_whole
from stackroom.client.errors import ClientError

FORMATS = ("zenml-0.12", "zenml-0.94", "zenml-0.98")


@command(
    "export",
    example="""
    stackroom stack export prod
    stackroom stack export prod prod.yaml --yes
    stackroom stack export prod --format zenml-0.12 --at yesterday
    """,
)
@click.argument("name", required=False, shell_complete=completing.stacks)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "format",
    type=click.Choice(FORMATS),
    help="zenml-0.12 also for 0.10 and 0.13, zenml-0.94 for 0.23 to 0.94. Without it, the form "
    "that the stack was imported in, or else that of 0.98.",
)
@at_option
@click.option("--strict", is_flag=True, help="Write nothing if something will not travel.")
@click.option(
    "--with-dependencies",
    is_flag=True,
    help="Put the team's own flavors of the components into the file; import finds them there.",
)
@click.option("-y", "--yes", "--force", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def export(
    app: App,
    name: str | None,
    file: Path | None,
    format: str | None,
    at: str | None,
    strict: bool,
    with_dependencies: bool,
    yes: bool,
) -> None:
    """Write a stack as YAML for ZenML, to FILE or to stdout; without NAME, the one in use here.

    What will not travel is said on stderr: what the form has no place for, local paths and addresses,
    secrets in plain text, flavors whose code others do not have. With --output json, all of it is one
    document on stdout; the YAML is in it unless it goes to FILE.
    """
    from stackroom.client.definitions import exporting
    from stackroom.client.zenml import render_stack

    copy = app.copy()
    state = state_at(copy, at)
    if name is None:
        stack = known_stack(state, in_use(app, copy)[0])
    else:
        _, stack = find_stack(state, name)
    exported = exporting.stack_file(state, stack, format or "", with_flavors=with_dependencies)
    warnings = exporting.warnings(state, stack, exported)
    if strict and warnings:
        raise WillNotTravel(stack.name, warnings)
    text = render_stack(exported, form=exported.form)
    to_stdout = file is None or str(file) == "-"
    if file is not None and not to_stdout:
        write_whole(file, [text.encode()], replace=yes)
    if app.output.for_people:
        if to_stdout:
            click.echo(text, nl=False)
        else:
            app.output.note(f"Stack {stack.name!r} written to {file}.")
    else:
        written = None if to_stdout else str(file)
        form = str(exported.form)
        shown = Exported(stack.name, form, written, text if to_stdout else None, warnings)
        app.output.show(shown, Lines([]))
    for sentence in warnings:
        app.output.note(f"Note: {sentence}.")


class Exported(Struct, frozen=True):
    """An export: its form (a letter of `docs/yaml.md`), where it went, and what will not travel."""

    stack: str
    form: str
    file: str | None
    yaml: str | None
    warnings: list[str]


class WillNotTravel(ClientError):
    """A strict export met something that will not work, or not be there, elsewhere."""

    def __init__(self, name: str, warnings: list[str]) -> None:
        self.warnings = warnings
        super().__init__(
            f"stack {name!r} was not exported, since not all of it travels: {'; '.join(warnings)}",
            hint="leave out --strict to export it nevertheless",
        )
