"""Change requests, open and ended: what they ask for, and how they are decided.

Those that are open stand in the state; of those that ended, the log tells.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from stackroom.client.definitions.plaintext import subject
from stackroom.client.errors import ClientError, NotFound, RefusedLocally
from stackroom.events.bodies import unseal
from stackroom.events.composing.resolve import remade
from stackroom.events.deciding.approval import held_changes
from stackroom.events.deciding.check import Rejected, check_changes
from stackroom.events.deciding.rules import Refusal
from stackroom.events.fold import apply_change
from stackroom.events.history.history import Difference, diff
from stackroom.events.model import (
    Change,
    ChangeRequested,
    Commit,
    Held,
    RequestApproved,
    RequestClosed,
    RequestJoined,
)
from stackroom.events.people.permissions import Who
from stackroom.events.state import Request, State

if TYPE_CHECKING:
    from stackroom.client.drafting.draft import Draft, Saved
    from stackroom.client.profile_copy import ProfileCopy
    from stackroom.client.workspace import Workspace

Stage: TypeAlias = Literal["open", "approved", "rejected", "withdrawn"]


class ChangeRequest(Struct, frozen=True):
    """A change request; people name it by `number`, the seq of the commit that opened it.

    `protected` are the ids of what it touches. Of one that ended, `decided` is the commit that ended it.
    """

    id: str
    number: int
    held: tuple[Held, ...]
    protected: tuple[str, ...]
    stage: Stage = "open"
    decided: Commit | None = None

    @property
    def author(self) -> str:
        """Who asked."""
        return self.held[0].author

    @property
    def message(self) -> str:
        """Why, in the words of the first proposal."""
        return self.held[0].proposal.message

    def approval(self) -> list[tuple[str, Change]]:
        """The changes that approve it: the approval, then what it holds."""
        return [(self.id, RequestApproved()), *held_changes(self.held)]


def open_requests(state: State) -> list[ChangeRequest]:
    """The requests that wait, the oldest first."""
    found = [
        ChangeRequest(id, request.opened, request.held, request.protected)
        for id, request in state.all(Request)
    ]
    return sorted(found, key=lambda request: request.number)


def ended_requests(copy: "ProfileCopy") -> list[ChangeRequest]:
    """The requests that ended, as far as the history here tells, the oldest first."""
    ids = {id for id, gone in copy.view.gone.items() if gone.kind == "request"}
    commits = copy.log.touching(copy.id, sorted(ids), copy.seq) if ids else []
    return sorted(_told(ids, commits), key=lambda request: request.number)


def named(copy: "ProfileCopy", text: str) -> ChangeRequest:
    """The request that `text` names: the seq that opened it, or the beginning of its id; NotFound."""
    wanted = text.removeprefix("#")
    every = [*open_requests(copy.view), *ended_requests(copy)]
    found = [r for r in every if str(r.number) == wanted]
    found = found or [r for r in every if wanted and r.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    why = f"{text!r} begins several ids" if found else f"there is no change request {text!r}"
    raise NotFound(why, hint="stackroom request list --all, after a stackroom sync")


def difference(copy: "ProfileCopy", request: ChangeRequest) -> tuple[list[Difference], State]:
    """What it would change now, or (of one that ended) would have changed then; and the state after it.

    NotFound where the history that tells is not on this machine yet.
    """
    before = copy.view if request.stage == "open" else copy.at(request.number - 1)
    after = before.copy()
    stamp = (before.seq + 1, after.writer(request.held[0].replica))
    for id, change in held_changes(request.held):
        apply_change(after, stamp, id, change)
    return diff(before, after), after


def outdated(state: State, request: ChangeRequest) -> str:
    """What stands against approving it now, in a sentence; empty if nothing does."""
    outcome = check_changes(state, state.seq, request.approval(), Who("", ""))
    return outcome.refusal.sentence if isinstance(outcome, Rejected) else ""


def approve(
    workspace: "Workspace", copy: "ProfileCopy", request: ChangeRequest, message: str
) -> "Saved":
    """Approves the request. Raises RefusedLocally for what the hub would refuse."""
    _still_open(request)
    asked = subject(request.message)
    why = f": {asked}" if asked else ""
    said = message or f"approve #{request.number} of {request.author}{why}"
    return workspace.propose(copy, request.approval(), said)


def close(
    workspace: "Workspace",
    copy: "ProfileCopy",
    request: ChangeRequest,
    choice: Literal["rejected", "withdrawn"],
    message: str,
) -> "Saved":
    """Rejects or withdraws the request. Raises RefusedLocally for what the hub would refuse."""
    _still_open(request)
    return workspace.propose(copy, [(request.id, RequestClosed(choice))], message)


def again(
    workspace: "Workspace", copy: "ProfileCopy", request: ChangeRequest, message: str
) -> "Draft":
    """A draft that makes the request's changes anew, on what stands now.

    ClientError where another person made it, or it was approved.
    """
    if request.stage == "approved":
        raise ClientError(
            f"change request #{request.number} was approved: its changes stand",
            hint=f"stackroom request show {request.number}",
        )
    who = workspace.who(copy.hub, copy.id)
    if request.author.casefold() != who.author.casefold():
        raise ClientError(
            f"change request #{request.number} is {request.author}'s, and only they make it anew",
            hint=f"stackroom request show {request.number}",
        )
    draft = workspace.edit(copy, message or request.message)
    draft.add(remade(copy.view, request.held, copy.revive))
    return draft


def _still_open(request: ChangeRequest) -> None:
    if request.stage != "open":
        sentence = f"change request #{request.number} was {request.stage} before"
        raise RefusedLocally(Refusal("request_closed", sentence))


def _told(ids: Iterable[str], commits: list[Commit]) -> Iterator[ChangeRequest]:
    """The requests of these ids, from the commits that speak of them."""
    for id in ids:
        held: list[Held] = []
        protected: dict[str, None] = {}
        number = 0
        for commit in commits:
            for change in (unseal(e) for e in commit.events if e.entity == id):
                match change:
                    case ChangeRequested() | RequestJoined():
                        number = number or commit.seq
                        held.append(change.held)
                        protected.update(dict.fromkeys(change.protected))
                    case RequestApproved() if held:
                        end: Stage = "approved"
                        yield ChangeRequest(id, number, tuple(held), tuple(protected), end, commit)
                    case RequestClosed(choice) if held:
                        yield ChangeRequest(
                            id, number, tuple(held), tuple(protected), choice, commit
                        )
