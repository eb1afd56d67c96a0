"""A replica as a state machine: what one connection to a hub says and does, no I/O.

A shell carries bytes: it calls `connected`, `receive`, `propose` and `disconnected`, and carries out
the effects (`effects`, which this module gives, too) in their order. The same class runs under the client
and under the simulation.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import structs

from stackroom.client.replica import arriving, witness
from stackroom.client.replica.effects import (
    Apart,
    Backfill,
    Catalogue,
    Clean,
    Compared,
    Effect,
    Granted,
    Park,
    Parted,
    Present,
    Problem,
    ProblemCode,
    Reached,
    Renew,
    Replied,
    Restart,
    Send,
    Settle,
    Store,
    Welcomed,
)
from stackroom.client.replica.pushing import REGISTRATION, Pushing, key_state
from stackroom.client.replica.replica_copy import Copy
from stackroom.client.rights import readable
from stackroom.events.errors import IntegrityError, UnknownEvent
from stackroom.events.history.block import Block, unpack
from stackroom.events.model import Commit, Proposal
from stackroom.events.proofs import merkle
from stackroom.events.proofs.signing import Signer
from stackroom.events.secrets.redaction import rewritten_by
from stackroom.events.state import decode
from stackroom.sync import protocol as wire

__all__ = [
    "Apart",
    "Backfill",
    "Catalogue",
    "Clean",
    "Compared",
    "Copy",
    "Effect",
    "Granted",
    "Park",
    "Parted",
    "Present",
    "Problem",
    "ProblemCode",
    "Reached",
    "Renew",
    "Replica",
    "Replied",
    "Restart",
    "Send",
    "Settle",
    "Store",
    "Welcomed",
]


class Replica(Pushing):
    """One connection of replica `id`; `follow` says which profiles it keeps.

    `signer` is the key by which what it pushes is signed; the hub is told of it before anything is.
    """

    def __init__(self, id: str, token: str, client: str = "", signer: Signer | None = None) -> None:
        super().__init__(id, token, client, signer)
        self.rights: wire.Rights | None = None
        """What the hub said last that its user may do."""

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
        self.parted.clear()
        self._key, self._renewing = "settled", False
        for copy in self.copies.values():
            copy.live = copy.closed = False
            copy.problem = None
            copy.sent.clear()
            copy.answered.clear()  # The hub that comes back may be one that knows nothing of it.

    def become(self, id: str, signer: Signer | None, pending: Mapping[str, list[Proposal]]) -> None:
        """Be another replica from now on, and connect anew; `pending` is what waits, signed by its key."""
        self.disconnected()
        self._effects = [each for each in self._effects if not isinstance(each, Send)]
        key = signer.key if signer is not None else b""
        self.hello = structs.replace(self.hello, replica=id, key=key)
        self._signer = signer
        for copy in self.copies.values():
            copy.pending = list(pending.get(copy.profile, copy.pending))

    def follow(self, copy: Copy) -> None:
        """Keep this profile up to date, and push what is pending in it."""
        if copy.profile in self.parted:
            self.parted.discard(copy.profile)
            copy.gap_allowed = True  # What comes may still be for the subscription before.
        self.copies[copy.profile] = copy
        if self.welcome is not None:
            self._subscribe(copy)

    def unfollow(self, profile: str) -> None:
        """Let the profile rest."""
        self.parted.discard(profile)
        if self.copies.pop(profile, None) is not None and self.welcome is not None:
            self._send(wire.Unsubscribe(profile))

    def propose(self, profile: str, proposals: Iterable[Proposal]) -> None:
        """More proposals are pending in the profile, and saved; one that rests has them when it is back."""
        if (copy := self.copies.get(profile)) is None:
            return
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

    def fetch(self, profile: str, after: int) -> None:
        """Ask for a page of history after seq `after`."""
        self._send(wire.Fetch(profile, after, blocks=True))

    def say(self, *messages: wire.FromReplica) -> None:
        """Say something about a profile in which the histories have parted."""
        self._effects += map(Send, messages)

    # What the hub says

    def receive(self, message: wire.FromHub) -> None:
        """A message came."""
        match message:
            case wire.Welcome():
                self.welcome = message
                self._key = key_state(message.key_registered)
                self._effects.append(Welcomed(message))
                for each in self.copies.values():
                    self._subscribe(each)
            case wire.Rights():
                self.rights = message
                self._effects.append(Granted(message))
                for each in self.copies.values():
                    if each.closed and readable(each.profile, message):
                        self._subscribe(each)
            case wire.Reply(id) if id == REGISTRATION and self._key == "asked":
                self._registered(message)
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
            case _ if isinstance(message, wire.ToViewers):
                pass  # A replica folds and verifies by itself.
            case wire.Compared() | wire.Recall() | wire.Healed():
                if isinstance(message, wire.Healed) and self.welcome is not None:
                    self.welcome = structs.replace(self.welcome, epoch=message.epoch)
                if message.profile in self.parted:  # Or it has come together since.
                    self._effects.append(Apart(message))
            case _:
                if (copy := self.copies.get(message.profile)) is not None:
                    try:
                        self._about(copy, message)
                    except IntegrityError as error:
                        self._broken(copy, str(error))

    def _about(
        self,
        copy: Copy,
        message: wire.Snapshot
        | wire.Commits
        | wire.Block
        | wire.History
        | wire.CaughtUp
        | wire.Results,
    ) -> None:
        match message:
            case wire.Snapshot():
                self._restart(copy, message)
            case wire.Commits(_, commits, note):
                self._commits(copy, commits, note)
            case wire.Block():
                self._block(copy, message)
            case wire.History(_, after, commits):
                self._history(copy, after, commits)
            case wire.CaughtUp():
                # Elsewhere, it ends a subscription of before, and says nothing of what is here now.
                if self._stands(copy, message) and message.seq == copy.seq:
                    copy.live = True
                    self._push(copy)
                    self._reached(copy)
            case wire.Results(_, answers):
                self._results(copy, answers)

    def _error(self, error: wire.Error) -> None:
        retry = error.code in ("hub_full", "hub_failed")
        problem = Problem(error.code, error.sentence, error.hint, error.profile, retry, error.head)
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

    def _subscribe(self, copy: Copy) -> None:
        copy.closed = False
        root, seen, seq = merkle.root(copy.frontier), copy.seen, copy.seq
        known = (
            seen is not None
            and self.welcome is not None
            and self.welcome.hub == seen.checkpoint.hub
        )
        size = seen.checkpoint.size if seen is not None and known else 0
        subscribe = wire.Subscribe(copy.profile, seq, root, seq == 0, size, blocks=True)
        self._send(subscribe)

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
            copy.seen = witness.later(copy.seen, new)
            copy.gap_allowed = False
            data = snapshot.state.encode()
            copy.state = decode(data)
            copy.frontier = snapshot.frontier
            restart = Restart(copy.profile, snapshot.seq, snapshot.frontier, data)
            self._effects.append(restart)
            self._settle_answered(copy)

    def _block(self, copy: Copy, packed: wire.Block) -> None:
        block = unpack(packed.data)
        if packed.history:
            self._history(copy, packed.after, block)
        else:
            self._commits(copy, block)

    def _commits(self, copy: Copy, commits: Sequence[Commit], note: str = "") -> None:
        fresh = arriving.fresh(copy, commits)
        if not fresh or (copy.gap_allowed and arriving.first(fresh) > copy.seq + 1):
            return
        since = copy.frontier
        leaves = arriving.leaves(copy, fresh)
        frontier = merkle.extended(since, leaves)
        root = merkle.root(frontier)
        if copy.gap_allowed and root != arriving.root(fresh):
            return  # Of the subscription before, to another history.
        new = self._attested(copy, note, frontier.size, root) if note else None
        hub = self.welcome.hub if self.welcome is not None else ""
        if not self._is_held(copy):
            return
        if not witness.grown_past(copy.seen, hub, since, leaves):
            self._took_back(copy, frontier.size, note)
            return
        if root != arriving.root(fresh):
            self._broken(copy, f"the commits up to #{frontier.size} do not hash to their root")
            return
        copy.gap_allowed = False
        unlooked = () if isinstance(fresh, Block) else (c for c in fresh if c.seq > copy.clean_upto)
        taken = tuple(each for each in rewritten_by(unlooked) if each.seq <= since.size)
        if taken:
            self._effects.append(Clean(copy.profile, fresh[-1].seq, taken))
            return
        copy.frontier, copy.seen = frontier, witness.later(copy.seen, new)
        self._fold(copy, fresh)
        settled = arriving.settled(copy, fresh)
        self._forget(copy, settled)
        store = Store(copy.profile, fresh, frontier, settled, tuple(leaves), since)
        self._effects.append(store)
        self._settle_answered(copy)
        self._reached(copy)

    def _history(self, copy: Copy, after: int, commits: Sequence[Commit]) -> None:
        arriving.in_order(commits, after, "#{came} came in the place of #{place}")
        if copy.live:  # Or the hub is yet to say that what is here is of its history, too.
            self._effects.append(Backfill(copy.profile, commits, copy.frontier))

    def _fold(self, copy: Copy, commits: Sequence[Commit]) -> None:
        if copy.newer is not None:
            return
        try:
            arriving.fold(copy, commits)
        except UnknownEvent as error:
            copy.newer = error
            sentence = f"{error}: this profile is read-only here"
            self._effects.append(Problem("too_new", sentence, error.hint, copy.profile))

    def _broken(self, copy: Copy, sentence: str) -> None:
        """What the hub sent does not add up: nothing of it is kept, and the profile rests."""
        self.copies.pop(copy.profile, None)
        self._effects.append(Problem("integrity", sentence, profile=copy.profile))
