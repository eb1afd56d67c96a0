"""`stackroom stack`, on a local profile."""

from pathlib import Path
from typing import Any

import pytest

from stackroom.client.component_types import TYPES, type_named
from tests.commands.runner import Person
from tests.commands.team import settled


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    return settled(tmp_path)


def members(who: Person, name: str = "prod") -> dict[str, list[str]]:
    """The names of a stack's components by type."""
    found = who.data("stack", "describe", name)["components"]
    return {type: [member["name"] for member in each] for type, each in found.items()}


def seqs(who: Person) -> list[int]:
    return [row["seq"] for row in who.data("log")]


class TestTypes:
    def test_every_type_has_its_option(self, ada: Person) -> None:
        for known in TYPES:
            words = ("component", "register", known.type, f"my_{known.type}", "-f", "x")
            ada.stackroom(*words).ok()
        options = [
            word
            for known in TYPES
            for word in (known.short or f"--{known.dashed}", f"my_{known.type}")
        ]
        ada.stackroom("stack", "register", "all", *options).ok()
        assert members(ada, "all") == {known.type: [f"my_{known.type}"] for known in TYPES}

    def test_short_options_are_zenmls(self) -> None:
        assert {known.type: known.short for known in TYPES if known.short} == {
            "orchestrator": "-o",
            "artifact_store": "-a",
            "container_registry": "-c",
            "step_operator": "-s",
            "model_deployer": "-d",
            "experiment_tracker": "-e",
            "feature_store": "-f",
            "alerter": "-al",
            "annotator": "-an",
            "data_validator": "-dv",
            "secrets_manager": "-x",
            "image_builder": "-i",
            "model_registry": "-r",
            "deployer": "-D",
            "log_store": "-l",
            "sandbox": "-sb",
        }

    @pytest.mark.parametrize(
        ("text", "type"),
        [
            ("Artifact Store", "artifact_store"),
            ("container-registries", "container_registry"),
            ("sandboxes", "sandbox"),
            ("my-own", "my_own"),
            ("", ""),
        ],
    )
    def test_names_of_types(self, text: str, type: str) -> None:
        assert type_named(text) == type


class TestRegister:
    def test_the_first_of_a_type_is_the_default(self, ada: Person) -> None:
        ada.stackroom("stack", "register", "two", "-o", "local", "-o", "k8s").ok()
        assert members(ada, "two") == {"orchestrator": ["local", "k8s"]}

    def test_as_zenml_spells_it(self, ada: Person) -> None:
        ada.stackroom("stack", "register", "a", "--artifact_store", "s3").ok()
        ada.stackroom("stack", "register", "b", "--component", "artifact-stores=s3").ok()
        assert members(ada, "a") == members(ada, "b") == {"artifact_store": ["s3"]}

    def test_set_makes_it_active(self, ada: Person) -> None:
        ada.stackroom("stack", "register", "dev", "-o", "local", "--set").ok()
        assert ada.data("stack", "get")["name"] == "dev"

    def test_description_and_labels(self, ada: Person) -> None:
        words = ("stack", "register", "a", "--description", "for us", "--label", "team=ml")
        ada.stackroom(*words).ok()
        found = ada.data("stack", "describe", "a")
        assert (found["description"], found["labels"]) == ("for us", {"team": "ml"})

    def test_a_component_that_is_not_there(self, ada: Person) -> None:
        ada.stackroom("stack", "register", "a", "-o", "k9s").failed(3, "k9s", "k8s")
        assert [row["name"] for row in ada.data("stack", "list")] == ["prod"]

    @pytest.mark.parametrize("pair", ["orchestrator", "=k8s", "orchestrator="])
    def test_a_pair_that_is_none(self, ada: Person, pair: str) -> None:
        ada.stackroom("stack", "register", "a", "--component", pair).failed(2, "TYPE=NAME")

    @pytest.mark.parametrize("name", ["a/b", "a\x07b", "x" * 10_000, "prod", "", " "])
    def test_bad_names(self, ada: Person, name: str) -> None:
        before = seqs(ada)
        ran = ada.stackroom("stack", "register", name, "-o", "k8s").failed(1)
        assert len(ran.err) < 500
        assert seqs(ada) == before


class TestRead:
    def test_list(self, ada: Person) -> None:
        ada.stackroom("stack", "register", "dev", "-o", "local").ok()
        rows = ada.data("stack", "list")
        assert [row["name"] for row in rows] == ["dev", "prod"]
        assert set(rows[0]) == {
            "id", "name", "description", "labels", "default", "active", "components", "extra",
            "protected",
        }  # fmt: skip
        (member,) = rows[0]["components"]["orchestrator"]
        assert set(member) == {"id", "name", "flavor", "config", "labels"}

    def test_list_for_people(self, ada: Person) -> None:
        ada.stackroom("stack", "set", "prod").ok()
        shown = ada.stackroom("stack", "list").ok().out.splitlines()
        assert [line.split() for line in shown] == [
            ["NAME", "ORCHESTRATOR", "ARTIFACT_STORE", "OTHERS"],
            ["*", "prod", "k8s", "s3"],
        ]

    def test_describe_for_people(self, ada: Person) -> None:
        shown = ada.stackroom("stack", "describe", "prod").ok().out
        for text in ("stack 'prod'", "orchestrator", "k8s", "cluster", "gpu=1, ns=ml"):
            assert text in shown

    def test_describe_the_active_one(self, ada: Person) -> None:
        ada.stackroom("stack", "describe").failed(3, "o stack is in use")
        ada.stackroom("stack", "set", "prod").ok()
        assert ada.data("stack", "describe")["name"] == "prod"

    def test_describe_what_is_not_there(self, ada: Person) -> None:
        ada.stackroom("stack", "describe", "prd").failed(3, "no stack 'prd'", "'prod'")

    def test_describe_at(self, ada: Person) -> None:
        at = str(seqs(ada)[0])
        ada.stackroom("component", "update", "orchestrator", "k8s", "--ns=new").ok()
        ada.stackroom("component", "rename", "orchestrator", "k8s", "k9s").ok()
        ada.stackroom("stack", "rename", "prod", "live").ok()

        def k8s(found: Any) -> Any:
            return found["components"]["orchestrator"][0]

        then = ada.data("stack", "describe", "prod", "--at", at)
        assert (k8s(then)["name"], k8s(then)["config"]["ns"]) == ("k8s", "ml")
        now = ada.data("stack", "describe", "live", "--at", "0s ago")
        assert (k8s(now)["name"], k8s(now)["config"]["ns"]) == ("k9s", "new")

    @pytest.mark.parametrize(
        ("at", "code", "said"),
        [
            ("99", 3, "no #99"),
            ("2001-01-01", 3, "before the first commit"),
            ("soon", 3, "no tag"),
            ("1:2", 2, "neither"),
            ("2", 3, "no stack 'prod'"),
            ("0", 3, "before the first commit"),
        ],
    )
    def test_places_that_are_none(self, ada: Person, at: str, code: int, said: str) -> None:
        ada.stackroom("stack", "describe", "prod", "--at", at).failed(code, said)


class TestActive:
    def test_it_follows_a_rename_and_is_no_commit(self, ada: Person) -> None:
        before = seqs(ada)
        ada.stackroom("stack", "set", "prod").ok()
        assert seqs(ada) == before
        ada.stackroom("stack", "rename", "prod", "live").ok()
        found = ada.data("stack", "get")
        assert found["name"] == "live"
        assert found["chosen"] == "here"
        assert set(found) == {"id", "name", "chosen"}

    def test_the_default_is_for_everybody(self, ada: Person) -> None:
        ada.stackroom("stack", "set", "prod", "--default", "-m", "ready").ok()
        assert ada.data("stack", "get")["chosen"] == "default"
        assert ada.data("log", "--limit", "1")[0]["message"] == "ready"
        assert "prod (default)" in ada.stackroom("stack", "list").ok().out

    def test_a_deleted_one_is_in_use_no_more(self, ada: Person) -> None:
        ada.stackroom("stack", "register", "dev", "-o", "local", "--set").ok()
        ada.stackroom("stack", "delete", "dev", "--yes").ok()
        ada.stackroom("stack", "get").failed(3, "o stack is in use", "stack set")

    def test_what_is_not_there(self, ada: Person) -> None:
        ada.stackroom("stack", "set", "prd").failed(3, "'prod'")

    def test_a_message_without_a_commit(self, ada: Person) -> None:
        ada.stackroom("stack", "set", "prod", "-m", "why").failed(2, "--default")


class TestEdit:
    def test_options_replace_and_add_adds(self, ada: Person) -> None:
        ada.stackroom("stack", "update", "prod", "--add", "orchestrator=local").ok()
        assert members(ada)["orchestrator"] == ["k8s", "local"]
        ada.stackroom("stack", "update", "prod", "-o", "local").ok()
        assert members(ada) == {"artifact_store": ["s3"], "orchestrator": ["local"]}

    def test_labels_and_description(self, ada: Person) -> None:
        ada.stackroom("stack", "update", "prod", "--label", "a=b", "--description", "d").ok()
        ada.stackroom("stack", "update", "prod", "--unlabel", "a").ok()
        found = ada.data("stack", "describe", "prod")
        assert (found["description"], found["labels"]) == ("d", {})

    def test_nothing_to_change(self, ada: Person) -> None:
        ada.stackroom("stack", "update", "prod").failed(2, "othing to change")
        ada.stackroom("stack", "update", "prd", "-o", "k8s").failed(3, "'prod'")

    @pytest.mark.parametrize("what", ["artifact_store=s3", "artifact-store", "-a"])
    def test_remove_component(self, ada: Person, what: str) -> None:
        ada.stackroom("stack", "remove-component", "prod", what).ok()
        assert members(ada) == {"orchestrator": ["k8s"]}
        assert len(ada.data("component", "list")) == 3

    def test_remove_one_of_several(self, ada: Person) -> None:
        ada.stackroom("stack", "update", "prod", "-o", "k8s", "-o", "local").ok()
        ada.stackroom("stack", "remove-component", "prod", "orchestrator=k8s").ok()
        assert members(ada)["orchestrator"] == ["local"]

    def test_remove_what_is_not_in_it(self, ada: Person) -> None:
        ada.stackroom("stack", "remove-component", "prod", "orchestrator=local").failed(3, "local")
        ada.stackroom("stack", "remove-component", "prod", "-e").failed(3, "experiment_tracker")
        ada.stackroom("stack", "remove-component", "prod").failed(2, "othing to remove")
        ada.stackroom("stack", "remove-component", "prod", "a=").failed(2, "no component")

    def test_rename(self, ada: Person) -> None:
        id = ada.data("stack", "describe", "prod")["id"]
        ada.stackroom("stack", "rename", "prod", "live").ok()
        assert ada.data("stack", "describe", "live")["id"] == id
        ada.stackroom("stack", "describe", "prod").failed(3)

    def test_copy_shares_the_components(self, ada: Person) -> None:
        ada.stackroom("stack", "update", "prod", "--label", "a=b").ok()
        ada.stackroom("stack", "copy", "prod", "staging").ok()
        prod, staging = ada.data("stack", "list")
        assert prod["components"] == staging["components"]
        assert prod["labels"] == staging["labels"]
        assert prod["id"] != staging["id"]
        ada.stackroom("stack", "copy", "prod", "staging").failed(1, "already")
        ada.stackroom("stack", "copy", "prd", "x").failed(3, "'prod'")

    def test_delete(self, ada: Person) -> None:
        ada.stackroom("stack", "delete", "prod").failed(2, "--yes")
        ada.stackroom("stack", "delete", "prod", "--yes").ok()
        assert ada.data("stack", "list") == []
        assert len(ada.data("component", "list")) == 3

    def test_the_default_stack_stays(self, ada: Person) -> None:
        ada.stackroom("stack", "set", "prod", "--default").ok()
        ada.stackroom("stack", "delete", "prod", "--yes").failed(1, "default stack")
