"""`stackroom revert`, on a local profile; what it undoes is tested in tests/events/test_revert.py."""

from pathlib import Path

import pytest

from tests.commands.runner import Person
from tests.commands.team import SAMPLES, settled


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    return settled(tmp_path)


def head(who: Person) -> int:
    return who.data("log", "--limit", "1")[0]["seq"]  # type: ignore[no-any-return]


def test_an_update(ada: Person) -> None:
    words = ("component", "update", "orchestrator", "k8s", "--ns=prod", "--a.b=1")
    ada.stackroom(*words, "-m", "try\nit").ok()
    seq = head(ada)
    ada.stackroom("revert", str(seq)).ok()
    assert ada.data("diff", str(seq - 1)) == []
    (newest,) = ada.data("log", "--limit", "1")
    assert (newest["seq"], newest["message"]) == (seq + 1, f"revert #{seq}: try")


def test_a_message_of_ones_own(ada: Person) -> None:
    ada.stackroom("revert", str(head(ada)), "-m", "not yet").ok()
    assert ada.data("log", "--limit", "1")[0]["message"] == "not yet"


def test_what_was_deleted_comes_back_with_its_history(ada: Person) -> None:
    was = ada.data("stack", "describe", "prod")
    ada.stackroom("stack", "delete", "prod", "--yes").ok()
    ada.stackroom("revert", str(head(ada))).ok()
    assert ada.data("stack", "describe", "prod") == was
    assert len(ada.data("log", "prod")) >= 3


def test_an_import(ada: Person) -> None:
    before = head(ada)
    ada.stackroom("stack", "import", str(SAMPLES / "zenml-0.98" / "gcp_prod.yaml")).ok()
    ada.stackroom("revert", str(head(ada))).ok()
    assert ada.data("diff", str(before)) == []


def test_a_revert_can_be_reverted(ada: Person) -> None:
    ada.stackroom("component", "update", "orchestrator", "k8s", "--ns=prod").ok()
    after = head(ada)
    ada.stackroom("revert", str(after)).ok()
    ada.stackroom("revert", str(after + 1)).ok()
    assert ada.data("diff", str(after)) == []


def test_twice_changes_nothing_and_says_so(ada: Person) -> None:
    ada.stackroom("component", "update", "orchestrator", "k8s", "--ns=prod").ok()
    seq = head(ada)
    ada.stackroom("revert", str(seq)).ok()
    ran = ada.stackroom("revert", str(seq)).ok()
    assert "othing" in ran.out
    assert head(ada) == seq + 1


def test_what_changed_since_is_listed_and_kept(ada: Person) -> None:
    ada.stackroom("component", "update", "orchestrator", "k8s", "--ns=prod", "--gpu=2").ok()
    seq = head(ada)
    ada.stackroom("component", "update", "orchestrator", "k8s", "--ns=live").ok()
    ada.stackroom("revert", str(seq)).failed(1, "orchestrator/k8s:config.ns", "--force")
    assert head(ada) == seq + 1
    ada.stackroom("revert", str(seq), "--force").ok()
    found = ada.data("component", "describe", "orchestrator", "k8s")
    assert found["config"] == {"ns": "ml", "gpu": 1}


def test_what_is_in_use_since_stays(ada: Person) -> None:
    ada.stackroom("component", "register", "orchestrator", "new", "-f", "local").ok()
    seq = head(ada)
    ada.stackroom("stack", "update", "prod", "--add", "orchestrator=new").ok()
    ada.stackroom("revert", str(seq)).failed(1, "used by stack 'prod'")
    assert head(ada) == seq + 1


def test_a_profiles_creation_stands(ada: Person) -> None:
    ada.stackroom("revert", "1").failed(1, "stand for ever")


@pytest.mark.parametrize(("seq", "code"), [("99", 3), ("x", 3)])
def test_what_is_not_there(ada: Person, seq: str, code: int) -> None:
    ada.stackroom("revert", seq).failed(code)
