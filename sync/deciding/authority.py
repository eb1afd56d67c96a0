"""The authority: takes proposals into the log, by the rules, in the order in which they came.

It runs inside a writing transaction of the log and is the only owner of the states that it decides
upon. What it decided stands once the transaction is durable; if that fails, `forget` throws the states
away, and the next decision rebuilds them from the log.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from msgspec import structs

from stackroom.events import codec
from stackroom.events.deciding.check import (
    Accepted,
    Changes,
    Conflicted,
    Converged,
    Outcome,
    Rejected,
    Requested,
    check,
    check_changes,
    refuse_rights,
    unsealed,
)
from stackroom.events.deciding.owning import Plain
from stackroom.events.deciding.rules import Refusal
from stackroom.events.history.history import explain, load
from stackroom.events.log import (
    Answer,
    LogReader,
    LogWriter,
    Proposed,
    Refused,
    Snapshot,
    Taking,
)
from stackroom.events.model import (
    Commit,
    Event,
    Held,
    Millis,
    ProfileCreated,
    ProfileRenamed,
    Proposal,
)
from stackroom.events.outcomes import holding, set_aside
from stackroom.events.people.people import HUB, Directory
from stackroom.events.people.permissions import READING, Who
from stackroom.events.state import State, encode, listing
from stackroom.sync.deciding.branch import Branch, Fresh
from stackroom.sync.deciding.ceilings import Ceilings
from stackroom.sync.deciding.snapshots import AT_ONCE, Snapshots
from stackroom.sync.deciding.submission import Decision as Decision
from stackroom.sync.deciding.submission import Party
from stackroom.sync.deciding.submission import Submission as Submission
from stackroom.sync.people.keys import refuse_signature

COPIES_KEPT: Final = 1_000
"""Connections of copied replicas that are remembered; they hang up as soon as they know."""


class Authority:
    """Decides for every profile of one log.

    `snapshot_every` is in commits, `states_kept` in profiles; `salt` gives 16 fresh random bytes.
    `people` is the stream of the hub's people, who say what each may do; empty where there is none.
    `ceilings` bound what a profile may hold beside the rules; None is no bound. `snapshots` takes those of
    large states, for somebody to write them later; None has all of them written when they are due.
    """

    def __init__(
        self,
        salt: Callable[[], bytes],
        *,
        snapshot_every: int,
        states_kept: int,
        people: str = "",
        ceilings: Ceilings | None = None,
        snapshots: Snapshots | None = None,
    ) -> None:
        self.ceilings = ceilings
        self.snapshots = snapshots
        self.salt = salt
        self.people = people
        self.snapshot_every = snapshot_every
        self.states_kept = states_kept
        self._branches: OrderedDict[str, Branch] = OrderedDict()
        self._directory: Directory | None = None
        self._copies: OrderedDict[int, None] = OrderedDict()
        """Connections of replicas that were found to be copies: what comes next from them builds on what was
        not taken, under a name whose writes count as their own."""
        self._asked: Directory | None = None
        self._last: tuple[Submission, Party] | None = None
        """Whom the directory was asked about last, and what it said."""
        self._looked: LogReader | None = None
        """The transaction in which the directory was last held against the log."""

    def forget(self) -> None:
        """Throws away every state; they are rebuilt from the log."""
        self._branches.clear()

    def decide(self, submissions: Sequence[Submission], now: Millis, log: LogWriter) -> Decision:
        """Decides on `submissions` in order and appends what is taken; runs inside a transaction."""
        touched: dict[str, Branch] = {}
        known = log.answers([s.proposal.id for s in submissions])
        places = log.proposed(list(known)) if known else {}
        answers: list[Answer] = []
        again: list[int] = []
        for place, submission in enumerate(submissions):
            id = submission.proposal.id
            if id in known:
                again.append(place)
            else:
                profile = submission.profile
                branch = touched.get(profile)
                if branch is None:
                    branch = touched[profile] = self._branch(profile, log)
                known[id] = self._answer(submission, branch, now, log)
                places[id] = Proposed(profile, submission.who.replica)
            answers.append(known[id])
        commits = {}
        relisted = False
        for profile, branch in touched.items():
            branch.flush(profile, log)
            if branch.added:
                commits[profile] = tuple(branch.added)
                self._snapshot(profile, branch, log)
            relisted = branch.end() or relisted
            if not branch.state.seq:
                # Anybody can ask for as many profiles that are not there as they like.
                self._branches.pop(profile, None)
        while len(self._branches) > self.states_kept:
            self._branches.popitem(last=False)
        for place in again:
            submission = submissions[place]
            if not self._may_know(submission, places[submission.proposal.id], log):
                answers[place] = self._unknown(submission, log)
        return Decision(tuple(answers), commits, relisted)

    # What the hub itself changes among its people

    def state(self, profile: str, log: LogReader) -> State:
        """The profile as it stands in this transaction; not to be changed."""
        return self._branch(profile, log).owner.shared()

    def directory(self, log: LogReader) -> Directory:
        """The people as they stand in this transaction."""
        found = self._directory
        if found is not None and self._looked is log and found.seq == found.state.seq:
            return found  # Of this very transaction: the log need not be asked again.
        state = self.state(self.people, log)
        if found is None or found.state is not state or found.seq != state.seq:
            found = self._directory = Directory(state)
        self._looked = log
        return found

    def forget_profile(self, profile: str) -> None:
        """Throws one state away; it is rebuilt from the log."""
        self._branches.pop(profile, None)
        if self.snapshots is not None:
            self.snapshots.forget(profile)

    def refuse(self, author: str, changes: Changes, log: LogReader) -> Refusal | None:
        """Why the hub cannot make `changes` among its people under the name of `author`."""
        state = self.state(self.people, log)
        outcome = check_changes(state, state.seq, changes, self._hub(author))
        return outcome.refusal if isinstance(outcome, Rejected) else None

    def commit(
        self,
        stream: str,
        author: str,
        changes: Changes,
        message: str,
        now: Millis,
        log: LogWriter,
    ) -> Commit | Refusal:
        """Makes `changes` in a stream, among the people or in a profile, under the name of `author`.

        What they say came from somebody: it is held to the same limits as any proposal.
        """
        branch = self._branch(stream, log)
        who = self._hub(author)
        events = tuple(codec.seal(id, change, self.salt()) for id, change in changes)
        id = str(UUID(bytes=self.salt(), version=4))
        number = log.last_number(stream, who.replica) + 1
        proposal = Proposal(id, number, branch.state.seq, message, now, events)
        outcome = check(branch.state, proposal, who)
        if isinstance(outcome, Rejected):
            return outcome.refusal
        submission = Submission(stream, who, proposal)
        self._take(submission, branch, events, changes, "accepted", now, log)
        branch.flush(stream, log)
        self._snapshot(stream, branch, log)
        commit = branch.added[-1]
        branch.end()
        return commit

    def _hub(self, author: str) -> Who:
        """The hub's own replica has the hub's id, as its people have."""
        return Who(self.people, author, is_hub=True)

    def _party(self, submission: Submission, log: LogReader) -> Party:
        """Who makes it, as the people say now: of one push, all are made by the same."""
        if not submission.user:
            return Party(submission.who)
        directory = self.directory(log)
        if self._asked is directory and self._last is not None:
            last, party = self._last
            if (
                last.who is submission.who
                and last.profile == submission.profile
                and last.user == submission.user
                and last.token == submission.token
            ):
                return party
        user, who = submission.user, submission.who
        scope = HUB if submission.profile == self.people else submission.profile
        rights = directory.rights(user, scope, submission.token)
        if rights != who.rights:
            who = structs.replace(who, rights=rights)
        party = Party(who, directory.signing_key(user, who.replica))
        self._asked, self._last = directory, (submission, party)
        return party

    # What became of a proposal, if that is asked again

    def _may_know(self, submission: Submission, place: Proposed, log: LogReader) -> bool:
        """Whether the answer is told: in its own profile alone, to its maker and to who may read there."""
        if place.profile != submission.profile:
            return False
        reading = "people.read" if place.profile == self.people else "profile.read"
        return place.replica == submission.who.replica or self._party(submission, log).who.may(
            reading
        )

    def _unknown(self, submission: Submission, log: LogReader) -> Answer:
        """The answer to who goes by the id of another's proposal, and is told nothing of that."""
        id, rights = submission.proposal.id, self._party(submission, log).who.rights
        if rights is not None and READING.issuperset(rights):
            return Answer(id, "rejected", None, "not_allowed", "you may not change this profile")
        return Answer(id, "rejected", None, "id_in_use", f"id {id} is in use: make a fresh one")

    # One proposal

    def _answer(
        self, submission: Submission, branch: Branch, now: Millis, log: LogWriter
    ) -> Answer:
        proposal = submission.proposal
        replica, number = submission.who.replica, proposal.number
        # Numbers count up, so that hardly ever there is more to ask.
        if self._copies or number <= branch.numbers.get(replica, number):
            if self._is_copy(submission, branch, log):
                sentence = (
                    f"replica {replica} has used number {number}, or one before, for another proposal: "
                    "this replica is a copy of another one"
                )
                return Answer(proposal.id, "rejected", None, "replica_copied", sentence)
        changes = unsealed(proposal)
        if isinstance(changes, Rejected):
            return self._refused(submission, branch, changes.refusal, now, log)
        party = self._party(submission, log)
        who = party.who
        if party.signing is not None or proposal.key or proposal.signature:
            if (forged := self._refuse_signature(submission, log)) is not None:
                if refusal := refuse_rights(branch.state, changes, who):
                    return self._refused(submission, branch, refusal, now, log)
                # Not remembered: whose proposal this is was not shown, and its author may still push it.
                return Answer(proposal.id, "rejected", None, forged.code, forged.sentence)
        if submission.back is None:
            plain = branch.owner.plain(proposal.base, changes, who, proposal.id)
            # One look is enough for most.
            if plain is not None and (
                self.ceilings is None or self.ceilings.hold(branch.state, plain)
            ):
                return self._take(submission, branch, proposal.events, plain, "accepted", now, log)
        outcome = self._outcome(submission, branch, changes, who, log)
        if isinstance(outcome, Rejected) and submission.back is not None:
            outcome = Conflicted(set_aside(branch.state, changes))
        match outcome:
            case Rejected(refusal):
                return self._refused(submission, branch, refusal, now, log)
            case Accepted(merged):
                taking: Taking = "merged" if merged else "accepted"
            case Converged():
                taking = "converged"
            case Conflicted():
                held = self._conflict(submission, branch, outcome, log)
                return self._take(submission, branch, (held,), _changes(held), "conflict", now, log)
            case Requested():
                held = self._held(submission, outcome)
                return self._take(
                    submission, branch, (held,), _changes(held), "requested", now, log
                )
        return self._take(submission, branch, proposal.events, changes, taking, now, log)

    def _outcome(
        self, submission: Submission, branch: Branch, changes: Changes, who: Who, log: LogWriter
    ) -> Outcome:
        """What the rules say, and what else this hub has."""
        proposal, seen = submission.proposal, submission.back or frozenset()
        outcome = check_changes(branch.state, proposal.base, changes, who, proposal.id, seen)
        no: Refusal | None = None
        if isinstance(outcome, Accepted | Requested):
            no = self._refuse_taking(submission, branch, changes, log)
        if no is None and isinstance(outcome, Conflicted | Requested):
            no = self._refuse_holding(submission, branch, outcome)
        return outcome if no is None else Rejected(no)

    def _refuse_signature(self, submission: Submission, log: LogReader) -> Refusal | None:
        """Why the proposal is not signed as it must be; where nobody was asked for, nothing must be."""
        if not submission.user:
            return None
        user, replica = submission.user, submission.who.replica
        directory, proposal = self.directory(log), submission.proposal
        return refuse_signature(directory, user, replica, submission.profile, proposal)

    def _refused(
        self,
        submission: Submission,
        branch: Branch,
        refusal: Refusal,
        now: Millis,
        log: LogWriter,
    ) -> Answer:
        proposal, replica = submission.proposal, submission.who.replica
        answer = Answer(proposal.id, "rejected", None, refusal.code, refusal.sentence)
        if refusal.code not in ("invalid_id", "invalid_number"):
            log.refuse(Refused(answer, submission.profile, replica, proposal.number, now))
            branch.answered(replica, proposal.number)
        return answer

    def _is_copy(self, submission: Submission, branch: Branch, log: LogWriter) -> bool:
        """Whether this, or something before it on its connection, has the number of another proposal."""
        session = submission.session
        if session in self._copies:
            return True
        if not self._number_used(submission, branch, log):
            return False
        if session:
            self._copies[session] = None
            while len(self._copies) > COPIES_KEPT:
                self._copies.popitem(last=False)
        return True

    def _number_used(self, submission: Submission, branch: Branch, log: LogWriter) -> bool:
        """Whether the replica gave this number to another proposal: hardly ever, as it counts up."""
        profile, replica = submission.profile, submission.who.replica
        if replica not in branch.numbers:
            branch.numbers[replica] = log.last_number(profile, replica)
        if submission.proposal.number > branch.numbers[replica]:
            return False
        branch.flush(profile, log)
        return log.number_used(profile, replica, submission.proposal.number)

    def _refuse_taking(
        self, submission: Submission, branch: Branch, changes: Changes, log: LogWriter
    ) -> Refusal | None:
        """Why what no rule refuses is not taken all the same: by what else this hub has."""
        if naming := self._refuse_naming(submission, changes, log):
            return naming
        if (
            self.ceilings is None
            or submission.profile == self.people
            or submission.back is not None
        ):
            return None
        return self.ceilings.refuse(
            branch.state,
            changes,
            lambda: sum(not p.deleted and p.id != self.people for p in log.profiles()),
        )

    def _refuse_holding(
        self, submission: Submission, branch: Branch, outcome: Conflicted | Requested
    ) -> Refusal | None:
        """Why no conflict or change request holds the proposal: its author has many in them."""
        if self.ceilings is None or submission.back is not None:
            return None
        author = submission.who.author
        if isinstance(outcome, Conflicted):
            return self.ceilings.refuse_conflict(branch.state, author)
        return self.ceilings.refuse_request(branch.state, author)

    def _refuse_naming(
        self, submission: Submission, changes: Changes, log: LogWriter
    ) -> Refusal | None:
        """Why a profile cannot be called what the proposal calls it: names are unique on a hub."""
        for id, change in changes:
            if isinstance(change, ProfileCreated | ProfileRenamed):
                if id != submission.profile:
                    return Refusal("wrong_profile", "a profile's own id is that of its stream")
                for other in log.profiles():
                    taken = other.name == change.name and not other.deleted
                    if taken and other.id != submission.profile:
                        return Refusal(
                            "name_in_use",
                            f"this hub has a profile {change.name!r} already: choose another name",
                        )
        return None

    def _conflict(
        self, submission: Submission, branch: Branch, outcome: Conflicted, log: LogWriter
    ) -> Event:
        """The event by which a conflict holds the proposal, with what each side says."""
        branch.flush(submission.profile, log)
        base = submission.proposal.base
        told = explain(log, submission.profile, branch.state, base, outcome.overlaps)
        return self._held(submission, structs.replace(outcome, overlaps=told))

    def _held(self, submission: Submission, outcome: Conflicted | Requested) -> Event:
        """The event by which a conflict or a change request holds the proposal."""
        held = Held(submission.who.author, submission.who.replica, submission.proposal)
        return codec.seal(*holding(outcome, held), self.salt())

    def _take(
        self,
        submission: Submission,
        branch: Branch,
        events: tuple[Event, ...],
        changes: Changes | Plain,
        taking: Taking,
        now: Millis,
        log: LogWriter,
    ) -> Answer:
        """Makes the commit; `changes` are what `events` say."""
        proposal, who = submission.proposal, submission.who
        if isinstance(changes, Plain):
            branch.owner.write(who.replica, changes)
        else:
            branch.owner.apply(who.replica, changes)
        seq = branch.state.seq
        head = (
            seq,
            proposal.id,
            who.replica,
            proposal.number,
            proposal.base,
            who.author,
            proposal.message,
            proposal.time,
            now,
        )
        own = events is proposal.events
        signed = (proposal.key, proposal.signature) if own else (b"", b"")
        branch.fresh.append(Fresh(head, events, taking, *signed))
        branch.answered(who.replica, proposal.number)
        if not isinstance(changes, Plain) and listing(branch.state) != branch.listed:
            branch.flush(submission.profile, log)
        return Answer(proposal.id, taking, seq)

    def _branch(self, profile: str, log: LogReader) -> Branch:
        branch = self._branches.get(profile)
        stored = branch.state.seq - len(branch.fresh) if branch is not None else -1
        if branch is None or log.head(profile).seq != stored:
            branch = self._branches[profile] = Branch(*load(log, profile))
        self._branches.move_to_end(profile)
        return branch

    def _snapshot(self, profile: str, branch: Branch, log: LogWriter) -> None:
        # What a snapshot costs grows with the entities; what it saves, with the commits.
        state = branch.state
        if state.seq - branch.stored >= max(self.snapshot_every, branch.held):
            branch.stored, branch.held = state.seq, len(state.entities)
            if self.snapshots is not None and len(state.entities) > AT_ONCE:
                self.snapshots.add(profile, branch.owner.shared(), branch.frontier)
            else:
                log.put_snapshot(profile, Snapshot(state.seq, branch.frontier, encode(state)))


def _changes(*events: Event) -> Changes:
    return [(event.entity, codec.unseal(event)) for event in events]
