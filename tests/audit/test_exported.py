"""An export is read as it was written, and whatever is changed in it is found: by us, and without us."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stackroom.client.history.audit_sources import keys_of
from stackroom.client.history.auditing import Audited, Signatures, audit_export, people_of
from stackroom.events.audit.exported import Heading, Reader, lines
from stackroom.events.errors import IntegrityError, LogError
from stackroom.events.sqlite.log import open_reader
from tests.audit.histories import HUB, HUB_KEY, PROFILE, PUBLIC, SECRET, History, written

INDEPENDENT = Path(__file__).with_name("independent.py")


@pytest.fixture
def team(tmp_path: Path) -> History:
    return written(tmp_path / "hub.db")


def exported(path: Path, team: History, signed: tuple[int, ...] = (8,)) -> list[bytes]:
    head = team.head
    heading = Heading(
        profile=PROFILE, name="team", seq=head.seq, root=head.root.hex(), hub=HUB, key=PUBLIC
    )
    notes = [(size, team.checkpoint(size)) for size in signed]
    with open_reader(path) as log:
        return list(lines(log, heading, notes))


def audit(text: list[bytes], path: Path) -> Audited:
    with open_reader(path) as log:
        people = people_of(log, HUB)
    assert people
    return audit_export(Reader(text), Signatures(HUB, [HUB_KEY.public], (), people))


def independently(path: Path, *args: str) -> str:
    """What the independent verifier says of a file; its process loads nothing of ours."""
    done = subprocess.run(
        [sys.executable, "-I", str(INDEPENDENT), str(path), *args],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout if done.returncode == 0 else done.stderr


def test_what_is_exported_holds(tmp_path: Path, team: History) -> None:
    text = exported(tmp_path / "hub.db", team, (3, 8))
    audited = audit(text, tmp_path / "hub.db")
    assert audited.fault is None
    assert (audited.seq, audited.signed, audited.root) == (8, 8, team.head.root.hex())
    assert audited.authors == {"valid": 6, "unsigned": 2}
    file = tmp_path / "team.jsonl"
    file.write_bytes(b"".join(text))
    assert independently(file) == f"#8 {team.head.root.hex()}, signed by the hub up to #8\n"
    assert independently(file, PUBLIC).startswith("#8 ")
    assert SECRET not in file.read_text()


def test_a_local_profile_is_exported_without_a_hub(tmp_path: Path, team: History) -> None:
    head = team.head
    heading = Heading(profile=PROFILE, name="team", seq=head.seq, root=head.root.hex())
    with open_reader(tmp_path / "hub.db") as log:
        text = list(lines(log, heading))
    audited = audit_export(Reader(text), Signatures())
    assert audited.fault is None
    assert (audited.signed, audited.authors) == (0, {"unbound": 6, "unsigned": 2})
    file = tmp_path / "team.jsonl"
    file.write_bytes(b"".join(text))
    assert "signed by the hub up to #0" in independently(file)


def test_memory_does_not_grow_with_the_history(tmp_path: Path, team: History) -> None:
    """Lines are made and read one at a time: neither side asks for the next before it is needed."""
    text = iter(exported(tmp_path / "hub.db", team))
    taken: list[int] = []

    def counted() -> Iterator[bytes]:
        for number, line in enumerate(text):
            taken.append(number)
            yield line

    entries = Reader(counted()).entries()
    next(entries)
    assert taken == [0, 1]
    next(entries)
    assert taken == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "no exported history"),
        (b"{}\n", "missing required field"),
        (b"\xff\n", "no exported history"),
        (
            b'{"format":"stackroom/history/2","profile":"p","name":"n","seq":0,"root":""}',
            "32 bytes",
        ),
    ],
)
def test_what_is_no_export_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(IntegrityError, match=why):
        Reader([text] if text else [])


def test_a_newer_format_is_told(tmp_path: Path, team: History) -> None:
    head, *_ = exported(tmp_path / "hub.db", team)
    with pytest.raises(IntegrityError, match="this program reads 'stackroom/history/1'"):
        Reader([head.replace(b"history/1", b"history/2")])


def test_a_log_that_lacks_commits_is_not_exported(tmp_path: Path, team: History) -> None:
    heading = Heading(profile=PROFILE, name="team", seq=9, root=team.head.root.hex())
    with open_reader(tmp_path / "hub.db") as log, pytest.raises(LogError, match="after #8"):
        list(lines(log, heading))


# Tampering


def says_the_same(text: list[bytes], changed: list[bytes]) -> bool:
    """Whether a change is one of spelling alone: the same JSON values, in which all that counts is equal."""
    try:
        return [json.loads(line) for line in text] == [json.loads(line) for line in changed]
    except ValueError:
        return False


@pytest.mark.parametrize("bit", [1, 4, 32])
def test_a_flipped_bit_anywhere_is_found(tmp_path: Path, bit: int) -> None:
    """In every fifth byte: the lowest bit, another one, and the one that makes it another letter's case."""
    text = exported(tmp_path / "hub.db", written(tmp_path / "hub.db", updates=1), (6,))
    unfound = []
    for number, line in enumerate(text):
        for place in range(bit % 5, len(line), 5):
            changed = bytearray(line)
            changed[place] ^= bit
            tampered = [*text[:number], bytes(changed), *text[number + 1 :]]
            try:
                reader = Reader(b"".join(tampered).splitlines(keepends=True))
                heading = reader.heading
                keys = keys_of(heading.hub, heading.key, heading.rotations)
                fault = audit_export(reader, Signatures(heading.hub, keys)).fault
            except IntegrityError:
                continue
            if fault is None and not says_the_same(text, tampered):
                unfound.append((number, place, bytes(changed[place - 20 : place + 10])))
    assert unfound == []
