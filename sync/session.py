"""One connection as the hub sees it."""

from stackroom.events.model import Millis
from stackroom.sync import protocol as wire
from stackroom.sync.access import Principal


class Subscription:
    __slots__ = ("cursor", "live")

    def __init__(self, cursor: int) -> None:
        self.cursor = cursor
        self.live = False


class Session:
    """One connection as the hub sees it; `principal` is None until it has said hello."""

    def __init__(self, id: int) -> None:
        self.id = id
        self.principal: Principal | None = None
        self.replica = ""
        self.client = ""
        self.since: Millis = 0
        self.subscriptions: dict[str, Subscription] = {}
        self.undecided = 0
        """Proposals that it pushed, and that were not decided yet."""
        self.ordered = 0
        """Orders that it gave, and that were not carried out yet."""
        self.redeems = False
        """Whether it has redeemed a code."""
        self.refused = False
        """Whether it is being closed: nothing more is sent to it, nor heard from it."""
        self.rights: wire.Rights | None = None
        """What it was told last that it may do."""
        self.lists = False
        """Whether it asked for the catalogue, and is told when that changes."""
