"""The entities of the people's stream."""

from typing import TypeAlias

from stackroom.events.entity import Entity, Key


class Hub(Entity, tag="hub"):
    """The hub itself, from the stream's first event on."""

    kind = "hub"


class User(Entity, tag="user"):
    """A person or a service account; one that is not `active` is nobody until it is again."""

    kind = "user"
    leaves = frozenset({"full_name", "email", "active"})
    full_name: str = ""
    email: str = ""
    service: bool = False
    active: bool = True

    def key(self) -> Key:
        """Names that differ in case alone would be taken for each other."""
        return ("user", "", self.name.casefold())


class Team(Entity, tag="team"):
    kind = "team"
    leaves = frozenset({"description"})
    maps = frozenset({"members"})
    description: str = ""
    members: dict[str, bool] = {}

    def key(self) -> Key:
        return ("team", "", self.name)


class Project(Entity, tag="project"):
    """A group of profiles."""

    kind = "project"
    leaves = frozenset({"description"})
    maps = frozenset({"profiles"})
    description: str = ""
    profiles: dict[str, bool] = {}

    def key(self) -> Key:
        return ("project", "", self.name)


class Role(Entity, tag="role"):
    kind = "role"
    leaves = frozenset({"description"})
    maps = frozenset({"permissions"})
    description: str = ""
    permissions: dict[str, bool] = {}

    def key(self) -> Key:
        return ("role", "", self.name)


class Assignment(Entity, tag="assignment"):
    """`subject` holds `role` in `scope`; the same is assigned once."""

    kind = "assignment"
    leaves = frozenset({"description"})
    subject: str = ""
    role: str = ""
    scope: str = ""
    description: str = ""

    def key(self) -> Key:
        return ("assignment", self.subject, f"{self.role} {self.scope}")


class Token(Entity, tag="token"):
    """A token by its public prefix; its name is for its user, who may have several of one name."""

    kind = "token"
    leaves = frozenset({"expires"})
    user: str = ""
    prefix: str = ""
    created: int = 0
    read_only: bool = False
    profiles: list[str] | None = None
    expires: int | None = None
    lifetime: int | None = None

    def key(self) -> Key:
        return ("token", "", self.prefix)


class Invitation(Entity, tag="invitation"):
    kind = "invitation"
    prefix: str = ""
    role: str = ""
    expires: int = 0
    scope: str = ""
    teams: dict[str, bool] = {}

    def key(self) -> Key:
        return ("invitation", "", self.name.casefold())


class Identity(Entity, tag="identity"):
    """Who a user is at a provider; each of its subjects is one user here."""

    kind = "identity"
    user: str = ""
    issuer: str = ""
    subject: str = ""

    def key(self) -> Key:
        return ("identity", self.issuer, self.subject)


class Password(Entity, tag="password"):
    """That a user has a password; a new one is another entity, by whose id its hash is found."""

    kind = "password"
    user: str = ""

    def key(self) -> Key:
        return ("password", "", self.user)


class SigningKey(Entity, tag="key"):
    """The key by which a replica of a user's signs; `public` in hexadecimal digits."""

    kind = "key"
    user: str = ""
    replica: str = ""
    public: str = ""
    created: int = 0

    def key(self) -> Key:
        return ("key", "", self.public)


PEOPLE: TypeAlias = (
    Hub
    | User
    | Team
    | Project
    | Role
    | Assignment
    | Token
    | Invitation
    | Identity
    | Password
    | SigningKey
)
"""Every entity of the people's stream."""
