"""Credentials in plain text: refused, allowed and recorded, referred to, scanned for; their values shown nowhere."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.commands.hubs import Hub, running_hub
from tests.commands.runner import Person
from tests.commands.team import SAMPLES, person

OLD = SAMPLES / "zenml-0.12" / "gcp_prod.yaml"
CANARY = "canary-7f3a9b2c4d5e"


@pytest.fixture
def ada(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.chdir(tmp_path)
    return person(tmp_path)


def read(path: Path) -> object:
    return YAML(typ="safe", pure=True).load(path.read_text())


class TestImport:
    def test_it_is_refused_with_the_list_of_what_was_found(self, ada: Person) -> None:
        ran = ada.stackroom("stack", "import", str(OLD))
        ran.failed(
            1,
            "config.tracking_password (its key names a credential)",
            "config.tracking_username",
            "--secrets reference",
            "explain plaintext_secret",
        )
        assert [row["seq"] for row in ada.data("log")] == [1]

    def test_references_take_their_place_and_the_values_go_to_a_file(
        self, ada: Person, tmp_path: Path
    ) -> None:
        ran = ada.stackroom("stack", "import", str(OLD), "--secrets", "reference").ok()
        assert "2 credentials are in stackroom-secrets.yaml" in ran.err
        assert "in plain text" not in ran.err
        shown = ada.data("component", "describe", "experiment_tracker", "mlflow_tracker")
        assert shown["config"]["tracking_password"] == "{{mlflow_tracker.tracking_password}}"
        kept = tmp_path / "stackroom-secrets.yaml"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        source = next(
            c
            for c in read(OLD)["components"].values()
            if c["name"] == "mlflow_tracker"  # type: ignore[index]
        )
        assert read(kept) == {
            "mlflow_tracker": {
                key: source[key] for key in ("tracking_username", "tracking_password")
            }
        }
        again = ada.stackroom("stack", "import", str(OLD), "--secrets", "reference").ok()
        assert "othing" in again.out

    def test_the_file_is_never_overwritten(self, ada: Person, tmp_path: Path) -> None:
        file = tmp_path / "values.yaml"
        file.write_text("mine: {a: b}\n")
        reference = ("--secrets", "reference", "--secrets-file", str(file))
        ada.stackroom("stack", "import", str(OLD), *reference).failed(1, "not overwritten")
        assert file.read_text() == "mine: {a: b}\n"
        assert [row["seq"] for row in ada.data("log")] == [1]

    def test_kept_as_they_are_the_commit_says_so(self, ada: Person) -> None:
        ada.stackroom("stack", "import", str(OLD), "--secrets", "keep", "-m", "old").ok()
        (newest, *_) = ada.data("log")
        assert newest["message"].startswith("old\n\nAllow-Plaintext: experiment_tracker/mlflow")


class TestWriting:
    @pytest.mark.parametrize(
        "words",
        [
            ("artifact-store", "register", "s", "-f", "s3", "--path=s3://b", f"--secret={CANARY}"),
            ("artifact-store", "update", "s3", f"--client_kwargs.password={CANARY}"),
            ("artifact-store", "update", "s3", f"--path=https://u:{CANARY}@host/x"),
            ("component", "update", "artifact_store", "s3", "--x=AKIAIOSFODNN7EXAMPLE"),
            ("artifact-store", "update", "s3", "--note=ghp_" + "a" * 36),
        ],
    )
    def test_every_way_in_is_refused_and_shows_no_value(
        self, ada: Person, words: tuple[str, ...]
    ) -> None:
        register = ("artifact-store", "register", "s3", "-f", "s3", "--path=s3://b")
        ada.stackroom(*register, "--no-validate").ok()
        before = len(ada.data("log"))
        for debug in ("", "1"):
            ran = ada.stackroom(*words, "--no-validate", STACKROOM_DEBUG=debug)
            assert ran.code == 1
            assert "plain text" in ran.err
            for value in (CANARY, "AKIAIOSFODNN7EXAMPLE", "ghp_aaaa"):
                assert value not in ran.out + ran.err
        assert len(ada.data("log")) == before
        ada.stackroom(*words, "--no-validate", "--allow-plaintext").ok()

    def test_files_that_are_applied(self, ada: Person, tmp_path: Path) -> None:
        out = tmp_path / "out"
        ada.stackroom("artifact-store", "register", "s3", "-f", "s3", "--path=s3://b").ok()
        ada.stackroom("profile", "export", str(out)).ok()
        file = out / "components/artifact_store/s3.yaml"
        text = file.read_text()
        file.write_text(text.replace("config:\n", f"config:\n  secret: {CANARY}\n"))
        apply = ("apply", "-f", str(out), "--yes")
        ran = ada.stackroom(*apply)
        ran.failed(1, "artifact_store/s3: config.secret")
        assert CANARY not in ran.out + ran.err
        file.write_text(text.replace("config:\n", "config:\n  secret: '{{s3.secret}}'\n"))
        ada.stackroom(*apply).ok()


class TestScan:
    def test_the_whole_history_is_looked_through(self, ada: Person) -> None:
        ada.stackroom("secrets", "scan").ok()
        register = ("artifact-store", "register", "s3", "-f", "s3", "--path=s3://b")
        ada.stackroom(*register, f"--secret={CANARY}", "--allow-plaintext").ok()
        ada.stackroom("artifact-store", "update", "s3", "--secret={{s3.secret}}").ok()
        ran = ada.stackroom("secrets", "scan", "team", "--output", "json")
        assert ran.code == 1
        assert [(r["seq"], r["entity"], r["path"]) for r in ran.json] == [
            (2, "artifact_store/s3", "/config/secret")
        ]
        shown = ada.stackroom("secrets", "scan")
        assert "its key names a credential" in shown.out
        assert CANARY not in ran.out + ran.err + shown.out + shown.err

    def test_what_flavors_mark_is_found_too(self, ada: Person) -> None:
        register = (
            "experiment-tracker",
            "register",
            "m",
            "-f",
            "mlflow",
            "--tracking_uri=http://m",
        )
        ada.stackroom(*register, f"--tracking_username={CANARY}", "--allow-plaintext").ok()
        (row,) = ada.stackroom("secrets", "scan", "--output", "json").json
        assert (row["seq"], row["author"], row["path"]) == (2, "ada", "/config/tracking_username")

    def test_what_was_redacted_is_none(self, ada: Person) -> None:
        register = ("artifact-store", "register", "s3", "-f", "s3", "--path=s3://b")
        ada.stackroom(*register, "--secret='[redacted in #9]'", "--no-validate").ok()
        ada.stackroom("secrets", "scan").ok()


def beside(hub: Hub, folder: Path) -> Person:
    """Ada, who has what the host has made: a profile with the artifact store `s3`."""
    host, ada = hub.host, hub.join(Person(folder / "ada", "ada"))
    host.stackroom("profile", "create", "lake").ok()
    host.stackroom("artifact-store", "register", "s3", "-f", "s3", "--path=s3://b").ok()
    ada.stackroom("sync").ok()
    return ada


class TestOnTheHub:
    @pytest.fixture
    def hub(self, tmp_path: Path) -> Iterator[Hub]:
        with running_hub(tmp_path) as hub:
            yield hub

    def test_a_profile_can_refuse_absolutely(self, hub: Hub) -> None:
        host = hub.host
        host.stackroom("profile", "create", "lake").ok()
        register = ("artifact-store", "register", "s3", "-f", "s3", "--path=s3://b")
        host.stackroom(*register, f"--secret={CANARY}", "--allow-plaintext").ok()
        host.stackroom("profile", "update", "lake", "--setting", "secrets=refuse").ok()
        update = ("artifact-store", "update", "s3", f"--secret={CANARY}2", "--allow-plaintext")
        ran = host.stackroom(*update)
        ran.failed(1, "this profile takes references alone", "explain plaintext_secret")
        assert CANARY not in ran.out + ran.err
        host.stackroom("artifact-store", "update", "s3", "--secret={{s3.secret}}").ok()

    def test_what_waited_when_the_profile_began_to_refuse(self, hub: Hub, tmp_path: Path) -> None:
        """The hub refuses by itself: the replica did not know of the setting when it saved."""
        host, ada = hub.host, beside(hub, tmp_path)
        update = ("artifact-store", "update", "s3", f"--secret={CANARY}", "--allow-plaintext")
        ada.stackroom("--offline", *update).ok()
        (row,) = ada.stackroom("secrets", "scan", "--offline", "--output", "json").json
        assert (row["seq"], row["path"]) == (None, "/config/secret")
        host.stackroom("profile", "update", "lake", "--setting", "secrets=refuse").ok()
        ran = ada.stackroom("sync")
        assert "parked" in ran.out
        assert CANARY not in ran.out + ran.err
        (parked,) = ada.data("pending", "list")
        assert parked["state"] == "parked"
        assert parked["code"] == "plaintext_secret"
        shown = ada.stackroom("secrets", "scan")
        assert "here" in shown.out
        assert CANARY not in shown.out + shown.err
        for path in hub.data.rglob("*"):
            assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
        assert [row["seq"] for row in host.data("log")] == [3, 2, 1]

    def test_what_a_conflict_holds_is_found(self, hub: Hub, tmp_path: Path) -> None:
        host, ada = hub.host, beside(hub, tmp_path)
        update = ("artifact-store", "update", "s3")
        ada.stackroom("--offline", *update, f"--secret={CANARY}", "--allow-plaintext").ok()
        host.stackroom(*update, "--secret={{a.b}}").ok()
        ada.stackroom("sync").failed(5)
        host.stackroom("sync").failed(5)
        ran = host.stackroom("secrets", "scan", "--output", "json")
        assert [(row["author"], row["path"]) for row in ran.json] == [("ada", "/config/secret")]
        assert CANARY not in ran.out + ran.err

    def test_what_a_request_holds_is_found_and_approved_knowingly(
        self, hub: Hub, tmp_path: Path
    ) -> None:
        host, ada = hub.host, hub.join(Person(tmp_path / "ada", "ada"))
        host.stackroom("profile", "create", "lake").ok()
        host.stackroom("artifact-store", "register", "s3", "-f", "s3", "--path=s3://b").ok()
        host.stackroom("orchestrator", "register", "o", "-f", "local").ok()
        host.stackroom("stack", "register", "prod", "-o", "o", "-a", "s3").ok()
        host.stackroom("stack", "protect", "prod").ok()
        ada.stackroom("sync").ok()
        update = ("artifact-store", "update", "s3", f"--secret={CANARY}", "--allow-plaintext")
        ada.stackroom(*update).ok()
        host.stackroom("sync").ok()
        (row,) = host.stackroom("secrets", "scan", "--output", "json").json
        assert (row["seq"], row["author"], row["path"]) == (6, "ada", "/config/secret")
        ran = host.stackroom("request", "approve", "6")
        ran.failed(1, "artifact_store/s3: config.secret", "--allow-plaintext")
        assert CANARY not in ran.out + ran.err
        host.stackroom("request", "approve", "6", "--allow-plaintext").ok()
        newest, *_ = host.data("log")
        *_, recorded = newest["message"].splitlines()
        assert recorded == "Allow-Plaintext: artifact_store/s3: config.secret"
