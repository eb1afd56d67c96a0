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
        pytest.skip(f"no ceilings were set with Python {ceilings.PYTHON}: make guard")
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
