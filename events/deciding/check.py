"""The rules: what becomes of a proposal, given the state that it meets.

`check` is run by the hub to decide, and by every replica to foresee; it is the same function. The
table of cases stands in `docs/rules.md`, and `tests/events/test_check.py` has a row for each.
"""

from collections.abc import Set
from typing import Final

from stackroom.events.codec import opened
from stackroom.events.deciding import rules
from stackroom.events.deciding.approval import check_approval, held_changes, is_approval
from stackroom.events.deciding.checking import Checking
from stackroom.events.deciding.people_rules import BY_THE_HUB
from stackroom.events.deciding.rules import Refusal
from stackroom.events.deciding.run_rules import check_reports, is_report
from stackroom.events.errors import MalformedEvent, UnknownEvent
from stackroom.events.model import Held, Proposal, Redacted
from stackroom.events.outcomes import (
    Accepted,
    Changes,
    Conflicted,
    Converged,
    Outcome,
    Rejected,
    Requested,
)
from stackroom.events.people.entities import Hub
from stackroom.events.people.permissions import PERMISSIONS, Who, needed
from stackroom.events.state import State

__all__ = [
    "Accepted",
    "Changes",
    "Conflicted",
    "Converged",
    "Outcome",
    "Rejected",
    "Requested",
    "check",
    "check_changes",
    "refuse_rights",
    "unsealed",
]


_BY_THE_HUB: Final = frozenset((*BY_THE_HUB, Redacted))


def check(state: State, proposal: Proposal, who: Who) -> Outcome:
    """What becomes of `proposal`, made by `who`, when it meets `state`."""
    changes = unsealed(proposal)
    if isinstance(changes, Rejected):
        return changes
    return check_changes(state, proposal.base, changes, who, proposal.id)


def unsealed(proposal: Proposal) -> Changes | Rejected:
    """The changes that `proposal` makes, or why it is none in any state."""
    if refusal := rules.refuse_proposal(proposal):
        return Rejected(refusal)
    try:
        return [(e.entity, opened(e.type, e.version, e.body)) for e in proposal.events]
    except UnknownEvent as error:
        return Rejected(Refusal("hub_too_old", f"{error}: this hub must be updated first"))
    except MalformedEvent as error:
        return Rejected(Refusal("malformed", str(error)))


def check_changes(
    state: State,
    base: int,
    changes: Changes,
    who: Who,
    id: str | None = None,
    seen: Set[int] = frozenset(),
) -> Outcome:
    """`check`, for changes that are unsealed already, in a proposal of that `id`.

    `seen` are commits after the base that the author had in view, too.
    """
    if refusal := refuse_rights(state, changes, who):
        # Before all else: whoever may not do this learns nothing else of the profile.
        return Rejected(refusal)
    if id in state.entities or id in state.aliases or id in state.gone:
        # A conflict over it would stand in the place of that entity.
        return Rejected(Refusal("id_in_use", f"id {id} is in use: make a fresh one"))
    if base > state.seq:
        sentence = f"it builds on #{base}, and the profile is at #{state.seq}"
        return Rejected(Refusal("base_ahead", sentence))
    if is_report(changes):
        return check_reports(state, changes)
    if is_approval(changes) and not isinstance(state.root, Hub):
        return check_approval(state, changes, who, _weigh)
    return Checking(state, base, who, seen=seen).run(changes)


def _weigh(state: State, held: Held, own_until: int) -> Outcome:
    author, made = Who(held.replica, held.author), held.proposal
    checking = Checking(state, made.base, author, own_until, made.number)
    return checking.run(held_changes((held,)))


def refuse_rights(state: State, changes: Changes, who: Who) -> Refusal | None:
    """Why `who` may not make `changes`, whatever they say."""
    among_people = isinstance(state.root, Hub)
    # What an approval carries out needed its author's rights, when it was proposed.
    for _, change in changes[:1] if is_approval(changes) else changes:
        if type(change) in _BY_THE_HUB and not who.is_hub:
            return Refusal("reserved", "the hub alone makes this change, on order")
        for permission in needed(change, among_people=among_people):
            if not who.may(permission):
                sentence = f"you may not {PERMISSIONS[permission]} here ({permission})"
                return Refusal("not_allowed", sentence)
    return None
