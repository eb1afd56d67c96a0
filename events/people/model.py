"""What can happen to the people of a hub: users, teams, projects, roles, and who was granted what.

They are events in a stream of the hub's own, whose id is the hub's id: one log, one set of rules, one
history. Which permission each needs is in `permissions`; what follows from them is in `people`.
"""

from stackroom.events.model import Count, Deleted, Registered, Renamed, Updated


class HubFounded(Registered, frozen=True):
    """The first event of the people's stream; its entity is the hub."""

    kind = "hub"


class UserCreated(Registered, frozen=True):
    """A person, or a `service` account. The name signs commits, and is nobody else's ever after."""

    kind = "user"
    full_name: str = ""
    email: str = ""
    service: bool = False


class UserUpdated(Updated, frozen=True):
    kind = "user"


class UserDeleted(Deleted, frozen=True):
    """The account ends; what it did stays in every history under its name."""

    kind = "user"


class TeamCreated(Registered, frozen=True):
    """`members` maps the ids of users to true."""

    kind = "team"
    description: str = ""
    members: dict[str, bool] = {}


class TeamUpdated(Updated, frozen=True):
    kind = "team"


class TeamRenamed(Renamed, frozen=True):
    kind = "team"


class TeamDeleted(Deleted, frozen=True):
    kind = "team"


class ProjectCreated(Registered, frozen=True):
    """`profiles` maps the ids of profiles to true."""

    kind = "project"
    description: str = ""
    profiles: dict[str, bool] = {}


class ProjectUpdated(Updated, frozen=True):
    kind = "project"


class ProjectRenamed(Renamed, frozen=True):
    kind = "project"


class ProjectDeleted(Deleted, frozen=True):
    kind = "project"


class RoleCreated(Registered, frozen=True):
    """`permissions` maps names of permissions to true."""

    kind = "role"
    description: str = ""
    permissions: dict[str, bool] = {}


class RoleUpdated(Updated, frozen=True):
    kind = "role"


class RoleRenamed(Renamed, frozen=True):
    kind = "role"


class RoleDeleted(Deleted, frozen=True):
    kind = "role"


class RoleAssigned(Registered, frozen=True):
    """A user or team (`subject`) holds a role in a scope: the hub (empty), a project or a profile.

    `role` is the id of a role, or the name of a built-in one. An assignment has no name.
    """

    kind = "assignment"
    subject: str
    role: str
    scope: str = ""
    description: str = ""


class AssignmentUpdated(Updated, frozen=True):
    kind = "assignment"


class RoleRevoked(Deleted, frozen=True):
    kind = "assignment"


class TokenCreated(Registered, frozen=True):
    """A token of `user`, by its public `prefix`; what it opens is not in any log.

    It was made at `created`. With `read_only`, it may change nothing; with `profiles`, it is good for
    these alone. It ends at `expires`, or (None) never; a renewal adds `lifetime` to the time of then.
    All in milliseconds, times since 1970.
    """

    kind = "token"
    user: str
    prefix: str
    created: Count = 0
    read_only: bool = False
    profiles: list[str] | None = None
    expires: Count | None = None
    lifetime: Count | None = None


class TokenUpdated(Updated, frozen=True):
    kind = "token"


class TokenRevoked(Deleted, frozen=True):
    kind = "token"


class UserInvited(Registered, frozen=True):
    """Somebody may join under this name until `expires`, and then holds `role` in `scope`."""

    kind = "invitation"
    prefix: str
    role: str
    expires: Count
    scope: str = ""
    teams: dict[str, bool] = {}


class InvitationEnded(Deleted, frozen=True):
    """The invitation was used, or withdrawn."""

    kind = "invitation"


class IdentityLinked(Registered, frozen=True):
    """`user` signs in as whoever the provider `issuer` knows as `subject` (OpenID Connect Core, section 2).

    A subject is nobody else's at its provider ever after, whatever name or address they take there.
    """

    kind = "identity"
    user: str
    issuer: str
    subject: str


class IdentityUnlinked(Deleted, frozen=True):
    kind = "identity"


class PasswordSet(Registered, frozen=True):
    """`user` can sign in by a password from now on; what it is, is in no log."""

    kind = "password"
    user: str


class PasswordRemoved(Deleted, frozen=True):
    kind = "password"


class KeyRegistered(Registered, frozen=True):
    """`replica`, which is one of `user`'s, signs with the key whose `public` half this is, from `created` on.

    `public` is in hexadecimal digits, the name a key's fingerprint; its entity's id follows from it
    (`signing.key_id`). `created` is in milliseconds since 1970.
    """

    kind = "key"
    user: str
    replica: str
    public: str
    created: Count = 0


class KeyRevoked(Deleted, frozen=True):
    """Nothing that the key signs is taken any more; what it signed before stays signed."""

    kind = "key"
