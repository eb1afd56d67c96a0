"""`stackroom flavor`, on a local profile."""

from pathlib import Path

import pytest

from tests.commands.runner import Person
from tests.commands.team import person


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    made = person(tmp_path)
    made.stackroom(
        "flavor", "register", "orchestrator", "batch", "--source", "acme.Batch",
        "--integration", "acme", "-m", "ours",
    ).ok()  # fmt: skip
    made.stackroom("component", "register", "orchestrator", "b1", "--flavor", "batch").ok()
    return made


def test_list(ada: Person) -> None:
    ada.stackroom("flavor", "register", "alerter", "pager").ok()
    rows = ada.data("flavor", "list", "--custom")
    assert [(row["type"], row["name"]) for row in rows] == [
        ("alerter", "pager"),
        ("orchestrator", "batch"),
    ]
    assert set(rows[1]) == {"custom", "versions", "attributes"} | {
        "id", "type", "name", "source", "integration", "schema", "extra", "components",
    }  # fmt: skip
    assert (rows[1]["source"], rows[1]["integration"]) == ("acme.Batch", "acme")
    assert [ref["name"] for ref in rows[1]["components"]] == ["b1"]
    assert [row["name"] for row in ada.data("flavor", "list", "alerters", "--custom")] == ["pager"]


def test_describe(ada: Person) -> None:
    shown = ada.stackroom("flavor", "describe", "orchestrator", "batch").ok().out
    for text in ("orchestrator/batch", "acme.Batch", "b1"):
        assert text in shown
    ada.stackroom("flavor", "describe", "orchestrator", "bach").failed(3, "'batch'")


@pytest.mark.parametrize("text", ['{"type": "object"}', "type: object\n"])
def test_a_schema_from_a_file(ada: Person, tmp_path: Path, text: str) -> None:
    (tmp_path / "schema").write_text(text)
    ada.stackroom("flavor", "register", "alerter", "a", "--schema", f"@{tmp_path / 'schema'}").ok()
    assert ada.data("flavor", "describe", "alerter", "a")["schema"] == {"type": "object"}


@pytest.mark.parametrize("text", ["[1]", "a: [", "a: 1\na: 2\n", "\udcff", ""])
def test_a_file_that_is_no_schema(ada: Person, tmp_path: Path, text: str) -> None:
    (tmp_path / "schema").write_bytes(text.encode(errors="surrogateescape"))
    words = ("flavor", "register", "alerter", "a", "--schema", f"@{tmp_path / 'schema'}")
    ada.stackroom(*words).failed(2, "schema")
    assert ada.data("flavor", "list", "alerter", "--custom") == []


@pytest.mark.parametrize("schema", ["{}", "@/not/there"])
def test_a_schema_that_is_no_file(ada: Person, schema: str) -> None:
    ada.stackroom("flavor", "register", "alerter", "a", "--schema", schema).failed(2, "--schema")


def test_delete(ada: Person) -> None:
    words = ("flavor", "delete", "orchestrator", "batch", "--yes")
    ada.stackroom(*words).failed(1, "used by component 'b1'")
    ada.stackroom("component", "delete", "orchestrator", "b1", "--yes").ok()
    ada.stackroom(*words).ok()
    assert ada.data("flavor", "list", "--custom") == []


def test_names_are_checked(ada: Person) -> None:
    ada.stackroom("flavor", "register", "orchestrator", "a/b").failed(1, "'/'")
    ada.stackroom("flavor", "register", "orchestrator", "batch").failed(1, "already")
