"""Cold clients, on a tiny scale: what is timed where, and that nothing but imports is ready before."""

from pathlib import Path

from msgspec import structs

from benchmarks import newcomer
from benchmarks.bench import QUICK, Bench
from benchmarks.series import Shown

TINY = structs.replace(QUICK, history=4_200, components=50, newcomers=1)


def test_newcomers_are_timed_from_within_and_as_processes(tmp_path: Path) -> None:
    (outcome,) = newcomer.run(Bench(TINY, tmp_path, lambda line: None))
    assert [row[:2] for row in outcome.rows] == [
        ("no snapshot: state rebuilt and stored", "4,200"),
        ("snapshot and tail: usable", "600"),
    ]
    for row, target in zip(outcome.rows, outcome.targets, strict=False):
        within, whole = row[2], row[4]
        assert isinstance(within, Shown)
        assert isinstance(whole, Shown)
        assert within.series.median < whole.series.median
        assert target.measured == within.series.median
    assert any("(0 were imported within the time later)" in note for note in outcome.notes)
