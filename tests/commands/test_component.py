"""`stackroom component`, and `stackroom flavor`, on a local profile."""

from pathlib import Path

import pytest

from tests.commands.runner import Person
from tests.commands.team import person, settled


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    return settled(tmp_path)


@pytest.fixture
def new(tmp_path: Path) -> Person:
    return person(tmp_path)


def described(who: Person, name: str = "k8s") -> dict[str, object]:
    found = who.data("component", "describe", "orchestrator", name)
    assert isinstance(found, dict)
    return found


def head(who: Person) -> int:
    """The seq of the newest commit."""
    return who.data("log", "--limit", "1")[0]["seq"]  # type: ignore[no-any-return]


class TestRegister:
    def test_values_are_yaml(self, new: Person) -> None:
        new.stackroom(
            "component", "register", "orchestrator", "k8s", "--flavor", "cluster",
            "--text=no", "--number=3", "--list=[a, 1]", "--pod.limits.cpu=2", "--nothing=null",
        ).ok()  # fmt: skip
        assert described(new)["config"] == {
            "text": "no",
            "number": 3,
            "list": ["a", 1],
            "pod": {"limits": {"cpu": 2}},
            "nothing": None,
        }

    def test_a_value_from_a_file(self, new: Person, tmp_path: Path) -> None:
        (tmp_path / "pod.yaml").write_text("a: 1\n")
        file = f"--pod=@{tmp_path / 'pod.yaml'}"
        new.stackroom("component", "register", "orchestrator", "k8s", "-f", "k", file).ok()
        assert described(new)["config"] == {"pod": "a: 1\n"}

    @pytest.mark.parametrize("type", ["artifact-store", "artifact_store", "artifact_stores"])
    def test_the_type_as_people_write_it(self, new: Person, type: str) -> None:
        new.stackroom("component", "register", type, "s3", "-f", "s3", "--path=s3://x").ok()
        assert new.data("component", "list")[0]["type"] == "artifact_store"

    def test_a_type_that_zenml_does_not_know(self, new: Person) -> None:
        new.stackroom("component", "register", "my-type", "a", "-f", "b").ok()
        assert new.data("component", "list", "my_type")[0]["name"] == "a"

    @pytest.mark.parametrize(
        ("type", "name", "said"),
        [
            ("orchestrator", "a/b", "'/'"),
            ("orchestrator", "a\x1bb", "control characters"),
            ("orchestrator", "a\nb", "control characters"),
            ("orchestrator", "x" * 10_000, "10000 characters"),
            ("orchestrator", " a", "blank"),
            ("orchestrator", "", "empty"),
            ("orchestrator", "k8s", "already"),
            ("Orchestrator!", "a", "omponent type"),
            ("x" * 10_000, "a", "omponent type"),
        ],
    )
    def test_bad_names_are_refused_in_a_sentence(
        self, ada: Person, type: str, name: str, said: str
    ) -> None:
        before = head(ada)
        ran = ada.stackroom("component", "register", type, name, "-f", "local").failed(1, said)
        assert "\x1b" not in ran.err
        assert len(ran.err) < 500
        assert head(ada) == before

    def test_a_flavor_is_needed(self, new: Person) -> None:
        new.stackroom("component", "register", "orchestrator", "a").failed(2, "--flavor")

    @pytest.mark.parametrize(
        ("argument", "said"),
        [
            ("--key", "--key"),
            ("key=1", "key=1"),
            ("--=1", "--"),
            ("--a..b=1", "empty"),
            ("--a=@/not/there", "/not/there"),
            ("--a=[1", "--a"),
            ("--a=*x", "--a"),
        ],
    )
    def test_bad_settings(self, new: Person, argument: str, said: str) -> None:
        words = ("component", "register", "orchestrator", "a", "-f", "b", argument)
        new.stackroom(*words).failed(2, said)
        assert new.data("component", "list") == []

    @pytest.mark.parametrize("pair", [("--a=1", "--a.b=2"), ("--a.b=2", "--a=1")])
    def test_settings_that_want_the_same_place(self, new: Person, pair: tuple[str, str]) -> None:
        new.stackroom("component", "register", "orchestrator", "a", "-f", "b", *pair).failed(2, "a")


class TestRead:
    def test_list_is_sorted_and_has_ids_and_names(self, ada: Person) -> None:
        rows = ada.data("component", "list")
        assert [(row["type"], row["name"]) for row in rows] == [
            ("artifact_store", "s3"),
            ("orchestrator", "k8s"),
            ("orchestrator", "local"),
        ]
        k8s = rows[1]
        assert set(k8s) == {
            "id", "type", "name", "flavor", "config", "labels", "extra", "stacks", "protected",
            "protected_by",
        }  # fmt: skip
        assert k8s["config"] == {"ns": "ml", "gpu": 1}
        (stack,) = k8s["stacks"]
        assert stack["name"] == "prod"
        assert set(stack) == {"id", "name"}

    def test_list_of_one_type(self, ada: Person) -> None:
        assert [row["name"] for row in ada.data("component", "list", "artifact-stores")] == ["s3"]

    def test_people_see_names_not_ids(self, ada: Person) -> None:
        shown = ada.stackroom("component", "list").ok().out
        assert "team=ml" in shown
        assert "prod" in shown
        assert ada.data("component", "list")[0]["id"] not in shown

    def test_no_components(self, new: Person) -> None:
        assert "no components yet" in new.stackroom("component", "list").ok().out
        assert new.data("component", "list") == []

    def test_describe(self, ada: Person) -> None:
        shown = ada.stackroom("component", "describe", "orchestrator", "k8s").ok().out
        for text in ("orchestrator/k8s", "cluster", "ns:", "ml", "prod"):
            assert text in shown

    def test_describe_what_is_not_there(self, ada: Person) -> None:
        words = ("component", "describe", "orchestrator", "k8")
        ada.stackroom(*words).failed(3, "no orchestrator 'k8'", "'k8s'")

    def test_yaml_and_json_say_the_same(self, ada: Person) -> None:
        from ruamel.yaml import YAML

        words = ("component", "describe", "artifact-store", "s3")
        shown = ada.stackroom(*words, "--output", "yaml").ok().out
        assert YAML(typ="safe", pure=True).load(shown) == ada.data(*words)


class TestUpdate:
    def test_only_what_is_named_changes(self, ada: Person) -> None:
        ada.stackroom(
            "component", "update", "orchestrator", "k8s", "--ns=prod", "--pod.cpu=2",
            "--unset", "gpu", "--label", "a=b", "-m", "why",
        ).ok()  # fmt: skip
        found = described(ada)
        assert found["config"] == {"ns": "prod", "pod": {"cpu": 2}}
        assert found["labels"] == {"a": "b"}
        assert ada.data("log", "--limit", "1")[0]["message"] == "why"

    def test_one_commit_with_one_event(self, ada: Person) -> None:
        before = head(ada)
        ada.stackroom(
            "component", "update", "orchestrator", "k8s", "--a=1", "--b=2", "-f", "mine"
        ).ok()
        (newest,) = ada.data("log", "--limit", "1")
        assert newest["seq"] == before + 1
        assert [event["type"] for event in newest["events"]] == ["ComponentUpdated"]
        assert described(ada)["flavor"] == "mine"

    def test_labels_go(self, ada: Person) -> None:
        ada.stackroom("component", "update", "artifact-store", "s3", "--unlabel", "team").ok()
        assert ada.data("component", "describe", "artifact-store", "s3")["labels"] == {}

    def test_to_the_same_value_changes_nothing(self, ada: Person) -> None:
        before = head(ada)
        ran = ada.stackroom("component", "update", "orchestrator", "k8s", "--ns=ml").ok()
        assert head(ada) == before
        assert "othing" in ran.out

    def test_nothing_to_change(self, ada: Person) -> None:
        ada.stackroom("component", "update", "orchestrator", "k8s").failed(2, "othing to change")

    def test_a_component_that_is_not_there(self, ada: Person) -> None:
        words = ("component", "update", "orchestrator", "k9s", "--a=1")
        ada.stackroom(*words).failed(3, "k9s", "k8s")


class TestRenameAndDelete:
    def test_stacks_follow_a_rename(self, ada: Person) -> None:
        ada.stackroom("component", "rename", "orchestrator", "k8s", "k9s").ok()
        assert described(ada, "k9s")["stacks"][0]["name"] == "prod"  # type: ignore[index]
        ada.stackroom("component", "describe", "orchestrator", "k8s").failed(3, "k8s")

    def test_a_name_that_is_taken(self, ada: Person) -> None:
        words = ("component", "rename", "orchestrator", "k8s", "local")
        ada.stackroom(*words).failed(1, "'local' already")

    def test_delete(self, ada: Person) -> None:
        ada.stackroom("component", "delete", "orchestrator", "local", "--yes").ok()
        assert [row["name"] for row in ada.data("component", "list", "orchestrator")] == ["k8s"]

    def test_what_a_stack_uses_stays(self, ada: Person) -> None:
        words = ("component", "delete", "orchestrator", "k8s", "--yes")
        ada.stackroom(*words).failed(1, "used by stack 'prod'")

    def test_nobody_to_ask(self, ada: Person) -> None:
        ada.stackroom("component", "delete", "orchestrator", "local").failed(2, "--yes")
        assert described(ada, "local")["name"] == "local"


class TestListed:
    @pytest.mark.parametrize(
        ("args", "names"),
        [
            (("--flavor", "s3"), ["s3"]),
            (("orchestrator", "--flavor", "s3"), []),
            (("--label", "team=ml"), ["s3"]),
            (("--label", "team=ml", "--label", "a=b"), []),
            (("--name", "k8"), ["k8s"]),
            (("--name", "8", "--flavor", "local"), []),
        ],
    )
    def test_only_some(self, ada: Person, args: tuple[str, ...], names: list[str]) -> None:
        assert [row["name"] for row in ada.data("component", "list", *args)] == names
        said = ada.stackroom("component", "list", *args).ok()
        assert ("No component is like that." in said.out + said.err) is (not names)
