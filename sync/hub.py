"""The hub as a state machine: messages in, effects out, no I/O.

A shell carries bytes: it calls `receive` with what a connection sent, hands `Submit` to the authority
and `Read` to the log, reports what came of them (`decided`, `page`), and carries out `Send` and
`Close`. The same class runs under the server and under the simulation.

What the hub holds for a subscriber is a position. A subscriber is either live (it gets each commit as
it is made) or reading (it gets pages of the log, the next one only when the last has left the house).
"""

from collections.abc import Sequence
from itertools import chain
from typing import TypeAlias

from msgspec import Struct

from stackroom.events.log import Answer, Head, Identity, Listed, Snapshot
from stackroom.events.model import Commit, Millis
from stackroom.events.permissions import Who
from stackroom.events.rules import Refusal
from stackroom.sync import protocol as wire
from stackroom.sync.access import Access, Principal
from stackroom.sync.authority import Decision, Submission
from stackroom.sync.settings import Settings


class Send(Struct, frozen=True):
    """Send `message` to each of `sessions`; `live` ones may be moved to reading instead."""

    sessions: tuple[int, ...]
    message: wire.FromHub
    live: bool = False


class Close(Struct, frozen=True):
    """Close the connection with a code and a reason."""

    session: int
    code: int
    reason: str


class Submit(Struct, frozen=True):
    """Have these decided, in this order after all that were submitted before."""

    session: int
    submissions: tuple[Submission, ...]


class Read(Struct, frozen=True):
    """Read the next page for a subscriber, once what was sent to it has gone out.

    With `root`, also the root at `after`, to be held against it; with `snapshot`, a snapshot where
    that is the shorter way. `history` marks a page that was asked for by `fetch`.
    """

    session: int
    profile: str
    after: int
    root: bytes | None = None
    snapshot: bool = False
    history: bool = False


class ListAll(Struct, frozen=True):
    """Read the catalogue for `session`."""

    session: int


Effect: TypeAlias = Send | Close | Submit | Read | ListAll


class Page(Struct, frozen=True):
    """What the log says to a `Read`: the head, commits after `after`, and what was asked beside."""

    head: Head
    commits: tuple[Commit, ...] = ()
    root_there: bytes | None = None
    snapshot: Snapshot | None = None


class _Subscription:
    __slots__ = ("cursor", "live")

    def __init__(self, cursor: int) -> None:
        self.cursor = cursor
        self.live = False


class Session:
    """One connection as the hub sees it; `principal` is None until it has said hello."""

    def __init__(self, id: int) -> None:
        self.id = id
        self.principal: Principal | None = None
        self.replica = ""
        self.client = ""
        self.since: Millis = 0
        self.subscriptions: dict[str, _Subscription] = {}
        self.undecided = 0
        self.lists = False
        """Whether it asked for the catalogue, and is told when that changes."""


class Hub:
    """All sessions of one hub process."""

    def __init__(
        self, identity: Identity, access: Access, settings: Settings, version: str
    ) -> None:
        self.identity = identity
        self.access = access
        self.settings = settings
        self.version = version
        self.sessions: dict[int, Session] = {}
        self.subscribers: dict[str, set[int]] = {}
        self.heads: dict[str, int] = {}
        self.ended = False
        self._effects: list[Effect] = []
        self._last_id = 0

    def effects(self) -> list[Effect]:
        """What is to be done since this was last asked, in order."""
        effects, self._effects = self._effects, []
        return effects

    # Connections

    def opened(self) -> Session:
        """A connection was made."""
        self._last_id += 1
        session = self.sessions[self._last_id] = Session(self._last_id)
        return session

    def closed(self, session: Session) -> None:
        """A connection ended, from whichever side."""
        if self.sessions.pop(session.id, None) is not None:
            for profile in list(session.subscriptions):
                self._unsubscribe(session, profile)

    def receive(self, session: Session, message: wire.FromReplica, now: Millis) -> None:
        """A message came."""
        if isinstance(message, wire.Hello):
            self._hello(session, message, now)
        elif session.principal is None:
            self._close(session, wire.CloseCode.UNAUTHORISED, "the first message must be hello")
        else:
            self._receive(session, session.principal, message)

    def malformed(self, session: Session, why: str) -> None:
        """Bytes came that are no message: the sender speaks something else."""
        self._error(session, "malformed", f"not a message of this protocol: {why}")
        self._close(session, wire.CloseCode.MALFORMED, "malformed message")

    def _hello(self, session: Session, hello: wire.Hello, now: Millis) -> None:
        if session.principal is not None:
            self.malformed(session, "hello was said before")
            return
        principal = self.access.authenticate(hello)
        if isinstance(principal, Refusal):
            hint = "ask for the hub's token, and run: stackroom connect URL --token TOKEN"
            self._error(session, "unauthorised", principal.sentence, hint)
            self._close(session, wire.CloseCode.UNAUTHORISED, "not authorised")
            return
        session.principal = principal
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
        )
        self._send(session, welcome)

    def _receive(self, session: Session, principal: Principal, message: wire.FromReplica) -> None:
        match message:
            case wire.ListProfiles():
                session.lists = True
                self._effects.append(ListAll(session.id))
            case wire.Subscribe(profile, after, root, snapshot):
                if self._may_read(session, principal, profile):
                    self._subscribe(session, principal, profile, after)
                    self._effects.append(Read(session.id, profile, after, root, snapshot))
            case wire.Unsubscribe(profile):
                self._unsubscribe(session, profile)
            case wire.Fetch(profile, after):
                if self._may_read(session, principal, profile):
                    self._effects.append(Read(session.id, profile, after, history=True))
            case wire.Push():
                self._push(session, principal, message)
            case _:
                self.malformed(session, "hello was said before")

    def _may_read(self, session: Session, principal: Principal, profile: str) -> bool:
        if self.access.may_read(principal, profile):
            return True
        self._error(session, "forbidden", "you may not read this profile", profile=profile)
        return False

    # Subscriptions

    def _subscribe(self, session: Session, principal: Principal, profile: str, after: int) -> None:
        others = self.subscribers.setdefault(profile, set())
        news = session.id not in others
        others.add(session.id)
        session.subscriptions[profile] = _Subscription(after)
        person = wire.Person(session.replica, principal.name, session.since)
        if news and len(others) > 1:
            rest = tuple(id for id in others if id != session.id)
            self._effects.append(Send(rest, wire.Presence(profile, joined=(person,))))
        everyone = tuple(self._person(id) for id in sorted(others))
        self._send(session, wire.Presence(profile, joined=everyone))

    def _person(self, id: int) -> wire.Person:
        session = self.sessions[id]
        name = session.principal.name if session.principal else ""
        return wire.Person(session.replica, name, session.since)

    def _unsubscribe(self, session: Session, profile: str) -> None:
        session.subscriptions.pop(profile, None)
        others = self.subscribers.get(profile, set())
        others.discard(session.id)
        if not others:
            self.subscribers.pop(profile, None)
            self.heads.pop(profile, None)
        elif all(self.sessions[id].replica != session.replica for id in others):
            left = wire.Presence(profile, left=(session.replica,))
            self._effects.append(Send(tuple(others), left))

    def page(self, read: Read, page: Page) -> None:
        """The log answered `read`."""
        session = self.sessions.get(read.session)
        if session is None:
            return
        if read.history:
            self._send(session, wire.History(read.profile, read.after, page.commits))
            return
        subscription = session.subscriptions.get(read.profile)
        if subscription is None or subscription.cursor != read.after or subscription.live:
            return
        if read.root is not None and page.root_there != read.root:
            self._parted(session, read, page)
            return
        profile = read.profile
        if page.snapshot is not None:
            snapshot = page.snapshot
            subscription.cursor = snapshot.seq
            text = snapshot.state.decode()
            self._send(session, wire.Snapshot(profile, snapshot.seq, snapshot.frontier, text))
        if page.commits:
            subscription.cursor = page.commits[-1].seq
            self._send(session, wire.Commits(profile, page.commits))
        head = max(self.heads.get(profile, 0), page.head.seq)
        self.heads[profile] = head
        if subscription.cursor < head:
            self._effects.append(Read(session.id, profile, subscription.cursor))
        else:
            subscription.live = True
            self._send(session, wire.CaughtUp(profile, page.head.seq, page.head.root))

    def _parted(self, session: Session, read: Read, page: Page) -> None:
        self._unsubscribe(session, read.profile)
        if page.root_there is None:
            what = f"you are at #{read.after}, and this hub at #{page.head.seq}"
        else:
            what = f"your history and this hub's differ at or before #{read.after}"
        hint = "this hub was restored from an older backup, or rewritten: nothing was changed here"
        self._error(session, "parted", what, hint, read.profile)

    def lagging(self, session_id: int, profile: str, after: int) -> None:
        """A live subscriber did not take what was sent: it reads on by itself from `after`."""
        session = self.sessions.get(session_id)
        subscription = session.subscriptions.get(profile) if session else None
        if subscription is not None and subscription.live:
            subscription.live = False
            subscription.cursor = after
            self._effects.append(Read(session_id, profile, after))

    # Proposals

    def _push(self, session: Session, principal: Principal, push: wire.Push) -> None:
        profile = push.profile
        if len(push.proposals) > self.settings.push_proposals:
            most = self.settings.push_proposals
            self._error(
                session, "too_large", f"a push holds at most {most} proposals", profile=profile
            )
        elif not self.access.may_write(principal, profile):
            sentence = "you may not change this profile"
            answers = tuple(
                Answer(p.id, "rejected", None, "not_allowed", sentence) for p in push.proposals
            )
            self._send(session, wire.Results(profile, answers))
        elif push.proposals:
            session.undecided += len(push.proposals)
            submissions = tuple(
                Submission(profile, Who(session.replica, principal.name), proposal)
                for proposal in push.proposals
            )
            self._effects.append(Submit(session.id, submissions))

    def decided(self, submits: Sequence[Submit], decision: Decision) -> None:
        """The authority decided on all of `submits`, and that is durable."""
        for profile, commits in decision.commits.items():
            self._announce(profile, commits)
        if any(map(_changes_catalogue, chain.from_iterable(decision.commits.values()))):
            listing = [session.id for session in self.sessions.values() if session.lists]
            self._effects.extend(map(ListAll, listing))
        answers = iter(decision.answers)
        for submit in submits:
            session = self.sessions.get(submit.session)
            told: dict[str, list[Answer]] = {}
            for submission in submit.submissions:
                told.setdefault(submission.profile, []).append(next(answers))
            if session is not None:
                session.undecided -= len(submit.submissions)
                for profile, results in told.items():
                    self._send(session, wire.Results(profile, tuple(results)))

    def failed(
        self, submits: Sequence[Submit], code: wire.ErrorCode, sentence: str, hint: str = ""
    ) -> None:
        """Nothing of `submits` was decided; the proposals stay with their replicas."""
        for submit in submits:
            session = self.sessions.get(submit.session)
            if session is not None:
                session.undecided -= len(submit.submissions)
                profile = submit.submissions[0].profile
                self._error(session, code, sentence, hint, profile)

    def _announce(self, profile: str, commits: tuple[Commit, ...]) -> None:
        last = commits[-1].seq
        receivers = []
        for id in self.subscribers.get(profile, ()):
            subscription = self.sessions[id].subscriptions[profile]
            if subscription.live:
                subscription.cursor = last
                receivers.append(id)
        if profile in self.subscribers:
            self.heads[profile] = last
        if receivers:
            self._effects.append(Send(tuple(receivers), wire.Commits(profile, commits), live=True))

    # The rest

    def catalogue(self, session_id: int, profiles: Sequence[Listed]) -> None:
        """The log answered `ListAll`."""
        session = self.sessions.get(session_id)
        if session is not None and session.principal is not None:
            readable = [p for p in profiles if self.access.may_read(session.principal, p.id)]
            self._send(session, wire.Profiles(tuple(readable)))

    def shut(self, code: int, reason: str) -> None:
        """The hub ends: every connection is closed with `code`; clients come back by themselves."""
        self.ended = True
        for session in self.sessions.values():
            self._close(session, code, reason)

    def _send(self, session: Session, message: wire.FromHub) -> None:
        self._effects.append(Send((session.id,), message))

    def _close(self, session: Session, code: int, reason: str) -> None:
        self._effects.append(Close(session.id, code, reason))

    def _error(
        self,
        session: Session,
        code: wire.ErrorCode,
        sentence: str,
        hint: str = "",
        profile: str = "",
    ) -> None:
        self._send(session, wire.Error(code, sentence, hint, profile))


def _changes_catalogue(commit: Commit) -> bool:
    """Whether a profile was made, renamed or deleted."""
    return any(
        e.type in ("ProfileCreated", "ProfileRenamed", "ProfileDeleted") for e in commit.events
    )
