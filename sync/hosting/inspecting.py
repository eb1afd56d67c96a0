"""Who is connected, how far each has got, how the hub fares, and what its security log says. Sans I/O."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from heapq import nlargest, nsmallest
from itertools import islice
from typing import Final

from msgspec import Struct, structs

from stackroom.events.log import Listed
from stackroom.events.model import Millis
from stackroom.sync import protocol as wire
from stackroom.sync.effects import Inspecting, ReadNotes
from stackroom.sync.hosting.security_log import Wanted
from stackroom.sync.people.access import Principal
from stackroom.sync.reading.watchers import Watchers
from stackroom.sync.session import Session

LOOKED_AT: Final = 1_000
"""Subscriptions of one connection that are looked at: it may have ten thousand, and wants an answer soon."""

TOLD: Final = 8
"""Profiles that are told of one connection."""


class Held(Struct, frozen=True):
    """What the shell knows of a connection: see `wire.Connected`."""

    address: str
    unsent: int
    reads: int
    silent: int


class Found(Struct, frozen=True):
    """What the shell found: heads by profile, connections by session, and the hub as a whole if asked."""

    heads: dict[str, int]
    links: dict[int, Held]
    condition: wire.Condition | None = None


class Inspections(Watchers, ABC):
    """Looks at all sessions of a hub."""

    @abstractmethod
    def _inspects(self, principal: Principal, profile: str) -> bool:
        """Whether it may see who follows the profile; or, for "", how the hub as a whole fares."""

    def worth_keeping(self, request: Inspecting, profiles: Iterable[Listed]) -> list[Listed]:
        """Those of the profiles that are told of in the answer: the largest that the asker may read."""
        session = self.sessions.get(request.session)
        principal = session.principal if session is not None else None
        if principal is None:
            return []
        largest = nlargest(
            self.settings.inspected, _readable(profiles, principal, self._reads), _size
        )
        return sorted(largest, key=lambda listed: (listed.deleted, listed.name, listed.id))

    def inspected(self, request: Inspecting, found: Found, now: Millis) -> None:
        """The shell answered `request`; it may have lost the right meanwhile."""
        session, profile = self.sessions.get(request.session), request.asked.profile
        if session is None or session.principal is None:
            return
        if not self._inspects(session.principal, profile):
            return
        there = list(self._there(session, session.principal, profile, found))
        condition = found.condition
        if condition is not None and (notary := self.notary) is not None:
            signed = tuple(
                structs.replace(k, signed=notary.signed(k.profile, k.seq, k.root, now))
                for k in condition.kept
            )
            condition = structs.replace(condition, kept=signed)
        told = tuple(nsmallest(self.settings.inspected, there, _furthest_behind_first))
        answer = wire.Inspected(request.asked.id, now, len(there), told, profile, condition)
        self._send(session, answer)

    # The security log

    def _list_notes(
        self, session: Session, principal: Principal, id: int, order: wire.ListNotes
    ) -> None:
        if not self._inspects(principal, ""):
            refusal = wire.Reply(id, "not_allowed", "you may not read the security log (hub.audit)")
            self._note(session, "refused", code=refusal.code, what="ListNotes")
            self._send(session, refusal)
            return
        most = min(order.most, self.settings.notes_reply)
        wanted = Wanted(most, order.kind, order.user, order.since)
        self._effects.append(ReadNotes(session.id, id, wanted))

    def notes(self, read: ReadNotes, lines: Sequence[str]) -> None:
        """The security log answered `ReadNotes`."""
        session = self.sessions.get(read.session)
        if session is not None and not session.refused:
            self._send(session, wire.Reply(read.ask, notes=tuple(lines)))

    # Who is there

    def _there(
        self, asker: Session, principal: Principal, profile: str, found: Found
    ) -> Iterator[wire.Connected]:
        reads = cache(lambda id: self._reads(principal, id))
        for session in self._those_of(profile):
            if session.principal is None or session.refused:
                continue
            of = wire.Connected(
                session.principal.name,
                session.replica,
                session.client,
                session.since,
                here=session is asker,
            )
            if profile:
                follows = [f for f in self._follows(session, found.heads) if f.profile == profile]
                yield structs.replace(of, follows=tuple(follows), profiles=1)
                continue
            readable = (f for f in self._follows(session, found.heads) if reads(f.profile))
            follows = nlargest(TOLD, readable, lambda f: f.behind)
            number = len(session.subscriptions) + len(session.watches)
            of = structs.replace(of, follows=tuple(follows), profiles=number)
            if (held := found.links.get(session.id)) is not None:
                of = structs.replace(of, **structs.asdict(held), undecided=session.undecided)
            yield of

    def _those_of(self, profile: str) -> Iterator[Session]:
        if not profile:
            yield from self.sessions.values()
            return
        following = self.subscribers.get(profile, set()) | self.watchers.get(profile, set())
        yield from (self.sessions[id] for id in sorted(following))

    def _follows(self, session: Session, heads: dict[str, int]) -> Iterator[wire.Follows]:
        for profile, subscription in islice(session.subscriptions.items(), LOOKED_AT):
            head = max(heads.get(profile, 0), self.heads.get(profile, 0))
            reached = self.reached(profile, subscription)
            behind = 0 if subscription.live else max(0, head - reached)
            yield wire.Follows(profile, reached, behind)
        for profile, watch in session.watches.items():
            projection = self.projections.get(profile)
            head = projection.state.seq if projection is not None else heads.get(profile, 0)
            seq = head if watch.told is None else min(watch.seq, head)
            yield wire.Follows(profile, seq, head - seq, folded=True)


def _readable(
    profiles: Iterable[Listed], principal: Principal, reads: Callable[[Principal, str], bool]
) -> Iterator[Listed]:
    return (listed for listed in profiles if reads(principal, listed.id))


def _size(listed: Listed) -> int:
    return listed.seq


def _furthest_behind_first(one: wire.Connected) -> tuple[int, ...]:
    behind = max((each.behind for each in one.follows), default=0)
    return -behind, -one.unsent, -one.since
