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
        self.refused = False
        """Whether it was let in, and has been told since that it is not welcome any more."""
        self.rights: wire.Rights | None = None
        """What it was told last that it may do."""
        self.lists = False
        """Whether it asked for the catalogue, and is told when that changes."""
