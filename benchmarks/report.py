"""One report of a run: RESULTS.md for people, results.json for programs, plots/*.svg for both."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from benchmarks.asked import Asked
from benchmarks.cases import CASES
from benchmarks.machine import TURNS, Pace
from benchmarks.outcome import TARGETS, Outcome, Target, markdown, table
from benchmarks.plots import svg
from benchmarks.series import Shown

FORMAT: Final = 2
"""Of results.json: counted up when a field of it changes its meaning."""


class Section(Struct, frozen=True):
    """One case of a run, and how fast the machine was before and after it. Without outcomes, it failed."""

    case: str
    before: Pace
    after: Pace
    seconds: float
    outcomes: tuple[Outcome, ...] | None


class Report(Struct, frozen=True):
    """A run: `facts` are of the machine and the programs, as (what, value)."""

    kind: str
    day: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    seconds: float

    @property
    def targets(self) -> list[tuple[str, Target]]:
        """All targets, each with the case that has it."""
        return [
            (section.case, target)
            for section in self.sections
            for outcome in section.outcomes or ()
            for target in outcome.targets
        ]


def write(report: Report, folder: Path) -> None:
    """Writes the three into `folder`; pictures of an earlier run go."""
    plots = folder / "plots"
    plots.mkdir(parents=True, exist_ok=True)
    for old in plots.glob("*.svg"):
        old.unlink()
    for section in report.sections:
        for outcome in section.outcomes or ():
            for plot in outcome.plots:
                (plots / f"{plot.slug}.svg").write_text(svg(plot), "utf-8")
    (folder / "RESULTS.md").write_text(page(report), "utf-8")
    (folder / "results.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(data(report), enc_hook=str), indent=1) + b"\n"
    )


# For people


def page(report: Report) -> str:
    """RESULTS.md."""
    parts = [
        f"# Results\n\nWritten by `python -m benchmarks`, {report.kind}, {report.day}, in "
        f"{report.seconds / 60:.0f} minutes. [README.md](README.md) says how to read it; "
        "[results.json](results.json) has every round of every figure.\n",
        *_asked(report),
        *_further(report),
        "## The machine, and what ran on it\n",
        "\n".join(f"- {what}: {value}" for what, value in report.facts),
        _paces(report),
    ]
    for section in report.sections:
        parts += chapter(section, targets=False)  # They stand above.
    return "\n".join(parts)


def _paces(report: Report) -> str:
    """How much the machine's own speed changed meanwhile."""
    paces = [pace for section in report.sections for pace in (section.before, section.after)]
    best, worst = min(pace.best for pace in paces), max(pace.best for pace in paces)
    return (
        f"- pace: {TURNS:,} turns of a loop of Python took {best:.0f} ms before or after one case and "
        f"{worst:.0f} ms before or after another (each case says its own): seconds of one case are not "
        "those of another, ratios within a case are\n"
    )


def _asked(report: Report) -> Iterator[str]:
    """What was asked for as a whole, line by line, with what was measured."""
    every = [(case, target) for case, target in report.targets if target.of is not None]
    there = [line for line in Asked if any(target.of is line for _, target in every)]
    if not there:
        return
    missed = {target.of for _, target in every if not target.met}
    yield (
        f"## What was asked for\n\n{_met(every)}; {len(there) - len(missed)} of {len(there)} lines as a "
        "whole. What is left is the factor by which a figure must still become better.\n"
    )
    rows = []
    for line in there:
        name = line.value
        for case, target in every:
            if target.of is line:
                rows.append((name, case, *target.row()))
                name = ""
    yield table(("work", "case", *TARGETS), rows) + "\n"
    if absent := [line.value for line in Asked if line not in there]:
        yield f"Not measured in this run: {'; '.join(absent)}.\n"


def _further(report: Report) -> Iterator[str]:
    """Targets of single cases."""
    rest = [(case, target) for case, target in report.targets if target.of is None]
    if rest:
        yield f"## Further targets\n\n{_met(rest)}.\n"
        yield table(("case", *TARGETS), [(case, *target.row()) for case, target in rest]) + "\n"


def _met(targets: Sequence[tuple[str, Target]]) -> str:
    return f"{sum(target.met for _, target in targets)} of {len(targets)} figures are met"


def chapter(section: Section, *, targets: bool = True) -> list[str]:
    """What one case found, headed by what its work was."""
    if section.outcomes is None:
        return [f"## {section.case}\n\nThis case failed: it could not be measured.\n"]
    case = CASES[section.case]
    stated = (
        f"*Case `{section.case}`. Work: {case.work}. Durability: {case.durability}. "
        f"Bytes: {case.bytes}. Took {section.seconds:.0f} s; the machine's pace: {section.before.loop} "
        f"before, {section.after.loop} after.*"
    )
    first, *rest = (markdown(outcome, targets=targets) for outcome in section.outcomes)
    heading, _, body = first.partition("\n\n")
    return [f"{heading}\n\n{stated}\n\n{body}", *rest]


# For programs


def data(report: Report) -> dict[str, Any]:
    """results.json: every figure with its unit, rounds, median and spread."""
    return {
        "format": FORMAT,
        "kind": report.kind,
        "day": report.day,
        "seconds": round(report.seconds, 1),
        "facts": dict(report.facts),
        "cases": [_case(section) for section in report.sections],
    }


def _case(section: Section) -> dict[str, Any]:
    case = CASES[section.case]
    return {
        "case": section.case,
        "work": case.work,
        "durability": case.durability,
        "bytes": case.bytes,
        "before": _pace(section.before),
        "after": _pace(section.after),
        "seconds": round(section.seconds, 1),
        "outcomes": None if section.outcomes is None else [_outcome(o) for o in section.outcomes],
    }


def _pace(pace: Pace) -> dict[str, float]:
    return {
        "load_1_min": round(pace.one, 2),
        "load_5_min": round(pace.five, 2),
        "loop_best_ms": round(pace.best, 1),
        "loop_worst_ms": round(pace.worst, 1),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "title": outcome.title,
        "figures": [
            figure for row in outcome.rows for figure in _figures(outcome.heading, tuple(row))
        ],
        "table": {"heading": outcome.heading, "rows": outcome.rows},
        "targets": [
            {
                "what": target.what,
                "measured": target.measured,
                "sense": target.sense,
                "limit": target.limit,
                "unit": target.unit,
                "met": target.met,
                "of": None if target.of is None else target.of.value,
            }
            for target in outcome.targets
        ],
        "notes": outcome.notes,
        "plots": [f"plots/{plot.slug}.svg" for plot in outcome.plots],
    }


def _figures(heading: tuple[str, ...], row: tuple[str, ...]) -> list[dict[str, Any]]:
    """The row's measured cells; what its other cells say is what they are figures of."""
    cells = dict(zip(heading, row, strict=True))
    of = {name: cell for name, cell in cells.items() if not isinstance(cell, Shown) and cell}
    unit = of.pop("unit", None)
    return [
        {
            "of": of,
            "figure": name,
            "unit": unit or name,
            "rounds": len(cell.series.values),
            "median": cell.series.median,
            "least": cell.series.least,
            "most": cell.series.most,
            "values": cell.series.values,
        }
        for name, cell in cells.items()
        if isinstance(cell, Shown)
    ]
