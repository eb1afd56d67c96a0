"""The proof of one commit: made from a log, verified with the hub's public key, by us and without us."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stackroom.client.history.audit_sources import keys_of
from stackroom.events.audit.inclusion import Included, Signer, check, prove, read
from stackroom.events.errors import HistoryFault, IntegrityError
from stackroom.events.proofs import rotation
from stackroom.events.proofs.checkpoint import key_name
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.signed_note import verifier_key
from stackroom.events.sqlite.log import open_reader
from tests.audit.histories import HUB, HUB_KEY, NOON, PROFILE, PUBLIC, SECRET, History, written
from tests.audit.test_exported import independently

OTHER_KEY = PrivateKey(bytes(32))


@pytest.fixture
def team(tmp_path: Path) -> History:
    return written(tmp_path / "hub.db")


def proven(folder: Path, team: History, seq: int, size: int = 8, **signer: Any) -> bytes:
    signed_by = Signer(HUB, PUBLIC, **signer)
    with open_reader(folder / "hub.db") as log:
        return prove(log, PROFILE, "team", seq, signed_by, team.checkpoint(size))


def checked(data: bytes, key: str = "") -> Included:
    proof = read(data)
    return check(proof, keys_of(proof.hub, key or proof.key, proof.rotations))


@pytest.mark.parametrize("size", range(1, 9))
def test_every_commit_is_proven_in_every_tree(tmp_path: Path, team: History, size: int) -> None:
    for seq in range(1, size + 1):
        included = checked(proven(tmp_path, team, seq, size), PUBLIC)
        assert included.commit.id == team.taken[seq - 1].commit.id
        assert included.promise.size == size
        assert included.signed == (seq not in (3, 5))
        assert included.redacted == ((1,) if seq == 2 else ())


def test_without_us(tmp_path: Path, team: History) -> None:
    file = tmp_path / "proof.json"
    for seq in (1, 2, 7):
        file.write_bytes(proven(tmp_path, team, seq))
        said = f"#{seq} is in the tree of 8 commits that the hub has signed\n"
        assert independently(file) == independently(file, PUBLIC) == said
        assert SECRET not in file.read_text()
    assert "hub signature" in independently(file, key_text(OTHER_KEY.public))


def key_text(public: bytes, hub: str = HUB) -> str:
    return verifier_key(key_name(hub), public)


def test_a_checkpoint_that_does_not_cover_it_proves_nothing(tmp_path: Path, team: History) -> None:
    with pytest.raises(ValueError, match="has no leaf 7"):
        proven(tmp_path, team, 8, 7)


def test_a_key_that_came_after_is_reached_by_statements(tmp_path: Path, team: History) -> None:
    statement = rotation.state(HUB, OTHER_KEY.public, NOON, HUB_KEY)
    signer = Signer(HUB, PUBLIC, (statement,))
    with open_reader(tmp_path / "hub.db") as log:
        note = team.checkpoint(8, OTHER_KEY)
        data = prove(log, PROFILE, "team", 2, signer, note)
    assert checked(data).promise.size == 8
    assert checked(data, key_text(OTHER_KEY.public)).promise.size == 8
    file = tmp_path / "proof.json"
    file.write_bytes(data)
    assert independently(file).startswith("#2 ")
    file.write_bytes(data.replace(b"stackroom/018f2f6e-0000-4000-8000-000000000001 has", b"x has"))
    assert "hub signature" in independently(file)
    with pytest.raises(HistoryFault) as caught:
        checked(file.read_bytes())
    assert caught.value.part == "hub_signature"


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda proof: proof["leaf"].__setitem__(7, "eve"), "root"),
        (lambda proof: proof["leaf"].__setitem__(2, 2), "root"),
        (lambda proof: proof["leaf"].__setitem__(2, 9), "root"),
        (lambda proof: proof["leaf"].__setitem__(1, HUB), "envelope"),
        (lambda proof: proof["events"][0].__setitem__("body", "{}"), "event_body"),
        (lambda proof: proof["events"].append(proof["events"][0]), "event_body"),
        (lambda proof: proof["path"].pop(), "root"),
        (lambda proof: proof["path"].reverse(), "root"),
        (lambda proof: proof["path"].__setitem__(0, "zz"), "commit"),
        (lambda proof: proof["path"].append("00" * 32), "root"),
        (lambda proof: proof.__setitem__("checkpoint", ""), "hub_signature"),
        (lambda proof: proof.__setitem__("profile", HUB), "envelope"),
    ],
)
def test_what_was_changed_is_told(tmp_path: Path, team: History, change: Change, part: str) -> None:
    proof = json.loads(proven(tmp_path, team, 7))
    change(proof)
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proof))
    with pytest.raises(HistoryFault) as caught:
        checked(file.read_bytes())
    assert caught.value.part == part
    assert "FAULT" in independently(file) or "Error" in independently(file)


def test_another_hubs_checkpoint_and_key(tmp_path: Path, team: History) -> None:
    proof = json.loads(proven(tmp_path, team, 7))
    forged = {**proof, "checkpoint": team.checkpoint(8, OTHER_KEY)}
    with pytest.raises(HistoryFault, match="not signed by its hub"):
        checked(json.dumps(forged).encode())
    with pytest.raises(HistoryFault, match="not signed by its hub"):
        checked(json.dumps(proof).encode(), key_text(OTHER_KEY.public))
    with pytest.raises(IntegrityError, match="another hub"):
        checked(json.dumps(proof).encode(), key_text(HUB_KEY.public, PROFILE))


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[]"])
def test_what_is_no_proof(data: bytes) -> None:
    with pytest.raises(IntegrityError, match="no proof"):
        read(data)
