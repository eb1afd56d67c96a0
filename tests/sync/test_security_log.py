"""The security log: whole lines whatever is in them, its owner's alone, bounded, and never in the way."""

import json
import threading
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from stackroom.sync.hosting.noting import Sparing
from stackroom.sync.hosting.security_log import VALUE_LENGTH, SecurityLog, Wanted
from stackroom.sync.sockets.bucket import Rate


def opened(path: Path, **more: Any) -> SecurityLog:
    def fails(error: OSError) -> None:
        raise error

    settings: dict[str, Any] = {"most": 1 << 20, "files": 3, "waiting": 1_000, "failed": fails}
    settings["clock"] = lambda: 1_800_000_000_123
    return SecurityLog(path, **(settings | more))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]


def test_a_line_says_when_and_what(tmp_path: Path) -> None:
    log = opened(tmp_path / "security.jsonl")
    log.note("signed_in", user="ann", address="10.0.0.1", profile="", code=None, times=3)
    log.close()
    (line,) = lines(log.path)
    assert line == {
        "time": "2027-01-15T08:00:00.123Z",
        "kind": "signed_in",
        "user": "ann",
        "address": "10.0.0.1",
        "times": 3,
    }
    assert log.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("value", [
    'ann\n{"kind":"signed_in","user":"root"}', "a\r\nb", "\x1b[2J\x1b]0;x\x07", "\u2028\u2029\x85",
    "\u202egnp.exe", '"}\\', "\ud800", "\x00", "\x7f", "名前", "x" * 100_000,
])  # fmt: skip
def test_no_value_forges_a_line_or_drives_a_terminal(tmp_path: Path, value: str) -> None:
    log = opened(tmp_path / "security.jsonl")
    log.note("refused", value=value, what="host")
    log.note("stopped")
    log.close()
    text = log.path.read_bytes().decode("utf-8")
    assert [line["kind"] for line in lines(log.path)] == ["refused", "stopped"]
    assert text.count("\n") == len(text.splitlines()) == 2
    assert text.replace("\n", "").isprintable()
    assert len(text) < VALUE_LENGTH * 2 + 300


def test_the_newest_are_found_in_all_files(tmp_path: Path) -> None:
    times = count(1_800_000_000_000, 1_000)
    path = tmp_path / "security.jsonl"
    log = opened(path, most=400, files=4, clock=lambda: next(times))
    for n in range(20):
        log.note("refused" if n % 2 else "signed_in", user="ann" if n % 3 else "an", n=n)
    log.close()
    kept = [n for file in (3, 2, 1, 0) for n in numbers(path, file)]
    assert len(kept) > 10

    def newest(*wanted: Any, **more: Any) -> list[int]:
        return [json.loads(line)["n"] for line in log.newest(Wanted(*wanted, **more))]

    assert newest(100) == kept
    assert newest(3) == kept[-3:]
    assert newest(100, kind="refused") == [n for n in kept if n % 2]
    assert newest(100, user="an") == [n for n in kept if n % 3 == 0]
    assert newest(100, since=1_800_000_000_000 + 17_000) == [17, 18, 19]
    assert newest(2, kind="signed_in", user="ann") == [14, 16]


def test_there_is_nothing_yet(tmp_path: Path) -> None:
    log = opened(tmp_path / "security.jsonl")
    log.close()
    assert log.newest(Wanted(9)) == []


def numbers(path: Path, file: int) -> list[int]:
    file_path = path.with_name(f"{path.name}.{file}") if file else path
    return [line["n"] for line in lines(file_path)] if file_path.exists() else []


def test_it_rotates_and_keeps_so_many(tmp_path: Path) -> None:
    log = opened(tmp_path / "security.jsonl", most=500)
    for n in range(100):
        log.note("limit", n=n)
    log.close()
    names = ["security.jsonl.2", "security.jsonl.1", "security.jsonl"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)
    kept = [line["n"] for name in names for line in lines(tmp_path / name)]
    assert kept == list(range(100 - len(kept), 100))
    assert all((tmp_path / name).stat().st_size <= 500 for name in names)


def test_a_disk_that_hangs_holds_nobody_up_and_what_was_dropped_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, begun = threading.Event(), threading.Event()
    write = SecurityLog._write

    def slow(self: SecurityLog, line: bytes) -> None:
        begun.set()
        hangs.wait(20)
        write(self, line)

    monkeypatch.setattr(SecurityLog, "_write", slow)
    log = opened(tmp_path / "security.jsonl", waiting=5)
    log.note("started")
    assert begun.wait(20)
    for n in range(50):
        log.note("limit", n=n)
    hangs.set()
    log.close()
    found = lines(log.path)
    assert [line.get("n") for line in found if "n" in line] == [0, 1, 2, 3, 4]
    assert sum(line.get("dropped", 0) for line in found) == 45


def test_a_disk_that_is_full_is_told_once_per_line(tmp_path: Path) -> None:
    told: list[OSError] = []
    log = opened(tmp_path / "no" / "folder", failed=told.append)
    log.note("started")
    log.close()
    assert [type(error) for error in told] == [FileNotFoundError]


def test_a_flood_of_refusals_is_counted_and_others_are_noted() -> None:
    now = 0.0
    sparing = Sparing(Rate(1.0, 3.0), lambda: now)
    said = [sparing.say("mallory", {"n": n}) for n in range(100)]
    assert said[:4] == [{"n": n} for n in range(4)]
    assert said[4:] == [None] * 96
    assert sparing.say("ann", {"n": 1}) == {"n": 1}
    now = 1.5
    assert sparing.say("mallory", {"n": 7}) == {"n": 7, "unsaid": 96}
