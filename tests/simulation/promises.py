"""What must always hold, checked from outside: this module trusts nothing that a core says of itself.

The numbers are those of `docs/promises.md`. A `Witness` sees what every replica and the hub are told.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from msgspec import UNSET

from stackroom.client.replica.witness import Seen
from stackroom.events import codec
from stackroom.events.carriers import HOLDING
from stackroom.events.codec import unseal
from stackroom.events.fold import fold
from stackroom.events.history.block import unpack
from stackroom.events.history.history import Difference, diff
from stackroom.events.log import Answer
from stackroom.events.model import (
    ChangeRequested,
    Commit,
    ConflictJoined,
    ConflictOpened,
    Held,
    Proposal,
    RequestJoined,
)
from stackroom.events.proofs.authors import author_finding, known_keys
from stackroom.events.secrets.redaction import rewritten_by
from stackroom.events.state import Component, Stack, State, encode
from stackroom.events.values import overlap, same
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Decision, Submission
from tests.simulation.people import Rights

TELLING = (
    wire.Commits, wire.History, wire.Block, wire.Snapshot, wire.CaughtUp, wire.Roots, wire.Presence,
)  # fmt: skip
"""Messages that tell something of a profile."""


class Broken(AssertionError):
    """A promise is broken; says which."""

    def __init__(self, promise: int, sentence: str) -> None:
        self.promise = promise
        super().__init__(f"promise {promise}: {sentence}")


class Witness:
    """Remembers what was said to whom, and holds all of it together."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, Answer] = {}
        self.commits: dict[tuple[str, int], bytes] = {}
        self.states: dict[tuple[str, int], tuple[bytes, bytes]] = {}
        self.signatures: dict[tuple[str, int], bytes] = {}
        """The roots that the hub has signed, and a replica has verified."""
        self.typed: dict[str, tuple[str, set[str], str]] = {}
        """Where each proposal was typed, as which replicas (a copy becomes another), and by whom."""
        self.machines: dict[str, set[str]] = {}
        """Whose own view each proposal is in: that of the machine where it was typed, and of copies made since."""
        self.copied: dict[tuple[str, str], int] = {}
        """Up to where a copy of a machine had seen a profile, to begin with."""
        self.heirs: set[str] = set()
        self.signing: set[str] = set()
        """The replicas that sign what they propose."""
        self.replaced: set[str] = set()
        self.restored = False
        """Whether the hub was set back to an old copy of its file."""
        self.gone: set[str] = set()
        """What nobody had, when it was."""
        self.views: dict[str, tuple[set[str], int]] = {}
        """What the author of a proposal had in view: ids of commits, and all up to a seq."""
        self.redacted: dict[str, int] = {}
        """The last redaction, by profile."""
        self.rewritten: dict[tuple[str, int, int], str] = {}
        """The digest of what each redacted event says now."""
        self.rights = Rights()
        """As the log of people has them."""
        self.known = Rights()
        """As the hub's process knows them, which is told of a commit once that is durable."""

    # While it runs

    def typing(
        self, profile: str, replica: str, user: str, proposal: Proposal, machine: str
    ) -> None:
        """A person's edit was saved."""
        self.machines.setdefault(proposal.id, set()).add(machine)
        self.typed.setdefault(proposal.id, (profile, set(), user))[1].add(replica)

    def retyping(self, old: str) -> None:
        """The author of a refused proposal made another of it."""
        self.replaced.add(old)

    def goes_back(
        self, profile: str, commits: list[Commit], gone: set[str], answered: set[str]
    ) -> None:
        """The hub was set back to these commits; what is `gone`, nobody has."""
        self.restored = True
        self.gone |= gone
        self.signatures.clear()
        self.commits = {
            place: leaf
            for place, leaf in self.commits.items()
            if place[0] != profile or place[1] <= len(commits)
        }
        for id in [id for id in self.acknowledged if self.typed[id][0] == profile]:
            if id not in answered:
                del self.acknowledged[id]
        self.rewritten = {at: digest for at, digest in self.rewritten.items() if at[0] != profile}
        self.heals(profile, commits)

    def heals(self, profile: str, commits: Sequence[Commit]) -> None:
        """The hub has these commits again, or new ones in their place."""
        for commit in commits:
            if any(True for _ in rewritten_by((commit,))):
                self.redacts(profile, commit)

    def comes_again(self, again: Mapping[str, str]) -> None:
        """What the hub took back under fresh ids, by the ids that were typed."""
        for old, new in again.items():
            profile, replicas, _ = self.typed[old]
            ids, upto = self.views[old]
            own = {id for id, (at, by, _) in self.typed.items() if at == profile and by & replicas}
            self.views[new] = ids | own, upto
            self.machines[new] = self.machines[old]
            self.replaced.add(old)

    def inherits(self, replica: str) -> None:
        """A home took this new identity, and pushes what it had as another replica."""
        self.heirs.add(replica)

    def told_answer(self, replica: str, answer: Answer) -> None:
        if replica in self.heirs and answer.code in ("not_allowed", "id_in_use"):
            return  # What became of another replica's proposal, who may not read here is not told.
        before = self.acknowledged.setdefault(answer.id, answer)
        if before != answer:
            raise Broken(2, f"one proposal was answered {before} and {answer}")

    def sends(self, user: str, message: wire.FromHub) -> None:
        """The hub sends something to a connection of the user's, at this moment."""
        if isinstance(message, TELLING) and not self.known.may(
            user, message.profile, "profile.read"
        ):
            kind = type(message).__name__
            raise Broken(6, f"{user} was sent {kind} of a profile closed to it")
        if isinstance(message, wire.Profiles):
            for listed in message.profiles:
                if not self.known.may(user, listed.id, "profile.read"):
                    raise Broken(6, f"{user} was told of a profile closed to it")

        if isinstance(message, wire.Commits | wire.History | wire.Block):
            packed = isinstance(message, wire.Block)
            for commit in unpack(message.data) if packed else message.commits:
                for number, event in enumerate(commit.events):
                    said = self.rewritten.get((message.profile, commit.seq, number))
                    if said is not None and said != codec.digest_now(event):
                        raise Broken(6, f"{user} was sent what was redacted in #{commit.seq}")

    def redacts(self, profile: str, commit: Commit) -> None:
        """Values were taken out of the hub's log by `commit`."""
        self.redacted[profile] = max(self.redacted.get(profile, 0), commit.seq)
        for each in rewritten_by((commit,)):
            self.rewritten[profile, each.seq, each.event] = each.digest

    def starts(self, people: Sequence[Commit]) -> None:
        """A hub's process begins, with the people that its log has."""
        self.rights, self.known = Rights(), Rights()
        for rights in (self.rights, self.known):
            rights.follow(people)

    def learns(self, hub: str, decision: Decision) -> None:
        """The hub's process is told what was decided, and is durable."""
        self.known.follow(decision.commits.get(hub, ()))

    def decides(self, hub: str, submissions: Sequence[Submission], decision: Decision) -> None:
        """The authority decided; what was changed was changed by who might change it then."""
        fresh = {c.id: c for commits in decision.commits.values() for c in commits}
        for submission in submissions:
            if (commit := fresh.pop(submission.proposal.id, None)) is None:
                continue
            if submission.profile == hub:
                self.rights.follow((commit,))
            elif not self.rights.may(commit.author, submission.profile, "profile.write"):
                raise Broken(6, f"{commit.author} may not make #{commit.seq}")

    def told_commit(self, profile: str, commit: Commit) -> None:
        leaf = codec.leaf(profile, commit)
        before = self.commits.setdefault((profile, commit.seq), leaf)
        if before != leaf:
            raise Broken(1, f"#{commit.seq} of {profile} was told in two ways")
        if commit.id in self.typed:
            typed_in, replicas, author = self.typed[commit.id]
            other = (profile, commit.author) != (typed_in, author)
            if other or commit.replica not in replicas:
                raise Broken(6, f"#{commit.seq} is said to be {commit.author}'s, not {author}'s")

    def holds(self, profile: str, state: State, root: bytes) -> None:
        """A replica stands at `state`, with `root` as its Merkle root.

        Before the last redaction, one may have folded the history as it was, and another as it is.
        """
        if state.seq and state.seq >= self.redacted.get(profile, 0):
            said = sha256(encode(state)).digest(), root
            place = f"{profile} {root.hex()}" if self.restored else profile
            if self.states.setdefault((place, state.seq), said) != said:
                raise Broken(3, f"two replicas at #{state.seq} of {profile} differ")

    def signed(self, seen: Seen) -> None:
        """A replica has seen what the hub has signed."""
        if self.restored:
            return  # What the hub has signed before it was set back, it cannot know.
        stated = seen.checkpoint
        root = self.signatures.setdefault((stated.profile, stated.size), stated.root)
        if root != stated.root:
            raise Broken(
                1, f"the hub has signed two histories of {stated.profile} at #{stated.size}"
            )

    # When all is quiet

    def check_log(self, profile: str, commits: list[Commit]) -> None:
        """The hub's whole log of a profile, against all that was said of it."""
        if [c.seq for c in commits] != list(range(1, len(commits) + 1)):
            raise Broken(1, f"the seqs of {profile} have gaps")
        leaves = {(profile, c.seq): codec.leaf(profile, c) for c in commits}
        for place, leaf in self.commits.items():
            if place[0] == profile and leaves.get(place) != leaf:
                raise Broken(1, f"#{place[1]} of {profile} was told and is gone or changed")
        seqs: dict[str, int] = {}
        for commit in commits:
            if commit.id in seqs:
                raise Broken(2, f"one proposal is #{seqs[commit.id]} and #{commit.seq}")
            seqs[commit.id] = commit.seq
        for id, answer in self.acknowledged.items():
            if self.typed[id][0] == profile and seqs.get(id) != answer.seq:
                raise Broken(1, f"answered {answer}, and the log has it at {seqs.get(id)}")
        for (of, size), root in self.signatures.items():
            if of == profile and size and (size > len(commits) or commits[size - 1].root != root):
                raise Broken(1, f"#{size} of {profile} was signed and is gone or changed")
        self.check_overwrites(profile, commits)
        check_approvals(commits)

    def check_authors(self, profile: str, commits: list[Commit], people: Sequence[Commit]) -> None:
        """Who a commit says its author is, their key has signed: also what was redacted since."""
        keys = known_keys(people)
        for commit in commits:
            found = author_finding(profile, commit, keys).result
            wanted = "valid" if commit.replica in self.signing else "unsigned"
            if self.restored and found != "invalid":
                continue  # Keys were lost with the people, and signatures where a base had to move.
            if found != wanted:
                raise Broken(6, f"the signature of #{commit.seq} is {found}, not {wanted}")

    def check_overwrites(self, profile: str, commits: list[Commit]) -> None:
        """Brute force: a commit may change a value only if its author saw the change before it.

        A replica that forgot its copy for a redaction starts from 0, and has seen what it had seen.
        """

        def own(commit: Commit) -> set[str]:
            return self.machines.get(commit.id, {commit.replica})

        states = [State()]
        changed: list[list[Difference]] = [[]]
        for commit in commits:
            states.append(fold(states[-1], commit))
            changed.append(diff(states[-2], states[-1]))
        seen = {machine: seq for (where, machine), seq in self.copied.items() if where == profile}
        views: dict[str, set[str]] = {}
        for commit in commits:
            machines, base = own(commit), commit.base
            if self.restored and commit.id in self.views:
                # Seqs are not what they were when it was made.
                ids, base = self.views[commit.id]
                for machine in machines:
                    views.setdefault(machine, set()).update(ids)
            view = set[str]().union(*(views.get(machine, ()) for machine in machines))
            for machine in machines:
                seen[machine] = max(seen.get(machine, 0), base)
            since = max(seen[machine] for machine in machines)
            for other in range(since + 1, commit.seq):
                there = commits[other - 1]
                if own(there) & machines or there.id in view:
                    continue
                for mine in changed[commit.seq]:
                    for theirs in changed[other]:
                        if mine.entity == theirs.entity and overlap(mine.path, theirs.path):
                            self.check_pair(commit, mine, commits[other - 1], theirs)

    def check_pair(
        self, commit: Commit, mine: Difference, other: Commit, theirs: Difference
    ) -> None:
        if mine.path == theirs.path and same(mine.before, UNSET) and same(theirs.after, UNSET):
            sides = f"#{commit.seq} brings back what #{other.seq} removed"
        else:
            sides = f"#{commit.seq} overwrites #{other.seq}"
        raise Broken(4, f"{sides}, unseen by its author: {mine} over {theirs}")

    def check_work(self, committed: set[str], kept: set[str]) -> None:
        """All that was typed is in the log (a commit, or what holds it for a decision) or with its author."""
        lost = self.typed.keys() - committed - kept - self.replaced - self.gone
        if lost:
            raise Broken(5, f"typed and gone: {sorted(lost)}")


def check_approvals(commits: list[Commit]) -> None:
    """Nothing that was protected changed but by an approval, which is another person's and says no more."""
    asked: dict[str, list[Held]] = {}
    state = State()
    for commit in commits:
        before, state = state, fold(state, commit)
        approved = commit.events[0].type == "RequestApproved"
        for event in commit.events:
            change = unseal(event)
            if isinstance(change, ChangeRequested | RequestJoined):
                asked.setdefault(event.entity, []).append(change.held)
        if approved:
            check_approval(commit, asked.pop(commit.events[0].entity, []))
        elif any(e.type == "RequestApproved" for e in commit.events):
            raise Broken(6, f"#{commit.seq} approves amid its changes")
        else:
            guarded = protected(before)
            for each in diff(before, state):
                marks = each.path == "/protected" and each.after is True
                if each.entity in guarded and not marks:
                    raise Broken(6, f"#{commit.seq} changes what is protected: {each}")


def check_approval(commit: Commit, asked: list[Held]) -> None:
    """One approval, against what was asked for."""
    if commit.author in {held.author for held in asked} or not asked:
        raise Broken(6, f"{commit.author} approves in #{commit.seq} what nobody else asked for")
    wanted = [(e.type, e.entity, e.body) for h in asked for e in h.proposal.events]
    if [(e.type, e.entity, e.body) for e in commit.events[1:]] != wanted:
        raise Broken(6, f"#{commit.seq} carries out what was not asked for")


def protected(state: State) -> set[str]:
    """The ids of marked stacks and components, and of the components in marked stacks."""
    found = {id for kind in (Stack, Component) for id, e in state.all(kind) if e.protected}
    for _, stack in state.all(Stack):
        if stack.protected:
            found.update(id for ids in stack.components.values() for id in ids)
    return found


def in_log(commits: list[Commit]) -> set[str]:
    """The ids of the proposals that a log keeps: as commits, and whole in conflicts and change requests."""
    found = set()
    for commit in commits:
        for event in commit.events:
            if event.type in HOLDING:
                change = unseal(event)
                assert isinstance(
                    change, ConflictOpened | ConflictJoined | ChangeRequested | RequestJoined
                )
                if change.held.proposal.id != commit.id:
                    raise Broken(5, f"#{commit.seq} holds another proposal than its own")
        found.add(commit.id)
    return found
