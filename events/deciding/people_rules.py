"""What no change of a hub's people may say: names, permissions, references, and who must remain."""

import re
from typing import Final

from stackroom.events.deciding.rules import ID, Refusal
from stackroom.events.limits import TOKENS_PER_USER
from stackroom.events.model import Change, Deleted, Registered, Updated
from stackroom.events.people.entities import Role, Team, Token, User
from stackroom.events.people.model import (
    HubFounded,
    IdentityLinked,
    KeyRegistered,
    PasswordSet,
    ProjectCreated,
    ProjectUpdated,
    RoleAssigned,
    RoleCreated,
    RoleRenamed,
    RoleUpdated,
    TeamCreated,
    TeamUpdated,
    TokenCreated,
    TokenUpdated,
    UserCreated,
    UserInvited,
)
from stackroom.events.people.people import BUILT_IN, HUB, Directory
from stackroom.events.people.permissions import PEOPLE, PERMISSIONS
from stackroom.events.state import State
from stackroom.events.values import segments

USER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")

BY_THE_HUB: Final = (
    HubFounded,
    TokenCreated,
    TokenUpdated,
    UserInvited,
    IdentityLinked,
    PasswordSet,
    KeyRegistered,
)
"""Changes that only the hub itself makes, on somebody's order: a secret or a proof belongs to each."""


LOCKING: Final = frozenset({"user", "team", "role", "assignment"})
"""The kinds of entity on which permissions depend."""


def refuse_people(state: State, change: Change) -> Refusal | None:
    """Why `change` makes no sense in `state`, which is that of a people's stream."""
    match change:
        case _ if change.kind not in (*PEOPLE, "conflict"):
            return Refusal("wrong_stream", f"a {change.kind} belongs in a profile")
        case UserCreated(name) | UserInvited(name):
            return _refuse_user_name(state, name, change)
        case RoleCreated(name) | RoleRenamed(name) if name.casefold() in BUILT_IN:
            return Refusal("reserved_name", f"{name!r} is a built-in role: choose another name")
        case RoleAssigned():
            return _refuse_assignment(state, change)
        case TokenCreated():
            return _refuse_token(state, change)
        case _:
            return _refuse_keys(state, change)


def refuse_end(state: State) -> Refusal | None:
    """Why a hub must not be left as it is in `state`."""
    if any(True for _ in Directory(state).administrators()):
        return None
    return Refusal(
        "no_admin_left", "this would leave the hub without an administrator: make another one first"
    )


def may_lock_out(change: Change) -> bool:
    """Whether `change` can take a permission away from somebody on the hub."""
    return change.kind in LOCKING and isinstance(change, Deleted | Updated)


def _refuse_user_name(state: State, name: str, change: Registered) -> Refusal | None:
    if not USER_NAME.fullmatch(name):
        return Refusal(
            "invalid_name",
            f"user name {name[:64]!r} is not made of 1 to 64 of a-z, A-Z, 0-9 and . _ @ + - "
            "(a full name may be anything: --full-name)",
        )
    taken = {gone.name.casefold() for gone in state.gone.values() if gone.kind == "user"}
    if name.casefold() in taken:
        return Refusal(
            "name_used_before",
            f"there was a user {name!r} before, whose name stands in the history: choose another",
        )
    known = state.find(User, name.casefold()) is not None
    if isinstance(change, UserInvited) and known and (change.role or change.teams):
        return Refusal(
            "name_in_use", f"there is a user {name!r} already: invite them without a role"
        )
    return None


def _refuse_assignment(state: State, change: RoleAssigned) -> Refusal | None:
    if not isinstance(state.get(change.subject), User | Team):
        return Refusal("unknown_reference", f"there is no user or team {change.subject[:40]}")
    if change.role not in BUILT_IN and not isinstance(state.get(change.role), Role):
        return Refusal("unknown_reference", f"there is no role {change.role[:40]!r}")
    if change.scope != HUB and not ID.fullmatch(change.scope):
        return Refusal(
            "invalid_id", f"scope {change.scope[:40]!r} is no id of a project or profile"
        )
    return None


def _refuse_token(state: State, change: TokenCreated) -> Refusal | None:
    standing = sum(
        token.user == change.user and (token.expires is None or token.expires > change.created)
        for _, token in state.all(Token)
    )
    if standing < TOKENS_PER_USER:
        return None
    most = f"a user has at most {TOKENS_PER_USER} tokens"
    return Refusal("too_many_tokens", f"{most}: revoke those that nobody uses")


def _refuse_keys(state: State, change: Change) -> Refusal | None:
    """The maps whose keys refer to something: members, profiles, permissions."""
    match change:
        case TeamCreated(members=keys):
            field, added = "members", list(keys)
        case ProjectCreated(profiles=keys):
            field, added = "profiles", list(keys)
        case RoleCreated(permissions=keys):
            field, added = "permissions", list(keys)
        case TeamUpdated() | ProjectUpdated() | RoleUpdated():
            parts = [segments(path) for path in change.set]
            field = {"team": "members", "project": "profiles", "role": "permissions"}[change.kind]
            added = [part[1] for part in parts if part[0] == field]
        case _:
            return None
    for key in added:
        if field == "permissions" and key not in PERMISSIONS:
            return Refusal(
                "unknown_permission",
                f"there is no permission {key[:64]!r}: there are {', '.join(PERMISSIONS)}",
            )
        if field == "members" and not isinstance(state.get(key), User):
            return Refusal("unknown_reference", f"there is no user {key[:40]}")
        if field == "profiles" and not ID.fullmatch(key):
            return Refusal("invalid_id", f"{key[:40]!r} is no id of a profile")
    return None
