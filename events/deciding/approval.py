"""The rules on change requests: who may decide one, and what an approval carries out."""

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import msgspec

from stackroom.events import limits
from stackroom.events.codec import unseal
from stackroom.events.deciding.rules import Refusal
from stackroom.events.fold import apply_change
from stackroom.events.model import Change, Held, RequestApproved, RequestClosed
from stackroom.events.outcomes import (
    Accepted,
    Changes,
    Conflicted,
    Converged,
    Outcome,
    Rejected,
    Requested,
)
from stackroom.events.people.permissions import Who
from stackroom.events.state import Request, State

Weigh: TypeAlias = Callable[[State, Held, int], Outcome]
"""What becomes of a held proposal, given (state, what is held, the seq up to which its writes are own)."""

_encode: Final = msgspec.json.Encoder().encode


def is_approval(changes: Changes) -> bool:
    """Whether `changes` approve a request: the approval comes first, then what the request holds."""
    return bool(changes) and isinstance(changes[0][1], RequestApproved)


def held_changes(holding: Iterable[Held]) -> list[tuple[str, Change]]:
    """What the held proposals change, in order: (entity id, change)."""
    return [(e.entity, unseal(e)) for held in holding for e in held.proposal.events]


def check_approval(state: State, changes: Changes, who: Who, weigh: Weigh) -> Outcome:
    """What becomes of an approval.

    What the request holds is weighed anew, with the base and the replica that it was proposed with: it
    meets the state of now, and must still stand beside what was committed since: by others after that base,
    and by its own author after the request was opened, who may have thought better of it.
    """
    (id, approved), *carried = changes
    request = state.entities.get(id)
    if not isinstance(request, Request):
        return Rejected(refuse_closed(state, id))
    if any(is_author(held, who) for held in request.held):
        sentence = "nobody approves a change of their own: another person must"
        return Rejected(Refusal("own_request", sentence))
    if _encoded(carried) != _encoded(held_changes(request.held)):
        sentence = "it does not carry out what the change request holds now: look at it again"
        return Rejected(Refusal("request_changed", sentence))
    after = state.copy()
    apply_change(after, (state.seq + 1, after.writer(who.replica)), id, approved)
    merged = False
    for held in request.held:
        outcome = weigh(after, held, request.opened)
        if not isinstance(outcome, Accepted | Converged):
            return Rejected(Refusal("request_outdated", _against(after, outcome)))
        merged = merged or (isinstance(outcome, Accepted) and outcome.merged)
        stamp = (state.seq + 1, after.writer(held.replica))
        for entity, change in held_changes((held,)):
            apply_change(after, stamp, entity, change)
    return Accepted(merged)


def refuse_closing(request: Request, change: RequestClosed, who: Who) -> Refusal | None:
    """Why `who` may not end the open `request` without a change."""
    if change.choice == "withdrawn" and not is_author(request.held[0], who):
        sentence = "only its author withdraws a change request: another person rejects it"
        return Refusal("not_its_author", sentence)
    return None


def refuse_closed(state: State, id: str) -> Refusal:
    """Why there is no deciding the request `id`, which is not open."""
    gone = state.gone.get(id)
    if gone is None or gone.kind != "request":
        return Refusal("unknown_entity", f"there is no change request {id}")
    return Refusal("request_closed", f"this change request was {gone.choice} before")


def refuse_size(state: State, outcome: Requested, changes: Changes) -> Refusal | None:
    """Why `changes` cannot wait in a request: its approval, one proposal, carries all of it out."""
    joined = state.entities.get(outcome.joins) if outcome.joins is not None else None
    before = held_changes(joined.held) if isinstance(joined, Request) else []
    every = [*before, *changes]
    events = len(every) + 1
    size = sum(len(_encode(change)) for _, change in every) + len(_encode(RequestApproved()))
    if events <= limits.EVENTS_PER_PROPOSAL and size <= limits.PROPOSAL_BYTES:
        return None
    return Refusal(
        "too_large",
        f"a change request holds at most {limits.EVENTS_PER_PROPOSAL - 1} events and "
        f"{limits.PROPOSAL_BYTES} bytes: propose the changes in smaller steps",
    )


def is_author(held: Held, who: Who) -> bool:
    """Whether `who` made the held proposal; users differ in more than their case."""
    return held.author.casefold() == who.author.casefold()


def _encoded(changes: Changes) -> list[tuple[str, str, bytes]]:
    return [(id, type(change).__name__, _encode(change)) for id, change in changes]


def _against(state: State, outcome: Outcome) -> str:
    """What stands against a request, in a sentence."""
    match outcome:
        case Rejected(refusal):
            return f"it cannot stand any more: {refusal.sentence}"
        case Conflicted((overlap, *_)):
            entity = state.get(overlap.entity) or state.gone.get(state.resolve(overlap.entity))
            named = f"{entity.kind} {entity.name!r}" if entity is not None else "what it changes"
            return f"{named} was changed in #{overlap.seq}, after this was proposed"
        case _:
            return "it builds on another change of its author that waits for a decision"
