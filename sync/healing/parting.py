"""Histories that part: who offers what the hub has lost, and the order that takes it back. Sans I/O.

A hub that was restored from a backup is behind its clients. Whoever has more, or other commits, is told
so (`parted`), finds with `compare` where the histories part, and offers what the hub has not. Offers are
kept in memory, as long as their connections live. An administrator's order recalls the best of them, page
by page, and has it healed in one transaction (`mending`).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, structs

from stackroom.events.deciding.rules import Refusal
from stackroom.events.errors import StackroomError
from stackroom.events.log import Identity, Listed
from stackroom.events.model import Commit, Millis
from stackroom.sync import protocol as wire
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.effects import ENVELOPE_BYTES, ListAll, Look, Noted, Page, Read, Survey
from stackroom.sync.healing.mending import Mending, Outcome
from stackroom.sync.healing.tails import Proven, Tail, redacted_before
from stackroom.sync.people.access import Access, Principal
from stackroom.sync.reading.readers import Readers
from stackroom.sync.session import Session
from stackroom.sync.settings import Settings

UNDER_WAY: Final = Refusal("healing_under_way", "this hub is being healed just now: try again")

NOT_OFFERED: Final = Refusal(
    "nothing_offered",
    "nobody who is connected has more of it than this hub",
)

SILENT: Final = Refusal("offer_withdrawn", "who offered it does not answer any more")


class _Recalled(Struct):
    """A tail on its way: from which session, what has come, and what is still to come."""

    session: int
    offer: wire.Offer
    asked: Millis
    commits: list[Commit]
    redacted: list[Commit]
    lacking: list[int]
    """Seqs of earlier commits that redactions in the tail rewrote."""
    size: int = 0
    whole: bool = False


class _Healing:
    """One order under way."""

    def __init__(self, session: Session, principal: Principal, ask: wire.Ask) -> None:
        assert isinstance(ask.order, wire.Heal)
        self.session = session.id
        self.principal = principal
        self.id = ask.id
        self.order = ask.order
        self.profiles: list[str] = []
        self.mended: list[wire.Mended] = []
        self.epoch: int | None = None
        """The one that it began, once it did."""
        self.profile = ""
        self.tried: set[int] = set()
        """Sessions whose offer of this profile was of no use."""
        self.refusal = NOT_OFFERED
        self.recalled: _Recalled | None = None


class Healing(Readers, ABC):
    """The healing of one hub's histories, among all its sessions."""

    def __init__(
        self, identity: Identity, access: Access, settings: Settings, notary: Notary | None
    ) -> None:
        super().__init__(settings, notary)
        self.identity = identity
        self.access = access
        self._healing: _Healing | None = None

    @property
    def is_healing(self) -> bool:
        """Whether an order is under way."""
        return self._healing is not None

    @abstractmethod
    def _people_changed(self, commits: tuple[Commit, ...], now: Millis) -> None:
        """What is committed among the people counts at once."""

    # Where histories part, and who has what

    def _parted(self, session: Session, read: Read, page: Page) -> None:
        self._unsubscribe(session, read.profile)
        if len(session.parted) < self.settings.subscriptions:
            session.parted.add(read.profile)
        ahead = max(read.after, read.seen)
        if ahead > page.head.seq:
            what = f"you are at #{ahead}, and this hub at #{page.head.seq}"
        else:
            what = f"your history and this hub's differ at or before #{read.after}"
        hint = "this hub was restored from an older backup, or rewritten: nothing was changed here"
        self._error(session, "parted", what, hint, read.profile, head=page.head.seq)

    def _compare(self, session: Session, compare: wire.Compare) -> None:
        room = (
            compare.profile in session.parted or len(session.parted) < self.settings.subscriptions
        )
        if room and self._still_reads(session.id, compare.profile):
            session.parted.add(compare.profile)
            session.compares.add(compare.profile)
            self._effects.append(Look(session.id, compare))
        elif room and len(session.owed) < self.settings.subscriptions:
            session.owed.add(compare.profile)

    def compared(self, look: Look, said: wire.Compared) -> None:
        """The log answered `look`."""
        if (session := self.sessions.get(look.session)) is not None:
            self._send(session, said)

    def _offer(self, session: Session, offer: wire.Offer, now: Millis) -> None:
        if offer.profile in session.parted and offer.common < offer.seq:
            session.offers[offer.profile] = (offer, now)

    def _withdraw(self, session: Session) -> None:
        """The connection has ended, and what it offered with it: the next tick looks for another one."""
        session.offers.clear()
        if self._healing is not None and self._recalls_from(session):
            assert self._healing.recalled is not None
            self._healing.recalled.asked = 0

    def surveyed(self, survey: Survey, profiles: Sequence[Listed]) -> None:
        """The log answered `survey`: tells the administrator what could be taken back."""
        session = self.sessions.get(survey.session)
        if session is None:
            return
        session.ordered -= 1
        heads = {listed.id: listed.seq for listed in profiles}
        offered = [
            self._offered(each, offer, since, heads.get(profile, 0))
            for each in self.sessions.values()
            for profile, (offer, since) in each.offers.items()
        ]
        self._send(session, wire.Reply(survey.id, offers=tuple(offered)))

    def _offered(
        self, session: Session, offer: wire.Offer, since: Millis, head: int
    ) -> wire.Offered:
        user = session.principal.name if session.principal is not None else ""
        proven = self._vouches(offer)
        return wire.Offered(
            offer.profile,
            user,
            session.replica,
            since,
            offer.common,
            offer.seq,
            head,
            proven.seq if proven is not None else 0,
        )

    def _vouches(self, offer: wire.Offer) -> Proven | None:
        """What of an offer this hub has signed, as the checkpoint in it shows."""
        if self.notary is None or not offer.checkpoint:
            return None
        stated = self.notary.stated(offer.checkpoint)
        if stated is None or stated.profile != offer.profile:
            return None
        if not offer.common < stated.size <= offer.seq:
            return None
        return Proven(stated.size, stated.root)

    # Orders

    def _heals(self, session: Session, principal: Principal, ask: wire.Ask, now: Millis) -> None:
        """An administrator asks what there is, or has it taken back."""
        if "hub.heal" not in self.access.rights(principal):
            sentence = "you may not do this on this hub (hub.heal)"
            self._note(session, "refused", code="not_allowed", what=type(ask.order).__name__)
            self._send(session, wire.Reply(ask.id, "not_allowed", sentence))
        elif isinstance(ask.order, wire.ListOffers):
            session.ordered += 1
            self._effects.append(Survey(session.id, ask.id))
        elif self._healing is not None:
            self._send(session, wire.Reply(ask.id, UNDER_WAY.code, UNDER_WAY.sentence))
        else:
            session.ordered += 1
            self._healing = _Healing(session, principal, ask)
            wanted = dict.fromkeys(self._healing.order.profiles)
            # Who the people are decides what becomes of all else.
            self._healing.profiles = sorted(wanted, key=lambda id: id != self.identity.id)
            self._next(now)

    def _next(self, now: Millis) -> None:
        """Goes on with the next profile, or has done them all."""
        healing = self._healing
        assert healing is not None
        if not healing.profiles:
            self._healed(healing)
            return
        healing.profile = healing.profiles.pop(0)
        healing.tried.clear()
        healing.refusal = NOT_OFFERED
        if healing.order.give_up:
            self._mend(healing, None, None)
        else:
            self._recall_best(healing, now)

    def _healed(self, healing: _Healing) -> None:
        self._healing = None
        session = self.sessions.get(healing.session)
        if session is not None:
            session.ordered -= 1
            mended, epoch = tuple(healing.mended), healing.epoch
            self._send(session, wire.Reply(healing.id, mended=mended, epoch=epoch))

    def _recall_best(self, healing: _Healing, now: Millis) -> None:
        """Recalls what reaches furthest, of what the hub has signed if there is such."""
        found = [
            (self._reach(offer, unproven=healing.order.unproven), -session.id, offer)
            for session in self.sessions.values()
            if session.id not in healing.tried
            and (offer := self._offer_of(session, healing.profile)) is not None
        ]
        if not found:
            refused = wire.Mended(healing.profile, healing.refusal.code, healing.refusal.sentence)
            healing.mended.append(refused)
            self._next(now)
            return
        _, id, offer = max(found, key=lambda each: each[:2])
        healing.recalled = _Recalled(-id, offer, now, [], [], [])
        self._ask_for_more(healing.recalled, now)

    def _offer_of(self, session: Session, profile: str) -> wire.Offer | None:
        offered = session.offers.get(profile)
        return offered[0] if offered is not None else None

    def _reach(self, offer: wire.Offer, *, unproven: bool) -> tuple[int, int]:
        proven = self._vouches(offer)
        signed = proven.seq if proven is not None else 0
        return (offer.seq, signed) if unproven else (signed, offer.seq)

    # A tail comes back

    def _ask_for_more(self, recalled: _Recalled, now: Millis) -> None:
        recalled.asked = now
        after, upto = _wanted(recalled)
        message = wire.Recall(recalled.offer.profile, after, upto)
        self._send(self.sessions[recalled.session], message)

    def _recalls_from(self, session: Session) -> bool:
        healing = self._healing
        recalled = healing.recalled if healing is not None else None
        return recalled is not None and recalled.session == session.id

    def _returned(self, session: Session, page: wire.Returned, now: Millis) -> None:
        """A page came; from others, or out of turn, none is looked at."""
        healing = self._healing
        if healing is None or healing.recalled is None or not self._recalls_from(session):
            return
        recalled = healing.recalled
        after, upto = _wanted(recalled)
        if (page.profile, page.after) != (recalled.offer.profile, after):
            return
        commits = [commit for commit in page.commits if commit.seq <= upto]
        if [commit.seq for commit in commits] != list(range(after + 1, after + 1 + len(commits))):
            self._refused_by(Refusal("tail_broken", "what came back is not in order"), now)
        elif not commits:
            self._refused_by(Refusal("offer_withdrawn", "who offered it has it no more"), now)
        else:
            self._take_page(healing, recalled, commits, now)

    def _take_page(
        self, healing: _Healing, recalled: _Recalled, commits: list[Commit], now: Millis
    ) -> None:
        recalled.size += sum(map(_weight, commits))
        if recalled.size > self.settings.heal_bytes:
            most = self.settings.heal_bytes >> 20
            why = f"it is more than {most} MiB, the most that is healed at once (heal_bytes)"
            self._refused_by(Refusal("tail_too_large", why), now)
            return
        if recalled.whole:
            recalled.redacted += commits
            del recalled.lacking[0]
        else:
            recalled.commits += commits
            if commits[-1].seq == recalled.offer.seq:
                recalled.whole = True
                try:
                    recalled.lacking = redacted_before(recalled.offer.common, recalled.commits)
                except StackroomError as error:
                    self._refused_by(Refusal("tail_broken", str(error)), now)
                    return
        if not recalled.whole or recalled.lacking:
            self._ask_for_more(recalled, now)
            return
        offer = recalled.offer
        tail = Tail(offer.profile, offer.common, tuple(recalled.commits), tuple(recalled.redacted))
        self._mend(healing, tail, offer)

    def _mend(self, healing: _Healing, tail: Tail | None, offer: wire.Offer | None) -> None:
        known = max(
            (o.epoch for s in self.sessions.values() for o, _ in s.offers.values()), default=0
        )
        mending = Mending(
            healing.profile,
            healing.principal.name,
            healing.principal.account,
            tail,
            self._vouches(offer) if offer is not None else None,
            healing.order.unproven,
            max(known, self.identity.epoch) if healing.epoch is None else None,
        )
        self._effects.append(mending)

    def _refused_by(self, refusal: Refusal, now: Millis) -> None:
        """What was recalled is of no use; perhaps another one's is."""
        healing = self._healing
        assert healing is not None
        healing.refusal = refusal
        if healing.recalled is not None:
            healing.tried.add(healing.recalled.session)
            healing.recalled = None
            self._recall_best(healing, now)
        else:
            healing.mended.append(wire.Mended(healing.profile, refusal.code, refusal.sentence))
            self._next(now)

    def mended(self, mending: Mending, outcome: Outcome | Refusal, now: Millis) -> None:
        """`mending` was carried out, and is durable; or nothing was changed."""
        healing = self._healing
        assert healing is not None
        if isinstance(outcome, Refusal):
            self._note_healing(healing, mending, code=outcome.code)
            self._refused_by(outcome, now)
            return
        self._note_healing(healing, mending, epoch=outcome.epoch)
        healing.recalled = None
        healing.epoch = outcome.epoch
        healing.mended.append(outcome.mended)
        self.identity = structs.replace(self.identity, epoch=outcome.epoch)
        if self.notary is not None:
            self.notary.begin(self.identity)
        self.access.keep(outcome.facts)
        if people := outcome.commits.get(self.identity.id):
            self._people_changed(people, now)
        for session in list(self.sessions.values()):
            session.offers.pop(mending.profile, None)
            session.parted.discard(mending.profile)
            if mending.profile in session.compares:
                session.compares.discard(mending.profile)
                session.owed.add(mending.profile)
                self._pay(session)
            if session.lists:
                self._effects.append(ListAll(session.id))
        self._read_on(mending.profile)
        self._next(now)

    def _pay(self, session: Session) -> None:
        """Has the session look anew at what it may read (again)."""
        for profile in sorted(session.owed):
            if self._still_reads(session.id, profile):
                session.owed.discard(profile)
                self._send(session, wire.Healed(profile, self.identity.epoch))

    def _note_healing(self, healing: _Healing, mending: Mending, **more: str | int) -> None:
        said: dict[str, str | int] = {
            "by": healing.principal.name,
            "profile": mending.profile,
            "what": "given up" if mending.tail is None else "taken back",
            "unproven": int(mending.unproven),
        }
        self._effects.append(Noted(healing.session, "healing", said | more))

    def _hurry(self, now: Millis) -> None:
        """Time passes: who offered something, and does not send it, is waited for no longer."""
        healing = self._healing
        recalled = healing.recalled if healing is not None else None
        if recalled is not None and not _is_complete(recalled):
            if now - recalled.asked > self.settings.heal_patience * 1_000:
                self._refused_by(SILENT, now)


def _wanted(recalled: _Recalled) -> tuple[int, int]:
    """What is asked for next: the commits after the one seq, up to the other."""
    if recalled.whole:
        seq = recalled.lacking[0] if recalled.lacking else 0
        return seq - 1, seq
    last = recalled.commits[-1].seq if recalled.commits else recalled.offer.common
    return last, recalled.offer.seq


def _is_complete(recalled: _Recalled) -> bool:
    return recalled.whole and not recalled.lacking


def _weight(commit: Commit) -> int:
    return ENVELOPE_BYTES + sum(len(event.body) for event in commit.events)
