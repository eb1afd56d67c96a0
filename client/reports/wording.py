"""Changes, conflicts and decisions in words."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import UNSET

from stackroom.client.reports.acts import Act
from stackroom.client.reports.findings import Decision, Side
from stackroom.events.values import Maybe, segments

SHOWN: Final = 80
"""Characters of a value that a sentence shows."""

CHOICES: Final = {"ours": "what was proposed", "theirs": "what stood", "edited": "something else"}
"""What a resolution took, by the word that is kept."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def lines_of(acts: Sequence[Act], most: int) -> Iterator[str]:
    """A line for each act of one commit, at most so many; the rest is counted."""
    for act in acts[:most]:
        yield sentence(act)
    if len(acts) > most:
        yield f"and {len(acts) - most:,} more"


def sentence(act: Act) -> str:
    """One act: `orchestrator/k8s: config.ns ml → prod`."""
    name = _called(act)
    match act.kind, act.action:
        case "run", _:
            on = f" on {act.stacks[0]}" if act.stacks else ""
            status = f": {text(act.after)}" if act.after is not UNSET else ""
            return f"run of {act.name}{on}{status}"
        case "conflict", "opened":
            return f"conflict over {act.name} opened"
        case "conflict", _:
            return (
                f"conflict over {act.name} decided: {CHOICES.get(str(act.after), text(act.after))}"
            )
        case "request", "requested":
            return f"change of {act.name} requested"
        case "request", action:
            return f"requested change of {act.name} {action}"
        case "redaction", _:
            return "a value redacted"
        case _, "renamed":
            return f"{name} renamed to {text(act.after)}"
        case _, "registered" | "deleted" as action:
            return f"{name} {DONE.get((act.what, action), action)}"
    return f"{name}: {_write(act)}"


DONE: Final = {
    ("assignment", "registered"): "granted",
    ("assignment", "deleted"): "revoked",
    ("invitation", "registered"): "invited",
    ("invitation", "deleted"): "used or withdrawn",
    ("token", "registered"): "made",
    ("token", "deleted"): "revoked",
    ("password", "registered"): "set",
    ("password", "deleted"): "removed",
    ("identity", "registered"): "linked",
    ("identity", "deleted"): "unlinked",
    **{(what, "registered"): "created" for what in ("profile", "user", "team", "project", "role")},
    ("tag", "registered"): "set",
    ("hub", "registered"): "founded",
}
"""What people say of a registration or its end, where that is another word."""


def conflict_lines(author: str, sides: Sequence[Side], most: int) -> Iterator[str]:
    """A line for each place where the sides of a conflict meet; the rest is counted."""
    for side in sides[:most]:
        place = f": {place_of(side.path)}" if side.path else ""
        ours, theirs = text(side.ours), text(side.theirs)
        yield f"{side.name}{place} “{theirs}” by {side.their_author}, “{ours}” by {author}"
    if len(sides) > most:
        yield f"and {len(sides) - most:,} more"


def decided(decision: Decision, time: str) -> str:
    """Who ended it, how and when: `what stood, by ann in #7, 2026-11-20 10:00`."""
    how = CHOICES.get(decision.choice, decision.choice)
    return f"{how}, by {decision.author or 'the hub'} in #{decision.seq}, {time}"


def place_of(path: str) -> str:
    """A path as people read it: `config.ns`."""
    return ".".join(key.replace(".", "\\.") for key in segments(path))


def text(value: Maybe) -> str:
    """A value in a sentence, cut where it is long."""
    if value is UNSET:
        return "(none)"
    said = value if isinstance(value, str) else _encode(value).decode()
    return said if len(said) <= SHOWN else said[: SHOWN - 1] + "…"


def _called(act: Act) -> str:
    if act.what == "component":
        return f"{act.type}/{act.name}"
    if act.what == "flavor":
        return f"flavor {act.type}/{act.name}"
    if act.what == "hub":
        return "hub"
    return f"{'role' if act.what == 'assignment' else act.what} {act.name}"


def _write(act: Act) -> str:
    place = place_of(act.path)
    keys = segments(act.path)
    if len(keys) == 3 and keys[0] == "components":
        return f"{keys[1]}/{keys[2]} {'taken out' if act.after is UNSET else 'added'}"
    if keys == ("protected",):
        return "protected" if act.after is True else "no longer protected"
    if act.before is UNSET:
        return f"{place} set to {text(act.after)}"
    if act.after is UNSET:
        return f"{place} removed (was {text(act.before)})"
    return f"{place} {text(act.before)} → {text(act.after)}"
