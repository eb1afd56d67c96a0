"""`stackroom diff`: two moments, one stack, two stacks, two profiles; value by value, and as files."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.commands.runner import Person
from tests.commands.team import person


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """`team` at #8, tag `v1` at #5; and `lab`, with a stack of the same name. Only to be read."""
    made = person(tmp_path_factory.mktemp("home"))
    for line in (
        "component register orchestrator k8s --flavor cluster --ns=ml --gpu=1",
        "component register artifact-store s3 -f s3 --path=s3://acme",
        "stack register prod -o k8s -a s3 --label tier=one",
        "stack register staging -o k8s",
        "tag v1",
        "component update orchestrator k8s --ns=prod --unset gpu",
        "stack rename prod live",
        "profile create lab --local",
        "--profile lab component register orchestrator k8s --flavor cluster --ns=lab --gpu=1",
        "--profile lab component register orchestrator spare --flavor local",
        "--profile lab component register artifact-store gcs -f gcs --path=gs://acme",
        "--profile lab stack register prod -o k8s -a gcs --label tier=two",
        "--profile lab stack set prod --default",
        "profile set team",
    ):
        made.stackroom(*line.split()).ok()
    return made


def changes(found: Any) -> list[tuple[str, str, object, object]]:
    return [(r["name"], r["place"], r.get("before"), r.get("after")) for r in found]


def test_two_moments(home: Person) -> None:
    assert changes(home.data("diff", "v1", "8")) == [
        ("k8s", "config.gpu", 1, None),
        ("k8s", "config.ns", "ml", "prod"),
        ("live", "name", "prod", "live"),
    ]
    assert home.data("diff", "v1") == home.data("diff", "v1", "8")
    assert changes(home.data("diff", "8", "v1"))[1] == ("k8s", "config.ns", "prod", "ml")
    shown = home.stackroom("diff", "v1").ok().out
    assert shown == (
        "orchestrator/k8s in live, staging\n"
        "  - config.gpu: 1\n"
        "  ~ config.ns: ml → prod\n"
        "stack 'live'\n"
        "  ~ name: prod → live\n"
    )
    assert home.stackroom("diff", "8").ok().out == "Nothing differs.\n"


def test_one_stack(home: Person) -> None:
    assert changes(home.data("diff", "v1", "--stack", "staging")) == [
        ("k8s", "config.gpu", 1, None),
        ("k8s", "config.ns", "ml", "prod"),
    ]
    by_either_name = [home.data("diff", "v1", "--stack", name) for name in ("prod", "live")]
    assert by_either_name[0] == by_either_name[1]
    assert len(by_either_name[0]) == 3
    assert home.data("diff", "stack:prod@v1", "stack:live") == by_either_name[0]
    assert home.data("diff", "stack:prod@v1") == by_either_name[0]
    (row, *_) = home.data("diff", "v1", "--stack", "live")
    assert row["stacks"] == ["live", "staging"]
    began = home.data("diff", "3", "5", "--stack", "staging")
    assert ("staging", "name", None, "staging") in changes(began)


def test_two_stacks_of_one_profile(home: Person) -> None:
    found = changes(home.data("diff", "stack:staging", "stack:live"))
    assert [change[:2] for change in found] == [
        ("live", "labels.tier"),
        ("live", "components.artifact_store"),
        ("s3", "name"),
        ("s3", "component_type"),
        ("s3", "flavor"),
        ("s3", "config.path"),
    ]
    shown = home.stackroom("diff", "stack:staging", "stack:live").ok().out
    assert "  + components.artifact_store: s3\n" in shown
    assert "artifact_store/s3 in live (only in stack:live)\n" in shown


def test_two_stacks_of_two_profiles(home: Person) -> None:
    found = home.data("diff", "stack:lab/prod", "stack:prod@v1")
    assert changes(found)[:1] == [("prod", "labels.tier", "two", "one")]
    assert changes(found)[2:] == [
        ("k8s", "config.ns", "lab", "ml"),
        ("s3", "name", "gcs", "s3"),
        ("s3", "flavor", "gcs", "s3"),
        ("s3", "config.path", "gs://acme", "s3://acme"),
    ]
    shown = home.stackroom("diff", "stack:lab/prod", "stack:prod@v1").ok().out
    assert "  ~ components.artifact_store: gcs → s3\n" in shown


def test_two_profiles(home: Person) -> None:
    found = changes(home.data("diff", "profile:lab", "profile:team@v1"))
    assert ("k8s", "config.ns", "lab", "ml") in found
    assert ("spare", "name", "spare", None) in found
    assert ("staging", "name", None, "staging") in found
    assert ("prod", "labels.tier", "two", "one") in found
    shown = home.stackroom("diff", "profile:lab", "profile:team@v1").ok().out
    assert "  - default_stack: prod\n" in shown
    assert "stack 'staging' (only in profile:team@v1)\n" in shown
    assert home.data("diff", "profile:team@v1", "profile:team") == home.data("diff", "v1")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("stack:live", 2, "'stack:live' is compared with what"),
        ("stack:live 5", 2, "both must be the same"),
        ("stack: 5", 2, "names no stack"),
        ("stack:nosuch stack:live", 3, "There is no stack 'nosuch'"),
        ("stack:live@v2 stack:live", 3, "There is no tag 'v2'"),
        ("stack:nosuch/prod stack:live", 3, "There is no profile 'nosuch'"),
        ("profile:nosuch profile:lab", 3, "There is no profile 'nosuch'"),
        ("stack:prod@v1 --stack live", 2, "--stack goes with moments"),
        ("v1 --stack nosuch", 3, "There is no stack 'nosuch'"),
        ("v1 stock:live", 2, "neither a commit"),
    ],
)
def test_what_cannot_be_compared(home: Person, words: str, code: int, said: str) -> None:
    home.stackroom("diff", *words.split()).failed(code, said)


def test_a_name_with_an_at(tmp_path: Path) -> None:
    odd = person(tmp_path)
    odd.stackroom("stack", "register", "prod@eu", "--label", "a=1").ok()
    odd.stackroom("stack", "register", "prod").ok()
    odd.stackroom("tag", "v1").ok()
    assert len(odd.data("diff", "stack:prod", "stack:prod@eu")) == 1
    assert odd.data("diff", "stack:prod@eu@v1", "stack:prod@eu") == []


class TestFiles:
    def test_of_a_profile(self, home: Person, tmp_path: Path) -> None:
        found = home.data("diff", "v1", "--format", "yaml")
        assert [row["file"] for row in found] == [
            "components/orchestrator/k8s.yaml", "stacks/live.yaml", "stacks/prod.yaml",
        ]  # fmt: skip
        assert "-  ns: ml\n+  ns: prod\n" in found[0]["diff"]
        shown = home.stackroom("diff", "v1", "--format", "yaml").ok().out
        assert shown.startswith("--- v1/components/orchestrator/k8s.yaml\n+++ now/components/")
        assert "\n--- /dev/null\n+++ now/stacks/live.yaml\n" in shown

    def test_patch_takes_it(self, home: Person, tmp_path: Path) -> None:
        folder = tmp_path / "files"
        home.stackroom("profile", "export", str(folder), "--at", "v1").ok()
        patch = home.stackroom("diff", "v1", "8", "--format", "yaml").ok().out
        subprocess.run(
            ["patch", "-p1", "--remove-empty-files"], cwd=folder, input=patch, text=True, check=True
        )
        home.stackroom("profile", "export", str(tmp_path / "now"), "--at", "8").ok()
        subprocess.run(["diff", "-r", folder, tmp_path / "now"], check=True)

    def test_of_a_stack(self, home: Person) -> None:
        (found,) = home.data("diff", "v1", "--stack", "live", "--format", "yaml")
        assert found["file"] == "live.yaml"
        assert "-stack_name: prod\n+stack_name: live\n" in found["diff"]
        (pair,) = home.data("diff", "stack:lab/prod", "stack:live", "--format", "yaml")
        assert "+      path: s3://acme" in pair["diff"]
        assert home.stackroom("diff", "8", "--format", "yaml").ok().out == "Nothing differs.\n"

    def test_in_colours(self, home: Person) -> None:
        shown = home.stackroom("diff", "v1", "--format", "yaml", FORCE_COLOR="1").ok().out
        assert "\x1b[31m-  ns: ml\x1b[0m" in shown
        assert "\x1b[32m+  ns: prod\x1b[0m" in shown
        values = home.stackroom("diff", "v1", FORCE_COLOR="1").ok().out
        assert "\x1b[33m  ~ config.ns: ml → prod\x1b[0m" in values
