"""What deletes asks first: a person at a terminal is asked, anybody else has to say --yes."""

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
