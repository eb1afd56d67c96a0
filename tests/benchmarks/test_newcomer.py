"""Cold clients, on a tiny scale: what is timed where, and that nothing but imports is ready before."""

import sys
from pathlib import Path

import pytest
from msgspec import structs

from benchmarks import builds, newcomer
from benchmarks.bench import QUICK, Bench
from benchmarks.builds import Build
from benchmarks.series import Shown

TINY = structs.replace(QUICK, history=4_200, components=50, newcomers=1)


def test_newcomers_are_timed_from_within_and_as_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Build(builds.OPTIONAL.name, sys.executable)
    monkeypatch.setattr(builds, "OPTIONAL", second)
    (outcome,) = newcomer.run(Bench(TINY, tmp_path, lambda line: None))
    assert [row[:2] for row in outcome.rows] == [
        (name, kind)
        for name in ("stackroom", "stackroom, compiled")
        for kind in ("no snapshot: state rebuilt and stored", "snapshot and tail: usable")
    ]
    assert [row[2] for row in outcome.rows] == ["4,200", "600"] * 2
    for row in outcome.rows:
        within, whole = row[3], row[5]
        assert isinstance(within, Shown)
        assert isinstance(whole, Shown)
        assert within.series.median < whole.series.median
    measured = [target.measured for target in outcome.targets[:2]]
    assert measured == [
        row[3].series.median for row in outcome.rows[:2] if isinstance(row[3], Shown)
    ]
    assert any("(0 were imported within the time later)" in note for note in outcome.notes)


def test_a_build_that_is_not_there_is_left_out() -> None:
    absent = Build("other", "/nowhere/.venv-other/bin/python")
    assert absent.missing() == "there is no .venv-other with a compiled build"
    assert builds.PLAIN.missing() == ""
    assert absent.service[0] == absent.python
