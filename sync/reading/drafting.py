"""Working out a proposal for whoever does not know the rules; runs in a reading transaction."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec
from msgspec import UNSET

from stackroom.events.codec import SALT_BYTES, VERSIONS, seal
from stackroom.events.composing.compose import UPDATED, updates
from stackroom.events.composing.resolve import Revive, resolve
from stackroom.events.composing.revert import revert
from stackroom.events.deciding.approval import held_changes
from stackroom.events.deciding.check import check_changes, unsealed
from stackroom.events.deciding.rules import Refusal, refuse_change
from stackroom.events.errors import StackroomError
from stackroom.events.fold import apply
from stackroom.events.history.around import around
from stackroom.events.history.history import before_deletion
from stackroom.events.log import LogReader
from stackroom.events.model import Change, Event, Proposal, RequestApproved
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
from stackroom.events.state import AnyEntity, Conflict, Profile, Request, State
from stackroom.events.values import Maybe, Path
from stackroom.sync.messages import drafts as wire
from stackroom.sync.reading.showing import Past, page_of

_SALT: Final = bytes(SALT_BYTES)
_ANY_ID: Final = "00000000-0000-7000-8000-000000000000"


class CannotBeDone(Exception):
    """The step cannot be done, for a reason."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.refusal = Refusal(code, sentence)


def draft(asked: wire.Draft, who: Who, past: Past, most: int, log: LogReader) -> wire.Drafted:
    """What `who` would propose for the step of `asked`, and what would become of it.

    Entities are told up to about `most` bytes.
    """
    state = past.at(log, asked.profile, log.head(asked.profile).seq)
    base = asked.base or state.seq
    try:
        changes, kept = _worked_out(asked, base, state, log)
    except CannotBeDone as error:
        return _told(asked, state, Rejected(error.refusal))
    outcome = foreseen = check_changes(state, base, changes, who)
    if isinstance(asked.step, wire.Approve) and isinstance(outcome, Rejected):
        # Who may not approve it learns all the same what it comes to, and whether anybody could approve it.
        foreseen = check_changes(state, base, changes, Who(""))
        outcome = foreseen if isinstance(foreseen, Rejected) else outcome
    if isinstance(foreseen, Rejected):
        return _told(asked, state, outcome, changes)
    touched: dict[str, AnyEntity | None] = {}
    if not isinstance(foreseen, Conflicted):
        after = state.copy()
        apply(after, state.seq + 1, who.replica, changes)
        ids = dict.fromkeys(after.resolve(id) for id, _ in changes)
        touched = {id: after.entities.get(id) for id in ids}
    text, count = page_of(touched.items(), most)
    drafted = _told(asked, state, outcome, changes)
    return msgspec.structs.replace(drafted, entities=text, left_out=len(touched) - count, kept=kept)


def _worked_out(
    asked: wire.Draft, base: int, state: State, log: LogReader
) -> tuple[Changes, tuple[str, ...]]:
    """The changes that do what is asked, and what they leave as it is; raises CannotBeDone."""
    match asked.step:
        case wire.Do(intended):
            return _read(intended, base), ()
        case wire.Resolve() as step:
            return _resolution(step, state, partial(before_deletion, log, asked.profile, state)), ()
        case wire.Approve(id):
            request = state.entities.get(id)
            if not isinstance(request, Request):
                raise CannotBeDone("request_closed", "this change request is not open any more")
            return [(id, RequestApproved()), *held_changes(request.held)], ()
        case wire.Revert(seq, overwrite):
            return _reversal(asked.profile, seq, overwrite, state, log)


def _read(intended: Sequence[wire.Intended], base: int) -> Changes:
    events = tuple(
        Event(i.type, VERSIONS.get(i.type, 1), i.entity, _SALT, i.body) for i in intended
    )
    found = unsealed(Proposal(_ANY_ID, 1, base, "", 0, events))
    if isinstance(found, Rejected):
        raise CannotBeDone(found.refusal.code, found.refusal.sentence)
    return found


def _resolution(step: wire.Resolve, state: State, revive: Revive) -> Changes:
    if not isinstance(state.entities.get(step.conflict), Conflict):
        raise CannotBeDone("conflict_closed", "this conflict is not open any more")
    takes = {(id, path): side for id, path, side in step.takes}
    try:
        edits = {(id, path): _value(text) for id, path, text in step.edits}
        for (id, path), value in edits.items():
            _refuse_edit(state, id, path, value)
        return resolve(state, step.conflict, step.side, takes=takes, edits=edits, revive=revive)
    except msgspec.DecodeError as error:
        raise CannotBeDone(
            "invalid_value", f"a value that was typed is not JSON: {error}"
        ) from error
    except StackroomError as error:
        raise CannotBeDone("undecided", str(error)) from error


def _refuse_edit(state: State, id: str, path: Path, value: Maybe) -> None:
    """Raises CannotBeDone for what cannot be written there; an entity that is gone may come back."""
    entity, gone = state.get(id), state.gone.get(state.resolve(id))
    kind = entity.kind if entity is not None else gone.kind if gone is not None else None
    if kind not in UPDATED or not path:
        raise CannotBeDone("invalid_path", "nothing can be typed there: take one of the sides")
    for change in updates(kind, {path: value}):
        if refusal := refuse_change(change):
            raise CannotBeDone(refusal.code, refusal.sentence)


def _value(text: str | None) -> Maybe:
    return UNSET if text is None else msgspec.json.decode(text)


def _reversal(
    profile: str, seq: int, overwrite: bool, state: State, log: LogReader
) -> tuple[Changes, tuple[str, ...]]:
    if not isinstance(state.entities.get(profile), Profile):
        raise CannotBeDone("nothing_to_revert", "what was changed among people is not reverted")
    commits = log.recent(profile, seq + 1, 1)
    if not commits or commits[0].seq != seq:
        raise CannotBeDone("unknown_commit", f"there is no commit #{seq}")
    before, _ = around(log, profile, state, commits[0])
    reversal = revert(before, commits[0], state)
    if reversal.since and not overwrite:
        names = ", ".join(dict.fromkeys(since.name for since in reversal.since))
        raise CannotBeDone("changed_since", f"#{seq} was changed again since, in {names}")
    if not reversal.changes:
        why = reversal.kept[0] if reversal.kept else "all of it stands as it was before"
        raise CannotBeDone("nothing_to_revert", f"#{seq} leaves nothing to revert: {why}")
    return reversal.changes, reversal.kept


def _told(asked: wire.Draft, state: State, outcome: Outcome, changes: Changes = ()) -> wire.Drafted:
    intended = tuple(_intended(id, change) for id, change in changes)
    told = wire.Drafted(asked.id, asked.profile, state.seq, "accepted", changes=intended)
    replace = msgspec.structs.replace
    match outcome:
        case Rejected(refusal):
            return replace(told, outcome="rejected", code=refusal.code, sentence=refusal.sentence)
        case Accepted(merged):
            return replace(told, outcome="merged" if merged else "accepted")
        case Converged():
            return replace(told, outcome="converged")
        case Conflicted(overlaps):
            return replace(told, outcome="conflict", overlaps=overlaps)
        case Requested(protected):
            return replace(told, outcome="requested", protected=protected)


def _intended(id: str, change: Change) -> wire.Intended:
    event = seal(id, change, _SALT)
    return wire.Intended(event.type, event.entity, event.body)
