"""`stackroom audit`: verify, export, prove and check, with a hub, a replica and its files."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from stackroom.client.commands.exits import Exit
from stackroom.events.proofs import checkpoint
from stackroom.events.proofs.checkpoint import Checkpoint
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.sync.checkpoints import hub_key
from stackroom.sync.hosting.folder import HubFolder
from tests.audit.histories import without_guards
from tests.audit.test_exported import independently
from tests.audit.test_vectors import HISTORY, PROOF, PUBLIC
from tests.commands.hubs import Hub
from tests.commands.runner import Person


def tamper(path: Path, statement: str) -> None:
    """Changes a file that nobody has open, as its owner could."""
    with closing(sqlite3.connect(path)) as conn, conn:
        without_guards(conn)
        assert conn.execute(statement).rowcount


def forged(hub: Hub, person: Person, key: PrivateKey, root: bytes = bytes(32)) -> str:
    """A checkpoint of `team` as it stands, by another key."""
    described = person.data("profile", "describe", "team")
    own = hub_key.read(HubFolder(hub.data))
    assert own is not None
    made = Checkpoint(own.hub, described["id"], described["seq"], root, 1, 1_796_817_600_000)
    return checkpoint.sign(made, key)


def public_key(hub: Hub) -> str:
    """The hub's, as its operator tells it."""
    return str(hub.host.data("hub", "status", "--data", str(hub.data))["key"])


CUT = "DELETE FROM commits WHERE seq = 2 AND profile = (SELECT number FROM profiles WHERE seq = 2)"
MOVED = (
    "UPDATE profiles SET (seq, root, peaks, indexed) = (SELECT 1, c.root, c.leaf, 0 FROM commits c "
    "WHERE c.profile = profiles.number) WHERE seq = 2 AND number IN (SELECT profile FROM commits)"
)


class TestVerify:
    def test_what_holds(self, team: Hub, ada: Person) -> None:
        said = ada.stackroom("audit", "verify").ok()
        assert "holds" in said.out
        assert "Profile 'team'" in said.err
        (row,) = ada.data("audit", "verify", "team")
        assert (row["name"], row["seq"], row["fault"]) == ("team", 2, None)
        assert row["root"] == ada.data("profile", "describe")["root"]
        ada.stackroom("audit", "verify", "nosuch").failed(Exit.NOT_FOUND)

    def test_each_commit_is_told(self, team: Hub, ada: Person) -> None:
        told = ada.stackroom("audit", "verify", "--each").ok().out.splitlines()
        assert [line.split()[0] for line in told[:2]] == ["#1", "#2"]
        assert "whose owner is not known here (says: ada)" in told[0]
        assert "holds" in told[-1]
        ran = ada.stackroom("audit", "verify", "--each", "--output", "json").ok()
        *commits, whole = map(json.loads, ran.out.splitlines())
        assert [c["seq"] for c in commits] == [1, 2]
        assert commits[-1]["root"] == whole["root"] == ada.data("profile", "describe")["root"]
        assert {c["signature"] for c in commits} == {"unbound"}
        tamper(ada.home / "replica.db", "UPDATE commits SET author = 'eve' WHERE seq = 2")
        ran = ada.stackroom("audit", "verify", "--each", "--output", "json")
        *commits, whole = map(json.loads, ran.out.splitlines())
        assert (ran.code, [c["seq"] for c in commits], whole["fault"]["seq"]) == (9, [1], 2)

    def test_a_local_profile(self, ada: Person) -> None:
        ada.stackroom("profile", "create", "mine", "--local").ok()
        (row,) = ada.data("audit", "verify", "mine")
        assert (row["seq"], row["signed"], row["fault"]) == (1, 0, None)

    def test_a_replica_that_was_tampered_with(self, team: Hub, ada: Person) -> None:
        tamper(ada.home / "replica.db", "UPDATE commits SET author = 'eve' WHERE message = ''")
        said = ada.stackroom("audit", "verify")
        said.failed(Exit.INTEGRITY, "Next: keep the files")
        assert "#1 of profile" in said.out
        ran = ada.stackroom("audit", "verify", "--output", "json")
        (row,) = ran.json
        assert ran.code == Exit.INTEGRITY
        assert row["fault"]["seq"] == 1
        assert row["fault"]["part"] in ("commit", "envelope")
        assert (row["seq"], row["root"]) == (0, "")

    def test_a_hubs_file_while_it_runs_and_after_it_was_tampered_with(
        self, team: Hub, ada: Person
    ) -> None:
        log = team.data / "hub.db"
        rows = ada.data("audit", "verify", "--hub-file", str(log))
        assert [(row["name"], row["fault"]) for row in rows] == [("people", None), ("team", None)]
        (row,) = ada.data("audit", "verify", "team", "--hub-file", str(log))
        assert row["seq"] == 2
        ada.stackroom("audit", "verify", "no", "--hub-file", str(log)).failed(Exit.NOT_FOUND)
        team.down()
        tamper(log, "UPDATE profiles SET root = zeroblob(32) WHERE name = 'team'")
        ran = ada.stackroom("audit", "verify", "--hub-file", str(log), "--output", "json")
        assert ran.code == Exit.INTEGRITY
        assert [row["fault"] and row["fault"]["part"] for row in ran.json] == [None, "tree_head"]
        log.write_bytes(log.read_bytes()[:5_000])
        ada.stackroom("audit", "verify", "--hub-file", str(log)).failed(Exit.INTEGRITY)

    def test_anchors(self, team: Hub, ada: Person, tmp_path: Path) -> None:
        file = tmp_path / "anchors.txt"
        keep = ("hub", "anchor", str(file), "--data", str(team.data))
        team.host.stackroom(*keep).ok()
        log, anchors = ("--hub-file", str(team.data / "hub.db")), ("--anchors", str(file))
        key = ("--key", public_key(team))
        for more in ((), log, key, (*log, *key)):
            row = ada.data("audit", "verify", "team", *anchors, *more)[0]
            assert (row["signed"], row["fault"]) == (2, None)
        assert ada.data("audit", "verify", "team", *log)[0]["signed"] == 0
        update = ("component", "update", "orchestrator", "k8s", "--ns=eu")
        ada.stackroom(*update).ok()
        team.host.stackroom(*keep).ok()
        assert ada.data("audit", "verify", "team", *anchors, *log)[0]["signed"] == 3
        file.write_text(forged(team, ada, PrivateKey(bytes(32))))
        ran = ada.stackroom("audit", "verify", *anchors, "--output", "json")
        assert (ran.code, ran.json[0]["fault"]["part"]) == (Exit.INTEGRITY, "hub_signature")
        file.write_text("no checkpoint\n")
        ada.stackroom("audit", "verify", *anchors).failed(Exit.ERROR, "no file of checkpoints")
        ada.stackroom("audit", "verify", "--key", "x").failed(Exit.INTEGRITY, "public key")

    def test_what_was_witnessed_is_compared(self, team: Hub, ada: Person, ben: Person) -> None:
        (row,) = ada.data("audit", "verify")
        assert (row["signed"], row["fault"]) == (2, None)
        tamper(ada.home / "replica.db", CUT)
        tamper(ada.home / "replica.db", MOVED)
        ran = ada.stackroom("audit", "verify", "--output", "json")
        fault = ran.json[0]["fault"]
        assert (ran.code, fault["seq"], fault["part"]) == (Exit.INTEGRITY, 2, "hub_signature")
        assert "#1 is the last one here" in fault["sentence"]
        tamper(
            ben.home / "proposals.db",
            "UPDATE checkpoints SET note = replace(note, 'time 1', 'time 2')",
        )
        ran = ben.stackroom("audit", "verify", "--output", "json")
        assert (ran.code, ran.json[0]["fault"]["part"]) == (Exit.INTEGRITY, "hub_signature")

    def test_a_key_that_was_rotated(self, team: Hub, ada: Person, tmp_path: Path) -> None:
        before = public_key(team)
        team.down()
        team.host.stackroom("hub", "rotate-key", "--data", str(team.data)).ok()
        team.up()
        ada.stackroom("sync").ok()
        assert public_key(team) != before
        assert ada.data("audit", "verify")[0]["fault"] is None
        ada.stackroom("component", "update", "orchestrator", "k8s", "--ns=eu").ok()
        (row,) = ada.data("audit", "verify")
        assert (row["signed"], row["fault"]) == (3, None)
        file = tmp_path / "proof.json"
        ada.stackroom("audit", "prove", "1", "-o", str(file)).ok()
        ada.stackroom("audit", "check", str(file), "--key", public_key(team)).ok()
        # Whoever knows the hub by its earlier key is led to this one by what that has signed.
        ada.stackroom("audit", "check", str(file), "--key", before).ok()
        proof = json.loads(file.read_text())
        file.write_text(json.dumps(proof | {"rotations": []}))
        ada.stackroom("audit", "check", str(file), "--key", before).failed(
            Exit.INTEGRITY, "not signed by its hub"
        )

    def test_what_cannot_be_meant(self, ada: Person) -> None:
        here = str(HISTORY)
        both = ("--from-file", here, "--hub-file", here)
        ada.stackroom("audit", "verify", *both).failed(Exit.USAGE, "exclude each other")
        ada.stackroom("audit", "verify", "team", "--from-file", here).failed(
            Exit.USAGE, "one profile"
        )
        ada.stackroom("audit", "verify", "--from-file", "nosuch").failed(Exit.USAGE, "nosuch")


class TestExport:
    def test_there_and_back(self, team: Hub, ada: Person, ben: Person, tmp_path: Path) -> None:
        file = tmp_path / "team.jsonl"
        done = ada.stackroom("audit", "export", "team", "-o", str(file)).ok()
        assert f"2 commits of profile 'team' written to {file}." in done.out
        ada.stackroom("audit", "export", "-o", str(file)).failed(
            Exit.ERROR, "there already", "--yes"
        )
        row = ada.data("audit", "export", "-o", str(file), "--yes")
        assert (row["seq"], row["file"]) == (2, str(file))
        assert ada.stackroom("audit", "export").ok().out == file.read_text()
        (row,) = ben.data("audit", "verify", "--from-file", str(file))
        assert (row["name"], row["seq"], row["fault"]) == ("team", 2, None)
        assert row["signed"] == 2
        said = f"#2 {row['root']}, signed by the hub up to #2\n"
        assert independently(file) == independently(file, public_key(team)) == said
        secret = [*ada.credentials().values(), "PRIVATE"]
        assert not any(each in file.read_text() for each in secret)

    def test_no_home_and_no_network_is_needed(self, ada: Person) -> None:
        ran = ada.process("audit", "verify", "--from-file", str(HISTORY), "--key", PUBLIC).ok()
        assert "holds" in ran.out
        assert not ada.home.exists()

    def test_a_file_that_was_tampered_with(self, ada: Person, tmp_path: Path) -> None:
        file = tmp_path / "team.jsonl"
        file.write_text(HISTORY.read_text().replace("what we run", "what we ran"))
        ran = ada.stackroom("audit", "verify", "--from-file", str(file), "--output", "json")
        assert ran.code == Exit.INTEGRITY
        assert (ran.json[0]["fault"]["seq"], ran.json[0]["fault"]["part"]) == (2, "commit")
        file.write_text("no export")
        ada.stackroom("audit", "verify", "--from-file", str(file)).failed(
            Exit.INTEGRITY, "no exported history"
        )


class TestProof:
    def test_check(self, ada: Person, tmp_path: Path) -> None:
        ran = ada.process("audit", "check", str(PROOF), "--key", PUBLIC).ok()
        assert "#2 is in the history that the hub has signed" in ran.out
        assert "redacted" in ran.err
        assert not ada.home.exists()
        row = ada.data("audit", "check", str(PROOF))
        assert (row["seq"], row["size"], row["author"], row["key"]) == (2, 6, "ada", PUBLIC)
        assert (row["signed"], row["redacted"]) == (True, [1])
        assert "compare it" in ada.stackroom("audit", "check", str(PROOF)).ok().err
        file = tmp_path / "proof.json"
        file.write_text(PROOF.read_text().replace('"ada"', '"eve"'))
        ran = ada.stackroom("audit", "check", str(file), "--output", "json")
        ran.failed(Exit.INTEGRITY, "not in the tree that the hub has signed")
        file.write_text("{}")
        ada.stackroom("audit", "check", str(file)).failed(Exit.INTEGRITY, "no proof")
        ada.stackroom("audit", "check", str(PROOF), "--key", "x").failed(Exit.INTEGRITY, "key")

    def test_from_the_hub_to_an_outsider(self, team: Hub, ada: Person, tmp_path: Path) -> None:
        file, eve = tmp_path / "commit-2.json", Person(tmp_path / "eve", "eve")
        key = public_key(team)
        done = ada.stackroom("audit", "prove", "2", "-o", str(file)).ok()
        assert "The proof of #2 was written" in done.out
        assert f"--key '{key}'" in done.err
        assert ada.stackroom("audit", "prove", "2").ok().out == file.read_text()
        ran = eve.process("audit", "check", str(file), "--key", key).ok()
        assert "#2 is in the history that the hub has signed" in ran.out
        assert "ComponentRegistered" in ran.out
        assert not eve.home.exists()
        assert (
            independently(file, key) == "#2 is in the tree of 2 commits that the hub has signed\n"
        )
        ada.stackroom("audit", "prove", "2", "-o", str(file)).failed(Exit.ERROR, "there already")
        row = ada.data("audit", "prove", "1", "-o", str(file), "--yes")
        assert (row["seq"], row["size"], row["key"]) == (1, 2, key)

    def test_what_waits_for_the_hub_is_not_proven(self, team: Hub, ada: Person) -> None:
        tamper(ada.home / "proposals.db", "DELETE FROM checkpoints")
        ada.stackroom("audit", "prove", "2").failed(Exit.NOT_FOUND, "has signed nothing", "sync")

    def test_a_local_profile_is_signed_by_nobody(self, ada: Person) -> None:
        ada.stackroom("profile", "create", "mine", "--local").ok()
        ada.stackroom("audit", "prove", "1").failed(Exit.NOT_FOUND, "is local")
        ada.stackroom("audit", "prove", "9").failed(Exit.NOT_FOUND, "no #9")
