"""Who proposes, and with which rights: what the permissions mean, `permissions` says."""

from typing import TypeAlias

from msgspec import Struct

Rights: TypeAlias = frozenset[str]
"""Names of permissions that somebody holds somewhere."""


class Who(Struct, frozen=True):
    """Who proposes: from which replica, under which name, and with which rights.

    `rights` None is everything: in a local profile there is nobody to ask, nor to protect from.
    """

    replica: str
    author: str = ""
    rights: Rights | None = None
    is_hub: bool = False
    """The hub itself, on somebody's order: it alone makes changes that go with a secret."""

    def may(self, permission: str) -> bool:
        """Whether they hold the permission."""
        return self.rights is None or permission in self.rights
