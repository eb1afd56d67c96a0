"""That a profile's history is not its hub's: how it stood last, kept in the home until they agree again."""

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from stackroom.client.home.store import Store


class Found(Struct, frozen=True):
    """How it stood last between a profile and its hub, for `status`: kept until they agree again.

    The histories part after `common`; the hub was at `head` then, and we at `seq`.
    """

    common: int
    seq: int
    head: int

    @property
    def sentence(self) -> str:
        """For people."""
        if self.seq <= self.common:
            return f"the hub was set back: it stands at #{self.head}, and has signed other commits before"
        one = self.seq == self.common + 1
        ours = f"#{self.seq} is" if one else f"#{self.common + 1} to #{self.seq} are"
        if self.head == self.common:
            return f"the hub was set back: it stands at #{self.head}, and {ours} here alone"
        return (
            f"the hub was set back, and went on from #{self.common} another way: {ours} here alone"
        )


def found(store: "Store", profile: str) -> Found | None:
    """How it stood last with a profile whose history is not its hub's; None for one that is."""
    said = store.setting(_key(profile))
    return msgspec.json.decode(said, type=Found) if said is not None else None


def forget(store: "Store", profile: str) -> None:
    """The histories are one again."""
    if store.setting(_key(profile)) is not None:
        store.set_setting(_key(profile), None)


def keep(store: "Store", profile: str, found: Found) -> None:
    """Remembers how it stands."""
    said = msgspec.json.encode(found).decode()
    if store.setting(_key(profile)) != said:
        store.set_setting(_key(profile), said)


def _key(profile: str) -> str:
    return f"parted/{profile}"
