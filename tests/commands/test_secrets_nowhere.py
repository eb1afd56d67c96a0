"""A credential in plain text, through every command that writes: refused, and its value shown nowhere."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.commands.hubs import Hub, running_hub
from tests.commands.runner import Person, Ran
from tests.commands.team import SAMPLES, person

CANARY = "canary7f3a9b2c4d5e"
URL = f"https://me:{CANARY}@host/x"
STORES = SAMPLES.parent / "stores"
REGISTER = ("artifact-store", "register", "s3", "-f", "s3", "--path=s3://b")


@pytest.fixture
def ada(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.chdir(tmp_path)
    made = person(tmp_path)
    made.stackroom(*REGISTER).ok()
    made.stackroom("orchestrator", "register", "o", "-f", "local").ok()
    made.stackroom("stack", "register", "prod", "-o", "o", "-a", "s3").ok()
    return made


def refused(who: Person, *words: str, input: str | None = None) -> list[Ran]:
    """The command, as people and as programs run it, with and without its trace; it saved nothing."""
    before = who.data("log")
    ran = [
        who.stackroom(*words, *output, STACKROOM_DEBUG=debug, input=input)
        for output in ((), ("--output", "json"))
        for debug in ("", "1")
    ]
    for each in ran:
        assert each.code == 1, each
        assert "plain text" in each.err
        assert CANARY not in each.out + each.err
    assert who.data("log") == before
    for path in who.home.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path
    return ran


@pytest.mark.parametrize(
    "words",
    [
        ("artifact-store", "register", "s", "-f", "s3", "--path=s3://b", f"--secret={CANARY}"),
        ("component", "register", "artifact-store", "s", "-f", "s3", "--path=x", f"--secret={CANARY}"),
        ("artifact-store", "update", "s3", f"--client_kwargs.password={CANARY}"),
        ("artifact-store", "update", "s3", f"--path={URL}"),
        ("artifact-store", "update", "s3", "--label", f"where={URL}"),
        ("component", "update", "artifact-store", "s3", f"--env=[DB_PASSWORD={CANARY}]", "--no-validate"),
        ("stack", "update", "prod", "--description", URL),
        ("profile", "update", "team", "--description", URL),
        ("profile", "create", "other", "--local", "--description", URL),
        ("flavor", "register", "alerter", "f", "--source", URL),
        ("experiment-tracker", "register", "m", "-f", "mlflow", f"--tracking_username={CANARY}"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_values_that_are_typed(ada: Person, words: tuple[str, ...]) -> None:
    refused(ada, *words)


def test_values_that_are_in_a_file(ada: Person, tmp_path: Path) -> None:
    file = tmp_path / "value"
    file.write_text(CANARY)
    refused(ada, "artifact-store", "update", "s3", f"--secret=@{file}")


def test_values_that_no_yaml_reader_takes(ada: Person) -> None:
    for broken in ("[", "{a: ", "'", "*"):
        ran = ada.stackroom("artifact-store", "update", "s3", f"--secret={broken}{CANARY}")
        assert ran.code != 0
        assert CANARY not in ran.out + ran.err


def test_folders_that_are_applied_and_imported(ada: Person, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ada.stackroom("profile", "export", str(out)).ok()
    file = out / "components/artifact_store/s3.yaml"
    file.write_text(file.read_text().replace("config:\n", f"config:\n  secret: {CANARY}\n"))
    refused(ada, "apply", "-f", str(out), "--yes")
    refused(ada, "profile", "import", str(out), "--on-conflict", "replace")
    for words in (
        ("apply", "-f", str(out), "--dry-run"),
        ("profile", "import", str(out), "--dry-run"),
        ("profile", "import", str(out)),
    ):
        for output in ((), ("--output", "json")):
            ran = ada.stackroom(*words, *output, STACKROOM_DEBUG="1")
            assert CANARY not in ran.out + ran.err, words


def test_stacks_of_zenml(ada: Person, tmp_path: Path) -> None:
    file = tmp_path / "old.yaml"
    text = (SAMPLES / "zenml-0.12" / "gcp_prod.yaml").read_text()
    tracker = YAML(typ="safe", pure=True).load(text)["components"]["experiment_tracker"]
    file.write_text(text.replace(tracker["tracking_password"], CANARY))
    for ran in refused(ada, "stack", "import", str(file)):
        assert "--secrets reference" in ran.err
    ran = ada.stackroom("stack", "import", str(file), "--secrets", "reference")
    assert CANARY not in ran.ok().out + ran.err
    assert CANARY in (tmp_path / "stackroom-secrets.yaml").read_text()


def test_stores_of_zenml(ada: Person, tmp_path: Path) -> None:
    store = tmp_path / "zenml"
    shutil.copytree(STORES / "zenml-0.12", store)
    holding = [path for path in store.rglob("*.yaml") if "examplepw" in path.read_text()]
    assert holding
    for path in holding:
        path.write_text(path.read_text().replace("examplepw", CANARY))
    refused(ada, "zenml", "import-store", str(store))


def test_what_is_undone_and_copied(ada: Person) -> None:
    """A credential that was taken out does not come back by itself, and is not copied elsewhere."""
    ada.stackroom("artifact-store", "update", "s3", f"--secret={CANARY}", "--allow-plaintext").ok()
    ada.stackroom("profile", "create", "other", "--local").ok()
    for words in (
        ("component", "copy", "artifact-store", "s3", "s4"),
        ("stack", "copy", "prod", "prod", "--from", "team", "--to", "other"),
        ("profile", "clone", "team", "third", "--local"),
    ):
        ran = ada.stackroom(*words)
        ran.failed(1, "config.secret", "--allow-plaintext")
        assert CANARY not in ran.out + ran.err
    ada.stackroom("artifact-store", "update", "s3", "--secret={{s3.secret}}", "--profile=team").ok()
    seq = ada.data("log", "--profile=team")[0]["seq"]
    ran = ada.stackroom("revert", str(seq), "--profile=team")
    ran.failed(1, "artifact_store/s3: config.secret", "--allow-plaintext")
    assert CANARY not in ran.out + ran.err


class TestWithAHub:
    @pytest.fixture
    def hub(self, tmp_path: Path) -> Iterator[Hub]:
        with running_hub(tmp_path) as hub:
            hub.host.stackroom("profile", "create", "lake").ok()
            hub.host.stackroom(*REGISTER).ok()
            yield hub

    def test_a_decision_is_looked_at_too(self, hub: Hub, tmp_path: Path) -> None:
        ada = hub.join(Person(tmp_path / "ada", "ada"))
        ada.stackroom("sync").ok()
        ada.stackroom("--offline", "artifact-store", "update", "s3", "--secret={{a.b}}").ok()
        hub.host.stackroom("artifact-store", "update", "s3", "--secret={{c.d}}").ok()
        ada.stackroom("sync").failed(5)
        (conflict,) = ada.data("conflicts", "list")
        refused(ada, "conflicts", "resolve", str(conflict["seq"]), "--set", f"secret={CANARY}")
