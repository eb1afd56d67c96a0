"""`stackroom report`: what happened in a period."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import Struct

from stackroom.client.commands import completing
from stackroom.client.commands.output import Lines
from stackroom.client.commands.tree import command

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.commands.history.period import Period
    from stackroom.client.reports.findings import Activity

ENDINGS: Final = {".md": "markdown", ".html": "html", ".csv": "csv", ".jsonl": "jsonl"}
"""The form that a file's name asks for."""


class Reported(Struct, frozen=True):
    """A report on some profiles, `since` and `until` being as typed; `file` is where it was written."""

    profiles: list[str]
    since: str
    until: str
    file: str | None
    found: dict[str, Any]


@command(
    "report",
    example="""
    stackroom report
    stackroom report --since 2026-11 --until 2026-11 -o november.html
    stackroom report --since release-2026-10 --format csv > changes.csv
    stackroom report --all-profiles --since "30 days ago" -o all.md --yes
    """,
)
@click.option(
    "--since",
    default="7 days ago",
    show_default=True,
    metavar="SEQ|TIME|TAG",
    help="Where the period begins.",
    shell_complete=completing.moments,
)
@click.option(
    "--until",
    metavar="SEQ|TIME|TAG",
    help="Where it ends: now, unless it is given.",
    shell_complete=completing.moments,
)
@click.option("--all-profiles", is_flag=True, help="On every profile that is here.")
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(ENDINGS.values())),
    help="What to write: by default as the name of FILE ends, otherwise markdown.",
)
@click.option(
    "-o",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of to stdout.",
    shell_complete=completing.files,
)
@click.option("-y", "--yes", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def report(
    app: "App",
    since: str,
    until: str | None,
    all_profiles: bool,
    form: str | None,
    file: Path | None,
    yes: bool,
) -> None:
    """Report who changed what in a period: by person and stack, conflicts, approvals, access, runs.

    Markdown and HTML are for people; the page needs nothing else, and can be sent as it is. CSV and JSON
    lines have a row a change, for other tools. Changes of access are in it for those who may see people.
    """
    from stackroom.client.commands.history.log import copies_of
    from stackroom.client.commands.history.period import find, period
    from stackroom.client.commands.writing import write_whole

    if all_profiles and app.profile_name is not None:
        raise click.UsageError("give either --profile or --all-profiles")
    copies = copies_of(app, everywhere=all_profiles)
    asked = period(app, copies, since, until)
    found, unseen = find(app, asked)
    if file is None and not app.output.for_people:
        if form is not None:
            raise click.UsageError("--format goes with -o FILE where --output is json or yaml")
        app.output.show(_shown(asked, found, None), Lines([]))
        return
    chosen = form or ENDINGS.get(file.suffix.lower() if file is not None else "", "markdown")
    text = "".join(_rendered(app, asked, found, chosen, unseen))
    if file is None:
        click.echo(text, nl=False)
    else:
        write_whole(file, [text.encode()], replace=yes)
        said = f"Report on {', '.join(asked.names)} written to {file}."
        app.output.show(_shown(asked, found, file), Lines([said]))
    if len(copies) == 1:
        app.show_copy_age(copies[0])


def _rendered(
    app: "App", asked: "Period", found: "Activity", form: str, unseen: str
) -> Iterable[str]:
    from stackroom.client.reports import markdown, page, rows
    from stackroom.client.reports.document import document

    if form in ("csv", "jsonl"):
        acts = [*found.acts, *(found.access or ())]
        lines: Callable[..., Iterable[str]] = rows.csv_lines if form == "csv" else rows.json_lines
        return lines(acts)
    facts = asked.facts(app.workspace.clock())
    several = len(asked.names) > 1
    made = document(found, facts, None, several=several, unseen=unseen)
    return [markdown.markdown(made) if form == "markdown" else page.page(made)]


def _shown(asked: "Period", found: "Activity", file: Path | None) -> Reported:
    import msgspec

    told = msgspec.to_builtins(found)
    del told["acts"]
    path = None if file is None else str(file)
    return Reported(asked.names, *asked.typed, path, told)
