"""`stackroom explain`: what an error or an exit code means, why it comes, and what to do."""

from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from stackroom.client.commands.context import App
    from stackroom.client.commands.explanations import Explanation
    from stackroom.client.commands.output import View


class Explained(Struct, frozen=True):
    """A code with what is said on it; `exit` is null where it is no error's, or a number itself."""

    code: str
    means: str
    why: str
    next: str
    example: str
    exit: int | None


def _codes(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    from stackroom.client.commands.explanations import explanations

    known = explanations()
    every = known.codes | known.exits
    return completing.items([(code, said.means) for code, said in every.items()], incomplete)


@command(
    "explain",
    example="""
    stackroom explain name_in_use
    stackroom explain 5
    stackroom explain               every code, a line each
    """,
)
@click.argument("code", required=False, shell_complete=_codes)
@click.pass_obj
def explain(app: "App", code: str | None) -> None:
    """Say what the CODE of an error means, why it comes about, and what to do.

    CODE is the `code` or `reason` of an error in --output json, what `More:` names, or an exit code.
    """
    from stackroom.client.commands.explanations import explanations
    from stackroom.client.commands.output import Table
    from stackroom.client.errors import missing

    known = explanations()
    every = known.exits | known.codes
    if code is None:
        rows = [(name, each.means) for name, each in every.items()]
        shown = [_explained(name, each) for name, each in every.items()]
        app.output.show(shown, Table(("code", "means"), rows))
        return
    wanted = code.strip().lower().replace("-", "_")
    said = known.find(wanted)
    if said is None:
        raise missing(f"code {code!r}", wanted, every, "stackroom explain")
    app.output.show(_explained(wanted, said), lambda: _view(wanted, said))


def _explained(code: str, said: "Explanation") -> Explained:
    return Explained(code, said.means, said.why, said.next, said.example.strip(), said.exit)


def _view(code: str, said: "Explanation") -> "list[View]":
    from stackroom.client.commands.output import Fields, Lines

    fields: list[tuple[str, object]] = [("means", said.means), ("why", said.why)]
    fields += [("next", said.next)]
    fields += [("exit code", said.exit)] if said.exit is not None else []
    example = [f"  {line}" for line in said.example.strip().splitlines()]
    return [Fields(fields, code), Lines(example)]
