"""What happened in a period, worked out of the commits: a pure function over them.

Times are the hub's, in milliseconds since 1970; they are counted by day in the zone that is given.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo

from msgspec import Struct, structs

from stackroom.client.reports.acts import Act, Folding, shown_at
from stackroom.client.reports.findings import (
    Activity,
    Asked,
    Clash,
    Decision,
    Person,
    Ran,
    Side,
    Touched,
)
from stackroom.client.reports.naming import about, called, named, placed
from stackroom.events.carriers import DECIDING, REPORTS
from stackroom.events.history.runs import Gathering, Run
from stackroom.events.model import (
    Change,
    ChangeRequested,
    Commit,
    ConflictJoined,
    ConflictOpened,
    ConflictResolved,
    Held,
    Overlap,
    RequestApproved,
    RequestClosed,
    RequestJoined,
)
from stackroom.events.state import AnyEntity, Conflict, Request, State


class Stream(Struct, frozen=True):
    """A profile, or the people of a hub: the state before the period, which is folded on, and its commits."""

    name: str
    before: State
    commits: Iterable[Commit]


def activity(
    streams: Sequence[Stream],
    people: Sequence[Stream] | None,
    zone: tzinfo | None,
    period: tuple[int, int] | None = None,
) -> Activity:
    """What happened in the profiles `streams` and among the `people` of their hubs, in days of `zone`.

    The zone None is that of this machine; the people are None where they may not be seen.

    `period` are its first and last moment: without it, the days count from the first commit to the last.
    """
    gathering = _Gathering(zone)
    for stream in streams:
        gathering.take(stream)
    access = None if people is None else [act for each in people for act in _acts(each)]
    return gathering.activity(access, period)


def _acts(stream: Stream) -> Iterable[Act]:
    folding = Folding(stream.name, stream.before)
    return (act for commit in stream.commits for _, act in folding.acts(commit))


class _Gathering:
    def __init__(self, zone: tzinfo | None) -> None:
        self.zone = zone
        self.acts: list[Act] = []
        self.commits = 0
        self.days: Counter[date] = Counter()
        self.people: dict[str, Person] = {}
        self.stacks: dict[tuple[str, str], Touched] = {}
        self.conflicts: dict[str, Clash] = {}
        self.requests: dict[str, Asked] = {}
        self.runs: list[Ran] = []

    def take(self, stream: Stream) -> None:
        folding = Folding(stream.name, stream.before)
        runs = Gathering()
        for commit in stream.commits:
            person = self._person(commit)
            runs.commits((commit,))
            if not all(event.type in REPORTS for event in commit.events):
                self.commits += 1
                self.days[self._day(commit.accepted)] += 1
                person.commits += 1
            waiting = {
                event.entity: folding.state.entities.get(event.entity)
                for event in commit.events
                if event.type in DECIDING
            }
            maker = self._maker(person, waiting.values())
            for change, act in folding.acts(commit):
                self.acts.append(act)
                self._count(maker, act)
                self._ask(change, act, folding.state)
                self._decide(person, change, act, waiting.get(act.entity), folding.state)
        begun = runs.runs().values()
        self.runs += _ran(stream.name, folding.state, begun)
        for run in begun:
            self._ran(stream.name, folding.state, run)
        for (_, id), touched in self.stacks.items():
            if touched.profile == stream.name and id:
                touched.name = called(folding.state, id)

    def activity(self, access: list[Act] | None, period: tuple[int, int] | None) -> Activity:
        return Activity(
            self.acts,
            self.commits,
            _every_day(self.days, [self._day(time) for time in period or ()]),
            sorted(self.people.values(), key=lambda p: (-p.commits, -p.changes, -p.runs, p.name)),
            sorted(self.stacks.values(), key=lambda s: (not s.name, -s.changes, -s.runs, s.name)),
            sorted(self.conflicts.values(), key=lambda c: (c.profile, c.seq)),
            sorted(self.requests.values(), key=lambda r: (r.profile, r.seq)),
            sorted(self.runs, key=lambda r: (r.profile, r.pipeline, r.stack)),
            access,
        )

    def _day(self, time: int) -> date:
        return datetime.fromtimestamp(time / 1_000, self.zone).date()

    def _person(self, commit: Commit) -> Person:
        person = self.people.setdefault(commit.author, Person(commit.author))
        person.last = max(person.last, commit.accepted)
        return person

    def _maker(self, person: Person, waiting: Iterable[AnyEntity | None]) -> Person:
        """Whose changes a commit makes: those that it approves are of whoever asked for them."""
        for each in waiting:
            if isinstance(each, Request):
                author = each.held[0].author
                return self.people.setdefault(author, Person(author))
        return person

    def _count(self, person: Person, act: Act) -> None:
        if act.kind != "edit":
            return
        person.changes += 1
        for id in act.within or (("",) if act.what == "component" else ()):
            touched = self._touched(act.profile, id, act.seq, act.accepted)
            touched.changes += 1
            touched.by[person.name] = touched.by.get(person.name, 0) + 1

    def _ran(self, profile: str, state: State, run: Run) -> None:
        """Counts a run for whoever reported it first, and for its stack."""
        first = run.reports[0]
        self.people[first.author].runs += 1
        self._touched(
            profile, state.resolve(run.stack), first.seq or 0, first.accepted or 0
        ).runs += 1

    def _touched(self, profile: str, id: str, seq: int, time: int) -> Touched:
        touched = self.stacks.setdefault((profile, id), Touched(profile, ""))
        touched.last = max(touched.last, (seq, time))
        return touched

    def _ask(self, change: Change, act: Act, state: State) -> None:
        """Notes what came to wait for a decision; what joins it goes with it."""
        match change:
            case ConflictOpened(held, overlaps) | ConflictJoined(held, overlaps):
                self.people.setdefault(held.author, Person(held.author)).conflicts += 1
                clash = self.conflicts.get(act.entity) or _clash(act, held, act.accepted)
                sides = clash.sides + _sides(state, overlaps)
                self.conflicts[act.entity] = structs.replace(clash, sides=sides)
            case ChangeRequested(held) | RequestJoined(held):
                request = self.requests.get(act.entity) or _asked(act, held, act.accepted)
                what = {**dict.fromkeys(request.what), **about(state, [held])}
                self.requests[act.entity] = structs.replace(request, what=tuple(what))

    def _decide(
        self, person: Person, change: Change, act: Act, waiting: AnyEntity | None, state: State
    ) -> None:
        """Notes how something ended: `waiting` is what it was until then."""
        if not isinstance(change, ConflictResolved | RequestApproved | RequestClosed):
            return
        choice = change.choice if isinstance(change, ConflictResolved) else act.action
        decision = Decision(act.seq, act.accepted, act.author, choice, act.message)
        if isinstance(waiting, Conflict):
            person.decisions += 1
            clash = self.conflicts.get(act.entity) or _earlier_clash(act, waiting, state)
            self.conflicts[act.entity] = structs.replace(clash, decided=decision)
        elif isinstance(waiting, Request):
            person.approvals += isinstance(change, RequestApproved)
            asked = self.requests.get(act.entity) or _earlier_request(act, waiting, state)
            self.requests[act.entity] = structs.replace(asked, decided=decision)


def _clash(act: Act, held: Held, accepted: int | None, seq: int | None = None) -> Clash:
    opened = act.seq if seq is None else seq
    return Clash(act.profile, opened, accepted, held.author, held.proposal.message, ())


def _asked(act: Act, held: Held, accepted: int | None, seq: int | None = None) -> Asked:
    opened = act.seq if seq is None else seq
    return Asked(act.profile, opened, accepted, held.author, held.proposal.message, ())


def _earlier_clash(act: Act, conflict: Conflict, state: State) -> Clash:
    """A conflict that was opened before the period, and decided in it."""
    clash = _clash(act, conflict.held[0], None, conflict.opened)
    return structs.replace(clash, sides=_sides(state, conflict.overlaps))


def _earlier_request(act: Act, request: Request, state: State) -> Asked:
    asked = _asked(act, request.held[0], None, request.opened)
    return structs.replace(asked, what=tuple(about(state, request.held)))


def _sides(state: State, overlaps: Iterable[Overlap]) -> tuple[Side, ...]:
    return tuple(
        Side(
            named(state, o.entity),
            placed(state, o.path),
            shown_at(state, o.entity, o.path, o.theirs),
            o.author,
            shown_at(state, o.entity, o.path, o.ours),
        )
        for o in overlaps
    )


def _ran(profile: str, state: State, runs: Iterable[Run]) -> list[Ran]:
    found: dict[tuple[str, str], Counter[str]] = {}
    for run in runs:
        found.setdefault((run.pipeline, called(state, run.stack)), Counter())[run.status] += 1
    return [
        Ran(profile, pipeline, stack, dict(sorted(statuses.items())))
        for (pipeline, stack), statuses in found.items()
    ]


def _every_day(days: Counter[date], ends: list[date]) -> list[tuple[date, int]]:
    """Each day from the first to the last, those without a commit, too."""
    among = [*ends, *days]
    if not among:
        return []
    begin = min(among)
    return [
        (day, days[day])
        for day in (begin + timedelta(days=n) for n in range((max(among) - begin).days + 1))
    ]
