"""A replica as a state machine: what one connection to a hub says and does, no I/O.

A shell carries bytes: it calls `connected`, `receive`, `propose` and `disconnected`, and carries out
the effects in their order. Everything that `Store` names must be on disk before the next effect is
carried out. The same class runs under the client and under the simulation.
"""

from collections.abc import Iterable, Sequence

from stackroom.client import witness
from stackroom.client.effects import Backfill as Backfill
from stackroom.client.effects import Catalogue as Catalogue
from stackroom.client.effects import Clean as Clean
from stackroom.client.effects import Compared as Compared
from stackroom.client.effects import Effect as Effect
from stackroom.client.effects import Granted as Granted
from stackroom.client.effects import Park as Park
from stackroom.client.effects import Parted as Parted
from stackroom.client.effects import Present as Present
from stackroom.client.effects import Problem as Problem
from stackroom.client.effects import ProblemCode as ProblemCode
from stackroom.client.effects import Reached as Reached
from stackroom.client.effects import Replied as Replied
from stackroom.client.effects import Restart as Restart
from stackroom.client.effects import Send as Send
from stackroom.client.effects import Settle as Settle
from stackroom.client.effects import Store as Store
from stackroom.client.effects import Welcomed as Welcomed
from stackroom.client.witness import Seen
from stackroom.events import codec, merkle
from stackroom.events.errors import UnknownEvent
from stackroom.events.fold import advance
from stackroom.events.log import Answer
from stackroom.events.merkle import Frontier
from stackroom.events.model import Commit, Proposal
from stackroom.events.redaction import rewritten_by
from stackroom.events.signed_note import BadNote, parse_verifier_key
from stackroom.events.state import State, decode
from stackroom.sync import protocol as wire


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
        seen: Seen | None = None,
    ) -> None:
        self.profile = profile
        self.state = state
        self.frontier = frontier
        self.pending = list(pending)
        self.newer = newer
        self.seen = seen
        """The last checkpoint of the hub's, which it is held to."""
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
        before = self.copies.pop(copy.profile, None)
        if before is not None:
            # Another process may have seen more than what is still on its way to this one.
            copy.seen = before.seen
        if before is not None and self.welcome is not None:
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
            case wire.Roots():
                self._effects.append(Compared(message))
            case wire.Ways():
                pass  # Nobody asks once they are in.
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
            case wire.Commits(_, commits, note):
                self._commits(copy, commits, note)
            case wire.History():
                self._history(copy, message)
            case wire.CaughtUp():
                if not self._stands(copy, message):
                    return
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
        if error.code == "parted" and copy is not None:
            self._parted(copy, problem)
            return
        if error.code == "forbidden" and copy is not None:
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
        root, seen, seq = merkle.root(copy.frontier), copy.seen, copy.seq
        known = (
            seen is not None
            and self.welcome is not None
            and self.welcome.hub == seen.checkpoint.hub
        )
        size = seen.checkpoint.size if seen is not None and known else 0
        self._send(wire.Subscribe(copy.profile, seq, root, snapshot=seq == 0, seen=size))

    # What the hub signs

    def _stands(self, copy: Copy, end: wire.CaughtUp) -> bool:
        """Whether the hub has signed where it says that it stands, and that is no step back."""
        root = merkle.root(copy.frontier) if end.seq == copy.seq else end.root
        new = self._attested(copy, end.checkpoint, end.seq, root, at_head=True)
        if new is not None and end.seq == copy.seq:
            # Elsewhere, it is the answer to an earlier subscription; what this one was told to prove stays.
            copy.seen = new
        return self._is_held(copy)

    def _attested(
        self, copy: Copy, note: str, seq: int, root: bytes, *, at_head: bool = False
    ) -> Seen | None:
        """What the hub has signed of the profile at `seq`, where our tree has `root`.

        None for a hub that signs nothing. If it has signed something else, the profile rests: `_is_held`.
        """
        if self.welcome is None or not self.welcome.key:
            return None
        try:
            _, key = parse_verifier_key(self.welcome.key)
            new = witness.attested(note, self.welcome.hub, key, copy.profile, seq)
        except BadNote as error:
            self._broken(copy, f"what the hub says of #{seq} does not hold: {error}")
            return None
        if new.checkpoint.root != root or witness.takes_back(
            copy.seen, new.checkpoint, at_head=at_head
        ):
            self._took_back(copy, seq, note)
            return None
        return new

    def _is_held(self, copy: Copy) -> bool:
        """Whether the profile is still followed."""
        return self.copies.get(copy.profile) is copy

    def _took_back(self, copy: Copy, seq: int, note: str) -> None:
        """The hub contradicts what it has signed, by what it says up to `seq`."""
        sentence = f"the hub takes back what it has signed, at or before #{seq}"
        self._parted(copy, Problem("parted", sentence, "", copy.profile), seq, note)

    def _parted(self, copy: Copy, problem: Problem, seq: int = 0, note: str = "") -> None:
        """Histories differ, up to `seq` or where we stand: the profile rests, and nothing is changed."""
        self.copies.pop(copy.profile, None)
        if self.welcome is None or not self.welcome.key:
            self._effects.append(problem)
            return
        ours = copy.seen
        size = ours.checkpoint.size if ours is not None else 0
        upto = max(seq, size, copy.seq)
        self._effects.append(Parted(problem, upto, ours.note if ours is not None else "", note))

    def _restart(self, copy: Copy, snapshot: wire.Snapshot) -> None:
        if snapshot.seq > copy.seq:
            seq, root = snapshot.seq, merkle.root(snapshot.frontier)
            new = self._attested(copy, snapshot.checkpoint, seq, root)
            if new is not None and not witness.jumped_past(
                copy.seen, new.checkpoint, snapshot.proof
            ):
                self._took_back(copy, seq, snapshot.checkpoint)
            if not self._is_held(copy):
                return
            copy.seen = _later(copy.seen, new)
            copy.gap_allowed = False
            data = snapshot.state.encode()
            copy.state = decode(data)
            copy.frontier = snapshot.frontier
            restart = Restart(copy.profile, snapshot.seq, snapshot.frontier, data)
            self._effects.append(restart)
            self._settle_answered(copy)

    def _commits(self, copy: Copy, commits: Sequence[Commit], note: str) -> None:
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
        root = merkle.root(frontier)
        new = self._attested(copy, note, frontier.size, root) if note else None
        hub = self.welcome.hub if self.welcome is not None else ""
        if not self._is_held(copy):
            return
        if not witness.grown_past(copy.seen, hub, since, leaves):
            self._took_back(copy, frontier.size, note)
            return
        if root != fresh[-1].root:
            self._broken(copy, f"the commits up to #{fresh[-1].seq} do not hash to their root")
            return
        unlooked = (commit for commit in fresh if commit.seq > copy.clean_upto)
        taken = tuple(each for each in rewritten_by(unlooked) if each.seq <= since.size)
        if taken:
            self._effects.append(Clean(copy.profile, fresh[-1].seq, taken))
            return
        copy.frontier, copy.seen = frontier, _later(copy.seen, new)
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


def _later(seen: Seen | None, new: Seen | None) -> Seen | None:
    """What a hub is held to from now on: the larger of two that fit each other, or that of another hub."""
    if seen is None or new is None:
        return new or seen
    old = seen.checkpoint
    return seen if old.hub == new.checkpoint.hub and old.size > new.checkpoint.size else new


def _readable(profile: str, rights: wire.Rights) -> bool:
    """Whether the hub lets us read the profile, or the stream of its people."""
    if profile == rights.people:
        return True
    return "profile.read" in rights.profiles.get(profile, rights.hub)
