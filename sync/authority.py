"""The authority: takes proposals into the log, by the rules, in the order in which they came.

It runs inside a writing transaction of the log and is the only owner of the states that it decides
upon. What it decided stands once the transaction is durable; if that fails, `forget` throws the states
away, and the next decision rebuilds them from the log.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from msgspec import Struct, structs

from stackroom.events import codec, merkle
from stackroom.events.check import Accepted, Conflicted, Outcome, Rejected, check
from stackroom.events.fold import advance
from stackroom.events.history import explain, load
from stackroom.events.log import (
    Answer,
    LogReader,
    LogWriter,
    Refused,
    Snapshot,
    Taken,
    Taking,
)
from stackroom.events.model import (
    Commit,
    ConflictJoined,
    ConflictOpened,
    Event,
    Held,
    Millis,
    ProfileCreated,
    ProfileRenamed,
    Proposal,
)
from stackroom.events.rules import Refusal
from stackroom.events.state import State, encode


class Submission(Struct, frozen=True):
    """A proposal at the hub's door, with what the connection proved."""

    profile: str
    replica: str
    author: str
    proposal: Proposal


class Decision(Struct, frozen=True):
    """What became of a batch: an answer for each submission, and the new commits by profile."""

    answers: tuple[Answer, ...]
    commits: dict[str, tuple[Commit, ...]]


class _Branch:
    """A profile as the authority knows it, with what this transaction adds."""

    __slots__ = ("added", "fresh", "frontier", "listed", "state", "stored")

    def __init__(self, state: State, frontier: merkle.Frontier, stored: int) -> None:
        self.state = state
        self.frontier = frontier
        self.listed = _listing(state)
        self.stored = stored
        self.fresh: list[Taken] = []
        self.added: list[Commit] = []


class Authority:
    """Decides for every profile of one log.

    `snapshot_every` is in commits, `states_kept` in profiles; `salt` gives 16 fresh random bytes.
    """

    def __init__(self, salt: Callable[[], bytes], *, snapshot_every: int, states_kept: int) -> None:
        self.salt = salt
        self.snapshot_every = snapshot_every
        self.states_kept = states_kept
        self._branches: OrderedDict[str, _Branch] = OrderedDict()

    def forget(self) -> None:
        """Throws away every state; they are rebuilt from the log."""
        self._branches.clear()

    def decide(self, submissions: Sequence[Submission], now: Millis, log: LogWriter) -> Decision:
        """Decides on `submissions` in order and appends what is taken; runs inside a transaction."""
        touched: dict[str, _Branch] = {}
        known: dict[str, Answer] = {}
        for submission in submissions:
            id = submission.proposal.id
            if id not in known:
                branch = touched.get(submission.profile) or self._branch(submission.profile, log)
                touched[submission.profile] = branch
                known[id] = self._answer(submission, branch, now, log)
        commits = {}
        for profile, branch in touched.items():
            self._flush(profile, branch, log)
            if branch.added:
                commits[profile] = tuple(branch.added)
                self._snapshot(profile, branch, log)
                branch.added = []
        while len(self._branches) > self.states_kept:
            self._branches.popitem(last=False)
        return Decision(tuple(known[s.proposal.id] for s in submissions), commits)

    def _answer(
        self, submission: Submission, branch: _Branch, now: Millis, log: LogWriter
    ) -> Answer:
        proposal = submission.proposal
        profile, replica = submission.profile, submission.replica
        if (before := log.answer(proposal.id)) is not None:
            return before
        if self._number_used(submission, branch, log):
            sentence = (
                f"replica {replica} has used number {proposal.number} for another proposal: "
                "this replica is a copy of another one"
            )
            return Answer(proposal.id, "rejected", None, "replica_copied", sentence)
        outcome = check(branch.state, proposal, replica)
        refusal = outcome.refusal if isinstance(outcome, Rejected) else None
        if isinstance(outcome, Accepted):
            refusal = self._refuse_naming(submission, log)
        if refusal is not None:
            answer = Answer(proposal.id, "rejected", None, refusal.code, refusal.sentence)
            if refusal.code not in ("invalid_id", "invalid_number"):
                log.refuse(Refused(answer, profile, replica, proposal.number, now))
            return answer
        events, taking = self._events(submission, branch, outcome, log)
        commit = self._take(submission, branch, events, taking, now, log)
        return Answer(proposal.id, taking, commit.seq)

    def _number_used(self, submission: Submission, branch: _Branch, log: LogWriter) -> bool:
        replica, number = submission.replica, submission.proposal.number
        if log.numbered(submission.profile, replica, number) is not None:
            return True
        return any(t.commit.replica == replica and t.commit.number == number for t in branch.fresh)

    def _refuse_naming(self, submission: Submission, log: LogWriter) -> Refusal | None:
        """Why a profile cannot be called what the proposal calls it: names are unique on a hub."""
        for event in submission.proposal.events:
            if event.type in ("ProfileCreated", "ProfileRenamed"):
                if event.entity != submission.profile:
                    return Refusal("wrong_profile", "a profile's own id is that of its stream")
                change = codec.unseal(event)
                assert isinstance(change, ProfileCreated | ProfileRenamed)
                for other in log.profiles():
                    taken = other.name == change.name and not other.deleted
                    if taken and other.id != submission.profile:
                        return Refusal(
                            "name_in_use",
                            f"this hub has a profile {change.name!r} already: choose another name",
                        )
        return None

    def _events(
        self, submission: Submission, branch: _Branch, outcome: Outcome, log: LogWriter
    ) -> tuple[tuple[Event, ...], Taking]:
        """The events that stand in the log for a proposal that was not rejected."""
        proposal = submission.proposal
        if isinstance(outcome, Conflicted):
            self._flush(submission.profile, branch, log)
            held = Held(submission.author, submission.replica, proposal)
            overlaps = explain(
                log, submission.profile, branch.state, proposal.base, outcome.overlaps
            )
            if outcome.joins is None:
                opened = ConflictOpened(held, overlaps)
                return (codec.seal(proposal.id, opened, self.salt()),), "conflict"
            joined = ConflictJoined(held, overlaps)
            return (codec.seal(outcome.joins, joined, self.salt()),), "conflict"
        if isinstance(outcome, Accepted):
            return proposal.events, "merged" if outcome.merged else "accepted"
        return proposal.events, "converged"

    def _take(
        self,
        submission: Submission,
        branch: _Branch,
        events: tuple[Event, ...],
        taking: Taking,
        now: Millis,
        log: LogWriter,
    ) -> Commit:
        proposal = submission.proposal
        commit = Commit(
            branch.state.seq + 1,
            proposal.id,
            submission.replica,
            proposal.number,
            proposal.base,
            submission.author,
            proposal.message,
            proposal.time,
            now,
            events,
            b"",
        )
        leaf = merkle.leaf_hash(codec.leaf(submission.profile, commit))
        branch.frontier = merkle.grow(branch.frontier, leaf)
        commit = structs.replace(commit, root=merkle.root(branch.frontier))
        advance(branch.state, (commit,))
        branch.fresh.append(Taken(commit, taking, leaf))
        branch.added.append(commit)
        if _listing(branch.state) != branch.listed:
            self._flush(submission.profile, branch, log)
        return commit

    def _flush(self, profile: str, branch: _Branch, log: LogWriter) -> None:
        """Appends what was taken so far, so that the log can be asked about it."""
        if branch.fresh:
            log.append(profile, branch.fresh, branch.frontier)
            branch.fresh = []
        listing = _listing(branch.state)
        if listing != branch.listed and listing is not None:
            name, deleted = listing
            log.list_profile(profile, name, deleted=deleted)
            branch.listed = listing

    def _branch(self, profile: str, log: LogReader) -> _Branch:
        branch = self._branches.get(profile)
        if branch is None or log.head(profile).seq != branch.state.seq:
            branch = self._branches[profile] = _Branch(*load(log, profile))
        self._branches.move_to_end(profile)
        return branch

    def _snapshot(self, profile: str, branch: _Branch, log: LogWriter) -> None:
        if branch.state.seq - branch.stored >= self.snapshot_every:
            seq = branch.state.seq
            log.put_snapshot(profile, Snapshot(seq, branch.frontier, encode(branch.state)))
            branch.stored = seq


def _listing(state: State) -> tuple[str, bool] | None:
    """How the catalogue lists the profile: its name, and whether it was deleted."""
    if (profile := state.profile) is not None:
        return profile.name, False
    gone = state.gone.get(state.profile_id)
    return (gone.name, True) if gone is not None else None
