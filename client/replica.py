"""A replica as a state machine: what one connection to a hub says and does, no I/O.

A shell carries bytes: it calls `connected`, `receive`, `propose` and `disconnected`, and carries out
the effects in their order. Everything that `Store` names must be on disk before the next effect is
carried out. The same class runs under the client and under the simulation.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from stackroom.events import codec, merkle
from stackroom.events.errors import UnknownEvent
from stackroom.events.fold import advance
from stackroom.events.log import Answer, Listed
from stackroom.events.merkle import Frontier
from stackroom.events.model import Commit, Proposal, Rewritten
from stackroom.events.redaction import rewritten_by
from stackroom.events.state import State, decode
from stackroom.sync import protocol as wire


class Send(Struct, frozen=True):
    """Send a message to the hub."""

    message: wire.FromReplica


class Store(Struct, frozen=True):
    """Keep confirmed commits; `settled` are own proposals that are among them.

    The tree grew from `since` to `frontier` by `leaves`, the hashes of the commits.
    """

    profile: str
    commits: tuple[Commit, ...]
    frontier: Frontier
    settled: tuple[str, ...]
    leaves: tuple[bytes, ...]
    since: Frontier


class Restart(Struct, frozen=True):
    """Begin the profile anew at a snapshot; history before it is missing for now."""

    profile: str
    seq: int
    frontier: Frontier
    state: bytes


class Clean(Struct, frozen=True):
    """Commit `seq` took values out of these events, which this replica had: it must not have them any more.

    What is kept of the profile is to be cleaned, and `refetch` called with what is left of it; the commits
    that came with this one are not kept, and come again.
    """

    profile: str
    seq: int
    rewritten: tuple[Rewritten, ...]


class Backfill(Struct, frozen=True):
    """Keep commits from before the snapshot; none means that there are no more."""

    profile: str
    commits: tuple[Commit, ...]


class Settle(Struct, frozen=True):
    """These own proposals are in the log, in commits that this replica has or had."""

    profile: str
    ids: tuple[str, ...]


class Park(Struct, frozen=True):
    """The hub refused a proposal: it waits for its author."""

    profile: str
    answer: Answer


class Catalogue(Struct, frozen=True):
    """The hub's profiles."""

    profiles: tuple[Listed, ...]


class Welcomed(Struct, frozen=True):
    """The hub let the replica in."""

    welcome: wire.Welcome


class Granted(Struct, frozen=True):
    """What the hub lets the replica's user do has changed, or is told for the first time."""

    rights: wire.Rights


class Replied(Struct, frozen=True):
    """The hub answered an order."""

    reply: wire.Reply


class Present(Struct, frozen=True):
    """Who came and who left."""

    presence: wire.Presence


class Reached(Struct, frozen=True):
    """The profile holds all that the hub had, and nothing of ours waits for an answer."""

    profile: str
    seq: int


ProblemCode: TypeAlias = wire.ErrorCode | Literal["integrity", "too_new"]


class Problem(Struct, frozen=True):
    """Something went wrong, for one profile or (empty) for the whole connection.

    `retry`: the hub could not take proposals now; push them again later with `push_again`.
    """

    code: ProblemCode
    sentence: str
    hint: str = ""
    profile: str = ""
    retry: bool = False


Effect: TypeAlias = (
    Send
    | Store
    | Restart
    | Backfill
    | Clean
    | Settle
    | Park
    | Catalogue
    | Welcomed
    | Granted
    | Replied
    | Present
    | Reached
    | Problem
)


class Copy:
    """One profile of a replica, in memory: what is confirmed, and what is pending.

    `newer` is set where the log holds an event that this program does not know: `state` stays before
    it, the commits are kept, and nothing can be proposed.
    """

    def __init__(
        self,
        profile: str,
        state: State,
        frontier: Frontier,
        pending: Sequence[Proposal] = (),
        newer: UnknownEvent | None = None,
    ) -> None:
        self.profile = profile
        self.state = state
        self.frontier = frontier
        self.pending = list(pending)
        self.newer = newer
        self.live = False
        self.closed = False
        """The hub lets us read it no more; what is pending is still pushed, to learn what became of it."""
        self.problem: Problem | None = None
        """That it is closed: told once everything pending has its answer."""
        self.clean_upto = 0
        """Redactions up to this seq have been looked for in what is kept of the profile."""
        self.gap_allowed = False
        """Whether commits may still arrive that were sent before the profile was subscribed to anew."""
        self.sent: set[str] = set()
        self.answered: dict[str, int] = {}
        """Own proposals known to be in the log at a seq that has not arrived yet."""

    @property
    def seq(self) -> int:
        """The last confirmed commit."""
        return self.frontier.size


class Replica:
    """One connection of replica `id`; `follow` says which profiles it keeps."""

    def __init__(self, id: str, token: str, client: str = "") -> None:
        self.hello = wire.Hello(id, token, client)
        self.copies: dict[str, Copy] = {}
        self.welcome: wire.Welcome | None = None
        self.rights: wire.Rights | None = None
        """What the hub said last that its user may do."""
        self._effects: list[Effect] = []

    def effects(self) -> list[Effect]:
        """What is to be done since this was last asked, in order."""
        effects, self._effects = self._effects, []
        return effects

    # What the shell says

    def connected(self) -> None:
        """A connection to the hub is open."""
        self._send(self.hello)

    def disconnected(self) -> None:
        """The connection is gone; everything unanswered will be sent again."""
        self.welcome = None
        for copy in self.copies.values():
            copy.live = copy.closed = False
            copy.problem = None
            copy.sent.clear()

    def follow(self, copy: Copy) -> None:
        """Keep this profile up to date, and push what is pending in it."""
        self.copies[copy.profile] = copy
        if self.welcome is not None:
            self._subscribe(copy)

    def unfollow(self, profile: str) -> None:
        """Let the profile rest."""
        if self.copies.pop(profile, None) is not None and self.welcome is not None:
            self._send(wire.Unsubscribe(profile))

    def propose(self, profile: str, proposals: Iterable[Proposal]) -> None:
        """More proposals are pending in the profile, and saved."""
        copy = self.copies[profile]
        known = {p.id for p in copy.pending}
        copy.pending += [p for p in proposals if p.id not in known]
        copy.pending.sort(key=lambda p: p.number)
        self._push(copy)

    def push_again(self) -> None:
        """Push everything pending once more, after the hub could not take it."""
        for copy in self.copies.values():
            copy.sent.clear()
            self._push(copy)

    def refetch(self, copy: Copy, clean_upto: int = 0) -> None:
        """What is kept of the profile was changed: go on from `copy`, which is what stands there now.

        What the hub sends meanwhile, for the subscription of before, may leave a gap.
        """
        copy.clean_upto = clean_upto
        if self.copies.pop(copy.profile, None) is not None and self.welcome is not None:
            self._send(wire.Unsubscribe(copy.profile))
            copy.gap_allowed = True
        self.follow(copy)

    def list_profiles(self) -> None:
        """Ask for the hub's catalogue."""
        self._send(wire.ListProfiles())

    def ask(self, id: int, order: wire.AnyOrder) -> None:
        """Give the hub an order; its reply has the same `id`."""
        self._send(wire.Ask(id, order))

    def fetch(self, profile: str, after: int) -> None:
        """Ask for a page of history after seq `after`."""
        self._send(wire.Fetch(profile, after))

    # What the hub says

    def receive(self, message: wire.FromHub) -> None:
        """A message came."""
        match message:
            case wire.Welcome():
                self.welcome = message
                self._effects.append(Welcomed(message))
                for each in self.copies.values():
                    self._subscribe(each)
            case wire.Rights():
                self.rights = message
                self._effects.append(Granted(message))
                for each in self.copies.values():
                    if each.closed and _readable(each.profile, message):
                        self._subscribe(each)
            case wire.Reply():
                self._effects.append(Replied(message))
            case wire.Profiles(profiles):
                self._effects.append(Catalogue(profiles))
            case wire.Presence():
                self._effects.append(Present(message))
            case wire.Error():
                self._error(message)
            case wire.Ways() | wire.Changed() | wire.Looked() | wire.LogRead():
                pass  # Nobody asks once they are in, and a replica folds by itself.
            case _:
                if (copy := self.copies.get(message.profile)) is not None:
                    self._about(copy, message)

    def _about(
        self,
        copy: Copy,
        message: wire.Snapshot | wire.Commits | wire.History | wire.CaughtUp | wire.Results,
    ) -> None:
        match message:
            case wire.Snapshot():
                self._restart(copy, message)
            case wire.Commits(_, commits):
                self._commits(copy, commits)
            case wire.History():
                self._history(copy, message)
            case wire.CaughtUp():
                if message.seq <= copy.seq:
                    copy.live = True
                    self._push(copy)
                    self._reached(copy)
            case wire.Results(_, answers):
                self._results(copy, answers)

    def _error(self, error: wire.Error) -> None:
        retry = error.code in ("hub_full", "hub_failed")
        problem = Problem(error.code, error.sentence, error.hint, error.profile, retry)
        copy = self.copies.get(error.profile)
        if error.code == "parted":
            self.copies.pop(error.profile, None)
        elif error.code == "forbidden" and copy is not None:
            self._close(copy, problem)
            return
        self._effects.append(problem)

    def _close(self, copy: Copy, problem: Problem) -> None:
        """The profile may not be read, or not any more.

        What is pending was perhaps taken before: the hub alone knows, and refuses the rest.
        """
        copy.live, copy.closed, copy.problem = False, True, problem
        self._push(copy)
        self._closed(copy)

    def _closed(self, copy: Copy) -> None:
        """Tells that a profile is closed, once everything that was pushed to it has its answer."""
        if copy.problem is not None and copy.sent <= copy.answered.keys():
            self._effects.append(copy.problem)
            copy.problem = None

    def _subscribe(self, copy: Copy) -> None:
        copy.closed = False
        root = merkle.root(copy.frontier)
        self._send(wire.Subscribe(copy.profile, copy.seq, root, snapshot=copy.seq == 0))

    def _restart(self, copy: Copy, snapshot: wire.Snapshot) -> None:
        if snapshot.seq > copy.seq:
            copy.gap_allowed = False
            data = snapshot.state.encode()
            copy.state = decode(data)
            copy.frontier = snapshot.frontier
            restart = Restart(copy.profile, snapshot.seq, snapshot.frontier, data)
            self._effects.append(restart)
            self._settle_answered(copy)

    def _commits(self, copy: Copy, commits: Sequence[Commit]) -> None:
        fresh = tuple(commit for commit in commits if commit.seq > copy.seq)
        if not fresh or (copy.gap_allowed and fresh[0].seq > copy.seq + 1):
            return
        copy.gap_allowed = False
        since = copy.frontier
        leaves = []
        for seq, commit in enumerate(fresh, since.size + 1):
            if commit.seq != seq:
                self._broken(copy, f"#{commit.seq} came after #{seq - 1}")
                return
            leaves.append(merkle.leaf_hash(codec.leaf(copy.profile, commit)))
        frontier = merkle.extended(since, leaves)
        if merkle.root(frontier) != fresh[-1].root:
            self._broken(copy, f"the commits up to #{fresh[-1].seq} do not hash to their root")
            return
        unlooked = (commit for commit in fresh if commit.seq > copy.clean_upto)
        taken = tuple(each for each in rewritten_by(unlooked) if each.seq <= since.size)
        if taken:
            self._effects.append(Clean(copy.profile, fresh[-1].seq, taken))
            return
        copy.frontier = frontier
        self._fold(copy, fresh)
        mine = {p.id for p in copy.pending}
        settled = tuple(c.id for c in fresh if c.id in mine)
        self._forget(copy, settled)
        store = Store(copy.profile, fresh, frontier, settled, tuple(leaves), since)
        self._effects.append(store)
        self._settle_answered(copy)
        self._reached(copy)

    def _history(self, copy: Copy, page: wire.History) -> None:
        for seq, commit in enumerate(page.commits, page.after + 1):
            if commit.seq != seq:
                self._broken(copy, f"#{commit.seq} came in the place of #{seq}")
                return
        self._effects.append(Backfill(copy.profile, page.commits))

    def _fold(self, copy: Copy, commits: Sequence[Commit]) -> None:
        if copy.newer is not None:
            return
        try:
            for commit in commits:
                advance(copy.state, (commit,))
        except UnknownEvent as error:
            copy.newer = error
            sentence = f"{error}: this profile is read-only here"
            self._effects.append(Problem("too_new", sentence, error.hint, copy.profile))

    def _results(self, copy: Copy, answers: Sequence[Answer]) -> None:
        mine = {p.id for p in copy.pending}
        for answer in answers:
            if answer.id not in mine:
                continue
            if answer.outcome == "rejected":
                self._forget(copy, (answer.id,))
                self._effects.append(Park(copy.profile, answer))
            elif answer.seq is not None:
                copy.answered[answer.id] = answer.seq
        self._settle_answered(copy)
        self._reached(copy)
        self._closed(copy)

    def _settle_answered(self, copy: Copy) -> None:
        """Settles what was committed before the point where this replica began (a snapshot)."""
        settled = tuple(id for id, seq in copy.answered.items() if seq <= copy.seq)
        if settled:
            self._forget(copy, settled)
            self._effects.append(Settle(copy.profile, settled))

    def _forget(self, copy: Copy, ids: Sequence[str]) -> None:
        gone = set(ids)
        copy.pending = [p for p in copy.pending if p.id not in gone]
        copy.sent.difference_update(ids)
        for id in ids:
            copy.answered.pop(id, None)

    def _push(self, copy: Copy) -> None:
        """Sends what was not sent on this connection, in order, in pushes that the hub takes."""
        open = copy.live or copy.closed
        if self.welcome is None or not open or copy.newer is not None:
            return
        batch: list[Proposal] = []
        size = 0
        for proposal in copy.pending:
            if proposal.id in copy.sent:
                continue
            weight = sum(len(e.body) + 200 for e in proposal.events) + len(proposal.message)
            full = len(batch) == self.welcome.push_proposals
            if batch and (full or size + weight > self.welcome.push_bytes):
                self._send(wire.Push(copy.profile, tuple(batch)))
                batch, size = [], 0
            batch.append(proposal)
            size += weight
            copy.sent.add(proposal.id)
        if batch:
            self._send(wire.Push(copy.profile, tuple(batch)))

    def _reached(self, copy: Copy) -> None:
        if copy.live and not copy.sent:
            self._effects.append(Reached(copy.profile, copy.seq))

    def _broken(self, copy: Copy, sentence: str) -> None:
        """What the hub sent does not add up: nothing of it is kept, and the profile rests."""
        self.copies.pop(copy.profile, None)
        self._effects.append(Problem("integrity", sentence, profile=copy.profile))

    def _send(self, message: wire.FromReplica) -> None:
        self._effects.append(Send(message))


def _readable(profile: str, rights: wire.Rights) -> bool:
    """Whether the hub lets us read the profile, or the stream of its people."""
    if profile == rights.people:
        return True
    return "profile.read" in rights.profiles.get(profile, rights.hub)
