"""`stackroom doctor` on real homes and a real hub: sound, damaged, mended, and bundled."""

import json
import sqlite3
import stat
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stackroom.client.commands.exits import Exit
from tests.commands.hubs import Hub
from tests.commands.runner import Person, Ran
from tests.damaging import root_page, settle, zero

UPDATE = ("component", "update", "orchestrator", "k8s")
CANARY = "canary7f3a"


def doctor(person: Person, *options: str, code: int = 0) -> Any:
    ran: Ran = person.stackroom("doctor", *options, "--output", "json")
    assert ran.code == code, ran.out + ran.err
    return ran.json


def worse(report: Any, *checks: str) -> list[str]:
    """The checks that found something worse than a note."""
    return sorted(f["check"] for f in report["findings"] if f["level"] in ("warning", "error"))


class TestSound:
    def test_where_there_is_nothing(self, ada: Person) -> None:
        found = doctor(ada)
        assert [f["check"] for f in found["findings"]] == ["home"]
        assert not ada.home.exists()

    def test_a_home_with_a_hub(self, team: Hub, ada: Person) -> None:
        found = doctor(ada)
        assert worse(found) == []
        checks = {f["check"] for f in found["findings"]}
        assert {"proposals", "cache", "modes", "disk", "token", "connection", "clock"} <= checks
        assert {"version", "pending", "proofs"} <= checks
        said = {s["name"]: s for s in found["configuration"]}
        assert (said["profile"]["value"], said["profile"]["source"]) == ("team", "setting")
        assert (said["home"]["source"], said["user"]["source"]) == (
            "STACKROOM_HOME",
            "STACKROOM_USER",
        )

    def test_the_hubs_folder_beside_the_hub(self, team: Hub, ada: Person) -> None:
        (team.data / "hub.toml").write_text("connections_user = 7\n")
        found = doctor(ada, "--full", "--data", str(team.data))
        assert worse(found) == []
        sentences = [f["sentence"] for f in found["findings"]]
        assert any("the hub runs at" in s for s in sentences)
        assert any(s.startswith("all ") and "hub.db" in s for s in sentences)
        team.down()
        said = {s["name"]: s for s in doctor(ada, "--data", str(team.data))["configuration"]}
        assert (said["connections_user"]["value"], said["connections_user"]["source"]) == (
            7,
            "hub.toml",
        )
        (team.data / "hub.toml").write_text("connection_user = 7\n")
        found = doctor(ada, "--data", str(team.data), code=Exit.ERROR)
        assert worse(found) == ["connection", "settings"]

    def test_the_hubs_key(self, team: Hub, ada: Person) -> None:
        data, key = ("--data", str(team.data)), team.data / "hub.key"

        def said(code: int = Exit.DONE) -> str:
            found = doctor(ada, *data, code=code)["findings"]
            (sentence,) = (f["sentence"] for f in found if f["check"] == "key")
            return str(sentence)

        assert said() == "the hub has the key by which it signs"
        kept = key.read_text()
        team.down()
        team.host.stackroom("hub", "rotate-key", *data).ok()
        key.write_text(kept)
        assert "not the key by which" in said(Exit.ERROR)
        key.write_text("no key")
        assert "is not the key of this hub" in said(Exit.ERROR)
        key.unlink()
        assert "is not there" in said(Exit.ERROR)

    def test_people_read_it(self, team: Hub, ada: Person) -> None:
        shown = ada.stackroom("doctor").ok().out
        assert "LEVEL" in shown
        assert "Configuration" in shown

    def test_what_waits(self, team: Hub, ada: Person) -> None:
        ada.stackroom(*UPDATE, "--gpu=2", "--offline").ok()
        team.down()
        found = doctor(ada)
        by_check = {f["check"]: f for f in found["findings"]}
        assert by_check["pending"]["facts"] == {"pending": 1}
        assert (by_check["connection"]["level"], by_check["pending"]["command"]) == (
            "warning",
            "stackroom sync",
        )
        offline = doctor(ada, "--offline")
        assert "connection" not in {f["check"] for f in offline["findings"]}

    def test_a_token_that_was_revoked(self, team: Hub, ada: Person) -> None:
        (token,) = ada.data("token", "list")
        ada.stackroom("token", "revoke", token["name"], "--yes")
        found = doctor(ada, code=Exit.ERROR)
        assert "connection" in worse(found)


class TestDamage:
    def test_a_damaged_cache_is_fetched_anew(self, team: Hub, ada: Person) -> None:
        path = ada.home / "replica.db"
        settle(path)
        zero(path, root_page(path, "commits"))
        found = doctor(ada, code=Exit.INTEGRITY)
        assert "cache" in worse(found)
        mended = doctor(ada, "--repair")
        assert worse(mended) == []
        assert any(r["check"] == "cache" and r["done"] for r in mended["repaired"])
        assert (ada.home / "replica.db.damaged-1").exists()

    def test_without_the_hub_it_is_not_mended_and_says_so(self, team: Hub, ada: Person) -> None:
        path = ada.home / "replica.db"
        settle(path)
        with closing(sqlite3.connect(path)) as conn, conn:
            conn.execute("UPDATE commits SET message = 'mine' WHERE seq = 1")
        team.down()
        found = doctor(ada, "--repair", "--full", code=Exit.INTEGRITY)
        assert [r["done"] for r in found["repaired"]] == [False]
        team.up()
        assert worse(doctor(ada, "--repair")) == []

    def test_a_changed_commit_is_found(self, team: Hub, ada: Person) -> None:
        with closing(sqlite3.connect(ada.home / "replica.db")) as conn, conn:
            conn.execute("UPDATE commits SET author = 'eve' WHERE seq = 2 AND author = 'ada'")
        found = doctor(ada, code=Exit.INTEGRITY)
        assert worse(found) == ["proofs"]
        assert any("commit #2 of profile" in f["sentence"] for f in found["findings"])

    def test_damaged_proposals_are_rescued(self, team: Hub, ada: Person) -> None:
        for n in range(2, 40):
            ada.stackroom(*UPDATE, f"--gpu={n}", "-m", "x" * 200, "--offline").ok()
        path = ada.home / "proposals.db"
        settle(path)
        zero(path, root_page(path, "proposals"))
        team.down()
        ada.stackroom("status").failed(Exit.ERROR, "stackroom doctor --repair")
        found = doctor(ada, "--repair")
        (done,) = found["repaired"]
        assert "proposals were rescued" in done["sentence"]
        team.up()
        ada.stackroom("sync").ok()
        assert ada.data("component", "describe", "orchestrator", "k8s")["config"]["gpu"] == 39
        assert (ada.home / "proposals.db.damaged-1").exists()

    def test_a_new_identity_pushes_what_it_kept(self, team: Hub, ada: Person) -> None:
        ada.stackroom(*UPDATE, "--gpu=2").ok()
        ada.stackroom(*UPDATE, "--gpu=3", "--offline").ok()
        before = ada.data("status")["replica"]
        path = ada.home / "proposals.db"
        settle(path)
        zero(path, root_page(path, "numbers"))
        found = doctor(ada, "--repair")
        assert any("new identity" in r["sentence"] for r in found["repaired"])
        assert ada.data("status")["replica"] != before
        assert "numbers that it had used" in ada.stackroom("status").ok().out
        ada.stackroom("sync").ok()
        assert ada.data("component", "describe", "orchestrator", "k8s")["config"]["gpu"] == 3
        ada.stackroom(*UPDATE, "--gpu=4").ok()
        assert "parked" not in ada.stackroom("pending", "list").ok().out

    def test_a_damaged_hub(self, team: Hub, ada: Person) -> None:
        team.down()
        log = team.data / "hub.db"
        settle(log)
        with closing(sqlite3.connect(log)) as conn, conn:
            conn.execute("DROP TRIGGER commits_are_not_updated")
            conn.execute("UPDATE commits SET message = 'x' WHERE seq = 2")
        found = doctor(ada, "--data", str(team.data), "--repair", code=Exit.INTEGRITY)
        wrong = [f for f in found["findings"] if f["check"] == "proofs" and f["level"] == "error"]
        assert all("hub restore" in f["command"] for f in wrong)
        assert any("commit #2 of profile 'team'" in f["sentence"] for f in wrong)


class TestRepair:
    def test_modes_leftovers_and_logs(self, ada: Person) -> None:
        ada.stackroom("stack", "list").ok()
        (ada.home / "replica.db").chmod(0o644)
        (ada.home / "trust.9.unfinished").write_text("{")
        (ada.home / "rescue").mkdir()
        found = doctor(ada)
        assert worse(found) == ["modes"]
        mended = doctor(ada, "--repair")
        assert worse(mended) == []
        assert {r["check"] for r in mended["repaired"]} == {"modes", "leftovers"}
        assert stat.S_IMODE((ada.home / "replica.db").stat().st_mode) == 0o600
        assert not (ada.home / "rescue").exists()
        assert doctor(ada, "--repair")["repaired"] == []

    def test_a_restore_that_was_broken_off(self, team: Hub, ada: Person, tmp_path: Path) -> None:
        data = ("--data", str(team.data))
        team.host.data("hub", "backup", str(tmp_path / "b.db"), *data)
        (team.data / "hub.db.restored.20260101T000000Z").mkdir()
        (tmp_path / "b.db").rename(team.data / "hub.db.restored.20260101T000000Z" / "hub.db")
        assert "restore" in worse(doctor(ada, *data))
        running = doctor(ada, *data, "--repair")
        assert [r["done"] for r in running["repaired"]] == [False]
        team.down()
        mended = doctor(ada, *data, "--repair")
        assert [r["check"] for r in mended["repaired"]] == ["restore"]
        assert (team.data / "hub.db.before-20260101T000000Z").exists()
        team.up()
        ada.stackroom("sync").ok()


@pytest.fixture
def bundled(team: Hub, tmp_path: Path) -> tuple[Person, dict[str, str]]:
    """Somebody in whose home everything that can be named has the canary in it, and a bundle of it."""
    who = Person(tmp_path / CANARY, f"user-{CANARY}")
    team.join(who)
    register = ("component", "register", "orchestrator", f"c-{CANARY}", "--flavor", "cluster")
    who.stackroom("profile", "create", f"p-{CANARY}").ok()
    who.stackroom(*register, f"--ns=v-{CANARY}").ok()
    who.stackroom("stack", "register", f"s-{CANARY}", "-o", f"c-{CANARY}", "-m", CANARY).ok()
    who.stackroom(
        "component", "update", "orchestrator", f"c-{CANARY}", f"--ns=w-{CANARY}", "--offline"
    ).ok()
    (who.home / f"note-{CANARY}.unfinished").write_text(CANARY)
    with closing(sqlite3.connect(team.data / "hub.db")) as conn, conn:
        conn.execute(f'CREATE TABLE "t{CANARY}" (a)')
        conn.execute(f"UPDATE profiles SET root = zeroblob(32) WHERE name = 'p-{CANARY}'")
    (team.data / "hub.toml").write_text(f'allowed_hosts = ["{CANARY}.example"]\n')
    target = tmp_path / "report.zip"
    env = {"STACKROOM_TOKEN": f"srp_{CANARY}", "STACKROOM_CA_FILE": f"/{CANARY}.pem"}
    who.stackroom("doctor", "--bundle", str(target), "--data", str(team.data), **env)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with zipfile.ZipFile(target) as bundle:
        return who, {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_a_bundle_has_what_helps(bundled: tuple[Person, dict[str, str]]) -> None:
    _, parts = bundled
    assert set(parts) == {
        "versions.json",
        "findings.json",
        "configuration.json",
        "repaired.json",
        "files.json",
    }
    assert "sqlite" in json.loads(parts["versions.json"])
    files = {f["file"]: f for f in json.loads(parts["files.json"])}
    assert set(files) == {"proposals.db", "replica.db", "hub.db"}
    assert files["proposals.db"]["rows"]["proposals"] == 1
    assert any('CREATE TABLE "commits"' in sql for sql in files["hub.db"]["sql"])
    found = json.loads(parts["findings.json"])
    assert any(f["check"] == "proofs" and f["level"] == "error" for f in found)
    said = {s["name"]: s for s in json.loads(parts["configuration.json"])}
    assert said["token"] == {
        "of": "client",
        "name": "token",
        "source": "STACKROOM_TOKEN",
        "value": "(set)",
    }


def test_a_bundle_has_no_name_value_or_token(bundled: tuple[Person, dict[str, str]]) -> None:
    who, parts = bundled
    everything = "".join(parts.values())
    assert CANARY not in everything
    for token in who.credentials().values():
        assert token not in everything
        assert token[4:12] not in everything
    for url in who.credentials():
        assert url not in everything
    assert who.data("status")["replica"] not in everything


def test_a_bundle_is_never_written_over_a_file(ada: Person, tmp_path: Path) -> None:
    (tmp_path / "report.zip").write_text("mine")
    ada.stackroom("doctor", "--bundle", str(tmp_path / "report.zip")).failed(1, "already")
    assert (tmp_path / "report.zip").read_text() == "mine"
