"""What a hub said last that one may do there: the rules here foresee with it what the hub would refuse."""

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from stackroom.events.people.who import Rights

if TYPE_CHECKING:
    from stackroom.sync import protocol as wire


PEOPLE: Final = "people"
"""Under which name the registry has a hub's stream of people."""


Access: TypeAlias = Literal["write", "read", "none"]
"""What one may do in a profile of a hub, in one word."""


class KnownRights(Struct, frozen=True, omit_defaults=True):
    """Permissions on the hub as a whole, and in the profiles where they are something else.

    `people` is the id of the hub's stream of people, where one may read it; `expires` is when the token
    ends (milliseconds since 1970). All as the hub's message `rights` has it.
    """

    hub: tuple[str, ...] = ()
    profiles: dict[str, tuple[str, ...]] = {}
    people: str = ""
    expires: int | None = None

    def of(self, profile: str) -> Rights:
        """What one may do in a profile."""
        scope = () if profile == self.people else self.profiles.get(profile)
        return frozenset(self.hub if scope is None or profile == self.people else scope)


def access(rights: Rights) -> Access:
    """What these rights let one do, in one word."""
    if "profile.write" in rights:
        return "write"
    return "read" if "profile.read" in rights else "none"


def rights_of(told: "wire.Rights") -> KnownRights:
    """What a hub's message says."""
    return KnownRights(told.hub, told.profiles, told.people, told.expires)


_decoder = msgspec.json.Decoder(KnownRights)


def encode(rights: KnownRights) -> str:
    """As it is kept in the home."""
    return msgspec.json.encode(rights).decode()


def decode(text: str) -> KnownRights | None:
    """What `encode` wrote; None for nothing."""
    return _decoder.decode(text) if text else None


def readable(profile: str, rights: "wire.Rights") -> bool:
    """Whether the hub lets us read the profile, or the stream of its people."""
    if profile == rights.people:
        return True
    return "profile.read" in rights.profiles.get(profile, rights.hub)
