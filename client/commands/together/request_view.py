"""How a change request is shown: for programs as data, for people with each value before → after."""

from msgspec import Struct

from stackroom.client.commands import telling
from stackroom.client.commands.naming import Names
from stackroom.client.commands.output import Changes, Fields, Lines, Toned, View
from stackroom.client.commands.terminal import Tone
from stackroom.client.commands.times import ago
from stackroom.client.drafting.requests import ChangeRequest, Stage
from stackroom.events.model import Millis

_TONES: dict[Stage, Tone] = {
    "open": "careful",
    "approved": "good",
    "rejected": "bad",
    "withdrawn": "quiet",
}


class Asked(Struct, frozen=True):
    """A proposal that the request holds."""

    id: str
    author: str
    message: str
    base: int
    time: Millis


class DecidedRow(Struct, frozen=True):
    """The commit that ended it; `accepted` is the hub's clock, in milliseconds since 1970."""

    seq: int
    author: str
    message: str
    accepted: Millis


class RequestRow(Struct, frozen=True):
    """A change request; `protected` names what it touches, `what` all that it changes.

    `outdated` is what stands against approving an open one now. `changes` are those of `request show`.
    """

    id: str
    seq: int
    stage: Stage
    author: str
    message: str
    what: list[str]
    protected: list[str]
    outdated: str
    held: list[Asked]
    decided: DecidedRow | None = None
    changes: list[telling.ChangeRow] = []


def shown(
    request: ChangeRequest,
    names: Names,
    outdated: str,
    changes: list[telling.ChangeRow] | None = None,
) -> RequestRow:
    """The request for programs."""
    decided = request.decided
    return RequestRow(
        request.id,
        request.number,
        request.stage,
        request.author,
        request.message,
        _what(request, names),
        [names.entity(id) for id in request.protected],
        outdated if request.stage == "open" else "",
        [
            Asked(p.id, held.author, p.message, p.base, p.time)
            for held in request.held
            for p in (held.proposal,)
        ],
        None
        if decided is None
        else DecidedRow(decided.seq, decided.author, decided.message, decided.accepted),
        changes or [],
    )


def row(request: ChangeRequest, names: Names, outdated: str) -> tuple[object, ...]:
    """The request as one row: its number, what it is about, who asks, why, and how far it is."""
    what = _what(request, names)
    more = len(what) - telling.NAMED
    stage: object = Toned(request.stage, _TONES[request.stage])
    if request.stage == "open" and outdated:
        stage = Toned("outdated", "bad")
    return (
        f"#{request.number}",
        ", ".join(what[: telling.NAMED]) + (f" +{more}" if more > 0 else ""),
        request.author,
        request.message,
        stage,
    )


def view(
    request: ChangeRequest, data: RequestRow, names: Names, now: Millis, profile: str
) -> list[View]:
    """The whole request for people."""
    number = request.number
    fields: list[tuple[str, object]] = [
        (
            f"{held.author} asks",
            f"{p.message or '(no message)'}, on top of #{p.base}, {ago(p.time, now)}",
        )
        for held in request.held
        for p in (held.proposal,)
    ]
    fields.append(("protected", ", ".join(data.protected) or "(what it builds on)"))
    if data.decided is not None:
        why = f": {data.decided.message}" if data.decided.message else ""
        fields.append((request.stage, f"by {data.decided.author} in #{data.decided.seq}{why}"))
    if data.outdated:
        fields.append(("outdated", data.outdated))
    views: list[View] = [
        Fields(fields, title=f"Change request #{number} in profile {profile!r}, {request.stage}")
    ]
    lines = list(telling.change_lines(data.changes, names))
    views.append(Changes(lines) if lines else Lines(["It changes no value."]))
    if request.stage == "open":
        views.append(Lines(_next(number, outdated=bool(data.outdated))))
    return views


def _next(number: int, *, outdated: bool) -> list[str]:
    if outdated:
        return [f"It cannot be approved any more. Its author: stackroom request retry {number}"]
    return [
        "Another person decides with one of",
        f"  stackroom request approve {number}",
        f"  stackroom request reject {number} -m WHY",
    ]


def _what(request: ChangeRequest, names: Names) -> list[str]:
    events = (event for held in request.held for event in held.proposal.events)
    return list(dict.fromkeys(names.entity(event.entity) for event in events))
