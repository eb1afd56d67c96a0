"""What no change may say, whatever others did: names, paths, values, sizes.

Each function returns None, or a `Refusal`: a reason code for programs and a sentence for people.
"""

import re
from operator import attrgetter
from typing import Final

from msgspec import UNSET

from stackroom.events import limits, state
from stackroom.events.entity import Entity
from stackroom.events.model import (
    Change,
    ChangeRequested,
    ComponentRegistered,
    ConflictJoined,
    ConflictOpened,
    FlavorRegistered,
    Proposal,
    Registered,
    Renamed,
    RequestJoined,
    StackRegistered,
    TagRegistered,
    TagUpdated,
    Updated,
)
from stackroom.events.people import entities as people
from stackroom.events.people.model import RoleAssigned
from stackroom.events.refusal import Refusal as Refusal
from stackroom.events.values import CONTROL, WHOLE, Maybe, Path, Value, fault, segments

ID: Final = re.compile(limits.ID_PATTERN)
_is_id: Final = ID.fullmatch
_entity_of: Final = attrgetter("entity")
_digest_of: Final = attrgetter("digest")
_body_of: Final = attrgetter("body")
_is_common: Final = re.compile(rf"[A-Za-z0-9_.-]{{1,{limits.NAME_LENGTH}}}").fullmatch
"""Nearly all names are made of this, and then are names."""
TYPE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


def refuse_name(name: str, what: str = "name") -> Refusal | None:
    """Why `name` names no entity: empty, too long, blanks at an end, '/', or control characters."""
    if _is_common(name):
        return None
    shown = name if len(name) <= 40 else name[:40] + "…"
    if not name.strip():
        why = f"a {what} must not be empty"
    elif len(name) > limits.NAME_LENGTH:
        why = f"{what} {shown!r} has {len(name)} characters, and {limits.NAME_LENGTH} are the most"
    elif name != name.strip():
        why = f"{what} {shown!r} begins or ends with a blank"
    elif not name.isprintable() and re.search(CONTROL, name):
        why = f"{what} {shown!r} has control characters"
    elif "/" in name:
        why = f"{what} {shown!r} has a '/': use '-' or '_' instead"
    else:
        return None
    return Refusal("invalid_name", why)


def refuse_type(component_type: str) -> Refusal | None:
    """Why `component_type` is no component type: lower-case words joined by '_'."""
    if TYPE.fullmatch(component_type):
        return None
    return Refusal(
        "invalid_type",
        f"component type {component_type[:64]!r} is not made of a-z, 0-9 and '_' "
        "(for example orchestrator, artifact_store)",
    )


def refuse_proposal(proposal: Proposal) -> Refusal | None:
    """Why the envelope of `proposal` is not one: ids, sizes, counts."""
    events = proposal.events
    entities = list(map(_entity_of, events))
    if not (_is_id(proposal.id) and all(map(_is_id, entities))):
        id = next(id for id in (proposal.id, *entities) if not _is_id(id))
        return Refusal("invalid_id", f"{id[:40]!r} is not an id (a UUID in lower case)")
    if proposal.id in entities:
        return Refusal("invalid_id", "a proposal's id is not that of an entity")
    if proposal.number < 1 or proposal.base < 0:
        return Refusal("invalid_number", "a proposal's number begins at 1 and its base at 0")
    if any(map(_digest_of, events)):
        return Refusal("reserved", "only the hub redacts: an event comes with its own body")
    if not events:
        return Refusal("empty", "a proposal must hold at least one event")
    if len(events) > limits.EVENTS_PER_PROPOSAL:
        most = limits.EVENTS_PER_PROPOSAL
        return Refusal("too_large", f"a proposal holds at most {most} events: make several")
    message = proposal.message
    if len(message) > limits.MESSAGE_LENGTH:
        return Refusal("too_large", f"a message has at most {limits.MESSAGE_LENGTH} characters")
    if not message.isascii() and fault(message) is not None:
        return Refusal("invalid_value", "the message is not valid Unicode")
    sizes = list(map(len, map(_body_of, events)))
    if sum(sizes) > limits.PROPOSAL_BYTES or max(sizes) > limits.BODY_BYTES:
        return Refusal(
            "too_large",
            f"an event holds at most {limits.BODY_BYTES} bytes and a proposal "
            f"{limits.PROPOSAL_BYTES}: keep large files elsewhere and refer to them",
        )
    return None


def refuse_change(change: Change) -> Refusal | None:
    """Why `change` makes no sense in any state."""
    if isinstance(change, Updated):
        return _refuse_writes(change)
    if isinstance(change, Registered):
        if isinstance(change, TagRegistered):
            return refuse_tag_name(change.name) or _refuse_tagged(change)
        if isinstance(change, RoleAssigned):
            return _refuse_content(change)
        return refuse_name(change.name) or _refuse_content(change)
    if isinstance(change, Renamed):
        return refuse_name(change.name)
    if isinstance(change, ConflictOpened | ConflictJoined):
        return Refusal("reserved", "conflicts are opened by the hub alone")
    if isinstance(change, ChangeRequested | RequestJoined):
        return Refusal("reserved", "change requests are opened by the hub alone")
    return None


TAG: Final = re.compile(r"[\w.+-]+")
"""What the name of a tag is made of; it begins with a letter, which neither a seq nor a written time does."""

TIMES: Final = frozenset(
    {"ago", "now", "today", "yesterday", "tomorrow", "midnight", "noon"}
    | {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
)
"""Words that mean a time, or may come to mean one, and so name no tag."""


def refuse_tag_name(name: str) -> Refusal | None:
    """Why `name` names no tag: besides what no name may be, what could be taken for a seq or a time."""
    if refusal := refuse_name(name):
        return refusal
    shown = name if len(name) <= 40 else name[:40] + "…"
    if name.casefold() in TIMES:
        why = f"{shown!r} means a time, and cannot be the name of a tag"
    elif not (TAG.fullmatch(name) and name[0].isalpha()):
        why = (
            f"{shown!r} cannot be the name of a tag: one begins with a letter, so that it is never "
            "taken for a number or a time, and goes on with letters, digits, '.', '-', '_' and '+'"
        )
    else:
        return None
    return Refusal("invalid_name", why)


def _refuse_tagged(change: TagRegistered) -> Refusal | None:
    taken = change.seq > 0
    return None if taken else Refusal("invalid_value", "/seq takes the number of a commit")


def refuse_unseen(change: Change, base: int) -> Refusal | None:
    """Why `change` may not name a commit: it lies beyond `base`, which its author had in view."""
    if change.kind != "tag":
        return None
    seq: Value = change.seq if isinstance(change, TagRegistered) else None
    if isinstance(change, TagUpdated):
        seq = change.set.get("/seq")
    if not isinstance(seq, int) or seq <= base:
        return None
    return Refusal(
        "unknown_commit", f"there is no #{seq} to name: its author had seen up to #{base}"
    )


def _refuse_content(change: Registered) -> Refusal | None:
    if isinstance(change, ComponentRegistered | FlavorRegistered):
        if refusal := refuse_type(change.component_type):
            return refusal
    if isinstance(change, ComponentRegistered):
        if refusal := refuse_name(change.flavor, "flavor"):
            return refusal
    if isinstance(change, StackRegistered):
        for component_type in change.components:
            if refusal := refuse_type(component_type):
                return refusal
    for field in change.__struct_fields__:
        value = getattr(change, field)
        if not value or (type(value) is str and value.isascii()):
            continue
        if (why := fault(value)) is not None:
            return Refusal("invalid_value", f"{field}: {why}")
    return None


def _refuse_writes(change: Updated) -> Refusal | None:
    if not change.set and not change.unset:
        return Refusal("empty", "an update must change something")
    for path in change.unset:
        if refusal := _refuse_write(change, path, UNSET):
            return refusal
    for path, value in change.set.items():
        if refusal := _refuse_write(change, path, value):
            return refusal
        if path in change.unset:
            return Refusal("invalid_path", f"{path} is both set and unset")
    return None


FREE: Final = frozenset({"config", "extra", "settings"})
"""Fields that take any value."""

ENTITIES: Final[dict[str, type[Entity]]] = {
    entity.kind: entity
    for entity in (
        state.Profile,
        state.Flavor,
        state.Component,
        state.Stack,
        state.Tag,
        people.User,
        people.Team,
        people.Project,
        people.Role,
        people.Assignment,
        people.Token,
    )
}
"""What can be updated, by kind."""


def _refuse_write(change: Updated, path: Path, value: Maybe) -> Refusal | None:
    entity = ENTITIES[change.kind]
    try:
        parts = segments(path) or (WHOLE,)
    except ValueError as error:
        return Refusal("invalid_path", str(error))
    field, depth = parts[0], len(parts)
    whole = depth == 1 and field in entity.leaves and value is not UNSET
    inside = 1 < depth <= limits.PATH_DEPTH and field in entity.maps
    if not whole and not inside:
        ways = sorted(entity.leaves | {f"{field}/…" for field in entity.maps})
        return Refusal(
            "invalid_path",
            f"{path} cannot be {'unset' if value is UNSET else 'set'} in a {change.kind}; "
            f"what can be changed: {', '.join(ways)}",
        )
    if value is UNSET:
        return None
    if (why := fault(value)) is not None:
        return Refusal("invalid_value", f"{path}: {why}")
    return None if field in FREE else _refuse_shape(path, parts, value)


def _refuse_shape(path: Path, parts: tuple[str, ...], value: Maybe) -> Refusal | None:
    field, *keys = parts
    match field:
        case "components" if len(keys) == 1:
            if refusal := refuse_type(keys[0]):
                return refusal
            fits = isinstance(value, list) and all(isinstance(id, str) for id in value)
            wanted = "a list of component ids"
        case "components":
            fits, wanted = len(keys) == 2 and value is True, "true, at /components/TYPE/ID"
        case "labels":
            fits, wanted = len(keys) == 1 and isinstance(value, str), "text"
        case "flavor" | "description" | "source":
            fits, wanted = isinstance(value, str), "text"
        case "seq":
            fits, wanted = type(value) is int and value > 0, "the number of a commit"
        case "integration":
            fits, wanted = value is None or isinstance(value, str), "text or null"
        case "full_name" | "email":
            fits, wanted = isinstance(value, str), "text"
        case "active" | "protected":
            fits, wanted = isinstance(value, bool), "true or false"
        case "members" | "profiles" | "permissions":
            fits, wanted = len(keys) == 1 and value is True, "true, at the id"
        case "expires":
            fits, wanted = value is None or (type(value) is int and value >= 0), "a time or null"
        case "config_schema":
            fits, wanted = value is None or isinstance(value, dict), "a map or null"
        case _:
            return None
    return None if fits else Refusal("invalid_value", f"{path} takes {wanted}")
