"""What a report finds, and how it is rendered: the golden files, and what must hold for any of them."""

import csv
import io
import json
from datetime import UTC, date
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from stackroom.client.reports import markdown, page, rows
from stackroom.client.reports.activity import Stream, activity
from stackroom.client.reports.acts import HIDDEN
from stackroom.client.reports.document import DAYS, LINES, NEWEST, document
from stackroom.client.reports.findings import Activity
from stackroom.events.fold import fold
from stackroom.events.history.history import diff
from stackroom.events.model import ComponentRegistered, ProfileCreated
from stackroom.events.state import State
from tests.client.reports.story import (
    DAY,
    GOLDEN,
    START,
    TEAM,
    Story,
    found,
    people,
    reports,
    team,
    told,
    up,
)
from tests.events.world import K8S, PROD, uid


@pytest.mark.parametrize("name", sorted(reports()))
def test_the_golden_files(name: str) -> None:
    """A change of how reports look is seen in these: `python -m tests.client.reports.story` writes them."""
    assert (GOLDEN / name).read_bytes().decode() == reports()[name]


def person(of: Activity, name: str) -> Any:
    (one,) = (each for each in of.people if each.name == name)
    return one


class TestActivity:
    def test_who_did_what(self) -> None:
        all_of_it = found()
        ben, cleo, ci = (person(all_of_it, name) for name in ("ben", "cleo", "ci"))
        assert (ben.commits, ben.conflicts, ben.decisions) == (5, 1, 0)
        assert (cleo.approvals, person(all_of_it, "ann").decisions) == (1, 1)
        assert (ci.commits, ci.runs) == (0, 7)
        # What cleo approved are changes of ben's.
        assert (ben.changes, cleo.changes) == (4, 7)
        assert sum(each.changes for each in all_of_it.people) == len(all_of_it.of("edit"))

    def test_stacks_by_their_last_name_and_what_is_in_none(self) -> None:
        names = {(each.profile, each.name): each for each in found().stacks}
        assert ("team", "dev") not in names
        assert names["team", "development"].by == {"cleo": 3, "ann": 1, "ben": 2}
        assert names["team", "prod"].runs == 6
        assert names["vision", "eu"].changes == 2
        assert names["team", ""].changes == 4

    def test_conflicts_and_requests_with_their_ends(self) -> None:
        all_of_it = found()
        decided, left = all_of_it.conflicts
        assert decided.decided is not None
        assert (decided.seq, decided.decided.choice, decided.decided.author) == (
            18,
            "theirs",
            "ann",
        )
        assert left.decided is None
        (side,) = decided.sides
        assert (side.name, side.theirs, side.their_author, side.ours) == (
            "orchestrator/k8s", "ml-prod", "ann", "ben",
        )  # fmt: skip
        approved, waiting = all_of_it.requests
        assert approved.decided is not None
        assert (approved.author, approved.decided.author, approved.decided.choice) == (
            "ben", "cleo", "approved",
        )  # fmt: skip
        assert (waiting.what, waiting.decided) == (("orchestrator/k8s",), None)

    def test_what_was_opened_before_the_period_is_told_with_its_end(self) -> None:
        commits = team().commits
        for opened, ended in ((18, 19), (23, 24)):
            state = fold(State(), *commits[:opened])
            later = activity([Stream("team", state, commits[opened:ended])], None, UTC)
            (one,) = [*later.conflicts, *later.requests]
            assert (one.seq, one.accepted, one.author) == (opened, None, "ben")
            assert one.decided is not None
            assert one.decided.seq == ended

    def test_runs_as_they_stood_at_the_end(self) -> None:
        training, scoring = sorted(found().runs, key=lambda ran: ran.pipeline, reverse=True)
        assert training.statuses == {"completed": 5, "failed": 1}
        assert (scoring.stack, scoring.statuses) == ("development", {"running": 1})
        begun = activity([Stream("team", State(), team().commits[:4])], None, UTC)
        assert begun.runs[0].statuses == {"running": 1}

    def test_days_go_from_the_beginning_to_the_end_of_the_period(self) -> None:
        days = found().days
        assert (days[0], days[-1]) == ((date(2026, 11, 2), 2), (date(2026, 11, 23), 0))
        assert sum(count for _, count in days) == found().commits
        assert activity([], None, UTC).days == []

    def test_credentials_in_plain_text_are_not_repeated(self) -> None:
        (act,) = (act for act in found().acts if act.path == "/config/api_password")
        assert act.after == HIDDEN
        for text in reports().values():
            assert "hunter2" not in text
        story = Story(TEAM)
        config = {
            "uri": "s3://x",
            "env": [{"name": "DB_PASSWORD", "value": "hunter2"}],
            "secret_key": "hunter2",
        }
        registered = ComponentRegistered("a", "alerter", "x", config)
        story.do("ann", 0, "", (TEAM, ProfileCreated("t")), (K8S, registered))
        (_, made) = activity([Stream("t", State(), story.commits)], None, UTC).acts
        assert "hunter2" not in msgspec.json.encode(made.after).decode()
        assert "s3://x" in msgspec.json.encode(made.after).decode()

    def test_before_and_after_are_what_stood(self) -> None:
        commits = team().commits
        before = fold(State(), *commits[:16])
        acts = activity([Stream("team", before.copy(), commits[16:17])], None, UTC).acts
        told = [(act.path, act.before, act.after) for act in acts]
        differences = diff(before, fold(before, commits[16]))
        assert told == [(d.path, d.before, d.after) for d in differences]

    def test_people_see_access_or_are_told_that_they_do_not(self) -> None:
        assert found().access is not None
        none = document(activity([], None, UTC), [], UTC, unseen="Not shown.")
        (section,) = (each for each in none.sections if each.id == "access")
        assert (section.tables[0].rows, section.empty) == ([], "Not shown.")

    def test_the_same_commits_give_the_same_report(self) -> None:
        assert reports() == reports()
        assert [each.root for each in people().commits] == [b""] * len(people().commits)


def long_story(days: int, changes: int = 1) -> Story:
    """A commit a day, with so many changes."""
    story = Story(TEAM)
    story.do(
        "ann",
        0,
        "",
        (TEAM, ProfileCreated("team")),
        (K8S, ComponentRegistered("k", "orchestrator", "x")),
    )
    for day in range(1, days):
        story.do("ann", day, "", (K8S, up(**{f"a{n}": day for n in range(changes)})))
    return story


class TestDocument:
    @pytest.mark.parametrize(
        ("days", "unit", "bars"), [(DAYS, "day", DAYS), (DAYS + 1, "week", 9), (500, "month", 17)]
    )
    def test_long_periods_have_fewer_bars(self, days: int, unit: str, bars: int) -> None:
        commits = long_story(days).commits
        made = told(activity([Stream("team", State(), commits)], None, UTC))
        assert (made.timeline.unit, len(made.timeline.bars)) == (unit, bars)
        assert sum(count for _, count in made.timeline.bars) == days

    def test_the_newest_commits_are_listed_and_the_rest_counted(self) -> None:
        commits = long_story(NEWEST + 3, LINES + 2).commits
        made = told(activity([Stream("team", State(), commits)], None, UTC))
        section = made.sections[-1]
        assert len(section.tables[0].rows) == NEWEST
        assert section.note == f"The newest {NEWEST}; 3 before them are left out."
        lines = str(section.tables[0].rows[0][4]).splitlines()
        assert (len(lines), lines[-1]) == (LINES + 1, "and 2 more")

    def test_nothing_happened(self) -> None:
        made = document(activity([], None, UTC), [("profile", "team")], UTC)
        assert all(count == 0 for count, _ in made.figures)
        for text in (page.page(made), markdown.markdown(made)):
            assert "Nobody changed anything" in text
            assert "There was no conflict" in text


class Tags(HTMLParser):
    """The tags of a page, and the addresses in it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


class TestRendered:
    def test_the_page_needs_nothing_and_runs_nothing(self) -> None:
        tags = Tags()
        text = reports()["report.html"]
        tags.feed(text)
        assert tags.seen.isdisjoint(
            {"script", "img", "link", "iframe", "object", "a", "base", "form"}
        )
        assert not {name for name in tags.attributes if name.startswith("on")}
        assert tags.attributes.isdisjoint({"src", "href", "style"})
        assert "url(" not in text
        assert "default-src 'none'" in text

    def test_markdown_shows_what_was_typed_as_text(self) -> None:
        text = reports()["report.md"]
        assert "<script>" not in text
        assert "\\<script\\>alert(1)\\</script\\>" in text
        assert "| =cmd\\|' /C calc'!A0 |" in text
        widths = {
            line.replace("\\|", "").count("|")
            for line in text.splitlines()
            if line.startswith("| team")
        }
        assert widths <= {6, 7, 8}

    def test_csv_is_safe_for_spreadsheets(self) -> None:
        text = reports()["report.csv"]
        table = list(csv.reader(io.StringIO(text, newline="")))
        assert table[0] == list(rows.COLUMNS)
        assert {len(row) for row in table} == {len(rows.COLUMNS)}
        message = rows.COLUMNS.index("message")
        assert "'=cmd|' /C calc'!A0" in {row[message] for row in table}
        assert "line one\nline two" in {row[message] for row in table}
        for row in table:
            for cell in row:
                assert cell[:1] not in tuple("=+-@\t\r|%") or cell.lstrip("-").isdigit()

    @pytest.mark.parametrize(
        ("said", "safe"),
        [
            ("=1+1", "'=1+1"),
            ("+a", "'+a"),
            ("-a", "'-a"),
            ("@a", "'@a"),
            ("\ta", "'\ta"),
            ("%x", "'%x"),
        ]
        + [
            ("-5", "-5"),
            ("-1.5e3", "-1.5e3"),
            ("a=1", "a=1"),
            ("", ""),
            ("-5+2", "'-5+2"),
            ("|x", "'|x"),
        ],
    )
    def test_cells(self, said: str, safe: str) -> None:
        assert rows.safe(said) == safe

    def test_json_lines_keep_what_values_are(self) -> None:
        lines = [json.loads(line) for line in reports()["report.jsonl"].splitlines()]
        assert len(lines) == len(found().acts) + len(found().access or ())
        (line,) = (
            each for each in lines if each["path"] == "/config/synchronous" and each["seq"] == 29
        )
        assert (line["before"], line["after"], line["stacks"]) == (True, False, ["development"])
        assert line["time"] == "2026-11-15T09:00:00.250Z"
        deleted = next(each for each in lines if each["action"] == "deleted")
        assert "after" not in deleted

    def test_rows_of_everything_that_a_stack_can_be_told_of(self) -> None:
        acts = found().acts
        assert {act.kind for act in acts} == {"edit", "conflict", "request", "redaction", "run"}
        assert {act.name for act in acts if act.entity == PROD} == {"prod"}
        assert [act.action for act in acts if act.kind == "conflict"] == [
            "opened",
            "decided",
            "opened",
        ]
        assert min(act.accepted for act in acts) < START + DAY
        assert uid(900) in {act.entity for act in acts if act.kind == "run"}
