"""The rules on runs: they are facts, so they conflict with nothing, and only what makes no sense is refused.

The state keeps nothing of a run. So a report stands whatever others changed since its base, also where its
stack was deleted meanwhile; and whether a run that goes on was ever begun, no rule can tell.
"""

import re
from typing import Final

from stackroom.events.deciding.credential_rule import refuse_plaintext
from stackroom.events.deciding.rules import ID, Refusal, refuse_name
from stackroom.events.model import Change, RunRecorded, RunReport, RunUpdated, StackRegistered
from stackroom.events.outcomes import Accepted, Changes, Outcome, Rejected
from stackroom.events.people.entities import Hub
from stackroom.events.state import Holding, Stack, State
from stackroom.events.values import fault

STATUSES: Final = (
    "initializing",
    "provisioning",
    "running",
    "completed",
    "cached",
    "failed",
    "retrying",
    "stopping",
    "stopped",
)
"""How a run can stand, in ZenML's words (its `ExecutionStatus`)."""

_ADDRESS: Final = re.compile(r"https?://[^\s\x00-\x20]+")


def is_report(changes: Changes) -> bool:
    """Whether `changes` report runs; such a proposal holds nothing else."""
    return any(isinstance(change, RunReport) for _, change in changes)


def check_reports(state: State, changes: Changes) -> Outcome:
    """What becomes of a proposal that reports runs."""
    if isinstance(state.root, Hub):
        return Rejected(Refusal("wrong_stream", "runs are recorded in a profile"))
    if state.root is None and state.profile_id:
        return Rejected(Refusal("profile_deleted", "this profile was deleted"))
    if state.root is None:
        return Rejected(Refusal("no_profile", "a profile begins with its creation"))
    for id, change in changes:
        if refusal := _refuse(state, id, change):
            return Rejected(refusal)
    return Accepted()


def _refuse(state: State, id: str, change: Change) -> Refusal | None:
    if not isinstance(change, RunReport):
        # A conflict over the rest of it would hold the run, too.
        return Refusal("run_with_edits", "runs are reported in a proposal of their own")
    if id in state.entities or id in state.aliases or id in state.gone:
        return Refusal("id_in_use", f"id {id} is in use: a run has an id of its own")
    refusal = _refuse_content(change) or refuse_plaintext(state, id, change)
    if refusal is None and isinstance(change, RunRecorded):
        refusal = _refuse_identity(change) or _refuse_stack(state, change.stack)
    return refusal


def _refuse_content(change: RunRecorded | RunUpdated) -> Refusal | None:
    if change.status is not None and change.status not in STATUSES:
        known = ", ".join(STATUSES)
        return Refusal("invalid_value", f"there is no status {change.status[:40]!r}: {known}")
    if change.url and not _ADDRESS.fullmatch(change.url):
        return Refusal("invalid_value", f"{change.url[:80]!r} is no address of http or https")
    for field in change.__struct_fields__:
        if (why := fault(getattr(change, field))) is not None:
            return Refusal("invalid_value", f"{field}: {why}")
    return None


def _refuse_identity(change: RunRecorded) -> Refusal | None:
    if refusal := refuse_name(change.pipeline, "pipeline"):
        return refusal
    if change.name and (refusal := refuse_name(change.name, "run")):
        return refusal
    if change.commit and not ID.fullmatch(change.commit):
        return Refusal("invalid_id", f"{change.commit[:40]!r} is not the id of a commit")
    return None


def _refuse_stack(state: State, id: str) -> Refusal | None:
    """Why there never was such a stack: standing, deleted, or registered by what waits for a decision."""
    id = state.resolve(id)
    gone = state.gone.get(id)
    if isinstance(state.entities.get(id), Stack) or (gone is not None and gone.kind == "stack"):
        return None
    if id in state.entities or gone is not None:
        return Refusal("wrong_type", f"{id} is no stack")
    waiting = (state.entities[each] for each in state.conflicts | state.requests)
    registered = {
        event.entity
        for each in waiting
        if isinstance(each, Holding)
        for held in each.held
        for event in held.proposal.events
        if event.type == StackRegistered.__name__
    }
    return (
        None if id in registered else Refusal("unknown_reference", f"there is no stack {id[:40]}")
    )
