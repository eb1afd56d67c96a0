"""The history of a real hub, with all that people do on one: nothing is found in it, wherever it lies."""

from pathlib import Path

from stackroom.client.commands.exits import Exit
from tests.audit.test_exported import independently
from tests.commands.hubs import Hub, running_hub
from tests.commands.runner import Person

CANARY = "canary-5ac81e"
K8S = ("component", "update", "orchestrator", "k8s")
S3 = ("artifact-store", "register", "s3", "-f", "s3", "--path=s3://b")


def lived(hub: Hub, ada: Person, ben: Person) -> None:
    """Merges, a conflict and its end, a redaction, a change request, refusals, profiles that came and went."""
    host = hub.host
    host.stackroom("profile", "create", "team").ok()
    hub.join(ada)
    hub.join(ben)
    ada.stackroom("profile", "set", "team").ok()
    register = ("component", "register", "orchestrator", "k8s", "--flavor", "cluster")
    ada.stackroom(*register, "--ns=ml", "--gpu=1", "-m", "schön \u2028 \t").ok()
    ada.stackroom("stack", "register", "prod", "-o", "k8s").ok()
    ada.stackroom(*S3, f"--secret={CANARY}", "--allow-plaintext", "--no-validate").ok()
    ben.stackroom("sync").ok()
    ben.stackroom("--offline", *K8S, "--ns=ben", "-m", "mine").ok()
    ben.stackroom("--offline", *K8S, "--zone=b", "-m", "a zone").ok()
    ben.stackroom("--offline", "profile", "rename", "team", "crew").ok()
    ada.stackroom("profile", "create", "crew").ok()
    ada.stackroom(*K8S, "--ns=ada", "-m", "hers").ok()
    ben.stackroom("sync")
    (conflict, *_) = ben.data("conflicts", "list")
    ben.stackroom("conflicts", "resolve", str(conflict["seq"]), "--theirs").ok()
    host.stackroom("sync").ok()
    redact = ("redact", "4", "config.secret", "--reason", "leaked", "--yes")
    host.stackroom(*redact, "--profile", "team").ok()
    ada.stackroom("stack", "protect", "prod").ok()
    ada.stackroom(*K8S, "--ns=eu", "-m", "move to Europe").ok()
    ben.stackroom("sync")
    (asked,) = ben.data("request", "list")
    ben.stackroom("request", "approve", str(asked["seq"])).ok()
    ada.stackroom("profile", "create", "old").ok()
    ada.stackroom("profile", "delete", "old", "--yes").ok()
    host.stackroom("team", "create", "ml").ok()
    for person in (ada, ben, host):
        person.stackroom("sync")


def test_nothing_is_found_where_nothing_was_changed(tmp_path: Path) -> None:
    ada, ben = Person(tmp_path / "ada", "ada"), Person(tmp_path / "ben", "ben")
    with running_hub(tmp_path) as hub:
        lived(hub, ada, ben)
        log = str(hub.data / "hub.db")
        for person in (ada, ben, hub.host):
            rows = person.data("audit", "verify", "team")
            assert [row["fault"] for row in rows] == [None]
        rows = ada.data("audit", "verify", "--hub-file", log)
        assert {row["name"]: row["fault"] for row in rows} == dict.fromkeys(
            ("people", "team", "crew", "old")
        )
        team = next(row for row in rows if row["name"] == "team")
        assert team["seq"] > 10
        file = tmp_path / "team.jsonl"
        ada.stackroom("audit", "export", "team", "-o", str(file)).ok()
        assert independently(file).startswith(f"#{team['seq']} {team['root']}")
        (row,) = ben.data("audit", "verify", "--from-file", str(file))
        assert (row["root"], row["fault"]) == (team["root"], None)
        said = file.read_text()
        assert CANARY not in said
        assert not any(token in said for token in ada.credentials().values())
        hub.host.stackroom("audit", "export", "people", "-o", str(tmp_path / "people.jsonl")).ok()
        assert independently(tmp_path / "people.jsonl").startswith("#")
        assert not any(
            token in (tmp_path / "people.jsonl").read_text()
            for token in hub.host.credentials().values()
        )
        file.write_text(said.replace("move to Europe", "move to Africa", 1))
        ben.stackroom("audit", "verify", "--from-file", str(file)).failed(Exit.INTEGRITY)
