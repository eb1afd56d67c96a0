"""What a run does around its cases, and what is left of a target."""

import math
from pathlib import Path

import pytest

from benchmarks import ready
from benchmarks.__main__ import _settle
from benchmarks.outcome import Sense, Target


@pytest.mark.parametrize(
    ("measured", "sense", "limit", "left"),
    [
        (0.45, "at least", 0.9, "× 2.00"),
        (0.9, "at least", 0.9, ""),
        (2.1, "at most", 0.7, "× 3.00"),
        (0.5, "less than", 1.0, ""),
        (1.0, "more than", 1.0, "× 1.00"),
        (0.0, "at least", 1.0, f"× {math.inf:.2f}"),
    ],
)
def test_what_is_left_is_the_factor_to_the_limit(
    measured: float, sense: Sense, limit: float, left: str
) -> None:
    assert Target("it", measured, sense, limit, "times").left == left


def test_a_case_leaves_the_next_one_nothing(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "hub.db").write_bytes(b"much")
    (tmp_path / "audit.db").write_bytes(b"much")
    _settle(tmp_path, keep=True)
    assert len(list(tmp_path.iterdir())) == 2
    _settle(tmp_path, keep=False)
    assert list(tmp_path.iterdir()) == []


def test_modules_are_told_after_those_that_they_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_measured_one.py").write_text("import a_measured_other")
    (tmp_path / "a_measured_other.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    known = ready.load(["no_such_module"])
    ready.load(["a_measured_one"])
    assert ready.imported(known) == ("a_measured_other", "a_measured_one")
