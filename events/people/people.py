"""Who may do what: worked out from the users, teams, projects, roles and assignments of a hub.

Nothing here decides what a permission opens; see `permissions`. A reference that leads to nothing
(a deleted user, team, project or role) grants nothing.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from stackroom.events.model import Millis
from stackroom.events.people.entities import (
    Assignment,
    Project,
    Role,
    SigningKey,
    Team,
    Token,
    User,
)
from stackroom.events.people.permissions import PERMISSIONS, READING, Rights
from stackroom.events.state import State

HUB: Final = ""
"""The scope of an assignment that is good for the whole hub."""

_VIEWER: Final = frozenset({"profile.read"})
_EDITOR: Final = _VIEWER | {"profile.write", "run.record"}
_MAINTAINER: Final = _EDITOR | {
    "profile.approve",
    "profile.protect",
    "profile.create",
    "profile.rename",
    "profile.archive",
}

_EVERYTHING: Final = frozenset(PERMISSIONS)

BUILT_IN: Final[dict[str, Rights]] = {
    "viewer": _VIEWER,
    "editor": _EDITOR,
    "maintainer": _MAINTAINER,
    "admin": _EVERYTHING,
    "auditor": READING,
}
"""The roles that every hub has, by name; their names are their ids."""

ADMINISTERING: Final = "people.write"
"""The permission that a hub must never be without."""


class Grant(Struct, frozen=True):
    """One permission that a user holds, and by which assignment.

    `team` is the name of the team through which it came, `project` that of the project; empty without.
    """

    permission: str
    assignment: str
    role: str
    team: str = ""
    project: str = ""
    scope: str = HUB


class Directory:
    """The people of a hub as they stand in `state`; made anew when that changes."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.seq = state.seq
        self.users = {user.name.casefold(): id for id, user in state.all(User)}
        self.tokens = {token.prefix: id for id, token in state.all(Token)}
        self._signing = {(state.resolve(k.user), k.replica): k for _, k in state.all(SigningKey)}
        self._teams: dict[str, list[str]] = {}
        for id, team in state.all(Team):
            for member in team.members:
                self._teams.setdefault(state.resolve(member), []).append(id)
        self._projects: dict[str, list[str]] = {}
        for id, project in state.all(Project):
            for profile in project.profiles:
                self._projects.setdefault(profile, []).append(id)
        self._assigned: dict[str, list[str]] = {}
        for id, assignment in state.all(Assignment):
            self._assigned.setdefault(state.resolve(assignment.subject), []).append(id)
        self._named = {a.scope for _, a in state.all(Assignment)}.union(self._projects)
        self._known: dict[tuple[str, str], Rights] = {}

    def user(self, name: str) -> tuple[str, User] | None:
        """The id and account of that name, whether it is active or not."""
        id = self.users.get(name.casefold())
        user = self.state.get(id) if id is not None else None
        return (id, user) if id is not None and isinstance(user, User) else None

    def token(self, prefix: str, now: Millis) -> tuple[str, Token] | None:
        """The id and token of that prefix, if it stands and its user is active."""
        id = self.tokens.get(prefix)
        token = self.state.get(id) if id is not None else None
        if id is None or not isinstance(token, Token):
            return None
        user = self.state.get(token.user)
        ended = token.expires is not None and token.expires <= now
        return None if ended or not isinstance(user, User) or not user.active else (id, token)

    def signing_key(self, user: str, replica: str) -> SigningKey | None:
        """The key by which a replica of the user of that id signs, if one is registered and has not ended."""
        return self._signing.get((user, replica))

    def rights(self, user: str, profile: str = HUB, token: str = "") -> Rights:
        """What the user of that id may do in a profile, or (empty) on the hub as a whole.

        With the id of a `token`, no more than it allows; a token that is gone allows nothing.
        """
        # Of profiles that nothing among the people names, anybody can ask for as many as they like.
        asked = (user, profile if profile in self._named else HUB)
        if asked not in self._known:
            self._known[asked] = frozenset(grant.permission for grant in self.grants(*asked))
        granted = self._known[asked]
        allowed = self._allowed(token, profile) if token else _EVERYTHING
        return granted if allowed is _EVERYTHING else granted & allowed

    def _allowed(self, token: str, profile: str) -> Rights:
        found = self.state.get(token)
        if not isinstance(found, Token):
            return frozenset()
        if found.profiles is not None and profile not in found.profiles:
            return frozenset()
        return READING if found.read_only else _EVERYTHING

    def grants(self, user: str, profile: str = HUB) -> list[Grant]:
        """Every permission that the user holds in a profile, or (empty) on the hub, and where from."""
        found = self.state.get(user)
        if not isinstance(found, User) or not found.active:
            return []
        scopes = {HUB, profile, *self._projects.get(profile, ())}
        return [
            Grant(permission, id, role, team, project, assignment.scope)
            for team, id, assignment in self._assignments(user)
            if assignment.scope in scopes
            for role, permissions in self._role(assignment.role)
            for project in [self._name(assignment.scope)]
            for permission in sorted(permissions)
        ]

    def beside(self, user: str) -> Iterator[str]:
        """The profiles for which something is granted to the user beside what is for the whole hub."""
        for _, _, assignment in self._assignments(user):
            scope = self.state.get(assignment.scope)
            if isinstance(scope, Project):
                yield from scope.profiles
            elif assignment.scope != HUB:
                yield assignment.scope

    def administrators(self) -> Iterable[str]:
        """The ids of the users who may administer the hub."""
        return (id for id in self.users.values() if ADMINISTERING in self.rights(id))

    def _assignments(self, user: str) -> Iterator[tuple[str, str, Assignment]]:
        """(team or empty, id, assignment) of all that is assigned to the user, directly or by a team."""
        for team in ("", *self._teams.get(user, ())):
            for id in self._assigned.get(team or user, ()):
                assignment = self.state.get(id)
                if isinstance(assignment, Assignment):
                    yield self._name(team), id, assignment

    def _role(self, role: str) -> Iterator[tuple[str, Rights]]:
        """(name, permissions) of the role, if there is one."""
        if role in BUILT_IN:
            yield role, BUILT_IN[role]
        elif isinstance(found := self.state.get(role), Role):
            yield found.name, frozenset(found.permissions)

    def _name(self, id: str) -> str:
        entity = self.state.get(id) if id else None
        return entity.name if entity is not None else ""
