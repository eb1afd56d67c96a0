"""What a case found: tables, whether its targets were met, its pictures, and how it was measured."""

import math
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from benchmarks.asked import Asked
from benchmarks.plots import Plot

Sense: TypeAlias = Literal["at least", "at most", "less than", "more than"]


TARGETS: Final = ("target", "asked for", "measured (median)", "met", "left")
"""What heads a table of targets."""


class Target(Struct, frozen=True):
    """What was asked for, what was measured, and in which direction it counts."""

    what: str
    measured: float
    sense: Sense
    limit: float
    unit: str
    digits: int = 0
    of: Asked | None = None
    """The line of what was asked for as a whole that it belongs to."""

    @property
    def met(self) -> bool:
        """Whether the measured value is on the right side of the limit."""
        match self.sense:
            case "at least":
                return self.measured >= self.limit
            case "at most":
                return self.measured <= self.limit
            case "less than":
                return self.measured < self.limit
            case "more than":
                return self.measured > self.limit

    @property
    def asked(self) -> str:
        """What was asked for, as a phrase."""
        return f"{self.sense} {self.limit:,g} {self.unit}".rstrip()

    @property
    def found(self) -> str:
        """What was measured, as a phrase."""
        return f"{self.measured:,.{self.digits}f} {self.unit}".rstrip()

    @property
    def left(self) -> str:
        """By which factor the measured value must still become better; nothing if it is met."""
        if self.met:
            return ""
        more = self.sense in ("at least", "more than")
        over, under = (self.limit, self.measured) if more else (self.measured, self.limit)
        return f"× {over / under if under else math.inf:.2f}"

    def row(self) -> tuple[str, ...]:
        """As a line of a table of targets, under `TARGETS`."""
        return self.what, self.asked, self.found, "yes" if self.met else "**no**", self.left


class Outcome(Struct, frozen=True):
    """One case, measured: a table, its targets, pictures, and notes on what was measured how.

    A cell that `Series.shown` made is a figure: all its rounds go to results.json.
    """

    title: str
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    targets: tuple[Target, ...] = ()
    notes: tuple[str, ...] = ()
    plots: tuple[Plot, ...] = ()


def markdown(outcome: Outcome, *, targets: bool = True) -> str:
    """The case as a section, with its targets unless they stand elsewhere."""
    parts = [f"## {outcome.title}"]
    if outcome.rows:
        parts.append(table(outcome.heading, outcome.rows))
    parts += [f"![{plot.title}](plots/{plot.slug}.svg)" for plot in outcome.plots]
    if outcome.targets and targets:
        rows = [target.row() for target in outcome.targets]
        parts.append(table(TARGETS, rows))
    if outcome.notes:
        parts.append("\n".join(f"- {note}" for note in outcome.notes))
    return "\n\n".join(parts) + "\n"


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned so that it also reads in a terminal."""
    widths = [max(len(row[i]) for row in (heading, *rows)) for i in range(len(heading))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"

    return "\n".join((line(heading), line(["-" * w for w in widths]), *map(line, rows)))
