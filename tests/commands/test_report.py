"""`stackroom report`: on a local profile, with a hub and its people, on several profiles."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.commands.team import settled

UPDATE = ("component", "update", "orchestrator", "k8s", "--no-validate")


@pytest.fixture
def desk(tmp_path: Path) -> Person:
    """Ada, with a local profile of five commits and one with a message, #6."""
    made = settled(tmp_path)
    made.stackroom(*UPDATE, "--ns=prod", "-m", "move to prod").ok()
    return made


class TestForms:
    def test_markdown_is_what_people_get(self, desk: Person) -> None:
        ran = desk.stackroom("report").ok()
        assert ran.out.startswith("# Activity report\n")
        for text in ("* profile: team", "\\#1 to \\#6", "config.ns ml → prod", "move to prod"):
            assert text in ran.out
        assert "A local profile has nobody to grant access to." in ran.out

    @pytest.mark.parametrize("ending", ["md", "html", "csv", "jsonl"])
    def test_the_name_of_the_file_says_the_form(
        self, desk: Person, tmp_path: Path, ending: str
    ) -> None:
        file = tmp_path / f"report.{ending}"
        done = desk.stackroom("report", "-o", str(file)).ok()
        assert done.out == f"Report on team written to {file}.\n"
        begins = {"md": "# Act", "html": "<!doc", "csv": "profi", "jsonl": '{"pro'}
        assert file.read_text().startswith(begins[ending])
        desk.stackroom("report", "-o", str(file)).failed(1, "is there already", "--yes")
        desk.stackroom("report", "-o", str(file), "--yes", "--format", "markdown").ok()
        assert file.read_text().startswith("# Act")

    def test_rows(self, desk: Person) -> None:
        out = desk.stackroom("report", "--format", "csv").ok().out
        table = list(csv.DictReader(io.StringIO(out, newline="")))
        assert (table[-1]["path"], table[-1]["before"], table[-1]["after"]) == (
            "/config/ns",
            "ml",
            "prod",
        )
        assert (table[-1]["stacks"], table[-1]["author"], table[-1]["seq"]) == ("prod", "ada", "6")
        lines = desk.stackroom("report", "--format", "jsonl").ok().out.splitlines()
        assert json.loads(lines[-1])["after"] == "prod"
        assert len(lines) == len(table)

    def test_for_programs(self, desk: Person, tmp_path: Path) -> None:
        data = desk.data("report", "--since", "5")
        assert (data["profiles"], data["since"], data["until"], data["file"]) == (
            ["team"],
            "5",
            "",
            None,
        )
        assert (data["found"]["commits"], data["found"]["people"][0]["changes"]) == (1, 1)
        file = tmp_path / "x.html"
        assert desk.data("report", "-o", str(file))["file"] == str(file)
        desk.stackroom("report", "--format", "csv", "--output", "json").failed(2, "-o FILE")


class TestPeriods:
    def test_from_one_commit_to_another(self, desk: Person) -> None:
        def seqs(*options: str) -> set[int]:
            out = desk.stackroom("report", "--format", "jsonl", *options).ok().out
            return {json.loads(line)["seq"] for line in out.splitlines()}

        assert seqs("--since", "3", "--until", "5") == {4, 5}
        assert seqs("--since", "5", "--until", "3") == set()
        assert seqs("--since", "2020-01-01") == {1, 2, 3, 4, 5, 6}
        assert seqs("--since", "2020-01-01", "--until", "2020-02-01") == set()
        assert seqs("--since", "today") == {1, 2, 3, 4, 5, 6}

    def test_what_is_no_period(self, desk: Person) -> None:
        desk.stackroom("report", "--since", "77").failed(3, "here is no #77")
        desk.stackroom("report", "--until", "2026-13-01").failed(2, "2026-13-01")
        desk.stackroom("report", "--since", "nosuch").failed(3, "nosuch")

    def test_on_every_profile(self, desk: Person) -> None:
        desk.stackroom("profile", "create", "other", "--local").ok()
        out = desk.stackroom("report", "--all-profiles").ok().out
        assert "* profiles: other, team" in out
        assert "| profile | stack |" in out
        desk.stackroom("report", "--all-profiles", "--since", "3").failed(2, "of one profile")
        desk.stackroom("report", "--all-profiles", "--profile", "team").failed(2, "either")


class TestWithPeople:
    def test_access_for_those_who_may_see_it(self, team: Hub, ada: Person, tmp_path: Path) -> None:
        host = team.host
        host.stackroom("sync").ok()
        data = host.data("report", "--profile", "team")["found"]
        names = [(act["what"], act["name"], act["action"]) for act in data["access"]]
        assert ("user", "ada", "registered") in names
        assert ("assignment", "maintainer of ada", "registered") in names
        out = host.stackroom("report", "--profile", "team").ok().out
        assert "role maintainer of ada granted" in out
        assert "srm_" not in out
        assert ada.data("report", "--profile", "team")["found"]["access"] is None
        said = ada.stackroom("report", "--profile", "team").ok().out
        assert "Not shown: you may not see the people of the hub" in said

    def test_on_the_people_themselves(self, team: Hub) -> None:
        lines = team.host.stackroom("report", "--profile", "people", "--format", "jsonl").ok().out
        rows = [json.loads(line) for line in lines.splitlines()]
        assert {row["kind"] for row in rows} == {"access"}
        assert len({(row["seq"], row["entity"], row["path"]) for row in rows}) == len(rows)
        said = team.host.stackroom("report", "--profile", "people").ok().out
        assert "They are the commits of this report themselves." in said

    def test_conflicts_and_who_decided_them(self, team: Hub, ada: Person, ben: Person) -> None:
        ben.stackroom(*UPDATE, "--ns=ben", "--offline").ok()
        ada.stackroom(*UPDATE, "--ns=ada").ok()
        ben.stackroom("sync").failed(5)
        ben.stackroom("conflicts", "resolve", "4", "--theirs", "-m", "ada is right").ok()
        (conflict,) = ben.data("report")["found"]["conflicts"]
        assert (conflict["seq"], conflict["author"]) == (4, "ben")
        assert conflict["sides"][0]["their_author"] == "ada"
        assert (conflict["decided"]["choice"], conflict["decided"]["message"]) == (
            "theirs",
            "ada is right",
        )
