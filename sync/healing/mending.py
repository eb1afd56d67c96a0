"""Healing one profile of a restored hub, in one transaction: the lost tail comes back, or is given up.

Where the hub has committed nothing since, the tail is appended as it was: the same seqs, hashes and
signatures. Where it has, each lost commit comes back as the proposal that it was, through `check`.
The table of cases stands in `docs/healing.md`.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Final
from uuid import UUID, uuid5

from msgspec import Struct, json, structs

from stackroom.events.carriers import REDACTED
from stackroom.events.codec import unseal
from stackroom.events.deciding.check import Accepted, Converged, check_changes
from stackroom.events.deciding.rules import Refusal
from stackroom.events.errors import IntegrityError
from stackroom.events.fold import advance
from stackroom.events.history.history import pages
from stackroom.events.log import Answer, LogReader, LogWriter, Taken, Taking
from stackroom.events.model import (
    Commit,
    Millis,
    Proposal,
    Redacted,
)
from stackroom.events.outcomes import taking
from stackroom.events.people.entities import Invitation, Token
from stackroom.events.people.model import (
    InvitationEnded,
    PasswordRemoved,
    PasswordSet,
    TokenRevoked,
)
from stackroom.events.people.permissions import PERMISSIONS, Who
from stackroom.events.proofs.authors import KnownKey, held_by, known_keys
from stackroom.events.secrets.redaction import texts_in
from stackroom.events.state import State, listing
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Authority, Submission
from stackroom.sync.deciding.redacting import take_away
from stackroom.sync.healing.tails import Grown, Proven, Tail, examine, frontier_at, refuse_authors
from stackroom.sync.people.access import (
    CODE_FACT,
    PASSWORD_FACT,
    SCRUB_FACT,
    TOKEN_FACT,
    USED_FACT,
    Fact,
)

GIVEN_UP_FACT: Final = "given_up"
"""The kind of fact that says up to which seq (decimal) what parts there was given up, by profile."""
HEALED_FACT: Final = "healed"
"""… who had a profile healed, when and how (JSON), by `epoch/profile`."""


class Mending(Struct, frozen=True):
    """One profile to be healed on the order of the user `by` (`account`); without a `tail`, it is given up.

    `epoch` is the highest that anybody knew, where this healing is to begin another one; None where an
    earlier profile of the same order did that.
    """

    profile: str
    by: str
    account: str
    tail: Tail | None = None
    proven: Proven | None = None
    unproven: bool = False
    epoch: int | None = None


class Outcome(Struct, frozen=True):
    """What came of it: what is told, the epoch, the new commits by profile, and facts that were kept."""

    mended: wire.Mended
    epoch: int
    commits: dict[str, tuple[Commit, ...]] = {}
    facts: tuple[Fact, ...] = ()
    again: dict[str, str] = {}
    """The fresh ids of proposals that came back under another one."""


class _Record(Struct, frozen=True, omit_defaults=True):
    """What is kept of a healing."""

    by: str
    time: Millis
    unproven: bool
    mended: wire.Mended


class Unmended(Exception):
    """Nothing is changed: the transaction is to be undone."""

    def __init__(self, code: str, sentence: str) -> None:
        self.refusal = Refusal(code, sentence)
        super().__init__(sentence)


def mend(authority: Authority, mending: Mending, now: Millis, log: LogWriter) -> Outcome:
    """Carries `mending` out; runs inside a writing transaction. Raises Unmended."""
    profile, tail = mending.profile, mending.tail
    head = log.head(profile)
    work = _Work(authority, mending, now, log)
    if tail is None:
        work.mended = wire.Mended(profile, common=head.seq, given_up=True)
        work.facts.append(Fact(GIVEN_UP_FACT, profile, str(head.seq).encode()))
    else:
        if tail.common > head.seq:
            raise Unmended(
                "tail_broken", f"it begins after #{tail.common}, and here is #{head.seq}"
            )
        ground = frontier_at(log, profile, tail.common)
        grown = examine(tail, ground, mending.proven, unproven=mending.unproven)
        if isinstance(grown, Refusal):
            raise Unmended(grown.code, grown.sentence)
        unproven = mending.proven is None
        keys, since = (
            _keys(authority.people, grown, tail, log),
            _taken_at(log, profile, tail.common),
        )
        if refusal := refuse_authors(tail, grown, keys, since, unproven=unproven):
            raise Unmended(refusal.code, refusal.sentence)
        known = log.answers([commit.id for commit in grown.commits])
        if known or head.seq > tail.common:
            work.bring(tail, grown, known)
        else:
            work.keep(tail, grown)
    return work.done()


def _keys(people: str, grown: Grown, tail: Tail, log: LogReader) -> dict[bytes, KnownKey]:
    """Every key that was ever registered; by what comes back now, too, if that is the people's."""
    commits = (commit for page in pages(log, people, 0) for commit in page)
    return known_keys(chain(commits, grown.commits if tail.profile == people else ()))


def _taken_at(log: LogReader, profile: str, seq: int) -> Millis:
    """When the hub took commit `seq`."""
    found = log.commits(profile, seq - 1, 1) if seq else []
    return found[0].accepted if found else 0


class _Work:
    """One profile under way."""

    def __init__(self, authority: Authority, mending: Mending, now: Millis, log: LogWriter) -> None:
        self.authority = authority
        self.mending = mending
        self.profile = mending.profile
        self.now = now
        self.log = log
        self.commits: list[Commit] = []
        self.facts: list[Fact] = []
        self.mended = wire.Mended(mending.profile)
        self.again: dict[str, str] = {}

    def done(self) -> Outcome:
        """Keeps what is to be remembered of it."""
        epoch = self.log.identity().epoch
        if self.mending.epoch is not None:
            epoch = max(epoch, self.mending.epoch) + 1
            self.log.put_epoch(epoch)
        record = _Record(self.mending.by, self.now, self.mending.unproven, self.mended)
        key = f"{epoch}/{self.profile}"
        self.facts.append(Fact(HEALED_FACT, key, json.encode(record)))
        for fact in self.facts:
            self.log.put_fact(fact.kind, fact.key, fact.value)
        commits = {self.profile: tuple(self.commits)} if self.commits else {}
        return Outcome(self.mended, epoch, commits, tuple(self.facts), self.again)

    # The hub has decided on nothing since: all comes back as it was

    def keep(self, tail: Tail, grown: Grown) -> None:
        authority, log, profile = self.authority, self.log, self.profile
        before = authority.state(profile, log)
        state = before.copy()
        taken = [
            Taken(commit, _outcome(state, commit, authority.people), leaf)
            for commit, leaf in zip(grown.commits, grown.leaves, strict=True)
        ]
        listed = listing(state)
        if listed is not None and not listed[1] and profile != authority.people:
            if _name_is_taken(log, profile, listed[0]):
                raise Unmended(
                    "name_in_use",
                    f"this hub has another profile {listed[0]!r} by now: rename that one first",
                )
        self.facts += _ended(before, grown.commits)
        log.append(profile, taken, grown.frontier)
        if tail.redacted:
            try:
                log.redact(profile, tail.redacted)
            except IntegrityError as error:
                raise Unmended("tail_broken", str(error)) from error
        if listed is not None:
            log.list_profile(profile, listed[0], deleted=listed[1])
        if any(event.type == REDACTED for c in grown.commits for event in c.events):
            self.facts.append(Fact(SCRUB_FACT, profile, b"1"))
        authority.forget_profile(profile)
        self.commits = list(grown.commits)
        last = grown.frontier.size
        self.mended = wire.Mended(profile, common=tail.common, seq=last, kept=len(taken))

    # The hub has gone on: each comes back as the proposal that it was

    def bring(self, tail: Tail, grown: Grown, known: Mapping[str, Answer]) -> None:
        places: dict[int, int] = {}
        """Where the lost commits stand now, by the seq that they had."""
        told = {"accepted": 0, "known": 0}
        held: dict[str, list[int]] = {"conflict": [], "requested": []}
        left: list[int] = []
        redactions: list[tuple[Commit, Redacted]] = []
        self.facts += _ended(self.authority.state(self.profile, self.log), grown.commits)
        for commit in grown.commits:
            if changes := [c for e in commit.events if isinstance(c := unseal(e), Redacted)]:
                redactions += [(commit, change) for change in changes]
                continue
            submission = _again(self.profile, commit, tail.common, places, self.authority.people)
            if (before := known.get(commit.id)) is not None:
                if before.seq is not None:
                    told["known"] += 1
                    places[commit.seq] = before.seq
                    continue
                submission = self.afresh(submission)
            decision = self.authority.decide([submission], self.now, self.log)
            (answer,) = decision.answers
            if answer.seq is None:
                left.append(commit.seq)
                continue
            places[commit.seq] = answer.seq
            held.get(answer.outcome, []).append(answer.seq)
            told["accepted"] += 1
            self.commits += decision.commits.get(self.profile, ())
        redone = sum(self.redo(commit, change, tail.common) for commit, change in redactions)
        self.mended = wire.Mended(
            self.profile,
            common=tail.common,
            seq=grown.frontier.size,
            brought=told["accepted"],
            conflicts=tuple(held["conflict"]),
            requests=tuple(held["requested"]),
            known=told["known"],
            redone=redone,
            left=tuple(left),
        )

    def afresh(self, submission: Submission) -> Submission:
        """The same under a fresh id, as another replica's: what has its id, the hub has refused since.

        Its author need not have heard of that: another process of theirs may have pushed it again.
        """
        replica = str(uuid5(UUID(submission.who.replica), HEALED_FACT))
        made = structs.replace(
            submission.proposal,
            id=str(UUID(bytes=self.authority.salt(), version=4)),
            number=self.log.last_number(self.profile, replica) + 1,
            key=b"",
            signature=b"",
        )
        self.again[submission.proposal.id] = made.id
        who = structs.replace(submission.who, replica=replica)
        return structs.replace(submission, proposal=made, who=who)

    def redo(self, commit: Commit, change: Redacted, common: int) -> bool:
        """Takes away again what the hub has back from its backup; whether there was anything."""
        texts = dict.fromkeys(_brought_back(self.log, self.profile, change, common))
        if not texts:
            return False
        taken = take_away(
            self.authority, commit.author, self.profile, texts, change.reason, self.now, self.log
        )
        if isinstance(taken, Refusal) or taken.commit is None:
            return False
        self.commits.append(taken.commit)
        self.facts.append(Fact(SCRUB_FACT, self.profile, b"1"))
        return True


def _outcome(state: State, commit: Commit, people: str) -> Taking:
    """How the hub came to take `commit` once: it meets the same state, which then moves on."""
    told = taking(commit)
    if told == "accepted":
        changes = [(event.entity, unseal(event)) for event in commit.events]
        who = Who(commit.replica, commit.author, is_hub=commit.replica == people)
        match check_changes(state, commit.base, changes, who, commit.id):
            case Accepted(merged=True):
                told = "merged"
            case Converged():
                told = "converged"
    advance(state, (commit,))
    return told


def _again(
    profile: str, commit: Commit, common: int, places: dict[int, int], people: str
) -> Submission:
    """The proposal that `commit` was, in the hub's history as it is now.

    Its author had in view what both histories have, and of the lost one the commits up to the base. Where
    the base moves, or a redaction has rewritten something, what the author has signed is another text: the
    signature stays with the lost history.
    """
    author, replica = commit.author, commit.replica
    if (held := held_by(commit)) is not None:
        author, replica, proposal = held.author, held.replica, held.proposal
    else:
        proposal = Proposal(
            commit.id,
            commit.number,
            commit.base,
            commit.message,
            commit.time,
            commit.events,
            commit.key,
            commit.signature,
        )
    seen = frozenset(now for seq, now in places.items() if seq <= proposal.base)
    events = tuple(structs.replace(e, digest="") if e.digest else e for e in proposal.events)
    back = structs.replace(proposal, base=min(proposal.base, common), events=events)
    if back != proposal:
        back = structs.replace(back, key=b"", signature=b"")
    who = Who(replica, author, frozenset(PERMISSIONS), is_hub=replica == people)
    return Submission(profile, who, back, back=seen)


def _ended(state: State, commits: Iterable[Commit]) -> Iterator[Fact]:
    """What is to be forgotten beside the log: secrets that the backup brought back, and had ended."""
    for commit in commits:
        for event in commit.events:
            entity = state.get(event.entity)
            match unseal(event), entity:
                case TokenRevoked(), Token(prefix=prefix):
                    yield Fact(TOKEN_FACT, prefix, None)
                    yield Fact(USED_FACT, prefix, None)
                case InvitationEnded(), Invitation(prefix=prefix):
                    yield Fact(CODE_FACT, prefix, None)
                case ((PasswordSet() | PasswordRemoved()), _):
                    yield Fact(PASSWORD_FACT, event.entity, None)


def _brought_back(log: LogReader, profile: str, change: Redacted, common: int) -> Iterator[str]:
    """The texts that `change` had taken away, and that stand in the hub's history again."""
    for each in change.rewritten:
        if each.seq > common:
            continue
        found = log.commits(profile, each.seq - 1, 1)
        if found and found[0].seq == each.seq and each.event < len(found[0].events):
            yield from sorted(texts_in(found[0].events[each.event], each.paths))


def _name_is_taken(log: LogReader, profile: str, name: str) -> bool:
    return any(p.name == name and p.id != profile and not p.deleted for p in log.profiles())
