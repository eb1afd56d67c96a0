"""A report as one HTML page that needs nothing else: no script, no picture, nothing from the network.

Every text is escaped, and the page's own policy (CSP) forbids what escaping should already keep out.
"""

import re
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from typing import Final

from stackroom.client.commands.output import printable
from stackroom.client.reports.document import Bars, Document, Section, Table

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"

HEIGHT: Final = 64
"""Of the timeline, in pixels."""

STEP: Final = 24
"""From one of its bars to the next."""

BAR: Final = 72
"""The longest bar in a table, in pixels."""


_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2})?")
TIME: Final = r"<time>\g<0></time>"
"""A time, which stays on one line."""

SHORT: Final = 22
"""Letters of a text that stays on one line: a time, a name, a number and a time."""


def page(document: Document) -> str:
    """The whole page."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    style = files("stackroom.client.reports").joinpath("style.css").read_text("utf-8")
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{_text(_title(document))}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>"
    yield f"<header>\n<h1>{_text(document.title)}</h1>\n<dl>"
    for name, fact in document.facts:
        yield f"<div><dt>{_text(name)}</dt><dd>{_text(fact)}</dd></div>"
    yield "</dl>\n</header>"
    yield '<ul class="figures">'
    for count, what in document.figures:
        quiet = ' class="none"' if not count else ""
        yield f"<li{quiet}><b>{count:,}</b> {_text(what)}</li>"
    yield "</ul>"
    if any(count for _, count in document.timeline.bars):
        yield from _timeline(document.timeline)
    for section in document.sections:
        yield from _section(section)
    yield "</main>\n</body>\n</html>"


def _title(document: Document) -> str:
    return " · ".join([document.title, *(fact for _, fact in document.facts[:2])])


def _timeline(timeline: Bars) -> Iterator[str]:
    most = max(count for _, count in timeline.bars)
    width = STEP * len(timeline.bars)
    yield f'<figure>\n<svg viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" role="img"'
    yield f'preserveAspectRatio="none" aria-label="Commits by {timeline.unit}">'
    for n, (label, count) in enumerate(timeline.bars):
        high = max(2, round(HEIGHT * count / most)) if count else 1
        empty = ' class="none"' if not count else ""
        at = f'x="{n * STEP + 1}" y="{HEIGHT - high}" width="{STEP - 2}" height="{high}"'
        yield f"<rect{empty} {at}><title>{_text(label)}: {count:,}</title></rect>"
    first, last = timeline.bars[0][0], timeline.bars[-1][0]
    ends = _text(first) if first == last else f"{_text(first)} to {_text(last)}"
    yield f"</svg>\n<figcaption>Commits by {timeline.unit}, {ends}; at most {most:,}</figcaption>\n</figure>"


def _section(section: Section) -> Iterator[str]:
    yield f'<section id="{section.id}">\n<h2>{_text(section.title)}</h2>'
    shown = [table for table in section.tables if table.rows]
    if not shown:
        yield f'<p class="none">{_text(section.empty)}</p>'
    elif section.note:
        yield f"<p>{_text(section.note)}</p>"
    for table in shown:
        yield from _table(table)
    yield "</section>"


def _table(table: Table) -> Iterator[str]:
    numbers = table.numbers
    yield '<div class="wide">\n<table>\n<thead><tr>'
    for n, heading in enumerate(table.headings):
        number = ' class="number"' if n in numbers else ""
        yield f'<th scope="col"{number}>{_text(heading)}</th>'
    yield "</tr></thead>\n<tbody>"
    most = max((int(row[table.bars]) for row in table.rows), default=0) if table.bars else 0
    for row in table.rows:
        cells = [_cell(cell, most if n == table.bars else 0) for n, cell in enumerate(row)]
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody>\n</table>\n</div>"


def _cell(cell: str | int, most: int) -> str:
    if isinstance(cell, str):
        short = ' class="short"' if len(cell) <= SHORT else ""
        return f"<td{short}>{_TIME.sub(TIME, _text(cell))}</td>"
    quiet = " none" if not cell else ""
    return f'<td class="number{quiet}">{_bar(cell, most) if cell and most else ""}{cell:,}</td>'


def _bar(count: int, most: int) -> str:
    long = max(2, round(BAR * count / most))
    drawn = f'<rect x="{BAR - long}" width="{long}" height="8" rx="1"></rect>'
    return f'<svg class="bar" width="{BAR}" height="8" aria-hidden="true">{drawn}</svg>'


def _text(said: str) -> str:
    """Text as it shows: escaped, control characters visible, lines of it kept."""
    return escape(printable(said)).replace("\n", "<br>")
