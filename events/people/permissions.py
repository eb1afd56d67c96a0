"""What people may do, by name; and what each change needs.

A role is a set of permissions. A permission is held in one profile, in a project's profiles, or on the
whole hub. Who holds which is worked out in `people`; here is what they mean.
"""

from typing import Final, get_args

from stackroom.events.carriers import PeopleKind
from stackroom.events.model import (
    Change,
    ComponentRegistered,
    ProfileCreated,
    ProfileDeleted,
    ProfileRenamed,
    RequestApproved,
    RequestClosed,
    RunRecorded,
    RunUpdated,
    StackRegistered,
    Updated,
)
from stackroom.events.people.who import Rights as Rights
from stackroom.events.people.who import Who as Who

PEOPLE: Final = frozenset(get_args(PeopleKind))
"""`PeopleKind`, as a set."""

PERMISSIONS: Final[dict[str, str]] = {
    "profile.read": "see a profile and its history",
    "profile.write": "propose changes of stacks, components and flavors, and resolve conflicts",
    "profile.approve": "approve or reject another's change request",
    "profile.protect": "protect stacks and components, and set the profile's policies",
    "profile.create": "create and publish profiles",
    "profile.rename": "rename a profile",
    "profile.archive": "delete a profile, which closes it and keeps its history",
    "profile.redact": "take a value out of the history, for everybody",
    "run.record": "report which stack a pipeline ran on",
    "people.read": "see users, teams, projects, roles, assignments and everybody's tokens",
    "people.write": "change them, and invite people",
    "hub.audit": "read the hub's security log, and see how the hub fares",
    "hub.heal": "have a restored hub take back what it lost, or give that up",
}
"""Every permission, and what it lets one do."""

READING: Final[Rights] = frozenset({"profile.read", "people.read", "hub.audit"})
"""The permissions that change nothing."""


WRITING: Final = ("profile.write",)
PROTECTING: Final = ("profile.protect", "profile.write")
NEEDED: Final[dict[type[Change], tuple[str, ...]]] = {
    ProfileCreated: ("profile.create",),
    ProfileRenamed: ("profile.rename",),
    ProfileDeleted: ("profile.archive",),
    RequestApproved: ("profile.approve",),
    RequestClosed: ("profile.approve",),
    RunRecorded: ("run.record",),
    RunUpdated: ("run.record",),
}
"""What changes of these types need, where they do not need to write alone."""


def needed(change: Change, *, among_people: bool = False) -> tuple[str, ...]:
    """The permissions that `change` needs, in a profile or in a hub's stream of people."""
    if among_people or change.kind in PEOPLE:
        return ("people.write",)
    if isinstance(change, Updated):
        policies = _policies(change)
        if any(policies):
            return PROTECTING[:1] if all(policies) else PROTECTING
        return WRITING
    if isinstance(change, StackRegistered | ComponentRegistered):
        return PROTECTING if change.protected else WRITING
    if isinstance(change, RequestClosed) and change.choice != "rejected":
        return WRITING
    return NEEDED.get(type(change), WRITING)


def _policies(change: Updated) -> list[bool]:
    """Of each write, whether it says what others may do."""
    policy = "/settings" if change.kind == "profile" else "/protected"
    return [path.startswith(policy) for path in (*change.set, *change.unset)]
