"""What a command prints: tables for people, JSON and YAML for programs.

Tables fit the terminal that they are shown on, and are coloured there; elsewhere they are plain text.

The contract of `--output json|yaml`: stdout holds one document and nothing else; keys are only ever
added. Everything said beside the result (freshness, hints, errors) goes to stderr.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, TypeAlias

import click
import msgspec
from msgspec import Struct

from stackroom.client.commands.cells import padded, width
from stackroom.client.commands.tables import Cell, table
from stackroom.client.commands.terminal import Screen, Tone, screen
from stackroom.events.values import CONTROL

Format: TypeAlias = Literal["table", "json", "yaml"]
FORMATS: tuple[Format, ...] = ("table", "json", "yaml")

_UNSAFE: Final = f"{CONTROL}|[\u202a-\u202e\u2066-\u2069]"
"""Control characters, and those that turn the direction of the text around them."""

_MARKS: Final[dict[str, Tone]] = {"+": "good", "-": "bad", "~": "careful", "!": "bad"}


class Toned(Struct, frozen=True):
    """A value of a table that stands out."""

    value: object
    tone: Tone


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


class Changes(Struct, frozen=True):
    """Lines of a diff or a plan: each is coloured by its first letter, `+`, `-`, `~` or `!`."""

    lines: Sequence[str]


class Unified(Struct, frozen=True):
    """Lines of unified diffs: each is coloured by its first character."""

    lines: Sequence[str]


View: TypeAlias = Table | Fields | Lines | Changes | Unified
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
            where = screen(sys.stdout)
            if text := _text(view() if callable(view) else view, where):
                click.echo(text, color=where.colours)

    def beside(self, views: Views) -> None:
        """Shows something on stderr: what a person is asked about."""
        where = screen(sys.stderr)
        click.echo(_text(views, where), err=True, color=where.colours)

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
    return re.sub(
        _UNSAFE, lambda m: m[0] if m[0] == "\n" else m[0].encode("unicode_escape").decode(), text
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


def _text(views: Views, where: Screen) -> str:
    listed = [views] if isinstance(views, View) else views
    return "\n\n".join(filter(None, (_render(view, where) for view in listed)))


def _render(view: View, where: Screen) -> str:
    match view:
        case Table() if not view.rows:
            return view.empty
        case Table():
            # Most of what there is needs no call.
            rows = [
                [(x, None) if type(x) is str and x.isprintable() else _toned(x) for x in row]
                for row in view.rows
            ]
            return table(view.headings, rows, where)
        case Fields():
            return "\n".join(_fields(view, where))
        case Lines():
            return "\n".join(map(printable, view.lines))
        case Changes():
            return "\n".join(where.paint(printable(x), _tone(x)) for x in view.lines)
        case Unified():
            return "\n".join(where.paint(printable(x), _in_diff(x)) for x in view.lines)


def _toned(value: object) -> Cell:
    return (cell(value.value), value.tone) if isinstance(value, Toned) else (cell(value), None)


def _tone(line: str) -> Tone | None:
    return _MARKS.get(line.lstrip()[:1])


def _in_diff(line: str) -> Tone | None:
    if line.startswith(("--- ", "+++ ")):
        return "strong"
    return {"+": "good", "-": "bad", "@": "quiet"}.get(line[:1])  # type: ignore[return-value]


def _fields(view: Fields, where: Screen) -> Iterable[str]:
    if view.title:
        yield where.paint(printable(view.title), "strong")
    indent = "  " if view.title else ""
    names = max((width(name) for name, _ in view.fields), default=0) + 1
    for name, value in view.fields:
        yield f"{indent}{padded(name + ':', names)} {cell(value)}".rstrip()
