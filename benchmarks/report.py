"""One report of a run: RESULTS.md for people, results.json for programs, plots/*.svg for both."""

from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from benchmarks.cases import CASES
from benchmarks.outcome import Outcome, Target, markdown, table
from benchmarks.plots import svg
from benchmarks.series import Shown

FORMAT: Final = 1
"""Of results.json: counted up when a field of it changes its meaning."""


class Section(Struct, frozen=True):
    """One case of a run. Without outcomes, it failed; `load` is how busy the machine was before it."""

    case: str
    load: str
    seconds: float
    outcomes: tuple[Outcome, ...] | None


class Report(Struct, frozen=True):
    """A run: `facts` are of the machine and the programs, as (what, value)."""

    kind: str
    day: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    seconds: float
    load: str
    """How busy the machine was at the end."""

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
        table(("what", "value"), report.facts) + "\n",
    ]
    if report.targets:
        rows = [(case, *target.row()) for case, target in report.targets]
        met = sum(target.met for _, target in report.targets)
        parts.append(f"## Targets\n\n{met} of {len(rows)} are met.\n")
        parts.append(table(("case", "target", "asked for", "measured", "met"), rows) + "\n")
    parts += [text for section in report.sections for text in chapter(section)]
    parts.append(f"Machine at the end: {report.load}.\n")
    return "\n".join(parts)


def chapter(section: Section) -> list[str]:
    """What one case found, headed by what its work was."""
    if section.outcomes is None:
        return [f"## {section.case}\n\nThis case failed: it could not be measured.\n"]
    case = CASES[section.case]
    stated = (
        f"*Case `{section.case}`. Work: {case.work}. Durability: {case.durability}. "
        f"Bytes: {case.bytes}. Took {section.seconds:.0f} s.*"
    )
    first, *rest = map(markdown, section.outcomes)
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
        "load_at_the_end": report.load,
        "cases": [_case(section) for section in report.sections],
    }


def _case(section: Section) -> dict[str, Any]:
    case = CASES[section.case]
    return {
        "case": section.case,
        "work": case.work,
        "durability": case.durability,
        "bytes": case.bytes,
        "load_before": section.load,
        "seconds": round(section.seconds, 1),
        "outcomes": None if section.outcomes is None else [_outcome(o) for o in section.outcomes],
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
