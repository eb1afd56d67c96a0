"""Who follows which profile, and how far each has got.

What the hub holds for a subscriber is a position. A subscriber is either live (it gets each commit as
it is made) or reading (it gets pages of the log, the next one only when the last has left the house).
"""

from abc import ABC, abstractmethod

from stackroom.events.counting import counted
from stackroom.events.model import Commit, Millis
from stackroom.events.proofs import merkle
from stackroom.sync import protocol as wire
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.effects import FetchRoots, Page, Read, RootsThere, Send, Vouch, Vouched
from stackroom.sync.people.access import Principal
from stackroom.sync.session import Session, Subscription
from stackroom.sync.settings import Settings
from stackroom.sync.voice import Voice


class Readers(Voice, ABC):
    """The subscribers of every profile, among all sessions."""

    def __init__(self, settings: Settings, notary: Notary | None) -> None:
        super().__init__()
        self.settings = settings
        self.notary = notary
        self.sessions: dict[int, Session] = {}
        self.subscribers: dict[str, set[int]] = {}
        self.heads: dict[str, int] = {}
        self._live: dict[str, tuple[int, ...]] = {}
        """Who is live, by profile; of those that are not in it, somebody came, went, or changed since."""
        self._told: dict[str, int] = {}
        """Up to where the live ones were told."""
        self._held: dict[str, list[Commit]] = {}
        """What was committed and is not told yet."""
        self._expected: dict[str, wire.Commits] = {}
        """What will be told of commits on their way to the disk, by profile."""

    @abstractmethod
    def _reads(self, principal: Principal, profile: str) -> bool:
        """Whether it may read the profile."""

    @abstractmethod
    def _parted(self, session: Session, read: Read, page: Page) -> None:
        """A subscriber has another history than the log."""

    def _has_room(self, session: Session, profile: str) -> bool:
        most = self.settings.subscriptions
        if profile in session.subscriptions or len(session.subscriptions) < most:
            return True
        why = f"a connection follows at most {counted(most, 'profile')}"
        self._error(session, "too_large", why, profile=profile)
        return False

    def _subscribe(self, session: Session, principal: Principal, asked: wire.Subscribe) -> None:
        profile = asked.profile
        others = self.subscribers.setdefault(profile, set())
        news = session.id not in others
        others.add(session.id)
        session.subscriptions[profile] = Subscription(asked.after, blocks=asked.blocks)
        self._live.pop(profile, None)
        person = wire.Person(session.replica, principal.name, session.since)
        if news and len(others) > 1:
            rest = tuple(id for id in others if id != session.id)
            self._effects.append(Send(rest, wire.Presence(profile, joined=(person,))))
        everyone = tuple(self._person(id) for id in sorted(others))
        self._send(session, wire.Presence(profile, joined=everyone))

    def _unsubscribe(self, session: Session, profile: str) -> None:
        session.subscriptions.pop(profile, None)
        self._live.pop(profile, None)
        others = self.subscribers.get(profile, set())
        others.discard(session.id)
        if not others:
            self.subscribers.pop(profile, None)
            self.heads.pop(profile, None)
            self._told.pop(profile, None)
        elif all(self.sessions[id].replica != session.replica for id in others):
            # Of several who lose a right at once, the last is still subscribed when the first leaves.
            told = tuple(id for id in others if self._still_reads(id, profile))
            self._effects.append(Send(told, wire.Presence(profile, left=(session.replica,))))

    def _person(self, id: int) -> wire.Person:
        session = self.sessions[id]
        name = session.principal.name if session.principal else ""
        return wire.Person(session.replica, name, session.since)

    def _signed(self, profile: str, seq: int, root: bytes, now: Millis) -> str:
        """The checkpoint of that, told once it is durable; empty for a hub that signs none."""
        return self.notary.checkpoint(profile, seq, root, now) if self.notary is not None else ""

    def page(self, read: Read, page: Page, now: Millis) -> None:
        """The log answered `read`."""
        session = self.sessions.get(read.session)
        if session is None:
            return
        if read.history:
            principal = session.principal
            if principal is None or not self._reads(principal, read.profile):
                return
            if page.block is not None:
                packed = wire.Block(read.profile, read.after, page.block.data, history=True)
                self._send(session, packed)
            else:
                self._send(session, wire.History(read.profile, read.after, page.commits))
            return
        subscription = session.subscriptions.get(read.profile)
        if subscription is None or subscription.cursor != read.after or subscription.live:
            return
        if (read.root is not None and page.root_there != read.root) or read.seen > page.head.seq:
            self._parted(session, read, page)
            return
        profile = read.profile
        if page.snapshot is not None:
            snapshot = page.snapshot
            subscription.cursor = snapshot.seq
            seq, tree, text = snapshot.seq, snapshot.frontier, snapshot.state.decode()
            signed = self._signed(profile, seq, merkle.root(tree), now)
            self._send(session, wire.Snapshot(profile, seq, tree, text, signed, page.proof))
        if page.block is not None:
            self._send(session, wire.Block(profile, subscription.cursor, page.block.data))
            subscription.cursor = page.block.last
        if page.commits:
            subscription.cursor = page.commits[-1].seq
            self._send(session, wire.Commits(profile, page.commits))
        head = max(self.heads.get(profile, 0), page.head.seq)
        self.heads[profile] = head
        if subscription.cursor < head:
            self._effects.append(subscription.reading(session.id, profile))
        else:
            subscription.live = True
            self._live.pop(profile, None)
            seq, root = page.head.seq, page.head.root
            signed = self._signed(profile, seq, root, now)
            self._send(session, wire.CaughtUp(profile, seq, root, signed))

    def lagging(self, session_id: int, profile: str, after: int) -> None:
        """A live subscriber did not take what was sent: it reads on by itself from `after`."""
        session = self.sessions.get(session_id)
        subscription = session.subscriptions.get(profile) if session else None
        if subscription is not None and subscription.live:
            subscription.live = False
            subscription.cursor = after
            self._live.pop(profile, None)
            self._effects.append(subscription.reading(session_id, profile))

    def _read_on(self, profile: str) -> None:
        """The log has more than can be told at once: live subscribers read on by themselves."""
        self._held.pop(profile, None)
        for id in self._live_of(profile):
            subscription = self.sessions[id].subscriptions[profile]
            subscription.cursor = self.reached(profile, subscription)
            subscription.live = False
            self._effects.append(subscription.reading(id, profile))
        self._live.pop(profile, None)

    def reached(self, profile: str, subscription: Subscription) -> int:
        """How far a subscriber has got: all that are live were told the same."""
        if not subscription.live:
            return subscription.cursor
        return max(subscription.cursor, self._told.get(profile, 0))

    def _live_of(self, profile: str) -> tuple[int, ...]:
        live = self._live.get(profile)
        if live is None:
            live = tuple(
                id
                for id in self.subscribers.get(profile, ())
                if self.sessions[id].subscriptions[profile].live
            )
            if profile in self.subscribers:
                self._live[profile] = live
        return live

    def hold(self, committed: dict[str, tuple[Commit, ...]]) -> None:
        """What was committed is told with the next `announce`."""
        for profile, commits in committed.items():
            self._held.setdefault(profile, []).extend(commits)

    def announce(self, now: Millis) -> None:
        """Tells of all that was committed and not told yet, to whoever may read it by now."""
        held, self._held = self._held, {}
        for profile, commits in held.items():
            self._announce(profile, tuple(commits), now)

    def _announce(self, profile: str, commits: tuple[Commit, ...], now: Millis) -> None:
        if profile not in self.subscribers:
            return
        last = commits[-1].seq
        self.heads[profile] = self._told[profile] = last
        if receivers := self._live_of(profile):
            message = self._expected.pop(profile, None)
            if message is None or message.commits != commits:
                message = self._news(profile, commits, now)
            self._effects.append(Send(receivers, message, live=True))

    def _expect(self, commits: dict[str, tuple[Commit, ...]], now: Millis) -> list[Send]:
        """What `announce` will say of commits that are on their way to the disk; nothing goes out yet."""
        self._expected = {}
        expected = []
        for profile, news in commits.items():
            if profile in self.subscribers and (receivers := self._live_of(profile)):
                told = (*self._held.get(profile, ()), *news)
                message = self._news(profile, told, now)
                self._expected[profile] = message
                expected.append(Send(receivers, message, live=True))
        return expected

    def _news(self, profile: str, commits: tuple[Commit, ...], now: Millis) -> wire.Commits:
        signed = self._signed(profile, commits[-1].seq, commits[-1].root, now)
        return wire.Commits(profile, commits, signed)

    def roots(self, asked: FetchRoots, found: RootsThere, now: Millis) -> None:
        """The log answered `asked`."""
        session, profile = self.sessions.get(asked.session), asked.profile
        if session is not None and self._still_reads(session.id, profile):
            signed = self._signed(profile, found.head.seq, found.head.root, now)
            roots = wire.Roots(profile, asked.seqs, found.roots, found.head.seq, signed)
            self._send(session, roots)

    def vouched(self, vouch: Vouch, found: Vouched, now: Millis) -> None:
        """The log gave commits, and what proves them."""
        session, asked = self.sessions.get(vouch.session), vouch.asked
        if session is not None and self._still_reads(session.id, asked.profile):
            signed = self._signed(asked.profile, found.head.seq, found.head.root, now)
            size, proven = found.head.seq, found.proven
            proved = wire.Proved(asked.id, asked.profile, size, signed, proven, found.consistency)
            self._send(session, proved)

    def _still_reads(self, id: int, profile: str) -> bool:
        principal = self.sessions[id].principal
        return principal is not None and self._reads(principal, profile)
