"""What `sync --plan` tells: what would become of each pending proposal if it were pushed now."""

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from stackroom.client.commands.output import Lines, Table, View
from stackroom.events.deciding.check import (
    Accepted,
    Conflicted,
    Converged,
    Outcome,
    Rejected,
    Requested,
)
from stackroom.events.model import Overlap

if TYPE_CHECKING:
    from stackroom.client.commands.naming import Names
    from stackroom.client.connection.foresee import Foreseen, Plan

Fate: TypeAlias = Literal["commit", "merge", "converge", "conflict", "request", "refuse", "known"]

_WORDS: dict[Fate, str] = {
    "commit": "would be committed",
    "merge": "would be merged",
    "converge": "says what others said: would converge",
    "conflict": "would be in conflict",
    "request": "would be a change request",
    "refuse": "would be refused",
    "known": "is committed already",
}


class Planned(Struct, frozen=True):
    """What would become of one proposal; `why` says why it would not simply be taken."""

    number: int
    id: str
    message: str
    outcome: Fate
    why: str = ""


class PlanShown(Struct, frozen=True):
    """What a sync would do to one profile: `receive` commits, then push. `hub` is where it was asked."""

    profile: str
    name: str
    seq: int
    head: int
    receive: int
    proposals: list[Planned]


def planned(name: str, plan: "Plan", names: "Names") -> PlanShown:
    """The plan for programs."""
    return PlanShown(
        plan.profile,
        name,
        plan.seq,
        plan.head,
        plan.head - plan.seq,
        [_planned(each, names) for each in plan.proposals],
    )


def view(shown: PlanShown) -> list[View]:
    """The plan for people."""
    news = f"{shown.receive} to receive" if shown.receive else "nothing to receive"
    rows = [(p.number, p.message, _WORDS[p.outcome], p.why) for p in shown.proposals]
    return [
        Lines([f"{shown.name}: at #{shown.seq}, hub at #{shown.head}: {news}"]),
        Table(("number", "message", "outcome", "why"), rows, empty="Nothing to push."),
    ]


def fate(outcome: Outcome, names: "Names") -> tuple[Fate, str]:
    """What an outcome of `check` comes to, and why it would not simply be taken."""
    match outcome:
        case Accepted(merged=merged):
            return ("merge" if merged else "commit"), ""
        case Converged():
            return "converge", ""
        case Conflicted(overlaps):
            why = "; ".join(overlap_sentence(overlap, names) for overlap in overlaps)
            return "conflict", why or "it builds on a change that is in conflict"
        case Requested(protected):
            named = ", ".join(map(names.entity, protected))
            why = (
                f"protected: {named}" if named else "it builds on a change that waits for approval"
            )
            return "request", why
        case Rejected(refusal):
            return "refuse", refusal.sentence


def _planned(foreseen: "Foreseen", names: "Names") -> Planned:
    proposal, outcome = foreseen.proposal, foreseen.outcome
    from stackroom.client.connection.foresee import Known

    if isinstance(outcome, Known):
        why = f"as #{outcome.seq}"
        return Planned(proposal.number, proposal.id, proposal.message, "known", why)
    return Planned(proposal.number, proposal.id, proposal.message, *fate(outcome, names))


def overlap_sentence(overlap: Overlap, names: "Names") -> str:
    """`orchestrator/k8s config.namespace: theirs ml (#11), yours prod`."""
    theirs, ours = (names.value(overlap.path, v) for v in (overlap.theirs, overlap.ours))
    where = f"{names.entity(overlap.entity)} {names.path(overlap.path)}"
    return f"{where}: theirs {theirs} (#{overlap.seq}), yours {ours}"
