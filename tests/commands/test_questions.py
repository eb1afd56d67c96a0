"""What deletes asks first: a person at a terminal is asked, anybody else has to say --yes."""

from pathlib import Path

import pytest

from tests.commands.hubs import Hub
from tests.commands.runner import Person, command
from tests.commands.terminal import Terminal

DELETING = [
    ("stack", "delete", "prod"),
    ("component", "delete", "orchestrator", "spare"),
    ("orchestrator", "delete", "spare"),
    ("flavor", "delete", "orchestrator", "own"),
    ("orchestrator", "flavor", "delete", "own"),
    ("profile", "delete", "team"),
    ("pending", "drop", "1"),
    ("disconnect",),
]


@pytest.fixture
def ben_at_work(team: Hub, ben: Person) -> Person:
    """Ben, with something of each kind, and nothing of it sent."""
    ben.env["STACKROOM_OFFLINE"] = "1"
    ben.stackroom("orchestrator", "register", "spare", "-f", "local").ok()
    ben.stackroom("orchestrator", "flavor", "register", "own", "--source", "a.B").ok()
    ben.stackroom("stack", "register", "prod", "-o", "k8s").ok()
    return ben


def test_nobody_to_ask_and_no_yes_changes_nothing(ben_at_work: Person) -> None:
    before = ben_at_work.data("status")
    for args in DELETING:
        ben_at_work.stackroom(*args).failed(2, "add --yes")
    assert ben_at_work.data("status") == before


@pytest.mark.parametrize("args", DELETING)
def test_a_person_is_asked(ben_at_work: Person, args: tuple[str, ...]) -> None:
    before = ben_at_work.data("status")
    with Terminal(command(*args), ben_at_work.environment()) as terminal:
        terminal.until("[y/N]: ")
        terminal.type("n\n")
        assert terminal.ended() == 1
    assert "Nothing was changed." in terminal.text
    assert ben_at_work.data("status") == before
    with Terminal(command(*args), ben_at_work.environment()) as terminal:
        terminal.until("[y/N]: ")
        terminal.type("y\n")
        assert terminal.ended() == 0
    assert ben_at_work.data("status") != before


GCP = Path(__file__).parents[1] / "zenml" / "samples" / "zenml-0.98" / "gcp_prod.yaml"


@pytest.mark.parametrize(
    ("answers", "path", "names"),
    [
        (["r"], "gs://acme-ml/zenml", {"gcs_store"}),
        (["u"], "gs://elsewhere", {"gcs_store"}),
        (["n"], "gs://elsewhere", {"gcs_store", "gcs_store_2"}),
    ],
)
def test_an_import_asks_about_what_has_another_definition(
    tmp_path: Path, answers: list[str], path: str, names: set[str]
) -> None:
    who = Person(tmp_path / "who", "who")
    who.stackroom("profile", "create", "mine", "--local").ok()
    register = ("artifact-store", "register", "gcs_store", "-f", "gcp", "--path=gs://elsewhere")
    who.stackroom(*register).ok()
    args = command("stack", "import", str(GCP))
    with Terminal(args, who.environment()) as terminal:
        for answer in answers:
            terminal.until("artifact store 'gcs_store' is here with another config.path")
            terminal.until("[q]uit: ")
            terminal.type(f"{answer}\n")
        assert terminal.ended() == 0
    found = who.data("component", "describe", "artifact-store", "gcs_store")
    assert found["config"]["path"] == path
    assert {row["name"] for row in who.data("component", "list", "artifact-store")} == names


def test_who_quits_an_import_has_changed_nothing(tmp_path: Path) -> None:
    who = Person(tmp_path / "who", "who")
    who.stackroom("profile", "create", "mine", "--local").ok()
    who.stackroom("artifact-store", "register", "gcs_store", "-f", "gcp", "--path=gs://x").ok()
    with Terminal(command("stack", "import", str(GCP)), who.environment()) as terminal:
        terminal.until("[q]uit: ")
        terminal.type("q\n")
        assert terminal.ended() == 1
    assert who.data("stack", "list") == []
