"""The hot paths take no more than they may; and the guard itself says what grew."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guard import ceilings

ROOT = Path(__file__).parents[2]


def test_the_hot_paths_stay_under_their_ceilings() -> None:
    held = ceilings.held()
    if held is None:
        pytest.skip(f"no ceilings were set with Python {ceilings.PYTHON}, or before: make guard")
    command = [sys.executable, "-m", "tests.guard", "--json"]
    # In a process of its own: a debugger, coverage or the fixtures here would be counted, too.
    ended = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    grown = ceilings.exceeded(json.loads(ended.stdout), held)
    assert not grown, "\n".join(["a hot path takes more than it may:", *grown, ceilings.ANEW])


def test_what_grew_is_named() -> None:
    held = {"a push": 100, "a read": 10}
    assert ceilings.exceeded({"a push": 100, "a read": 9}, held) == []
    assert ceilings.exceeded({"a push": 1234, "a read": 9}, held) == [
        "a push: 1,234 now, at most 100"
    ]
    assert ceilings.exceeded({"a push": 1, "a write": 1}, held) == [
        "a write: no ceiling",
        "a read: not counted any more",
    ]


def test_a_newer_python_is_held_to_the_ceilings_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ceilings, "FILE", tmp_path / "ceilings.json")
    for version, count in (("3.11", 100), ("3.9", 400), ("3.13", 60)):
        monkeypatch.setattr(ceilings, "PYTHON", version)
        ceilings.hold({"a push": count})
    found = {}
    for version in ("3.8", "3.10", "3.11", "3.12", "3.13", "3.14"):
        monkeypatch.setattr(ceilings, "PYTHON", version)
        found[version] = (ceilings.held() or {}).get("a push")
    assert found == {"3.8": None, "3.10": 460, "3.11": 115, "3.12": 115, "3.13": 69, "3.14": 69}
