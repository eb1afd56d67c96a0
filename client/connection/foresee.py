"""What an exchange would do: the hub's news folded in memory, and the pending proposals decided there.

The rules are the hub's own (`check`); nothing is written on either side.
"""

from collections.abc import Sequence
from functools import partial

import anyio
from msgspec import Struct

from stackroom.client.connection.keeper import Keeper
from stackroom.client.connection.worker import Worker
from stackroom.client.errors import Unreachable
from stackroom.client.replica import replica as core
from stackroom.client.replica.problems import as_error
from stackroom.client.rights import rights_of
from stackroom.client.transport.hub_key import pinned_by
from stackroom.client.transport.line import Line, dial
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
from stackroom.events.errors import StackroomError
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
from stackroom.sync import protocol as wire


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


async def planning(
    worker: Worker,
    keeper: Keeper,
    url: str,
    replica: core.Replica,
    profile: str,
    *,
    timeout: float | None = None,
) -> Plan:
    """`exchange.plan`, on files that are open; nothing is written to them."""
    copy, _ = await worker.run(partial(keeper.load, profile))
    pending, copy.pending = copy.pending, []
    seq = copy.seq
    news = _News(replica, copy, await worker.run(partial(keeper.pinned, url)))
    try:
        with anyio.fail_after(timeout or keeper.settings.sync_patience):
            trust = await worker.run(partial(keeper.trust, url))
            async with dial(url, keeper.settings, trust) as line:
                await news.fetch(line)
    except TimeoutError:
        raise Unreachable(f"the hub at {url} does not answer") from None
    assert replica.welcome is not None
    assert news.catalogue is not None
    rights = rights_of(replica.rights).of(profile) if replica.rights is not None else None
    who = Who(replica.hello.replica, replica.welcome.user, rights)
    foreseen = foresee(copy.state, pending, who, news.incoming, news.catalogue)
    return Plan(profile, seq, copy.seq, news.since, tuple(news.incoming), foreseen)


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


class _News:
    """The hub's news on one profile, taken into memory alone."""

    def __init__(self, replica: core.Replica, copy: core.Copy, pinned: str) -> None:
        self.replica = replica
        self.pinned = pinned
        """The key that the hub is known by."""
        self.incoming: list[Commit] = []
        self.catalogue: tuple[Listed, ...] | None = None
        self.since = copy.seq
        self.reached = False
        replica.follow(copy)

    async def fetch(self, line: Line) -> None:
        """Until the copy is caught up; raises what stands against it."""
        failure: StackroomError | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(line.write)
            try:
                self.replica.connected()
                self.replica.list_profiles()
                self.carry_out(line)
                while not self.reached or self.catalogue is None:
                    self.replica.receive(await line.receive())
                    self.carry_out(line)
            except wire.MessageError as error:
                failure = Unreachable(f"the hub sent no message: {error}")
            except StackroomError as error:
                failure = error
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure

    def carry_out(self, line: Line) -> None:
        for effect in self.replica.effects():
            match effect:
                case core.Send(message):
                    line.send(message)
                case core.Store(_, commits):
                    self.incoming += commits
                case core.Restart(_, seq):
                    self.since = seq
                case core.Catalogue(profiles):
                    self.catalogue = profiles
                case core.Reached():
                    self.reached = True
                case core.Welcomed(welcome):
                    pinned_by(line.url, self.pinned, welcome)
                case core.Parted(problem):
                    raise as_error(problem)
                case core.Problem():
                    raise as_error(effect)
