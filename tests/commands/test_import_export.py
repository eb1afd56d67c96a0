"""`stackroom stack import` and `export`: ZenML's own files, both ways, and files that are none."""

from pathlib import Path
from typing import Any

import pytest

from tests.commands.runner import Person
from tests.commands.team import SAMPLES, person

FILES = sorted(SAMPLES.rglob("*.yaml"))
KEEP = ("--secrets", "keep")
"""Old samples have passwords in the clear."""

GCP = SAMPLES / "zenml-0.98" / "gcp_prod.yaml"


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    return person(tmp_path)


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def loaded(text: str) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


def head(who: Person) -> int:
    return who.data("log", "--limit", "1")[0]["seq"]  # type: ignore[no-any-return]


class TestSamples:
    @pytest.mark.parametrize("path", FILES, ids=named)
    def test_import_then_export_is_equal(self, ada: Person, path: Path) -> None:
        before = head(ada)
        ada.stackroom("stack", "import", str(path), *KEEP, "-m", "from ZenML").ok()
        assert head(ada) == before + 1
        name = loaded(path.read_text())["stack_name"]
        out = ada.stackroom("stack", "export", name).ok().out
        assert loaded(out) == loaded(path.read_text())
        if path.parent.name.startswith("zenml-"):
            assert out == path.read_text()

    @pytest.mark.parametrize("path", FILES, ids=named)
    def test_a_second_import_changes_nothing_and_says_so(self, ada: Person, path: Path) -> None:
        ada.stackroom("stack", "import", str(path), *KEEP).ok()
        before = head(ada)
        ran = ada.stackroom("stack", "import", str(path), *KEEP).ok()
        assert "othing" in ran.out
        assert head(ada) == before
        planned = ada.data("stack", "import", str(path), "--dry-run")
        assert planned["changes"] is False
        assert {step["action"] for step in planned["steps"]} == {"reuse"}


class TestImport:
    def test_a_dry_run_shows_everything_and_does_nothing(self, ada: Person) -> None:
        before = head(ada)
        planned = ada.data("stack", "import", str(GCP), "--dry-run")
        assert planned["changes"] is True
        assert [(s["form"], s["stack"]) for s in planned["sources"]] == [("D", "gcp_prod")]
        assert [(s["kind"], s["name"]) for s in planned["steps"]][-1] == ("stack", "gcp_prod")
        assert {step["action"] for step in planned["steps"]} == {"create"}
        shown = ada.stackroom("stack", "import", str(GCP), "--dry-run").ok().out
        assert "orchestrator/vertex_orc" in shown
        assert "new" in shown
        assert head(ada) == before

    def test_another_name(self, ada: Person) -> None:
        ada.stackroom("stack", "import", "live", str(GCP)).ok()
        assert [row["name"] for row in ada.data("stack", "list")] == ["live"]

    def test_from_stdin(self, ada: Person) -> None:
        ada.stackroom("stack", "import", "-", input=GCP.read_text()).ok()
        assert ada.data("stack", "describe", "gcp_prod")["name"] == "gcp_prod"

    def test_a_name_that_is_taken(self, ada: Person) -> None:
        words = "component register artifact-store gcs_store -f gcp --path=gs://elsewhere"
        ada.stackroom(*words.split()).ok()
        before = head(ada)
        ran = ada.stackroom("stack", "import", str(GCP)).failed(
            1, "othing was imported", "'gcs_store'", "config.path", "--on-conflict replace"
        )
        assert "gs://" not in ran.err
        assert head(ada) == before
        planned = ada.data("stack", "import", str(GCP), "--dry-run")
        (taken,) = [step for step in planned["steps"] if step["action"] == "taken"]
        assert taken["differs"] == ["/config/path"]
        ada.stackroom("stack", "import", str(GCP), "--on-conflict", "rename", "--suffix", "_b").ok()
        assert [row["name"] for row in ada.data("component", "list", "artifact-store")] == [
            "gcs_store",
            "gcs_store_b",
        ]
        ada.stackroom("stack", "import", str(GCP), "--on-conflict", "replace").ok()
        found = ada.data("component", "describe", "artifact-store", "gcs_store")
        assert found["config"] == {"path": "gs://acme-ml/zenml"}

    def test_a_name_for_several_files(self, ada: Person) -> None:
        ada.stackroom("stack", "import", "--name", "x", str(GCP), str(FILES[0])).failed(
            2, "one file"
        )
        ada.stackroom("stack", "import").failed(2, "FILE")

    def test_a_file_that_is_not_there(self, ada: Person) -> None:
        ada.stackroom("stack", "import", "/not/there.yaml").failed(3, "/not/there.yaml")

    def test_what_will_not_do_for_others_is_noted_without_the_value(self, ada: Person) -> None:
        path = SAMPLES / "zenml-0.98" / "custom_batch.yaml"
        ran = ada.stackroom("stack", "import", str(path), *KEEP).ok()
        assert "artifact_store/s3_plain: key" in ran.err
        assert "AKIA" not in ran.err + ran.out


COMPONENT = "  orchestrator:\n  - {name: NAME, flavor: local, configuration: {}}\n"
STACK = f"components:\n{COMPONENT}stack_name: STACK\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{c}: &{c} [{', '.join([f'*{b}'] * 10)}]\n"
    for b, c in zip("abcdefgh", "bcdefghi", strict=True)
)

BAD = {
    "a list": "- a\n- b\n",
    "a text": "stack",
    "nothing": "",
    "no YAML": "a: [b\n",
    "a bomb of anchors": BOMB,
    "a key twice": "stack_name: a\nstack_name: b\ncomponents: {}\n",
    "a key that is a number": STACK.replace("stack_name", "1"),
    "a number as the stack's name": STACK.replace("STACK", "12"),
    "a number as a component's name": STACK.replace("NAME", "12"),
    "a list as the components": "stack_name: a\ncomponents: []\n",
    "no components": "stack_name: a\n",
    "a value that is not UTF-8": b"stack_name: \xff\n",
    "a name with a slash": STACK.replace("NAME", "a/b"),
    "a stack's name with a slash": STACK.replace("STACK", "a/b"),
    "a name with control characters": STACK.replace("NAME", '"a\\x1bb"'),
    "a name of 10,000 letters": STACK.replace("NAME", "x" * 10_000),
    "a type of 10,000 letters": STACK.replace("orchestrator", "x" * 10_000),
    "a tag": STACK.replace("NAME", "!!python/object:os.system x"),
    "two documents": STACK + "---\n" + STACK,
    "a number too large": STACK.replace("{}", "{a: 99999999999999999999}"),
    "ten thousand levels": STACK.replace("{}", "{a: " + "[" * 10_000 + "]" * 10_000 + "}"),
}


class TestBadFiles:
    @pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["import", "dry run"])
    @pytest.mark.parametrize("text", BAD.values(), ids=BAD)
    def test_one_sentence_and_nothing_changed(
        self, ada: Person, tmp_path: Path, text: str | bytes, dry: tuple[str, ...]
    ) -> None:
        file = tmp_path / "bad.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        before = head(ada)
        ran = ada.stackroom("stack", "import", str(file), *dry).failed(1, "Error: ")
        assert len(ran.err) < 600 + len(str(file))
        assert ran.err.count("Error:") == 1
        assert "\x1b" not in ran.err
        assert ran.out == ""
        assert head(ada) == before
        assert ada.data("component", "list") == []


class TestExport:
    @pytest.fixture
    def gcp(self, ada: Person) -> Person:
        ada.stackroom("stack", "import", str(GCP)).ok()
        return ada

    def test_to_a_file_that_is_not_replaced_unasked(self, gcp: Person, tmp_path: Path) -> None:
        file = tmp_path / "out.yaml"
        ran = gcp.stackroom("stack", "export", "gcp_prod", str(file)).ok()
        assert ran.out == ""
        assert file.read_bytes() == GCP.read_bytes()
        file.write_text("mine")
        gcp.stackroom("stack", "export", "gcp_prod", str(file)).failed(1, "already", "--yes")
        assert file.read_text() == "mine"
        gcp.stackroom("stack", "export", "gcp_prod", str(file), "--yes").ok()
        assert file.read_bytes() == GCP.read_bytes()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["ada", "out.yaml"]

    def test_a_folder_that_is_not_there(self, gcp: Person, tmp_path: Path) -> None:
        file = tmp_path / "none" / "out.yaml"
        gcp.stackroom("stack", "export", "gcp_prod", str(file)).failed(1, "none")

    def test_another_form_says_what_it_loses(self, gcp: Person) -> None:
        ran = gcp.stackroom("stack", "export", "gcp_prod", "--format", "zenml-0.12").ok()
        found = loaded(ran.out)
        assert found["zenml_version"] == "0.12.0"
        assert found["components"]["artifact_store"] == {
            "flavor": "gcp",
            "name": "gcs_store",
            "path": "gs://acme-ml/zenml",
        }
        assert "experiment_tracker/wandb_tracker" in ran.err
        mapping = gcp.stackroom("stack", "export", "gcp_prod", "--format", "zenml-0.94").ok()
        assert loaded(mapping.out)["components"]["artifact_store"]["configuration"]

    def test_as_it_was(self, gcp: Person) -> None:
        at = str(head(gcp))
        gcp.stackroom("component", "update", "artifact-store", "gcs_store", "--path=gs://b").ok()
        assert gcp.stackroom("stack", "export", "gcp_prod", "--at", at).ok().out == GCP.read_text()
        assert "gs://b" in gcp.stackroom("stack", "export", "gcp_prod").ok().out

    def test_a_stack_made_here_is_todays_form(self, ada: Person) -> None:
        ada.stackroom("component", "register", "orchestrator", "k8s", "-f", "mine", "--a=no").ok()
        ada.stackroom("stack", "register", "mine", "-o", "k8s").ok()
        out = ada.stackroom("stack", "export", "mine").ok().out
        assert loaded(out) == {
            "stack_name": "mine",
            "zenml_version": "0.98.0",
            "components": {
                "orchestrator": [
                    {
                        "name": "k8s",
                        "type": "orchestrator",
                        "flavor": "mine",
                        "configuration": {"a": "no"},
                    }
                ]
            },
        }
        assert "'no'" in out
        assert (
            ada.stackroom("stack", "import", "-", "--dry-run", "--output", "json", input=out)
            .ok()
            .json["changes"]
            is False
        )

    def test_what_is_not_there(self, gcp: Person) -> None:
        gcp.stackroom("stack", "export", "gcp_prd").failed(3, "gcp_prod")
