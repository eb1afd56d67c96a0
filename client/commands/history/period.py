"""The period of a report: where it begins and ends in each profile, and what is found in it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from stackroom.client.commands.lookup import place_of
from stackroom.client.commands.times import local
from stackroom.client.errors import NotAuthorised
from stackroom.client.history import when
from stackroom.client.reports.activity import Stream, activity
from stackroom.client.reports.findings import Activity
from stackroom.events.counting import noun
from stackroom.events.history.history import pages
from stackroom.events.model import Commit, Millis

if TYPE_CHECKING:
    from stackroom.client.commands.context import App
    from stackroom.client.profile_copy import ProfileCopy


class Span(Struct, frozen=True):
    """A profile, and its commits of the period: those behind `after`, up to `upto`."""

    copy: "ProfileCopy"
    name: str
    after: int
    upto: int

    def stream(self) -> Stream:
        """What is to be reported of it; NotFound where its history is not on this machine yet."""
        return Stream(self.name, self.copy.at(self.after).copy(), self._commits())

    def _commits(self) -> Iterator[Commit]:
        for page in pages(self.copy.log, self.copy.id, self.after, self.upto):
            yield from page


class Period(Struct, frozen=True):
    """What a report is on; `since` and `until` (None is now) are as they were typed."""

    spans: list[Span]
    since: when.Place
    until: when.Place | None
    typed: tuple[str, str]

    @property
    def names(self) -> list[str]:
        """The profiles, by name."""
        return [span.name for span in self.spans]

    @property
    def began(self) -> Millis | None:
        """When it began, if that is a time."""
        if not isinstance(self.since, when.Moment):
            return None
        return self.since.time if self.since.begin is None else self.since.begin

    def ends(self, now: Millis) -> tuple[Millis, Millis] | None:
        """Its first and last moment, if these are times: one that is to come is not waited for."""
        if self.began is None or not isinstance(self.until, when.Moment | None):
            return None
        end = now if self.until is None else min(now, self.until.time - 1)
        return min(self.began, end), end

    def facts(self, now: Millis) -> list[tuple[str, str]]:
        """What stands at the head of the report."""
        until = self.until
        begin = self.typed[0] if self.began is None else local(self.began)
        end = local(until.time) if isinstance(until, when.Moment) else self.typed[1]
        facts = [
            (noun(len(self.spans), "profile"), ", ".join(self.names)),
            ("period", f"{begin} to {end if until else local(now)}"),
        ]
        if len(self.spans) == 1:
            (span,) = self.spans
            shown = f"#{span.after + 1} to #{span.upto}" if span.upto > span.after else "none"
            facts += [("hub", span.copy.hub or "none: a local profile"), ("commits", shown)]
        return facts


def period(app: "App", copies: "Sequence[ProfileCopy]", since: str, until: str | None) -> Period:
    """The period as it was asked for. UsageError for what is none, NotFound for a tag that is not there."""
    begin, end = place_of(since), None if until is None else place_of(until)
    if len(copies) > 1 and any(isinstance(place, when.Seq) for place in (begin, end)):
        raise click.UsageError("a number is a commit of one profile: give times or tags")
    spans = [_span(copy, app.qualified(copy), begin, end) for copy in copies]
    return Period(spans, begin, end, (since, until or ""))


def find(app: "App", asked: Period) -> tuple[Activity, str]:
    """What happened in the period, and the sentence for access changes where these may not be seen."""
    people: list[Stream] = []
    hubs = dict.fromkeys(span.copy.hub for span in asked.spans if span.copy.hub is not None)
    unseen = "" if hubs else "A local profile has nobody to grant access to."
    for hub in hubs:
        try:
            entry = app.workspace.people(hub)
        except NotAuthorised as error:
            unseen = f"Not shown: {error}."
        else:
            if any(span.copy.id == entry.id for span in asked.spans):
                unseen = "They are the commits of this report themselves."
                continue
            copy = app.workspace.copy(entry.id)
            name = "people" if len(hubs) == 1 else f"people@{hub}"
            people.append(_span(copy, name, *_times(asked)).stream())
    streams = [span.stream() for span in asked.spans]
    return activity(streams, people or None, None, asked.ends(app.workspace.clock())), unseen


def _span(copy: "ProfileCopy", name: str, begin: when.Place, end: when.Place | None) -> Span:
    # What is newer than this program is behind the state, and cannot be told.
    head = copy.confirmed.seq
    after = copy.known(when.seq_before(begin, copy.log, copy.id, copy.view))
    upto = head
    if end is not None:
        upto = copy.known(when.seq_of(end, copy.log, copy.id, copy.view))
    return Span(copy, name, min(after, head), min(upto, head))


def _times(asked: Period) -> tuple[when.Place, when.Place | None]:
    """The period as times, for the people of a hub: a seq or tag is one of a profile."""
    span = asked.spans[0]
    begin, end = asked.since, asked.until
    if not isinstance(begin, when.Moment):
        begin = _time_of(span.copy, span.after)
    if end is not None and not isinstance(end, when.Moment):
        end = _time_of(span.copy, span.upto)
    return begin, end


def _time_of(copy: "ProfileCopy", seq: int) -> when.Place:
    """When the commit `seq` was accepted: what came after it is since then."""
    commits = copy.log.commits(copy.id, seq - 1, 1) if seq else []
    return when.Moment(commits[0].accepted + 1) if commits else when.Seq(0)
