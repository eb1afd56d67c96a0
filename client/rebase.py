"""What a replica's user sees: the confirmed state, then the pending proposals on top."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from stackroom.events.carriers import Proposal
from stackroom.events.people.who import Who
from stackroom.events.state import State

if TYPE_CHECKING:
    from stackroom.events.deciding.check import Outcome


class Standing(Struct, frozen=True):
    """A pending proposal, and what would become of it if the hub saw it now."""

    proposal: Proposal
    outcome: "Outcome"

    @property
    def stands(self) -> bool:
        """Whether the view shows it."""
        from stackroom.events.deciding.check import Accepted, Converged

        return isinstance(self.outcome, Accepted | Converged)


class View(Struct, frozen=True):
    """`state` is the confirmed one with every pending proposal that stands."""

    state: State
    standings: tuple[Standing, ...]


def rebase(confirmed: State, pending: Sequence[Proposal], who: Who) -> View:
    """The view over `confirmed`, which stays as it is.

    A proposal that would be refused, in conflict or a change request is left out of the state, and
    said to be so.
    """
    if not pending:
        return View(confirmed, ())
    # Late: mostly nothing waits, and then no rule is needed.
    from stackroom.events.bodies import unseal
    from stackroom.events.deciding.check import check
    from stackroom.events.fold import apply

    state = confirmed.copy()
    standings = []
    for proposal in pending:
        standing = Standing(proposal, check(state, proposal, who))
        standings.append(standing)
        if standing.stands:
            changes = [(event.entity, unseal(event)) for event in proposal.events]
            apply(state, state.seq + 1, who.replica, changes)
    return View(state, tuple(standings))
