"""What a command prints: tables for people, JSON and YAML for programs.

The contract of `--output json|yaml`: stdout holds one document and nothing else; keys are only ever
added. Everything said beside the result (freshness, hints, errors) goes to stderr.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypeAlias

import click
import msgspec
from msgspec import Struct

from stackroom.events.values import CONTROL

Format: TypeAlias = Literal["table", "json", "yaml"]
FORMATS: tuple[Format, ...] = ("table", "json", "yaml")


class Table(Struct, frozen=True):
    """Rows under headings; `empty` is the sentence that stands for no rows."""

    headings: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    empty: str = "Nothing to show."


class Fields(Struct, frozen=True):
    """Names and values, one a line: what a `describe` prints. `title` stands above them."""

    fields: Sequence[tuple[str, object]]
    title: str = ""


class Lines(Struct, frozen=True):
    """Text that is laid out already; control characters in it are shown, not obeyed."""

    lines: Sequence[str]


View: TypeAlias = Table | Fields | Lines
Views: TypeAlias = View | Sequence[View]


class Output:
    """Where a command prints; `format` is settled while the command line is parsed."""

    def __init__(self, format: Format = "table") -> None:
        self.format: Format = format

    @property
    def for_people(self) -> bool:
        """Whether stdout is read by a person, and not by a program."""
        return self.format == "table"

    def show(self, data: object, view: Views | Callable[[], Views]) -> None:
        """Prints the result: `data` (anything that msgspec can encode) for programs, `view` for people.

        `view` may be a function that makes it, so that programs do not pay for it.
        """
        if self.format == "json":
            encoded = msgspec.json.encode(data, order="deterministic")
            click.echo(msgspec.json.format(encoded, indent=2).decode())
        elif self.format == "yaml":
            click.echo(as_yaml(data), nl=False)
        else:
            made = view() if callable(view) else view
            views = [made] if isinstance(made, Table | Fields | Lines) else made
            click.echo("\n\n".join(filter(None, map(_render, views))))

    def item(self, data: object, line: str) -> None:
        """Prints one result of a stream (`--watch`): a line, or one JSON (or YAML) document a line."""
        if self.format == "table":
            click.echo(printable(line))
        elif self.format == "json":
            click.echo(msgspec.json.encode(data).decode())
        else:
            click.echo("---\n" + as_yaml(data), nl=False)
        sys.stdout.flush()

    def say(self, sentence: str) -> None:
        """Tells people what was done; programs read `show` instead."""
        if self.for_people:
            click.echo(printable(sentence))

    def note(self, sentence: str) -> None:
        """Says something beside the result, on stderr."""
        click.echo(printable(sentence), err=True)


def printable(text: str) -> str:
    """`text` with control characters shown as escapes, so that no value can drive a terminal."""
    if text.isprintable():
        return text
    return CONTROL.sub(
        lambda m: m[0] if m[0] == "\n" else m[0].encode("unicode_escape").decode(), text
    )


def cell(value: object) -> str:
    """A value as one line of text: text as it is, nothing as blank, the rest as JSON."""
    if value is None or value is msgspec.UNSET:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return printable(text).replace("\n", "\\n")


def as_yaml(data: object) -> str:
    """`data` as one YAML document that readers of YAML 1.1 and of 1.2 understand alike."""
    from stackroom.client.zenml.emit import dump

    return dump(msgspec.to_builtins(data))


def _render(view: View) -> str:
    match view:
        case Table() if not view.rows:
            return view.empty
        case Table():
            rows = [[cell(value) for value in row] for row in view.rows]
            return _rich(view.headings, rows) if _pretty() else _plain(view.headings, rows)
        case Fields():
            return "\n".join(_fields(view))
        case Lines():
            return "\n".join(map(printable, view.lines))


def _pretty() -> bool:
    """Whether stdout is a terminal that shows more than plain text."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _plain(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns two blanks apart; the last one is not padded."""
    lines = [[heading.upper() for heading in headings], *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _rich(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The same for a terminal: fitted to its width, headings bold unless NO_COLOR is set."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    heading_style = "" if os.environ.get("NO_COLOR") else "bold"
    table = RichTable(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style=heading_style
    )
    for heading in headings:
        table.add_column(heading.upper(), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip("\n")


def _fields(view: Fields) -> Iterable[str]:
    if view.title:
        yield printable(view.title)
    indent = "  " if view.title else ""
    width = max((len(name) for name, _ in view.fields), default=0) + 1
    for name, value in view.fields:
        yield f"{indent}{(name + ':').ljust(width)} {cell(value)}".rstrip()
