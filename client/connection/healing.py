"""A profile of which the hub has another history than this replica: where they part, and what to do.

The hub was restored from a backup, or rewritten. Nothing here is thrown away for that: what the hub has
not is offered to it, and only once all of it is in the hub's log again, or was given up by an
administrator and is kept aside, does the replica begin anew with what the hub has.

Plain functions and files, no network: a shell sends what a step says, and comes back with the answer.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct, structs

from stackroom.client.home import private_json
from stackroom.client.home.apart import Found, forget, keep
from stackroom.client.home.cache import Cache
from stackroom.client.home.store import Authored, Store
from stackroom.client.replica.effects import Problem
from stackroom.client.replica.witness import kept
from stackroom.events.carriers import REDACTED
from stackroom.events.history.history import pages
from stackroom.events.log import LogReader
from stackroom.events.model import (
    Commit,
    Proposal,
)
from stackroom.events.proofs import merkle
from stackroom.events.proofs.authors import held_by
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.events.sqlite.read import SqliteReader
from stackroom.sync import protocol as wire
from stackroom.sync.messages.healing import POINTS, PROPOSALS

PAGE_BYTES: Final = 1 << 20
"""Bodies of one page that is given back, about."""

PAGE: Final = 1_000
"""Commits of one page, at the most."""

LOST: Final = "lost"
"""The folder of a home where lost histories are kept that were given up."""

GIVEN_UP: Final = "given_up"
"""The code of proposals of one's own that were in them, and are parked."""

SET_ASIDE: Final = "the hub lost it when it was set back, and it was not taken back"
"""Why."""


HINT: Final = (
    "nothing was changed here, and edits go on being saved; while this is connected (stackroom sync "
    "--watch), an administrator can have it taken back: stackroom hub heal"
)


class Say(Struct, frozen=True):
    """To be sent; the answer is the next step's."""

    messages: tuple[wire.FromReplica, ...]


class Rest(Struct, frozen=True):
    """Where it stands until an administrator has the hub healed; `offer` is to be sent, if any."""

    found: Found
    offer: wire.Offer | None


class Anew(Struct, frozen=True):
    """Nothing of ours is missing on the hub, or kept aside: `parked` proposals are the author's again.

    The profile is to be loaded, and subscribed to, anew.
    """

    parked: tuple[str, ...] = ()


Step: TypeAlias = Say | Rest | Anew


class Healing:
    """What is said about one profile, on one connection, in `epoch` of the hub; `problem` is how it began."""

    def __init__(self, store: Store, cache: Cache, problem: Problem, epoch: int) -> None:
        self.store = store
        self.cache = cache
        self.problem = problem
        self.profile = problem.profile
        self.head = problem.head or 0
        self.epoch = epoch
        self.low = 0
        """Up to here the histories are known to be one."""
        self.high = 0
        """From here on they are known to differ."""
        self._points: tuple[wire.Point, ...] = ()
        self._sought: list[str] = []
        """Proposals in commits of ours, of which the hub is still to be asked."""
        self._parts = False
        """Whether it is known where."""

    # Where they part

    def begin(self) -> Step:
        """The first question."""
        with self.cache.reader(sought=False) as log:
            self.high = log.head(self.profile).seq + 1
            return self._compare(log)

    def compared(self, said: wire.Compared) -> Step:
        """The hub said which of our roots it has."""
        self.head = said.seq
        if self._parts:
            return self._rest() if said.unknown else self._seek()
        self.low = max(self.low, said.common)
        self.high = min((p.seq for p in self._points if p.seq > said.common), default=self.high)
        with self.cache.reader(sought=False) as log:
            if self._between(log):
                return self._compare(log)
            seq = log.head(self.profile).seq
        if self._is_held_to_more():
            return self._rest()
        if seq <= self.low:
            return self._anew(())
        if self.low <= said.given_up:
            return self._anew(self._lost())
        self._parts = True
        self._sought = [commit.id for commit in self._lost() if _is_somebodys(commit)]
        return self._seek()

    def _compare(self, log: SqliteReader) -> Step:
        seqs = self._between(log)
        chosen = {seqs[len(seqs) * n // POINTS] for n in range(POINTS)} if seqs else set()
        if self.head in seqs:
            chosen = {*sorted(chosen)[1:], self.head}
        self._points = tuple(
            wire.Point(seq, _root_at(log, self.profile, seq)) for seq in sorted(chosen)
        )
        return Say((wire.Compare(self.profile, self._points),))

    def _between(self, log: SqliteReader) -> Sequence[int]:
        """Where the histories may part, of all that this replica has: not before a snapshot."""
        begun = _begun(log, self.profile)
        return range(max(self.low + 1, begun), self.high)

    def _is_held_to_more(self) -> bool:
        """Whether the hub has signed what it has no more, and nobody has had it healed since."""
        seen = kept(self.store.checkpoint(self.profile))
        if seen is None or seen.checkpoint.size <= self.low:
            return False
        return seen.checkpoint.epoch >= self.epoch

    # What is missing there

    def _seek(self) -> Step:
        """Asks whether the hub knows what became of all that was in commits which only we have."""
        if not self._sought:
            return self._anew(())
        asked, self._sought = self._sought[:PROPOSALS], self._sought[PROPOSALS:]
        return Say((wire.Compare(self.profile, proposals=tuple(asked)),))

    def page(self, recall: wire.Recall) -> wire.Returned:
        """What the hub asks to be given back."""
        limit = max(0, min(PAGE, recall.upto - recall.after))
        with self.cache.reader(sought=False) as log:
            commits = log.commits(self.profile, recall.after, limit, PAGE_BYTES)
        return wire.Returned(self.profile, recall.after, tuple(commits))

    def _rest(self) -> Step:
        with self.cache.reader(sought=False) as log:
            head = log.head(self.profile)
            whole = self.high == self.low + 1
        found = Found(self.low, head.seq, self.head)
        keep(self.store, self.profile, found)
        note = self.store.checkpoint(self.profile)
        offer = wire.Offer(self.profile, self.low, head.seq, head.root, self.epoch, note)
        return Rest(found, offer if whole and head.seq > self.low else None)

    # Beginning anew

    def _anew(self, lost: Sequence[Commit]) -> Step:
        """Keeps aside what is `lost`, and forgets the copy; a crash amid it is made good the next time."""
        if lost:
            self._keep_aside(lost)
        mine = [own for c in lost if (own := _own(c, self.store.replica)) is not None]
        self.store.take_back(self.profile, mine, GIVEN_UP, SET_ASIDE, base=self.low)
        self.cache.forget(self.profile)
        # Again, for what another process saved meanwhile: now that the copy is gone, none is saved upon it.
        self.store.take_back(self.profile, mine, GIVEN_UP, SET_ASIDE, base=self.low)
        self.store.forget_checkpoint(self.profile)
        forget(self.store, self.profile)
        return Anew(tuple(own.proposal.id for own in mine))

    def _keep_aside(self, lost: Sequence[Commit]) -> None:
        folder = self.store.path.parent / LOST
        folder.mkdir(mode=0o700, exist_ok=True)
        name = f"{self.profile}-{self.low + 1}-{lost[-1].root.hex()[:12]}.json"
        kept = {"profile": self.profile, "after": self.low, "commits": lost}
        private_json.replace(folder / name, kept)

    def _lost(self) -> list[Commit]:
        with self.cache.reader(sought=False) as log:
            return [commit for page in pages(log, self.profile, self.low) for commit in page]


def lost_files(store: Store) -> list[Path]:
    """The lost histories that are kept aside in this home."""
    return sorted((store.path.parent / LOST).glob("*.json"))


def _begun(log: SqliteReader, profile: str) -> int:
    """The first seq at which this replica knows the root: 1, or that of the snapshot it began with."""
    missing = log.missing(profile)
    return 1 if missing is None else missing.stop - 1


def _root_at(log: LogReader, profile: str, seq: int) -> bytes:
    if (root := log.root(profile, seq)) is not None:
        return root
    snapshot = log.snapshot(profile, seq)
    return merkle.root(snapshot.frontier) if snapshot is not None else EMPTY_ROOT


def _is_somebodys(commit: Commit) -> bool:
    """Whether somebody proposed it: a redaction, the hub makes anew."""
    return not any(event.type == REDACTED for event in commit.events)


def _own(commit: Commit, replica: str) -> Authored | None:
    """The proposal that `replica` made, in a commit or in what holds it for a decision."""
    if (held := held_by(commit)) is not None:
        return Authored(held.proposal, held.author) if held.replica == replica else None
    if commit.replica != replica:
        return None
    events = tuple(structs.replace(e, digest="") if e.digest else e for e in commit.events)
    made = Proposal(commit.id, commit.number, commit.base, commit.message, commit.time, events)
    return Authored(made, commit.author)
