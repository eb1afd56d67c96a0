"""A report in words and tables, whatever it is rendered as: every cell is plain text, or a number.

Tables name a profile where the report is on several.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Final, TypeAlias

from msgspec import Struct

from stackroom.client.reports.acts import Act
from stackroom.client.reports.findings import Activity, Asked, Clash, Decision, Person, Ran
from stackroom.client.reports.wording import conflict_lines, decided, lines_of, sentence
from stackroom.events.counting import noun

NEWEST: Final = 500
"""Commits that a report for people lists one by one; CSV and JSON lines have all."""

LINES: Final = 8
"""Changes of one commit that are told one by one."""

DAYS: Final = 62
"""Bars by the day; a longer period is counted by the week, and from `WEEKS` on by the month."""

WEEKS: Final = 62


Row: TypeAlias = tuple[str | int, ...]


class Table(Struct, frozen=True):
    """Rows under headings. Columns in `numbers` are counts; the one named by `bars` is drawn, too."""

    headings: tuple[str, ...]
    rows: Sequence[Row]
    bars: int | None = None

    @property
    def numbers(self) -> set[int]:
        """The columns of counts."""
        return {n for row in self.rows for n, cell in enumerate(row) if isinstance(cell, int)}


class Section(Struct, frozen=True):
    """A part of a report; `empty` is the sentence that stands for no rows in any table."""

    id: str
    title: str
    tables: tuple[Table, ...]
    empty: str
    note: str = ""


class Bars(Struct, frozen=True):
    """Commits by day, week or month: (what it is, count)."""

    unit: str
    bars: tuple[tuple[str, int], ...]


class Document(Struct, frozen=True):
    """A whole report. `facts` say what it is on, `figures` are (count, what is counted)."""

    title: str
    facts: tuple[tuple[str, str], ...]
    figures: tuple[tuple[int, str], ...]
    timeline: Bars
    sections: tuple[Section, ...]


def document(
    found: Activity,
    facts: Sequence[tuple[str, str]],
    zone: tzinfo | None,
    *,
    several: bool = False,
    unseen: str = "",
) -> Document:
    """The report on what was `found`; `unseen` is the sentence for access that may not be seen."""
    telling = _Telling(found, zone, several, unseen)
    return Document(
        "Activity report",
        tuple(facts),
        telling.figures(),
        _timeline(found.days),
        telling.sections(),
    )


class _Telling:
    def __init__(self, found: Activity, zone: tzinfo | None, several: bool, unseen: str) -> None:
        self.found = found
        self.zone = zone
        self.several = several
        self.unseen = unseen

    def figures(self) -> tuple[tuple[int, str], ...]:
        found = self.found
        figures = [
            _figure(found.commits, "commit", "commits"),
            _figure(len(found.of("edit")), "change", "changes"),
            _figure(sum(person.commits > 0 for person in found.people), "person", "people"),
            _figure(
                sum(bool(s.name and s.changes) for s in found.stacks),
                "stack changed",
                "stacks changed",
            ),
            _figure(len(found.conflicts), "conflict", "conflicts", _open(found.conflicts)),
            _figure(
                len(found.requests), "change request", "change requests", _open(found.requests)
            ),
            _figure(sum(sum(r.statuses.values()) for r in found.runs), "run", "runs"),
            _figure(len(found.of("redaction")), "redaction", "redactions"),
        ]
        if found.access is not None:
            figures.append(_figure(len(found.access), "access change", "access changes"))
        return tuple(figures)

    def sections(self) -> tuple[Section, ...]:
        return (
            self.people(),
            self.stacks(),
            self.conflicts(),
            self.requests(),
            self.access(),
            self.redactions(),
            self.runs(),
            self.commits(),
        )

    def people(self) -> Section:
        headings = ("person", "commits", "changes", "runs", "in conflict", "decided", "approved")
        rows = [self.person(person) for person in self.found.people]
        table = Table((*headings, "last"), rows, bars=1)
        return Section("people", "By person", (table,), "Nobody changed anything.")

    def person(self, person: Person) -> Row:
        name = person.name or "(the hub)"
        did = (person.commits, person.changes, person.runs)
        decided = (person.conflicts, person.decisions, person.approvals)
        return (name, *did, *decided, self.time(person.last) if person.last else "")

    def stacks(self) -> Section:
        rows: list[Row] = [
            (
                *self.of(stack.profile),
                stack.name or "(in no stack)",
                stack.changes,
                stack.runs,
                _by(stack.by),
                f"#{stack.last[0]}, {self.time(stack.last[1])}",
            )
            for stack in self.found.stacks
        ]
        headings = self.headings("stack", "changes", "runs", "by", "last")
        note = "A change of a component counts for each stack that has it."
        table = Table(headings, rows, bars=2 if self.several else 1)
        return Section("stacks", "By stack", (table,), "No stack was changed or used.", note)

    def conflicts(self) -> Section:
        rows = [self.conflict(clash) for clash in self.found.conflicts]
        headings = self.headings("conflict", "of", "both sides", "decided", "why")
        return Section(
            "conflicts",
            "Conflicts, and how they were decided",
            (Table(headings, rows),),
            "There was no conflict.",
        )

    def conflict(self, clash: Clash) -> Row:
        opened = f"#{clash.seq}" + self.at(clash.accepted)
        sides = "\n".join(conflict_lines(clash.author, clash.sides, LINES))
        return (*self.of(clash.profile), opened, clash.author, sides, *self.decision(clash.decided))

    def requests(self) -> Section:
        asked = Table(
            self.headings("request", "asked by", "of what", "why", "decided", "said"),
            [self.request(each) for each in self.found.requests],
        )
        marks = [act for act in self.found.of("edit") if act.path == "/protected"]
        protections = Table(
            self.headings("commit", "when", "by", "protection"),
            [(*self.line(act), sentence(act)) for act in marks],
        )
        return Section(
            "requests",
            "Protected changes and approvals",
            (asked, protections),
            "Nothing that is protected was to be changed.",
        )

    def request(self, asked: Asked) -> Row:
        opened = f"#{asked.seq}" + self.at(asked.accepted)
        what = ", ".join(asked.what)
        start = (*self.of(asked.profile), opened, asked.author, what, asked.message)
        return (*start, *self.decision(asked.decided))

    def access(self) -> Section:
        rows = [
            (f"#{act.seq}", self.time(act.accepted), act.author or "(the hub)", sentence(act))
            for act in self.found.access or ()
        ]
        table = Table(("commit", "when", "by", "what"), rows)
        if self.found.access is None:
            return Section("access", "Access changes", (table,), self.unseen)
        empty = "Nobody's access was changed."
        return Section("access", "Access changes", (table,), empty, self.unseen)

    def redactions(self) -> Section:
        rows: list[Row] = [
            (*self.line(act), str(act.after), act.before if isinstance(act.before, int) else 0)
            for act in self.found.of("redaction")
        ]
        table = Table(self.headings("commit", "when", "by", "reason", "events"), rows)
        return Section("redactions", "Redactions", (table,), "Nothing was redacted.")

    def runs(self) -> Section:
        rows = [self.run(ran) for ran in self.found.runs]
        headings = self.headings("pipeline", "stack", "runs", "completed", "failed", "other")
        note = "Runs that began in the period, as they stood at its end."
        table = Table(headings, rows, bars=3 if self.several else 2)
        return Section("runs", "Runs of pipelines", (table,), "No run was recorded.", note)

    def run(self, ran: Ran) -> Row:
        every = sum(ran.statuses.values())
        well = ran.statuses.get("completed", 0) + ran.statuses.get("cached", 0)
        failed = ran.statuses.get("failed", 0)
        names = (*self.of(ran.profile), ran.pipeline, ran.stack)
        return (*names, every, well, failed, every - well - failed)

    def commits(self) -> Section:
        acts = (act for act in self.found.acts if act.kind != "run")
        grouped = [list(some) for _, some in groupby(acts, lambda act: (act.profile, act.seq))]
        if self.several:
            grouped.sort(key=lambda some: some[0].accepted)
        newest = grouped[: -NEWEST - 1 : -1]
        rows = [
            (*self.line(some[0]), "\n".join(lines_of(some, LINES)), some[0].message)
            for some in newest
        ]
        table = Table(self.headings("commit", "when", "by", "what", "why"), rows)
        left = len(grouped) - len(newest)
        note = f"The newest {len(newest):,}; {left:,} before them are left out." if left else ""
        return Section("commits", "Every commit", (table,), "Nothing was changed.", note)

    def headings(self, *headings: str) -> tuple[str, ...]:
        return ("profile", *headings) if self.several else headings

    def of(self, profile: str) -> tuple[str, ...]:
        return (profile,) if self.several else ()

    def line(self, act: Act) -> tuple[str, ...]:
        by = act.author or "(the hub)"
        return (*self.of(act.profile), f"#{act.seq}", self.time(act.accepted), by)

    def decision(self, decision: Decision | None) -> tuple[str, str]:
        if decision is None:
            return "open", ""
        return decided(decision, self.time(decision.accepted)), decision.message

    def at(self, time: int | None) -> str:
        return ", before" if time is None else f", {self.time(time)}"

    def time(self, time: int) -> str:
        return datetime.fromtimestamp(time / 1_000, self.zone).strftime("%Y-%m-%d %H:%M")


def _figure(count: int, one: str, many: str, waiting: int = 0) -> tuple[int, str]:
    what = noun(count, one, many)
    return count, f"{what} ({waiting} open)" if waiting else what


def _open(found: Sequence[Clash | Asked]) -> int:
    return sum(each.decided is None for each in found)


def _by(changes: dict[str, int]) -> str:
    """Who changed it, whoever changed most first."""
    most = sorted(changes.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name or '(the hub)'} {count:,}" for name, count in most)


def _timeline(days: Sequence[tuple[date, int]]) -> Bars:
    if len(days) <= DAYS:
        return Bars("day", tuple((day.isoformat(), count) for day, count in days))
    if len(days) <= WEEKS * 7:
        weeks = _together(days, lambda day: day - timedelta(days=day.weekday()))
        return Bars("week", tuple((f"week of {week}", count) for week, count in weeks))
    months = _together(days, lambda day: day.replace(day=1))
    return Bars("month", tuple((f"{month:%Y-%m}", count) for month, count in months))


def _together(
    days: Iterable[tuple[date, int]], first: Callable[[date], date]
) -> list[tuple[date, int]]:
    grouped = groupby(days, lambda item: first(item[0]))
    return [(begin, sum(count for _, count in some)) for begin, some in grouped]
