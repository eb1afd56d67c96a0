"""One history with all that can be in one, made by commands on a real hub; every test takes copies of it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from tests.commands.hubs import running_hub
from tests.commands.runner import Person

CANARY = "canary-5ac81e"
K8S = ("component", "update", "orchestrator", "k8s")
S3 = ("artifact-store", "register", "s3", "-f", "s3", "--path=s3://b")


class Scene(Struct, frozen=True):
    """The files that were left when the hub was down: its own, a replica's, and an export of `team`."""

    hub: Path
    """The hub's log."""
    home: Path
    """Ada's home."""
    export: Path
    profile: str
    """The id of `team`."""

    def ada(self) -> Person:
        """Ada, with the home as it was left."""
        return Person(self.home, "ada")


def made(folder: Path) -> Scene:
    """Two people work on `team`: merges, a conflict and its end, a request, a redaction, a refusal."""
    ada, ben = Person(folder / "ada", "ada"), Person(folder / "ben", "ben")
    with running_hub(folder) as hub:
        host = hub.host
        host.stackroom("profile", "create", "team").ok()
        hub.join(ada)
        hub.join(ben)
        ada.stackroom("profile", "set", "team").ok()
        register = ("component", "register", "orchestrator", "k8s", "--flavor", "cluster")
        ada.stackroom(*register, "--ns=ml", "--gpu=1", "-m", "schön\u2028").ok()
        ada.stackroom("stack", "register", "prod", "-o", "k8s").ok()
        ada.stackroom(*S3, f"--secret={CANARY}", "--allow-plaintext", "--no-validate").ok()
        ben.stackroom("sync").ok()
        ben.stackroom("--offline", *K8S, "--ns=ben", "-m", "mine").ok()
        ben.stackroom("--offline", *K8S, "--zone=b", "-m", "a zone").ok()
        ada.stackroom(*K8S, "--ns=ada", "-m", "hers").ok()
        ben.stackroom("sync").failed(5)
        (conflict,) = ben.data("conflicts", "list")
        ben.stackroom("conflicts", "resolve", str(conflict["seq"]), "--theirs").ok()
        host.stackroom("redact", "4", "config.secret", "--reason", "leaked", "--yes").ok()
        ada.stackroom("stack", "protect", "prod").ok()
        ben.stackroom("sync").ok()
        ben.stackroom("invite", "x").failed(4)
        ben.stackroom(*K8S, "--ns=eu", "-m", "move to Europe").ok()
        ada.stackroom("sync").ok()
        for person in (ada, host):
            person.stackroom("sync").ok()
        profile = ada.data("profile", "describe", "team")["id"]
        export = folder / "team.jsonl"
        ada.stackroom("audit", "export", "team", "-o", str(export)).ok()
    return Scene(hub.data / "hub.db", ada.home, export, profile)


def copied(source: Path, target: Path) -> Path:
    """A copy of a SQLite file, with what its write-ahead log holds, and without the guards."""
    with closing(sqlite3.connect(source)) as file, closing(sqlite3.connect(target)) as copy:
        file.backup(copy)
        names = copy.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            copy.execute(f"DROP TRIGGER {name}")
        copy.commit()
    return target
