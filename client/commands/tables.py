"""How a table is laid out: in columns, as wide as they need or as there is room; or a record for each row.

In a pipe or a file nothing is folded. On a terminal too narrow for its columns a table's widest ones are
folded first; where not even `NARROWEST` cells each are there, every row becomes a record of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final, TypeAlias

from stackroom.client.commands.cells import fold, padded, width
from stackroom.client.commands.terminal import Screen, Tone

GAP: Final = 2
"""Blanks between two columns."""
NARROWEST: Final = 10
"""Cells that a column keeps, unless it needs fewer: a date goes in."""

Cell: TypeAlias = tuple[str, Tone | None]
"""One line of text, and how it is coloured."""


def table(headings: Sequence[str], rows: Sequence[Sequence[Cell]], screen: Screen) -> str:
    """The table as text."""
    head: list[Cell] = [(heading.upper(), "strong") for heading in headings]
    columns = [_Column(cells) for cells in zip(head, *rows, strict=True)]
    natural = [column.width for column in columns]
    if screen.columns is None:
        widths: list[int] | None = natural
    else:
        widths = fitted(natural, [width(h) for h in headings], screen.columns)
    if widths is None:
        assert screen.columns is not None
        return "\n\n".join("\n".join(_record(headings, row, screen)) for row in rows)
    if widths == natural:  # Nothing is to be folded: column by column, for long tables.
        filled = [column.filled(screen) for column in columns]
        return "\n".join(map(_joined, zip(*filled, strict=True)))
    return "\n".join(line for row in [head, *rows] for line in _row(row, widths, screen))


def fitted(natural: Sequence[int], headings: Sequence[int], columns: int) -> list[int] | None:
    """The widths of columns that need `natural` cells, so that all fit in; None if they cannot.

    The widest are cut first. None becomes narrower than its heading, or than `NARROWEST`.
    """
    from bisect import bisect_left

    room = columns - GAP * (len(natural) - 1)
    least = [min(n, max(NARROWEST, h)) for n, h in zip(natural, headings, strict=True)]
    if sum(natural) <= room:
        return list(natural)
    if sum(least) > room:
        return None

    def cut(most: int) -> list[int]:
        return [max(low, min(need, most)) for low, need in zip(least, natural, strict=True)]

    most = bisect_left(range(max(natural) + 1), True, key=lambda m: sum(cut(m)) > room) - 1
    widths = cut(most)
    for i, need in enumerate(natural):
        if widths[i] < need and sum(widths) < room and widths[i] == most:
            widths[i] += 1
    return widths


class _Column:
    """The cells of one column, as wide as the widest."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._cells = cells
        self._texts = [text for text, _ in cells]
        self._plain = "".join(self._texts).isascii()
        self.width = max(map(len if self._plain else width, self._texts))

    def filled(self, screen: Screen) -> list[str]:
        """Each text, coloured and filled up with blanks."""
        if self._plain and not screen.colours:
            return [text.ljust(self.width) for text in self._texts]
        return [
            screen.paint(text, tone) + " " * (self.width - width(text))
            for text, tone in self._cells
        ]


def _row(row: Sequence[Cell], widths: Sequence[int], screen: Screen) -> Iterator[str]:
    """The lines of one row; the last column is not padded."""
    folded = [fold(text, cells) for (text, _), cells in zip(row, widths, strict=True)]
    for parts in zip_longest(*folded, fillvalue=""):
        yield _joined(
            (screen.paint(part, tone) + " " * (cells - width(part)))
            for part, (_, tone), cells in zip(parts, row, widths, strict=True)
        )


def _joined(parts: Iterable[str]) -> str:
    return (" " * GAP).join(parts).rstrip()


def _record(headings: Sequence[str], row: Sequence[Cell], screen: Screen) -> Iterator[str]:
    """One row, a line for each value that is there. What has no heading goes with the first value."""
    assert screen.columns is not None
    marks = [text for heading, (text, _) in zip(headings, row, strict=True) if not heading and text]
    named = [(h, *cell) for h, cell in zip(headings, row, strict=True) if h and cell[0]]
    indent = max((width(heading) for heading, _, _ in named), default=0) + 2
    room = max(screen.columns - indent, NARROWEST)
    for i, (heading, text, tone) in enumerate(named):
        whole = " ".join([text, *marks]) if i == 0 else text
        for j, line in enumerate(fold(whole, room)):
            name = screen.paint(padded(f"{heading}:" if j == 0 else "", indent), "strong")
            yield name + screen.paint(line, tone)
