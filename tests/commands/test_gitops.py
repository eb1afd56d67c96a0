"""A profile as files: exported, planned, applied, compared; by ourselves and by ZenML's exports."""

from pathlib import Path

import pytest

from tests.commands.runner import Person
from tests.commands.team import SAMPLES, settled

GCP = SAMPLES / "zenml-0.98" / "gcp_prod.yaml"
CUSTOM = SAMPLES / "zenml-0.98" / "custom_batch.yaml"


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    """Someone with orchestrators k8s and local, artifact store s3, and stack prod; the head is #5."""
    return settled(tmp_path)


@pytest.fixture
def files(tmp_path: Path, ada: Person) -> Path:
    """Their profile as files."""
    ada.stackroom("profile", "export", str(tmp_path / "files")).ok()
    return tmp_path / "files"


def head(who: Person) -> int:
    return who.data("log", "--limit", "1")[0]["seq"]  # type: ignore[no-any-return]


def write(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


class TestPlan:
    def test_nothing_to_change(self, ada: Person, files: Path) -> None:
        for args in (("plan",), ("plan", "--prune"), ("drift",), ("plan", "--exit-code")):
            ran = ada.stackroom(*args, "-f", str(files)).ok()
            assert "all of it is there already" in ran.out

    def test_what_would_be_made_changed_and_deleted(self, ada: Person, files: Path) -> None:
        write(files / "components/orchestrator/k8s.yaml", "ns: ml", "ns: prod")
        (files / "components/orchestrator/local.yaml").unlink()
        (files / "new.yaml").write_text("kind: component\ntype: alerter\nname: a\nflavor: mine\n")
        before = head(ada)
        ran = ada.stackroom("plan", "-f", str(files), "--prune").ok()
        assert ran.out.splitlines() == [
            "alerter/a (new)",
            "  + flavor: mine",
            "orchestrator/k8s in prod",
            "  ~ config.ns: ml → prod",
            "orchestrator/local (deleted)",
            "  - flavor: local",
            "",
            "Plan: 1 to create, 1 to update, 1 to delete.",
        ]
        shown = ada.data("plan", "-f", str(files))
        assert (shown["create"], shown["update"], shown["delete"]) == (1, 1, 0)
        assert [(d["path"], d.get("before"), d["after"]) for d in shown["difference"]][-1] == (
            "/config/ns",
            "ml",
            "prod",
        )
        ada.stackroom("plan", "-f", str(files), "--exit-code").failed(1)
        assert head(ada) == before

    def test_zenmls_exports_beside_our_own_files(self, ada: Person, files: Path) -> None:
        shown = ada.data("plan", "-f", str(files), "-f", str(GCP))
        forms = [(s["form"], s["stack"]) for s in shown["sources"] if s["form"] != "stackroom"]
        assert forms == [("D", "gcp_prod")]
        assert shown["create"] == 8
        assert shown["update"] == shown["delete"] == 0

    def test_credentials_are_not_printed(self, ada: Person) -> None:
        for form in ("table", "json"):
            ran = ada.stackroom("plan", "-f", str(CUSTOM), "--output", form).ok()
            assert "(secret)" in ran.out
            assert "AKIA" not in ran.out + ran.err

    def test_wherever_they_are(self, ada: Person, tmp_path: Path) -> None:
        file = tmp_path / "c.yaml"
        file.write_text(
            "kind: component\ntype: orchestrator\nname: c\nflavor: mine\nconfig:\n"
            "  store: mysql://root:hunter2@db/x\n  users:\n  - {name: a, password: hunter2}\n"
            "  token: '{{c.token}}'\n"
        )
        other = tmp_path / "t.yaml"
        other.write_text(
            "kind: component\ntype: step_operator\nname: t\nflavor: azureml\nconfig:\n"
            "  tenant_id: hunter2\n"
        )
        plan = ("plan", "-f", str(tmp_path / "c.yaml"), "-f", str(other), "--no-validate")
        ran = ada.stackroom(*plan).ok()
        assert "hunter2" not in ran.out + ran.err
        assert ran.out.count("(secret)") == 3
        assert "{{c.token}}" in ran.out
        assert "hunter2" not in ada.stackroom(*plan, "--output", "json").ok().out

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (("orchestrator: k8s", "orchestrator: k9s"), "uses orchestrator 'k9s'"),
            (("name: prod", "nam: prod"), "unknown field `nam`"),
            (("kind: stack", "kind: stock"), "kind is none of"),
        ],
    )
    def test_bad_files(self, ada: Person, files: Path, change: tuple[str, str], said: str) -> None:
        write(files / "stacks/prod.yaml", *change)
        ran = ada.stackroom("plan", "-f", str(files))
        assert ran.code in (1, 3)
        assert said in ran.err
        assert "prod.yaml" in ran.err

    def test_two_definitions_of_one_name(self, ada: Person, files: Path) -> None:
        other = (files / "components/orchestrator/k8s.yaml").read_text().replace("ml", "x")
        (files / "again.yaml").write_text(other)
        ran = ada.stackroom("apply", "-f", str(files), "--yes")
        ran.failed(1, "two different definitions of orchestrator 'k8s'", "again.yaml", "k8s.yaml")

    def test_no_files(self, ada: Person, tmp_path: Path) -> None:
        ada.stackroom("plan").failed(2, "-f FILE")
        ada.stackroom("plan", "-f", "nope.yaml").failed(3, "'nope.yaml'")
        ada.stackroom("drift", "-f", str(tmp_path)).failed(3, ".yaml")


class TestApply:
    def test_one_commit_brings_the_profile_to_what_the_files_say(
        self, ada: Person, files: Path
    ) -> None:
        before = head(ada)
        write(files / "components/orchestrator/k8s.yaml", "ns: ml", "ns: prod")
        write(files / "components/artifact_store/s3.yaml", "team: ml", "team: data")
        (files / "components/orchestrator/local.yaml").unlink()
        ran = ada.stackroom("apply", "-f", str(files), "--prune", "--yes", "-m", "from git").ok()
        assert f"committed as #{before + 1}" in ran.out
        assert ada.data("log", "--limit", "1")[0]["message"] == "from git"
        assert ada.data("component", "describe", "orchestrator", "k8s")["config"]["ns"] == "prod"
        found = ada.data("component", "describe", "artifact-store", "s3")
        assert found["labels"] == {"team": "data"}
        assert [r["name"] for r in ada.data("component", "list", "orchestrator")] == ["k8s"]
        ada.stackroom("drift", "-f", str(files)).ok()
        again = ada.stackroom("apply", "-f", str(files), "--prune", "--yes").ok()
        assert "Nothing to change" in again.out
        assert head(ada) == before + 1

    def test_it_asks_and_needs_a_terminal_for_that(self, ada: Person, files: Path) -> None:
        write(files / "components/orchestrator/k8s.yaml", "ns: ml", "ns: prod")
        ran = ada.stackroom("apply", "-f", str(files)).failed(2, "--yes")
        assert "config.ns: ml → prod" in ran.err
        assert head(ada) == 5

    def test_a_dry_run_shows_the_plan(self, ada: Person, files: Path) -> None:
        write(files / "components/orchestrator/k8s.yaml", "ns: ml", "ns: prod")
        apply = ada.stackroom("apply", "-f", str(files), "--dry-run").ok()
        assert apply.out == ada.stackroom("plan", "-f", str(files)).ok().out
        assert head(ada) == 5
        ada.stackroom("component", "delete", "orchestrator", "local", "--yes").ok()
        shown = ada.data("profile", "export", str(files), "--dry-run")
        assert shown["changed"] == ["components/orchestrator/k8s.yaml"]
        assert shown["removed"] == ["components/orchestrator/local.yaml"]
        assert (files / "components/orchestrator/local.yaml").exists()

    def test_what_a_rule_refuses_changes_nothing(self, ada: Person, files: Path) -> None:
        (files / "components/orchestrator/k8s.yaml").unlink()
        ada.stackroom("stack", "set", "prod", "--default").ok()
        (files / "stacks/prod.yaml").unlink()
        (files / "profile.yaml").unlink()
        before = head(ada)
        ran = ada.stackroom("apply", "-f", str(files), "--prune", "--yes")
        ran.failed(1, "default stack")
        assert head(ada) == before

    def test_zenmls_export_leaves_labels_alone(self, ada: Person, tmp_path: Path) -> None:
        exported = tmp_path / "prod.yaml"
        ada.stackroom("stack", "export", "prod", str(exported)).ok()
        write(exported, "s3://acme", "s3://elsewhere")
        ada.stackroom("apply", "-f", str(exported), "--yes").ok()
        found = ada.data("component", "describe", "artifact-store", "s3")
        assert found["config"] == {"path": "s3://elsewhere"}
        assert found["labels"] == {"team": "ml"}


class TestDrift:
    def test_either_side_may_have_more(self, ada: Person, files: Path) -> None:
        ada.stackroom("component", "register", "alerter", "a", "-f", "mine").ok()
        ran = ada.stackroom("drift", "-f", str(files)).failed(1)
        assert "alerter/a (deleted)" in ran.out
        ada.stackroom("profile", "export", str(files)).ok()
        ada.stackroom("drift", "-f", str(files)).ok()
        (files / "profile.yaml").unlink()
        (files / "components/alerter/a.yaml").unlink()
        ada.stackroom("drift", "-f", str(files)).ok()

    def test_a_profile_that_does_not_define_all(self, ada: Person) -> None:
        assert "gcp_prod" in ada.stackroom("drift", "-f", str(GCP)).failed(1).out


class TestProfileFiles:
    def test_an_export_is_brought_up_to_date(self, ada: Person, files: Path) -> None:
        k8s = files / "components/orchestrator/k8s.yaml"
        k8s.write_text("# ours\n" + k8s.read_text())
        ada.stackroom("component", "update", "orchestrator", "k8s", "--ns=prod").ok()
        ada.stackroom("component", "delete", "orchestrator", "local", "--yes").ok()
        ada.stackroom("profile", "export", str(files)).failed(2, "--yes")
        shown = ada.data("profile", "export", str(files), "--yes")
        assert shown["changed"] == ["components/orchestrator/k8s.yaml"]
        assert shown["removed"] == ["components/orchestrator/local.yaml"]
        assert (shown["written"], shown["unchanged"]) == ([], 3)
        assert k8s.read_text().startswith("# ours\n")

    def test_credentials_in_plain_text_are_noted(self, ada: Person, tmp_path: Path) -> None:
        ada.stackroom(
            "component", "update", "artifact-store", "s3", "--secret=AKIA", "--allow-plaintext"
        ).ok()
        ran = ada.stackroom("profile", "export", str(tmp_path / "out")).ok()
        assert "artifact_store/s3: secret: looks like a credential" in ran.err
        assert "AKIA" not in ran.err + ran.out

    def test_as_it_was(self, ada: Person, tmp_path: Path) -> None:
        shown = ada.data("profile", "export", str(tmp_path / "then"), "--at", "2")
        assert shown["written"] == ["profile.yaml", "components/orchestrator/k8s.yaml"]

    def test_import_makes_a_profile_in_one_commit(self, ada: Person, files: Path) -> None:
        ada.stackroom("profile", "import", str(files), "copy", "--local", "-m", "a copy").ok()
        assert [row["seq"] for row in ada.data("log", "--profile", "copy")] == [1]
        ada.stackroom("drift", "-f", str(files), "--profile", "copy").ok()
        assert [r["name"] for r in ada.data("profile", "list") if r["active"]] == ["team"]

    def test_import_into_one_that_is_there(self, ada: Person, files: Path) -> None:
        write(files / "components/orchestrator/k8s.yaml", "ns: ml", "ns: prod")
        ada.stackroom("profile", "import", str(files)).failed(1, "'k8s'", "config.ns")
        ada.stackroom("profile", "import", str(files), "--on-conflict", "replace").ok()
        assert ada.data("component", "describe", "orchestrator", "k8s")["config"]["ns"] == "prod"

    def test_import_without_a_name(self, ada: Person, files: Path) -> None:
        (files / "profile.yaml").unlink()
        ada.stackroom("profile", "import", str(files), "--local").failed(2, "NAME")

    def test_a_clone_is_independent(self, ada: Person, files: Path) -> None:
        ada.stackroom("profile", "clone", "team", "other", "--local").ok()
        ada.stackroom("drift", "-f", str(files), "--profile", "other").ok()
        (commit,) = ada.data("log", "--profile", "other")
        assert commit["message"] == "cloned from team at #5"
        gone = ("stack", "delete", "prod", "--yes", "--profile", "other")
        ada.stackroom(*gone).ok()
        assert [row["name"] for row in ada.data("stack", "list")] == ["prod"]
        ada.stackroom("profile", "clone", "team", "other", "--local").failed(1, "already")
