"""Who is shown which profile: the hub folds for those that do not.

What the hub holds for a watcher that has got everything is nothing; for one that has not, which entities
it was told of. States share what has not changed, so that is a map of references; what a watcher lacks is
found by comparing it with the state, in any number of steps, and a slow one gets many commits as one change.
"""

from abc import ABC
from collections import Counter
from typing import Final

from msgspec import structs

from stackroom.events.counting import counted
from stackroom.events.fold import advance
from stackroom.events.model import Commit, Millis
from stackroom.events.state import State
from stackroom.sync import protocol as wire
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.effects import (
    Contrast,
    FindRuns,
    Forget,
    LookBack,
    Recount,
    Send,
    Show,
    WorkOut,
)
from stackroom.sync.reading.contrasting import Contrasted
from stackroom.sync.reading.readers import Readers
from stackroom.sync.reading.run_listing import Ran
from stackroom.sync.reading.showing import Shown, Told, differing, page_of
from stackroom.sync.session import Session, Watch
from stackroom.sync.settings import Settings

FOLDED_AT_ONCE: Final = 1_000
"""Events from which on a state is rather read anew, on another thread."""


class Projection:
    """The state of a watched profile; `touched` are the ids that the commits after `before` changed."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.before = state.seq
        self.touched: set[str] = set()


class Watchers(Readers, ABC):
    """The watchers of every profile, among all sessions."""

    def __init__(self, settings: Settings, notary: Notary | None) -> None:
        super().__init__(settings, notary)
        self.watchers: dict[str, set[int]] = {}
        self.projections: dict[str, Projection] = {}
        self.eras: Counter[str] = Counter()
        """How often what was told of a profile's past was not to be built upon any more."""
        self._missed: dict[str, list[Commit]] = {}
        """Commits that came while a state was being read."""

    def _watch(self, session: Session, profile: str) -> None:
        most = self.settings.watches
        if profile not in session.watches and len(session.watches) >= most:
            why = f"a connection watches at most {counted(most, 'profile')}"
            self._error(session, "too_large", why, profile=profile)
            return
        self.watchers.setdefault(profile, set()).add(session.id)
        session.watches[profile] = Watch({})
        self._effects.append(Show(session.id, profile))

    def _unwatch(self, session: Session, profile: str) -> None:
        session.watches.pop(profile, None)
        others = self.watchers.get(profile, set())
        others.discard(session.id)
        if not others:
            for held in (self.watchers, self.projections, self._missed):
                held.pop(profile, None)

    # The state

    def must_fold(self, profile: str) -> bool:
        """Whether the state is to be read, and given to `folded`; commits are kept meanwhile."""
        if profile in self.projections or profile not in self.watchers:
            return False
        self._missed[profile] = []
        return True

    def folded(self, profile: str, state: State) -> None:
        """The log gave the state at its head; it belongs to this from now on."""
        missed = self._missed.pop(profile, None)
        if missed is None or _takes_away(missed):
            return
        advance(state, (commit for commit in missed if commit.seq > state.seq))
        self.projections[profile] = Projection(state)

    def _announce(self, profile: str, commits: tuple[Commit, ...], now: Millis) -> None:
        super()._announce(profile, commits, now)
        if _takes_away(commits):
            self._forget(profile)
        if profile in self._missed:
            self._missed[profile] += commits
        projection = self.projections.get(profile)
        if projection is None:
            return
        if _takes_away(commits) or sum(len(c.events) for c in commits) > FOLDED_AT_ONCE:
            self._fold_anew(profile, projection.state)
            return
        state = projection.state
        # The state may have been read when some of them were in the log already.
        commits = tuple(commit for commit in commits if commit.seq > state.seq)
        if not commits:
            return
        named = {event.entity for commit in commits for event in commit.events}
        touched = {state.resolve(id) for id in named}
        projection.before = state.seq
        advance(state, commits)
        projection.touched = touched | {state.resolve(id) for id in named}
        live = tuple(
            id for id in self.watchers[profile] if self.sessions[id].watches[profile].told is None
        )
        news = [(id, state.entities.get(id)) for id in sorted(projection.touched)]
        text, count = page_of(news, self.settings.shown_bytes)
        if count < len(news):
            for id in live:
                self.behind(id, profile, state.seq)
        elif live:
            era = self.eras[profile]
            self._effects.append(
                Send(live, wire.Changed(profile, state.seq, text, era=era), live=True)
            )

    def _read_on(self, profile: str) -> None:
        super()._read_on(profile)
        self._forget(profile)
        self._missed.pop(profile, None)  # What is being read now may be of before.
        if (projection := self.projections.get(profile)) is not None:
            self._fold_anew(profile, projection.state)

    def _forget(self, profile: str) -> None:
        """No state of before is given to anybody, nor what differs from it."""
        self.eras[profile] += 1
        self._effects.append(Forget(profile))

    def _fold_anew(self, profile: str, before: State) -> None:
        del self.projections[profile]
        for id in self.watchers[profile]:
            watch = self.sessions[id].watches[profile]
            if watch.told is None:
                watch.told = dict(before.entities)
                watch.seq = before.seq
                self._effects.append(Show(id, profile))

    # The watchers

    def show(self, show: Show) -> int:
        """Tells a watcher the next of what it was not told; about how many bytes that is."""
        session = self.sessions.get(show.session)
        watch = session.watches.get(show.profile) if session is not None else None
        if session is None or watch is None or watch.told is None:
            return 0
        projection = self.projections.get(show.profile)
        if projection is None:
            self._effects.append(show)
            return 0
        state, told = projection.state, watch.told
        news = differing(told, state.entities)
        text, count = page_of(news, self.settings.shown_bytes)
        for id, entity in news[:count]:
            if entity is None:
                del told[id]
            else:
                told[id] = entity
        if complete := count == len(news):
            watch.told = None
        else:
            self._effects.append(show)
        era = self.eras[show.profile]
        self._send(session, wire.Changed(show.profile, state.seq, text, complete, era))
        return len(text)

    def behind(self, session_id: int, profile: str, seq: int) -> None:
        """A watcher was not told of the commits up to `seq`: it is, once it took what was sent before."""
        session = self.sessions.get(session_id)
        watch = session.watches.get(profile) if session is not None else None
        if watch is None or watch.told is not None:
            return
        projection = self.projections.get(profile)
        watch.seq = seq - 1
        if projection is not None and projection.state.seq == seq:
            watch.seq = projection.before
            watch.told = {**projection.state.entities, **dict.fromkeys(projection.touched)}
        else:
            watch.told = {}
        self._effects.append(Show(session_id, profile))

    # The past

    def recalled(self, recall: LookBack, shown: Shown) -> None:
        """The log gave a page of a past state."""
        session, look = self.sessions.get(recall.session), recall.look
        if session is None or not self._still_reads(session.id, look.profile):
            return
        if (known := self._comparable(look)) is not look:
            self._effects.append(LookBack(session.id, known))
            return
        complete, era = shown.next is None, self.eras[look.profile]
        told = wire.Looked(
            look.id, look.profile, shown.seq, shown.entities, complete, look.held, era
        )
        self._send(session, told)
        if shown.next is not None:
            self._effects.append(LookBack(session.id, look, shown.next))

    def _comparable(self, look: wire.Look) -> wire.Look:
        """Without what the asker holds, where that is of another era."""
        if not look.held or look.era == self.eras[look.profile]:
            return look
        return structs.replace(look, held=0)

    def recounted(self, recount: Recount, told: Told) -> None:
        """The log said what commits changed."""
        session, asked = self.sessions.get(recount.session), recount.asked
        if session is not None and self._still_reads(session.id, asked.profile):
            self._send(session, wire.LogRead(asked.id, asked.profile, told.entries, told.upto))

    def contrasted(self, contrast: Contrast, found: Contrasted) -> None:
        """The log gave a page of what differs between two moments."""
        session, asked = self.sessions.get(contrast.session), contrast.asked
        if session is None or not self._still_reads(session.id, asked.profile):
            return
        complete = found.next is None
        page = wire.Differed(
            asked.id,
            asked.profile,
            found.before,
            found.after,
            found.differences,
            found.names,
            complete,
        )
        self._send(session, page)
        if found.next is not None:
            self._effects.append(Contrast(session.id, asked, found.next))

    def worked_out(self, work: WorkOut, drafted: wire.Drafted) -> None:
        """What was asked for a draft of was worked out."""
        session = self.sessions.get(work.session)
        if session is not None and self._still_reads(session.id, work.asked.profile):
            self._send(session, drafted)

    def runs_found(self, request: FindRuns, ran: Ran) -> None:
        """The log found which pipelines ran."""
        session, asked = self.sessions.get(request.session), request.asked
        if session is not None and self._still_reads(session.id, asked.profile):
            before, run = ran.behind or (0, "")
            self._send(session, wire.RunsListed(asked.id, asked.profile, ran.runs, before, run))


def _takes_away(commits: tuple[Commit, ...] | list[Commit]) -> bool:
    """Whether a value was taken out of the history, so that no state of before may be shown."""
    return any(event.type == "Redacted" for commit in commits for event in commit.events)
