"""From a push to its answers, as the hub's state machine sees them; in between, the authority decides."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from stackroom.events.counting import counted
from stackroom.events.model import Commit, Millis
from stackroom.events.people.permissions import Who
from stackroom.sync import protocol as wire
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.deciding.foresight import answered
from stackroom.sync.deciding.submission import Decision, Submission
from stackroom.sync.effects import ListAll, Send, SendEach, Submit
from stackroom.sync.hosting import noting
from stackroom.sync.people.access import Principal
from stackroom.sync.reading.readers import Readers
from stackroom.sync.session import Session
from stackroom.sync.settings import Settings


class Pushing(Readers, ABC):
    """What all sessions push, and what they are told of that."""

    def __init__(self, settings: Settings, notary: Notary | None) -> None:
        super().__init__(settings, notary)
        self._push_most = settings.push_proposals
        self._foreseen: tuple[Decision, SendEach] | None = None
        """A decision that is on its way to the disk, and its answers."""

    @abstractmethod
    def _who(self, session: Session, principal: Principal, profile: str) -> Who:
        """Who it is in a profile, by the rights of now."""

    @abstractmethod
    def _committed(
        self, commits: dict[str, tuple[Commit, ...]], now: Millis, hold: bool = False
    ) -> None:
        """Tells of commits that are durable, or has `announce` tell of them."""

    def pushed(self, session: Session, push: wire.Push, now: Millis) -> Submit | None:
        """What is to be decided of a push, at once; None where `receive` must hear it.

        It is what comes most, and no effect: there is nothing else to be carried out before.
        """
        principal, many = session.principal, len(push.proposals)
        if principal is None or session.refused or session.has_expired(now):
            return None
        return self._submit(session, principal, push) if 0 < many <= self._push_most else None

    def _submit(self, session: Session, principal: Principal, push: wire.Push) -> Submit:
        profile, id, user, token = push.profile, session.id, principal.user, principal.token
        who = self._who(session, principal, profile)
        each = []
        for given in push.proposals:  # A comprehension of one costs twice as much.
            each.append(Submission(profile, who, given, user, token, id))
        session.undecided += len(each)
        return Submit(id, tuple(each))

    def _push(self, session: Session, principal: Principal, push: wire.Push) -> None:
        if len(push.proposals) > self._push_most:
            why = f"a push holds at most {counted(self._push_most, 'proposal')}"
            self._error(session, "too_large", why, profile=push.profile)
        elif push.proposals:
            self._effects.append(self._submit(session, principal, push))

    def foresee(
        self, submits: Sequence[Submit], decision: Decision, now: Millis, hold: bool = False
    ) -> list[Send | SendEach]:
        """What `decided` will say, once this is durable, if nobody comes or goes: to be put into bytes."""
        each = SendEach(tuple(answered(submits, decision)))
        self._foreseen = decision, each
        return [each] if hold else [each, *self._expect(decision.commits, now)]

    def decided(
        self, submits: Sequence[Submit], decision: Decision, now: Millis, hold: bool = False
    ) -> None:
        """The authority decided on `submits`, and that is durable; with `hold`, `announce` tells of it."""
        self._committed(decision.commits, now, hold)
        if decision.relisted:
            listing = [session.id for session in self.sessions.values() if session.lists]
            self._effects.extend(map(ListAll, listing))
        known, self._foreseen = self._foreseen, None
        if known is not None and known[0] is decision:
            each = known[1]
        else:
            each = SendEach(tuple(answered(submits, decision)))
        sessions, all_hear = self.sessions, True
        for submit in submits:
            if (session := sessions.get(submit.session)) is not None:
                session.undecided -= len(submit.submissions)
            if session is None or session.refused:
                all_hear = False
        if [answer for answer in decision.answers if answer.code]:
            for number, message in each.messages:
                if number in sessions:
                    self._effects += noting.refusals(number, message.profile, message.answers)
        if not all_hear:
            heard = {number for number, session in sessions.items() if not session.refused}
            each = SendEach(tuple(told for told in each.messages if told[0] in heard))
        if each.messages:
            self._effects.append(each)

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
