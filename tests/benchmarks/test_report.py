"""The report of a run: what people read, what programs read, and the pictures."""

import json
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.asked import Asked
from benchmarks.cases import CASES
from benchmarks.machine import Pace
from benchmarks.outcome import Outcome, Target
from benchmarks.plots import Bar, Group, Plot, svg
from benchmarks.report import Report, Section, write
from benchmarks.series import Series, percentile, ratios

SVG = "{http://www.w3.org/2000/svg}"
OURS, THEIRS = Series((100.0, 120.0, 90.0)), Series((50.0, 80.0, 45.0))
PLOT = Plot(
    "rates",
    "Commits & more",
    "a second",
    (Group("1 writer", (Bar("ours", OURS, True), Bar("a <peer>", THEIRS)), 150.0, "asked for"),),
)


def outcome() -> Outcome:
    return Outcome(
        "Commits",
        ("hub", "rate", "unit", "ours / this"),
        (
            ("ours", OURS.shown(), "a second", ""),
            ("peer", THEIRS.shown(1), "a second", ratios(OURS, THEIRS).shown(2)),
        ),
        (
            Target("rate", OURS.median, "at least", 90, "a second", of=Asked.ONE_WRITER),
            Target("delay", 12.0, "at most", 8, "ms", of=Asked.ONE_WRITER),
            Target("ratio", 2.0, "more than", 2, "times", 1),
        ),
        ("a note",),
        (PLOT,),
    )


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """The folder of a report in which one case was measured, and one failed."""
    fast, slow = Pace(0.5, 0.25, 20.0, 21.0), Pace(1.0, 0.5, 35.5, 37.0)
    sections = (
        Section("commits", fast, slow, 1.0, (outcome(),)),
        Section("audit", fast, fast, 1.0, None),
    )
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "of-before.svg").touch()
    write(Report("a run", "today", (("cores", "2"),), sections, 90.0), tmp_path)
    return tmp_path


def above_tables(page: str) -> list[str]:
    """The line above each line of a table: Markdown wants an empty one above the first."""
    lines = page.splitlines()
    return [above for above, line in pairwise(lines) if line.startswith("|")]


def test_a_figure_is_a_median_with_its_spread() -> None:
    assert OURS.shown() == "100 (90–120)"
    assert Series((1.25,)).shown(1) == "1.2"
    assert ratios(OURS, THEIRS).values == (2.0, 1.5, 2.0)
    assert percentile(range(1, 101), 99) == 99


def test_people_read_the_targets_first_and_what_the_work_was(report: Path) -> None:
    page = (report / "RESULTS.md").read_text()
    assert "1 of 2 figures are met; 0 of 1 lines as a whole." in page
    assert "0 of 1 figures are met." in page
    assert all(not above or "|" in above for above in above_tables(page)), "no table of its own"
    order = ("## What was asked for", "## Further targets", "## The machine", "## Commits")
    assert sorted(order, key=page.index) == list(order)
    rows = [" ".join(line.split()) for line in page.splitlines()]
    line = Asked.ONE_WRITER.value
    assert f"| {line} | commits | rate | at least 90 a second | 100 a second | yes | |" in rows
    assert "| | commits | delay | at most 8 ms | 12 ms | **no** | × 1.50 |" in rows
    assert "| commits | ratio | more than 2 times | 2.0 times | **no** | × 1.00 |" in rows
    assert f"Not measured in this run: {Asked.MANY_WRITERS.value};" in page
    assert CASES["commits"].work in page
    assert "![Commits & more](plots/rates.svg)" in page
    assert "This case failed" in page


def test_seconds_stand_beside_how_fast_the_machine_was(report: Path) -> None:
    page = (report / "RESULTS.md").read_text()
    assert "Took 1 s; the machine's pace: 20–21 ms before, 36–37 ms after." in page
    assert "turns of a loop of Python took 20 ms before or after one case and 36 ms" in page
    commits, _ = json.loads((report / "results.json").read_bytes())["cases"]
    assert (commits["before"]["loop_best_ms"], commits["after"]["loop_best_ms"]) == (20.0, 35.5)


def test_programs_read_every_round(report: Path) -> None:
    found = json.loads((report / "results.json").read_bytes())
    commits, audit = found["cases"]
    (first, second, ratio) = commits["outcomes"][0]["figures"]
    assert first["values"] == [100.0, 120.0, 90.0]
    assert (second["of"], second["figure"], second["unit"]) == ({"hub": "peer"}, "rate", "a second")
    assert (second["median"], second["least"], second["most"]) == (50.0, 45.0, 80.0)
    assert ratio["figure"] == "ours / this"
    assert [t["met"] for t in commits["outcomes"][0]["targets"]] == [True, False, False]
    assert commits["outcomes"][0]["targets"][0]["of"] == Asked.ONE_WRITER.value
    assert audit["outcomes"] is None


def test_pictures_are_told_as_well_as_seen(report: Path) -> None:
    assert [path.name for path in (report / "plots").iterdir()] == ["rates.svg"]
    text = (report / "plots" / "rates.svg").read_text()
    root = ElementTree.fromstring(text)
    title, told = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert told is not None
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {told.get('id')}"
    assert told.text == (
        "In a second. 1 writer: ours 100 (90–120); a <peer> 50 (45–80). asked for: 150."
    )
    assert "prefers-color-scheme: dark" in text


def test_nothing_is_drawn_beyond_the_picture() -> None:
    root = ElementTree.fromstring(svg(PLOT))
    width = float(root.get("width", "0"))
    for bar in root.iter(f"{SVG}rect"):
        assert float(bar.get("x", "0")) + float(bar.get("width", "0")) <= width


@pytest.mark.parametrize("name", CASES)
def test_every_case_can_be_run(name: str) -> None:
    assert callable(import_module(CASES[name].module).run)
