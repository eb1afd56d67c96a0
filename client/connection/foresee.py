"""What an exchange would do: the hub's news folded in memory, and the pending proposals decided there.

The rules are the hub's own (`check`); nothing is written on either side.
"""

from collections.abc import Sequence

from msgspec import Struct

from stackroom.client.connection.keeper import Keeper
from stackroom.client.connection.reader import Reader
from stackroom.client.replica import replica as core
from stackroom.client.rights import rights_of
from stackroom.client.transport.plain_line import Clock, dial, finished, seldom_collected
from stackroom.events.codec import unseal
from stackroom.events.deciding.check import (
    Accepted,
    Conflicted,
    Converged,
    Outcome,
    Rejected,
    Requested,
    check,
)
from stackroom.events.deciding.rules import Refusal
from stackroom.events.fold import apply
from stackroom.events.log import Listed
from stackroom.events.model import (
    Change,
    Commit,
    Held,
    ProfileCreated,
    ProfileRenamed,
    Proposal,
)
from stackroom.events.outcomes import holding
from stackroom.events.people.permissions import Who
from stackroom.events.state import State


class Known(Struct, frozen=True):
    """The proposal is in the log already, at `seq`; only the hub's answer got lost."""

    seq: int


class Foreseen(Struct, frozen=True):
    """A pending proposal, and what would become of it."""

    proposal: Proposal
    outcome: Outcome | Known


class Plan(Struct, frozen=True):
    """What an exchange would do to a profile that is at `seq` here and at `head` on the hub.

    `incoming` are the hub's news, without those before `since` that a snapshot stands for.
    """

    profile: str
    seq: int
    head: int
    since: int
    incoming: tuple[Commit, ...]
    proposals: tuple[Foreseen, ...]


def planned(keeper: Keeper, url: str, replica: core.Replica, profile: str) -> Plan:
    """`exchange.plan`, on files that are open; nothing is written to them."""
    copy, _ = keeper.load(profile)
    pending, copy.pending = copy.pending, []
    news = _News(replica, copy, keeper.pinned(url))
    trust = keeper.trust(url)
    with seldom_collected(), dial(url, keeper.settings, trust, Clock(None)) as line:
        finished(news.run(line, keeper.settings.sync_patience))
        line.take_leave()
        return news.plan(pending)


def foresee(
    state: State,
    pending: Sequence[Proposal],
    who: Who,
    incoming: Sequence[Commit] = (),
    catalogue: Sequence[Listed] = (),
) -> tuple[Foreseen, ...]:
    """What the hub, at `state`, would decide on `pending` in order; `state` stays as it is.

    `incoming` and `catalogue` are what else the hub knows: proposals that it has, names that are taken.
    """
    known = {commit.id: commit.seq for commit in incoming}
    state = state.copy()
    found = []
    for proposal in pending:
        outcome: Outcome | Known
        if proposal.id in known:
            outcome = Known(known[proposal.id])
        else:
            outcome = check(state, proposal, who)
            if isinstance(outcome, Accepted | Requested) and (
                taken := _name_taken(state, proposal, catalogue)
            ):
                outcome = Rejected(taken)
            changes = _changes(proposal, outcome, Held(who.author, who.replica, proposal))
            if changes:
                apply(state, state.seq + 1, who.replica, changes)
        found.append(Foreseen(proposal, outcome))
    return tuple(found)


def _changes(proposal: Proposal, outcome: Outcome, held: Held) -> list[tuple[str, Change]]:
    match outcome:
        case Accepted() | Converged():
            return [(event.entity, unseal(event)) for event in proposal.events]
        case Conflicted() | Requested():
            return [holding(outcome, held)]
        case _:
            return []


def _name_taken(state: State, proposal: Proposal, catalogue: Sequence[Listed]) -> Refusal | None:
    for event in proposal.events:
        if event.type not in (ProfileCreated.__name__, ProfileRenamed.__name__):
            continue
        change = unseal(event)
        assert isinstance(change, ProfileCreated | ProfileRenamed)
        for other in catalogue:
            if other.name == change.name and not other.deleted and other.id != event.entity:
                return Refusal("name_in_use", f"this hub has a profile {change.name!r} already")
    return None


class _News(Reader):
    """The hub's news on one profile."""

    def __init__(self, replica: core.Replica, copy: core.Copy, hub_key: str) -> None:
        super().__init__(replica, hub_key)
        self.profile = copy.profile
        self.seq = self.since = copy.seq
        self.incoming: list[Commit] = []
        self.catalogue: tuple[Listed, ...] | None = None
        self.reached = False
        replica.follow(copy)

    @property
    def complete(self) -> bool:
        """Whether the copy has all, and the names that are taken are known."""
        return self.reached and self.catalogue is not None

    def take(self, effect: core.Effect) -> None:
        """Keeps what is new."""
        match effect:
            case core.Store(_, commits):
                self.incoming += [commit for commit in commits if commit.seq > self.seq]
            case core.Restart(_, seq):
                self.since = max(self.seq, seq)
            case core.Clean():  # All comes again.
                self.incoming, self.since, self.reached = [], self.seq, False
            case core.Catalogue(profiles):
                self.catalogue = profiles
            case core.Reached():
                self.reached = True

    def plan(self, pending: Sequence[Proposal]) -> Plan:
        """What would become of `pending` where the copy stands now."""
        assert self.replica.welcome is not None, "it was reached"
        assert self.catalogue is not None, "it was waited for"
        hello, rights = self.replica.hello, self.replica.rights
        may = rights_of(rights).of(self.profile) if rights is not None else None
        who = Who(hello.replica, self.replica.welcome.user, may)
        copy = self.replica.copies[self.profile]
        foreseen = foresee(copy.state, pending, who, self.incoming, self.catalogue)
        return Plan(self.profile, self.seq, copy.seq, self.since, tuple(self.incoming), foreseen)
