"""A report as Markdown, with the tables of GitHub and GitLab; whatever was typed shows as text."""

import re
from collections.abc import Iterator
from typing import Final

from stackroom.client.commands.output import printable
from stackroom.client.reports.document import Bars, Document, Section, Table

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#|~$&@])")
"""What Markdown, or a page that it is shown on, could take for more than text: mentions of people, too."""

WIDTH: Final = 30
"""Blocks in the longest bar."""


def markdown(document: Document) -> str:
    """The whole report."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield f"# {_text(document.title)}"
    yield ""
    for name, fact in document.facts:
        yield f"* {_text(name)}: {_text(fact)}"
    yield ""
    yield ", ".join(f"**{count:,}** {_text(what)}" for count, what in document.figures) + "."
    if document.timeline.bars:
        yield from _timeline(document.timeline)
    for section in document.sections:
        yield from _section(section)


def _timeline(timeline: Bars) -> Iterator[str]:
    yield f"\n## Commits by {timeline.unit}\n\n```text"
    most = max((count for _, count in timeline.bars), default=1) or 1
    wide = max(len(label) for label, _ in timeline.bars)
    for label, count in timeline.bars:
        yield f"{label:{wide}}  {'█' * -(-count * WIDTH // most)} {count:,}"
    yield "```"


def _section(section: Section) -> Iterator[str]:
    yield f"\n## {_text(section.title)}\n"
    shown = [table for table in section.tables if table.rows]
    if not shown:
        yield _text(section.empty)
        return
    if section.note:
        yield f"{_text(section.note)}\n"
    for n, table in enumerate(shown):
        if n:
            yield ""
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    numbers = table.numbers
    yield _row(map(_text, table.headings))
    yield _row("---:" if n in numbers else "---" for n in range(len(table.headings)))
    for row in table.rows:
        yield _row(f"{cell:,}" if isinstance(cell, int) else _text(cell) for cell in row)


def _row(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(said: str) -> str:
    """Text that nothing takes for Markdown or HTML; lines of it stay lines."""
    return _SPECIAL.sub(r"\\\1", printable(said)).replace("\n", "<br>")
