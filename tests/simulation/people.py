"""The people of the simulated hub: who is there from the beginning, and how their rights come and go.

An administrator outside the simulated network makes the changes, as proposals in the people's stream; they
take their turn in the hub's queue among the pushes, and are lost with it in a crash.
"""

from collections.abc import Callable, Iterable
from typing import Final

from stackroom.events.codec import seal
from stackroom.events.fold import advance
from stackroom.events.history.history import state_at
from stackroom.events.log import LogReader, LogWriter
from stackroom.events.model import Change, Commit, Proposal
from stackroom.events.people.entities import Assignment, SigningKey, User
from stackroom.events.people.model import (
    HubFounded,
    KeyRevoked,
    RoleAssigned,
    RoleCreated,
    RoleRevoked,
    TokenCreated,
    UserCreated,
    UserUpdated,
)
from stackroom.events.state import State
from stackroom.sync.deciding.authority import Authority
from stackroom.sync.people import tokens
from stackroom.sync.people.access import TOKEN_FACT

Changes = list[tuple[str, Change]]

MEMBER: Final = (
    "profile.read", "profile.write", "profile.create", "profile.rename", "profile.archive",
    "profile.protect", "profile.approve",
)  # fmt: skip
"""What somebody may do who edits in the simulation."""


def furnish(
    authority: Authority,
    hub: str,
    mine: dict[str, list[str]],
    made: dict[str, tokens.Made],
    new_id: Callable[[], str],
    log: LogWriter,
) -> None:
    """Makes the hub's people: an administrator, and every user with their profiles and their token."""
    root, member = new_id(), new_id()
    changes: Changes = [
        (hub, HubFounded("hub")),
        (root, UserCreated("root")),
        (new_id(), RoleAssigned("", root, "admin")),
        (member, RoleCreated("member", permissions=dict.fromkeys(MEMBER, True))),
    ]
    for name, profiles in mine.items():
        user, token = new_id(), made[name]
        changes.append((user, UserCreated(name)))
        changes += [(new_id(), RoleAssigned("", user, member, profile)) for profile in profiles]
        changes.append((new_id(), TokenCreated(name, user, token.prefix)))
        log.put_fact(TOKEN_FACT, token.prefix, token.hash)
    assert isinstance(authority.commit(hub, "", changes, "", 0, log), Commit)


class Rights:
    """Who may see and change what, by the people's commits that are durable; asks no core."""

    def __init__(self) -> None:
        self.state = State()

    def follow(self, commits: Iterable[Commit]) -> None:
        """More commits among people."""
        advance(self.state, commits)

    def may(self, name: str, profile: str, permission: str) -> bool:
        """Whether the user holds a permission of `MEMBER` in the profile."""
        found = self.state.find(User, name)
        if found is None or not found[1].active:
            return False
        held = {"viewer": {"profile.read"}}
        return any(
            assigned.subject == found[0]
            and assigned.scope == profile
            and permission in held.get(assigned.role, MEMBER)
            for _, assigned in self.state.all(Assignment)
        )


class Administrator:
    """Grants and withdraws: changes as they are to be proposed, on the people that the log has."""

    def __init__(self, hub: str, new_id: Callable[[], str]) -> None:
        self.hub = hub
        self.new_id = new_id
        self.replica = new_id()
        self.number = 0

    def granting(self, name: str, profile: str, role: str, log: LogReader) -> Changes:
        """From now on the user has `role` (viewer, member, or none at all) in the profile."""
        state = state_at(log, self.hub)
        user = _user(state, name)
        changes: Changes = [
            (id, RoleRevoked())
            for id, assigned in state.all(Assignment)
            if assigned.subject == user and assigned.scope == profile
        ]
        if role:
            held = next(id for id, r in state.entities.items() if r.name == "member")
            wanted = held if role == "member" else role
            changes.append((self.new_id(), RoleAssigned("", user, wanted, profile)))
        return changes

    def suspending(self, name: str, log: LogReader, *, active: bool) -> Changes:
        """From now on the account is active, or is not."""
        return [(_user(state_at(log, self.hub), name), UserUpdated({"/active": active}))]

    def ending_key(self, replica: str, log: LogReader) -> Changes:
        """From now on nothing that the replica signs is taken, until it has become another."""
        keys = state_at(log, self.hub).all(SigningKey)
        return [(id, KeyRevoked()) for id, key in keys if key.replica == replica]

    def proposal(self, changes: Changes, salt: Callable[[], bytes], log: LogReader) -> Proposal:
        """The proposal of `changes`."""
        self.number += 1
        events = tuple(seal(id, change, salt()) for id, change in changes)
        base = log.head(self.hub).seq
        return Proposal(self.new_id(), self.number, base, "", 0, events)


def _user(state: State, name: str) -> str:
    found = state.find(User, name)
    assert found is not None
    return found[0]
