"""What ZenML's stack verbs do beyond one profile: validate, copy, delete, export with what they need."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.commands.hubs import running_hub
from tests.commands.runner import Person
from tests.commands.team import SAMPLES, settled


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    """Someone with orchestrators k8s and local, artifact store s3, and stack prod; the head is #5."""
    return settled(tmp_path)


def run(who: Person, *lines: str) -> None:
    for line in lines:
        who.stackroom(*line.split()).ok()


def loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


class TestValidate:
    def test_what_every_stack_needs(self, ada: Person) -> None:
        run(ada, "stack register half -o local")
        found = ada.stackroom("stack", "validate", "--output", "json").failed(1).json
        assert ("error", "half") in [(f["severity"], f["stack"]) for f in found]
        assert "artifact store" in found[0]["sentence"]
        ada.stackroom("stack", "validate", "nope").failed(3, "nope")

    def test_what_runs_elsewhere(self, ada: Person) -> None:
        run(
            ada,
            "component update orchestrator k8s --flavor vertex --no-validate",
            "component register artifact-store here --flavor local",
            "component register container-registry reg --flavor default --uri=localhost:5000",
            "stack register odd -o k8s -a here -c reg",
            "stack register fine -o local -a here",
        )
        ran = ada.stackroom("stack", "validate", "odd").ok()
        assert "does not reach the local artifact store 'here'" in ran.out
        assert "does not reach the local registry 'reg'" in ran.out
        ada.stackroom("stack", "validate", "odd", "--strict").failed(1)
        assert "1 stack is as" in ada.stackroom("stack", "validate", "fine", "--strict").ok().out


class TestCopy:
    def test_into_another_profile_with_all_that_it_needs(self, ada: Person) -> None:
        run(
            ada,
            "flavor register orchestrator mine --source acme.Mine",
            "component update orchestrator k8s --flavor mine",
            "profile create other --local",
            "stack copy prod staging --to other",
        )
        other = ("--profile", "other")
        assert [row["name"] for row in ada.data("stack", "list", *other)] == ["staging"]
        assert ada.data("component", "describe", "artifact-store", "s3", *other)["labels"] == {
            "team": "ml"
        }
        assert [f["name"] for f in ada.data("flavor", "list", *other) if f.get("id")] == ["mine"]
        assert ada.data("log", "--limit", "1", *other)[0]["seq"] == 2
        run(ada, "component update artifact-store s3 --path=s3://elsewhere")
        back = ("stack", "copy", "staging", "prod", "--from", "other", "--to", "team")
        ada.stackroom(*back).failed(1, "'s3'", "config.path")
        ada.stackroom(*back, "--on-conflict", "reuse").ok()


class TestDelete:
    def test_with_the_components_that_only_it_has(self, ada: Person) -> None:
        run(ada, "stack register other -o local -a s3", "stack delete prod --recursive --yes")
        assert [r["name"] for r in ada.data("component", "list")] == ["s3", "local"]
        assert [r["name"] for r in ada.data("stack", "list")] == ["other"]


class TestTheStackInUse:
    def test_update_and_remove_need_no_name(self, ada: Person) -> None:
        run(
            ada,
            "component register alerter a --flavor mine",
            "stack set prod",
            "stack update --add alerter=a",
        )
        assert "alerter" in ada.data("stack", "describe", "prod")["components"]
        run(ada, "stack remove-component alerter=a", "stack update -o local")
        found = ada.data("stack", "describe")["components"]
        assert {type: members[0]["name"] for type, members in found.items()} == {
            "artifact_store": "s3",
            "orchestrator": "local",
        }


class TestExport:
    def test_what_will_not_travel_is_said_or_refused(self, ada: Person, tmp_path: Path) -> None:
        run(
            ada,
            "flavor register orchestrator mine --source no_such_package.Mine",
            "component update orchestrator k8s --flavor mine",
            "component update artifact-store s3 --path=/data/store --key=AKIA --allow-plaintext",
        )
        file = tmp_path / "prod.yaml"
        ran = ada.stackroom("stack", "export", "prod", str(file), "--output", "json").ok()
        warnings = ran.json["warnings"]
        for said in ("a path on one machine", "credential", "no_such_package.Mine"):
            assert any(said in warning for warning in warnings)
            assert said in ran.err
        assert ran.json["file"] == str(file)
        file.unlink()
        strict = ada.stackroom("stack", "export", "prod", str(file), "--strict")
        strict.failed(1, "a path on one machine")
        assert "AKIA" not in strict.err + ran.out
        assert not file.exists()

    def test_json_without_a_file_has_the_yaml(self, ada: Person) -> None:
        shown = ada.data("stack", "export", "prod")
        assert shown["file"] is None
        assert loaded(shown["yaml"])["stack_name"] == "prod"

    def test_with_dependencies_flavors_go_along(self, ada: Person, tmp_path: Path) -> None:
        schema = tmp_path / "schema.json"
        schema.write_text('{"type": "object"}')
        run(
            ada,
            f"flavor register orchestrator mine --source acme.Mine --schema @{schema}",
            "component update orchestrator k8s --flavor mine",
            f"stack export prod {tmp_path}/prod.yaml --with-dependencies",
            "profile create other --local",
            f"stack import {tmp_path}/prod.yaml --profile other",
        )
        found = ada.data("flavor", "describe", "orchestrator", "mine", "--profile", "other")
        assert (found["source"], found["schema"]) == ("acme.Mine", {"type": "object"})
        out = ada.stackroom("stack", "export", "prod", "--profile", "other").ok().out
        assert "flavors" not in loaded(out)


class TestImportMany:
    def test_a_folder_is_one_commit(self, ada: Person) -> None:
        run(ada, f"stack import {SAMPLES / 'zenml-0.98'} --secrets keep -m all")
        assert ada.data("log", "--limit", "1")[0]["seq"] == 6
        assert len(ada.data("stack", "list")) == 1 + len(list((SAMPLES / "zenml-0.98").iterdir()))

    def test_one_bad_file_and_nothing_is_imported(self, ada: Person, tmp_path: Path) -> None:
        good = SAMPLES / "zenml-0.98" / "gcp_prod.yaml"
        (tmp_path / "bad.yaml").write_text("components: {}\n")
        ran = ada.stackroom("stack", "import", str(good), str(tmp_path / "bad.yaml"))
        ran.failed(1, "bad.yaml", "stack_name")
        assert ada.data("log", "--limit", "1")[0]["seq"] == 5

    def test_the_form_is_said(self, ada: Person) -> None:
        file = str(SAMPLES / "zenml-0.12" / "gcp_prod.yaml")
        ran = ada.stackroom("stack", "import", file, "--secrets", "keep").ok()
        assert "a stack of ZenML 0.10 to 0.13 (form A)" in ran.err

    def test_zenmls_own_spellings(self, ada: Person, tmp_path: Path) -> None:
        text = (SAMPLES / "zenml-0.98" / "gcp_prod.yaml").read_text()
        (tmp_path / "x.yaml").write_text(text)
        file = str(tmp_path / "x.yaml")
        ada.stackroom("stack", "import", "one", "-f", file, "--ignore-version-mismatch").ok()
        ada.stackroom("stack", "import", "two", file).ok()
        ada.stackroom("stack", "import", "--filename", file, "--name", "three").ok()
        names = {row["name"] for row in ada.data("stack", "list")}
        assert names == {"prod", "one", "two", "three"}


@pytest.mark.parametrize("sample", ["zenml-0.98/gcp_prod.yaml", "zenml-0.12/custom_batch.yaml"])
def test_two_people_who_import_one_file_offline_converge(tmp_path: Path, sample: str) -> None:
    file = str(SAMPLES / sample)
    with running_hub(tmp_path) as hub:
        people = [Person(tmp_path / name, name) for name in ("ada", "ben")]
        hub.join(people[0])
        people[0].stackroom("profile", "create", "team").ok()
        hub.join(people[1])
        for who in people:
            ran = who.stackroom("stack", "import", file, "--offline").ok()
            assert "saved offline" in ran.out
        for who in [*people, *people]:
            who.stackroom("sync").ok()
        for who in people:
            assert who.data("conflicts", "list") == []
            assert who.data("pending", "list") == []
        one, two = (who.data("stack", "list") for who in people)
        for row in (*one, *two):
            row.pop("active")
        assert one == two
        assert len(one) == 1
        assert people[0].data("component", "list") == people[1].data("component", "list")
