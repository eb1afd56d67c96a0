"""An export is read as it was written, and whatever is changed in it is found: by us, and without us."""

import subprocess
import sys
from pathlib import Path

import pytest

from stackroom.client.auditing import Audited, Signatures, audit_export, people_of
from stackroom.events.exported import Heading, Reader, lines
from stackroom.events.sqlite_log import open_reader
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
