"""docs/zenml.md: every row of the table of ZenML's commands is run, from top to bottom."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.commands.team import SAMPLES

PAGE = Path(__file__).parents[2] / "docs" / "zenml.md"
TYPES = ("orchestrator", "stack", "profile")


def table(page: Path, heading: str) -> Iterator[list[str]]:
    """The cells of each row of the table whose heading begins so."""
    _, _, rest = page.read_text().partition(heading)
    assert rest, heading
    for line in rest.splitlines()[2:]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


def commands(cell: str) -> list[list[str]]:
    """The command lines in a cell."""
    return [shlex.split(text)[1:] for text in re.findall(r"`(stackroom [^`]*)`", cell)]


ROWS = list(table(PAGE, "| ZenML | versions | stackroom |"))


def test_every_row_is_run(
    ada: Person, ben: Person, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.join(ben)
    ben.stackroom("profile", "create", "team").ok()
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "old.yaml").write_bytes((SAMPLES / "zenml-0.12" / "gcp_prod.yaml").read_bytes())
    stand_for = {"wss://hub.example": hub.url, "TOKEN": hub.token("ada")}
    done = 0
    for zenml, _, ours in ROWS:
        found = commands(ours)
        assert found, zenml
        for command in found:
            ran = ada.stackroom(*(stand_for.get(word, word) for word in command))
            assert ran.code == 0, f"{command}\n{ran.out}{ran.err}"
            done += 1
    assert done > len(ROWS) > 30
    monkeypatch.chdir(tmp_path)
    # The last row leaves the hub: what was pushed to it stays there.
    ben.stackroom("sync").ok()
    assert [row["name"] for row in ben.data("stack", "list")] == ["prod"]
    assert {row["name"] for row in ada.data("stack", "list", "--profile", "research")} == {
        "prod",
        "again",
        "gcp_prod",
    }


@pytest.mark.parametrize("verb", ["register", "list", "describe", "get", "update", "copy", "rename",
                                  "delete", "remove-attribute", "connect", "disconnect"])  # fmt: skip
def test_the_verbs_of_a_component_type_are_in_the_table(verb: str) -> None:
    assert any(f"`stackroom orchestrator {verb}" in ours for _, _, ours in ROWS)
