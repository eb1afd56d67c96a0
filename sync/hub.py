"""The hub as a state machine: messages in, effects out, no I/O.

A shell carries bytes: it calls `receive` with what a connection sent, hands `Submit` to the authority
and `Read` to the log, reports what came of them (`decided`, `page`), and carries out `Send` and
`Close`. Who may do what, `access` says. The same class runs under the server and under the simulation.

Who follows what, and how far, is in `readers`; to whom it is shown, folded, in `watchers`; what is pushed,
in `pushing`.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from msgspec import structs

from stackroom.events.deciding.rules import Refusal
from stackroom.events.log import Identity, Listed
from stackroom.events.model import Commit, Millis
from stackroom.events.people.people import HUB
from stackroom.events.people.permissions import Rights, Who
from stackroom.sync import protocol as wire
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.deciding.pushing import Pushing
from stackroom.sync.effects import (
    Contrast,
    FetchRoots,
    FindRuns,
    Inspecting,
    Keep,
    ListAll,
    LookBack,
    Noted,
    Ordered,
    Prove,
    Read,
    Recount,
    Vouch,
    WorkOut,
    ends_own_token,
    needs_proof,
)
from stackroom.sync.healing.parting import Healing
from stackroom.sync.hosting import noting
from stackroom.sync.hosting.inspecting import Inspections
from stackroom.sync.people import tokens
from stackroom.sync.people.access import Access, Principal
from stackroom.sync.people.orders import BAD_CODE, Carried
from stackroom.sync.people.proofs import Proof
from stackroom.sync.session import Session
from stackroom.sync.settings import Settings
from stackroom.sync.sockets import farewell
from stackroom.sync.sockets.farewell import Farewell

_GRANT: Final = "an administrator of the hub can grant it: stackroom role assign viewer --user NAME"
_AUDIT: Final = (
    "an administrator of the hub can grant it: stackroom role assign auditor --user NAME"
)

NO_WAYS: Final = wire.Ways()
"""Nobody signs in but by tokens and codes."""


class Hub(Healing, Inspections, Pushing):
    """All sessions of one hub process."""

    def __init__(
        self,
        identity: Identity,
        access: Access,
        settings: Settings,
        version: str,
        ways: wire.Ways = NO_WAYS,
        notary: Notary | None = None,
    ) -> None:
        super().__init__(identity, access, settings, notary)
        self.version = version
        self.ways = ways
        self.connected: Counter[str] = Counter()
        """How many sessions each user has."""
        self.ended = False
        self._last_id = 0

    # Connections

    def opened(self) -> Session:
        """A connection was made."""
        self._last_id += 1
        session = self.sessions[self._last_id] = Session(self._last_id)
        return session

    def closed(self, session: Session) -> None:
        """A connection ended, from whichever side."""
        if self.sessions.pop(session.id, None) is not None:
            self._leave_all(session)
            if session.principal is not None:
                self.connected[session.principal.account] -= 1
            self._withdraw(session)

    def receive(self, session: Session, message: wire.FromReplica, now: Millis) -> None:
        """A message came; from whom nothing is wanted any more, none is heard."""
        principal = session.principal
        if session.refused:
            return
        if isinstance(message, wire.Hello):
            self._hello(session, message, now)
        elif isinstance(message, wire.SigningIn) and principal is None:
            self._come_in(session, message)
        elif isinstance(message, wire.ListWays) and not session.asked_ways:
            session.asked_ways = True
            self._send(session, self.ways)
        elif principal is None:
            self._close(session, wire.CloseCode.UNAUTHORISED, "the first message must be hello")
        elif session.has_expired(now) and (refusal := self.access.refuse(principal, now)):
            self._dismiss(session, refusal)
        else:
            self._receive(session, principal, message, now)

    def _leave_all(self, session: Session) -> None:
        for profile in {**session.subscriptions, **session.watches}:
            self._unsubscribe(session, profile)
            self._unwatch(session, profile)

    def malformed(self, session: Session, why: str) -> None:
        """Bytes came that are no message: the sender speaks something else."""
        self.end(session, farewell.malformed(why))

    def end(self, session: Session, last: Farewell) -> None:
        """Says why, and closes the connection."""
        if last.kind is not None:
            self._effects.append(Noted(session.id, last.kind, last.fields))
        self._error(session, last.code, last.sentence, last.hint)
        self._close(session, last.close, last.reason)

    def _hello(self, session: Session, hello: wire.Hello, now: Millis) -> None:
        if session.principal is not None:
            self.malformed(session, "hello was said before")
            return
        principal = self.access.authenticate(hello, now)
        session.token = tokens.shown_prefix(hello.token)
        if isinstance(principal, Refusal):
            self._turn_away(session, principal)
            return
        self._keep_news()
        if self.connected[principal.account] >= self.settings.connections_user:
            most = self.settings.connections_user
            self.end(session, farewell.too_many_connections(principal.name, most))
            return
        self.connected[principal.account] += 1
        session.principal, session.account = principal, principal.account
        session.replica = hello.replica
        session.client = hello.client
        session.since = now
        welcome = wire.Welcome(
            self.identity.id,
            self.identity.epoch,
            principal.name,
            self.version,
            now,
            self.settings.push_proposals,
            self.settings.push_bytes,
            self.access.has_key(principal, hello.key) if hello.key else None,
        )
        if self.notary is not None:
            key = self.notary.key
            welcome = structs.replace(welcome, key=key.public, rotations=key.rotations)
        self._send(session, welcome)
        self._tell_rights(session, principal, now)
        self._note(session, "signed_in", replica=session.replica, client=session.client)

    def _come_in(self, session: Session, message: wire.SigningIn) -> None:
        """One try a connection; what is no code of this hub's never gets as far as its log."""
        if session.comes_in:
            self.malformed(session, "a code was redeemed before")
            return
        session.comes_in = True
        ordered, code = Ordered(session.id, None, message), ""
        if not isinstance(message, wire.SignIn):
            code = message.code
        if code and tokens.kind_of(code) != tokens.LOGIN and not self.access.redeemable(code):
            self._refuse_code(session, wire.Reply(0, BAD_CODE.code, BAD_CODE.sentence))
        else:
            self._effects.append(Prove(ordered) if needs_proof(message) else ordered)

    def proved(self, ordered: Ordered, proof: Proof | Refusal) -> None:
        """The secret in an order was looked at."""
        if not isinstance(proof, Refusal):
            self._effects.append(structs.replace(ordered, proof=proof))
            return
        if (session := self.sessions.get(ordered.session)) is not None:
            id = ordered.ask.id if isinstance(ordered.ask, wire.Ask) else 0
            self._reply(session, ordered, wire.Reply(id, proof.code, proof.sentence))

    def _refuse_code(self, session: Session, reply: wire.Reply) -> None:
        """Whoever has no good code tries the next one on another connection."""
        session.turned_away = reply.code
        self._note(session, "sign_in_refused", code=reply.code)
        self._send(session, reply)
        self._close(session, wire.CloseCode.UNAUTHORISED, reply.sentence)

    def _turn_away(self, session: Session, refusal: Refusal) -> None:
        session.turned_away = refusal.code
        self.end(session, farewell.turned_away(refusal, session.replica))

    def _keep_news(self) -> None:
        if news := self.access.news():
            self._effects.append(Keep(tuple(news)))

    def _receive(
        self, session: Session, principal: Principal, message: wire.FromReplica, now: Millis
    ) -> None:
        if isinstance(message, wire.Reading):
            if self._may_read(session, principal, message.profile):
                self._read(session, principal, message)
            return
        match message:
            case wire.Ask(order=wire.ListOffers() | wire.Heal()):
                self._heals(session, principal, message, now)
            case wire.Ask(id, wire.ListNotes() as order):
                self._list_notes(session, principal, id, order)
            case wire.Ask(id, order):
                if answer := self.access.answer(principal, order, now):
                    self._send(session, structs.replace(answer, id=id))
                else:
                    session.ordered += 1
                    ordered = Ordered(session.id, principal, message)
                    self._effects.append(Prove(ordered) if needs_proof(message) else ordered)
            case wire.ListProfiles():
                session.lists = True
                self._effects.append(ListAll(session.id))
            case wire.Unsubscribe(profile):
                self._unsubscribe(session, profile)
            case wire.Unwatch(profile):
                self._unwatch(session, profile)
            case wire.Inspect(profile=profile):
                if self._may_inspect(session, principal, profile):
                    self._effects.append(Inspecting(session.id, message))
            case wire.Push():
                self._push(session, principal, message)
            case wire.Compare():
                self._compare(session, message)
            case wire.Offer():
                self._offer(session, message, now)
            case wire.Returned():
                self._returned(session, message, now)
            case _:
                self.malformed(session, "hello was said before")

    def _read(self, session: Session, principal: Principal, message: wire.Reading) -> None:
        """Gives what is asked of a profile, to whoever may read it."""
        profile, id = message.profile, session.id
        match message:
            case wire.Subscribe(_, after, root, snapshot, seen, blocks):
                if self._has_room(session, profile):
                    self._subscribe(session, principal, message)
                    read = Read(id, profile, after, root, snapshot, seen=seen, blocks=blocks)
                    self._effects.append(read)
            case wire.Fetch(_, after, blocks):
                self._effects.append(Read(id, profile, after, history=True, blocks=blocks))
            case wire.FetchRoots(_, seqs):
                self._effects.append(FetchRoots(id, profile, seqs))
            case wire.Watch():
                self._watch(session, profile)
            case wire.Look():
                self._effects.append(LookBack(id, self._comparable(message)))
            case wire.ReadLog():
                self._effects.append(Recount(id, message))
            case wire.Diff():
                self._effects.append(Contrast(id, message))
            case wire.Prove():
                self._effects.append(Vouch(id, message))
            case wire.ListRuns():
                self._effects.append(FindRuns(id, message))
            case wire.Draft():
                who = self._who(session, principal, profile)
                self._effects.append(WorkOut(id, message, who))

    # Who may what

    def _rights(self, principal: Principal, profile: str) -> Rights:
        return self.access.rights(principal, HUB if profile == self.identity.id else profile)

    def _who(self, session: Session, principal: Principal, profile: str) -> Who:
        """Who it is in a profile, by the rights of now; the very same as long as these are."""
        standing, who = self.access.standing, session.who
        if who is None or session.who_by is not standing or session.who_in != profile:
            rights = self._rights(principal, profile)
            if who is None or who.rights is not rights:
                who = session.who = Who(session.replica, principal.name, rights)
            session.who_by, session.who_in = standing, profile
        return who

    def _reads(self, principal: Principal, profile: str) -> bool:
        needed = "people.read" if profile == self.identity.id else "profile.read"
        return needed in self._rights(principal, profile)

    def _may_read(self, session: Session, principal: Principal, profile: str) -> bool:
        """Whether it may; if not, it is told, in the same words whether there is such a profile."""
        if self._reads(principal, profile):
            return True
        self._note(session, "refused", code="forbidden", what="read", profile=profile)
        self._error(session, "forbidden", "you may not read this profile", _GRANT, profile)
        return False

    def _inspects(self, principal: Principal, profile: str) -> bool:
        if profile:
            return self._reads(principal, profile)
        return "hub.audit" in self.access.rights(principal)

    def _may_inspect(self, session: Session, principal: Principal, profile: str) -> bool:
        if profile:
            return self._may_read(session, principal, profile)
        if self._inspects(principal, profile):
            return True
        self._note(session, "refused", code="forbidden", what="inspect")
        self._error(session, "forbidden", "you may not see how the hub fares (hub.audit)", _AUDIT)
        return False

    def _tell_rights(self, session: Session, principal: Principal, now: Millis) -> bool:
        """Tells what the session may do, if that is news; whether it was."""
        on_hub = self.access.rights(principal)
        beside = {
            profile: tuple(sorted(rights))
            for profile in sorted(set(self.access.beside(principal)))
            if (rights := self.access.rights(principal, profile)) != on_hub
        }
        people = self.identity.id if "people.read" in on_hub else ""
        term = self.access.term(principal)
        told = wire.Rights(tuple(sorted(on_hub)), beside, people)
        if term is not None:
            told = structs.replace(told, expires=term.expires, renew=term.renew <= now)
        if told == session.rights:
            return False
        session.rights = told
        self._send(session, told)
        return True

    def _people_changed(self, commits: tuple[Commit, ...], now: Millis) -> None:
        """Live connections follow at once: rights are told, what may not be read is sent no more."""
        self.access.follow(commits)
        self._effects.extend(noting.people(commits))
        for session in list(self.sessions.values()):
            principal = session.principal
            if principal is None or session.refused:
                continue
            if refusal := self.access.refuse(principal, now):
                self._dismiss(session, refusal)
            elif self._tell_rights(session, principal, now):
                for profile in {**session.subscriptions, **session.watches}:
                    if not self._reads(principal, profile):
                        self._unsubscribe(session, profile)
                        self._unwatch(session, profile)
                        why = "your right to read this profile was withdrawn"
                        self._error(session, "forbidden", why, _GRANT, profile)
                self._pay(session)
                if session.lists:
                    self._effects.append(ListAll(session.id))

    def _dismiss(self, session: Session, refusal: Refusal) -> None:
        """Nothing more goes to somebody who was let in and is not welcome any more."""
        self._leave_all(session)
        self._turn_away(session, refusal)

    def tick(self, now: Millis) -> None:
        """Time passes: tokens are to be renewed, and expire."""
        self._hurry(now)
        for session in list(self.sessions.values()):
            principal = session.principal
            if principal is None or session.refused or session.rights is None:
                continue
            if session.rights.expires is not None:
                if refusal := self.access.refuse(principal, now):
                    self._dismiss(session, refusal)
                else:
                    self._tell_rights(session, principal, now)
        self._keep_news()

    # What was decided

    def _committed(
        self, commits: dict[str, tuple[Commit, ...]], now: Millis, hold: bool = False
    ) -> None:
        """Who may read what is settled before anything is sent."""
        if people := commits.get(self.identity.id):
            self._people_changed(people, now)
        self.hold(commits)
        if not hold:
            self.announce(now)

    def carried_out(self, ordered: Ordered, carried: Carried, now: Millis) -> None:
        """An order was carried out, and that is durable."""
        self.access.keep(carried.facts)
        session = self.sessions.get(ordered.session)
        if session is not None and ends_own_token(ordered):
            # They are told that it is done before they are sent away.
            self._reply(session, ordered, carried.reply)
            session = None
        self._committed(carried.commits, now)
        if session is not None:
            self._reply(session, ordered, carried.reply)

    def _reply(self, session: Session, ordered: Ordered, reply: wire.Reply) -> None:
        if noted := noting.order(ordered, reply):
            self._effects.append(noted)
        if ordered.sender is not None:
            session.ordered -= 1
            self._send(session, reply)
        elif reply.code:
            self._refuse_code(session, reply)
        else:
            self._send(session, reply)

    # The rest

    def catalogue(self, session_id: int, profiles: Sequence[Listed]) -> None:
        """The log answered `ListAll`."""
        session = self.sessions.get(session_id)
        if session is not None and session.principal is not None:
            named = (p for p in profiles if p.id != self.identity.id)
            readable = [p for p in named if self._reads(session.principal, p.id)]
            self._send(session, wire.Profiles(tuple(readable)))

    def shut(self, code: int, reason: str) -> None:
        """The hub ends: every connection is closed with `code`; clients come back by themselves."""
        self.ended = True
        for session in self.sessions.values():
            self._close(session, code, reason)
