"""`stackroom log`, `show`, `diff` and `blame`, on a local profile."""

from pathlib import Path
from typing import Any

import pytest

from stackroom.client.commands import telling
from stackroom.client.commands.naming import Names
from stackroom.events.codec import seal
from stackroom.events.model import Commit, ComponentUpdated, ConflictOpened, ConflictResolved, Held
from tests.commands.runner import Person
from tests.commands.team import person, settled
from tests.events.world import K8S, SALT, started


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    made = settled(tmp_path)
    made.stackroom(
        "component", "update", "orchestrator", "k8s", "--ns=prod", "--unset", "gpu",
        "--label", "a=b", "-m", "move to prod",
    ).ok()  # fmt: skip
    return made


def messages(found: Any) -> list[str]:
    return [row["message"] for row in found]


class TestLog:
    def test_newest_first(self, ada: Person) -> None:
        rows = ada.data("log")
        assert [row["seq"] for row in rows] == list(range(len(rows), 0, -1))
        assert rows[0]["message"] == "move to prod"
        assert set(rows[0]) == {
            "seq", "id", "kind", "author", "replica", "message", "time", "accepted", "root", "events",
            "base", "profile", "tags", "signed", "key",
        }  # fmt: skip
        assert rows[0]["author"] == "ada"
        assert rows[0]["kind"] == "commit"
        (event,) = rows[0]["events"]
        assert (event["type"], event["name"]) == ("ComponentUpdated", "orchestrator/k8s")
        assert len(event["entity"]) == 36
        assert len(bytes.fromhex(rows[0]["root"])) == 32

    def test_a_line_each(self, ada: Person) -> None:
        shown = ada.stackroom("log", "--limit", "2").ok().out.splitlines()
        assert len(shown) == 3
        seq = ada.data("log", "--limit", "1")[0]["seq"]
        assert shown[1].startswith(f"#{seq} ")
        for text in ("ada", "orchestrator/k8s", "move to prod"):
            assert text in shown[1]

    def test_of_a_stack_and_its_components(self, ada: Person) -> None:
        ada.stackroom(
            "component", "update", "orchestrator", "local", "--a=1", "--no-validate", "-m", "other"
        ).ok()
        ada.stackroom("stack", "update", "prod", "--description", "d", "-m", "described").ok()
        assert messages(ada.data("log", "prod"))[:2] == ["described", "move to prod"]
        assert messages(ada.data("log", "orchestrator/local"))[0] == "other"
        assert messages(ada.data("log", "prod", "--limit", "1")) == ["described"]

    def test_of_what_is_not_there(self, ada: Person) -> None:
        ada.stackroom("log", "prd").failed(3, "'prod'")
        ada.stackroom("log", "orchestrator/k9s").failed(3, "'k8s'")
        ada.stackroom("log", "--limit", "0").failed(2, "0")

    def test_a_message_cannot_drive_the_terminal(self, ada: Person) -> None:
        words = ("component", "update", "orchestrator", "k8s", "--ns=x", "-m", "a\x1b[2J\nb")
        ada.stackroom(*words).ok()
        shown = ada.stackroom("log", "--limit", "1").ok().out
        assert "\x1b" not in shown
        assert len(shown.splitlines()) == 2


class TestShow:
    def test_values_before_and_after(self, ada: Person) -> None:
        seq = ada.data("log", "--limit", "1")[0]["seq"]
        found = ada.data("show", str(seq))
        assert {
            row["place"]: (row.get("before"), row.get("after")) for row in found["changes"]
        } == {
            "config.ns": ("ml", "prod"),
            "config.gpu": (1, None),
            "labels.a": (None, "b"),
        }
        change = found["changes"][0]
        assert set(change) <= {
            "id", "kind", "type", "name", "path", "place", "before", "after", "stacks",
        }  # fmt: skip
        assert (change["kind"], change["type"], change["name"]) == (
            "component",
            "orchestrator",
            "k8s",
        )
        assert found["overlaps"] == []
        assert found["message"] == "move to prod"

    def test_for_people(self, ada: Person) -> None:
        seq = ada.data("log", "--limit", "1")[0]["seq"]
        shown = ada.stackroom("show", f"#{seq}").ok().out
        for text in (
            f"#{seq}",
            "author:  ada",
            "move to prod",
            "orchestrator/k8s in prod\n",
            "- config.gpu: 1",
            "~ config.ns: ml → prod",
            "+ labels.a: b",
        ):
            assert text in shown

    def test_a_stack_by_the_names_of_its_components(self, ada: Person) -> None:
        shown = ada.stackroom("show", "0s ago").ok().out
        assert "move to prod" in shown
        ada.stackroom("stack", "update", "prod", "-o", "local").ok()
        ada.stackroom("component", "delete", "orchestrator", "k8s", "--yes").ok()
        seq = ada.data("log", "--limit", "1")[0]["seq"]
        shown = ada.stackroom("show", str(seq - 1)).ok().out
        assert "- orchestrator.k8s" in shown
        assert "+ orchestrator.local" in shown
        assert "orchestrator/k8s (deleted)" in ada.stackroom("show", str(seq)).ok().out

    def test_a_registration(self, ada: Person) -> None:
        assert "(new)" in ada.stackroom("show", "2").ok().out

    @pytest.mark.parametrize(("seq", "code"), [("99", 3), ("0", 3), ("x", 3), ("-1", 2)])
    def test_what_is_not_there(self, ada: Person, seq: str, code: int) -> None:
        ada.stackroom("show", "--", seq).failed(code)


class TestDiff:
    def test_between_two_commits(self, ada: Person) -> None:
        newest = ada.data("log", "--limit", "1")[0]["seq"]
        rows = ada.data("diff", str(newest - 1), str(newest))
        assert [row["place"] for row in rows] == ["config.gpu", "config.ns", "labels.a"]
        assert ada.data("diff", str(newest - 1)) == rows
        back = ada.data("diff", str(newest), str(newest - 1))
        assert [row.get("after") for row in back] == [1, "ml", None]
        assert ada.stackroom("diff", str(newest)).ok().out == "Nothing differs.\n"

    def test_is_semantic(self, ada: Person) -> None:
        newest = ada.data("log", "--limit", "1")[0]["seq"]
        ada.stackroom("component", "update", "orchestrator", "k8s", "--ns=ml", "--gpu=1").ok()
        ada.stackroom("component", "update", "orchestrator", "k8s", "--unlabel", "a").ok()
        assert ada.data("diff", str(newest - 1)) == []

    def test_for_people(self, ada: Person) -> None:
        shown = ada.stackroom("diff", "1").ok().out
        assert "stack 'prod' (new)\n" in shown
        assert "  + orchestrator.k8s\n" in shown

    def test_places_that_are_none(self, ada: Person) -> None:
        ada.stackroom("diff", "1", "99").failed(3, "no #99")
        ada.stackroom("diff", "1:2").failed(2, "neither")
        ada.stackroom("diff", "never").failed(3, "There is no tag 'never'")


class TestBlame:
    def test_each_value_with_who_when_and_why(self, ada: Person) -> None:
        rows = {row["place"]: row for row in ada.data("blame", "orchestrator/k8s")}
        assert set(rows["config.ns"]) == {
            "path", "place", "value", "seq", "id", "author", "time", "message", "entity", "gone", "history", "runs",
        }  # fmt: skip
        assert rows["config.ns"]["message"] == "move to prod"
        assert rows["config.ns"]["value"] == "prod"
        assert rows["flavor"]["message"] == "first"
        assert rows["flavor"]["seq"] < rows["config.ns"]["seq"]

    def test_for_people(self, ada: Person) -> None:
        lines = ada.stackroom("blame", "orchestrator/k8s").ok().out.splitlines()
        (line,) = [line for line in lines if line.startswith("config.ns")]
        seq = ada.data("log", "--limit", "1")[0]["seq"]
        for text in (" prod ", f"#{seq}", "ada", "move to prod"):
            assert text in line

    def test_of_a_stack(self, ada: Person) -> None:
        places = {row["place"] for row in ada.data("blame", "prod")}
        assert "components.orchestrator.k8s" in places

    def test_of_the_profile(self, ada: Person) -> None:
        ada.stackroom("stack", "set", "prod", "--default", "-m", "ready").ok()
        rows = {row["place"]: row for row in ada.data("blame", "profile")}
        assert rows["default_stack"]["message"] == "ready"
        assert "prod" in ada.stackroom("blame", "profile").ok().out

    def test_of_what_is_not_there(self, ada: Person) -> None:
        ada.stackroom("blame", "prd").failed(3, "'prod'")


def test_conflicts_and_what_ended_them_are_marked() -> None:
    world = started()
    base = world.state.seq
    world.do("ann", (K8S, ComponentUpdated({"/config/ns": "a"})))
    world.do("ben", (K8S, ComponentUpdated({"/config/ns": "b"})), base=base)
    (id,) = world.state.conflicts
    conflict = world.state.entities[id]
    held: Held = conflict.held[0]  # type: ignore[union-attr]
    names = Names(world.state)

    def commit(*events: Any) -> Commit:
        return Commit(7, id, "ben", 1, base, "ben", "", 0, 0, events, bytes(32))

    opened = commit(seal(id, ConflictOpened(held, conflict.overlaps), SALT))  # type: ignore[union-attr]
    row = telling.committed(opened, names, "team")
    assert (row.kind, row.events[0].name) == ("conflict", "orchestrator/k8s")
    (overlap,) = telling.overlaps(opened, names)
    assert (overlap.place, overlap.theirs, overlap.ours) == ("config.ns", "a", "b")
    resolved = commit(seal(id, ConflictResolved("ours"), SALT))
    assert telling.committed(resolved, names, "team").kind == "resolution"


def test_an_empty_profile_has_its_creation(tmp_path: Path) -> None:
    (row,) = person(tmp_path).data("log")
    assert row["events"][0]["type"] == "ProfileCreated"
