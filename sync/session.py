"""One connection as the hub sees it."""

from stackroom.events.model import Millis
from stackroom.events.people.permissions import Who
from stackroom.events.state import AnyEntity
from stackroom.sync import protocol as wire
from stackroom.sync.effects import Read
from stackroom.sync.people.access import Principal


class Subscription:
    __slots__ = ("blocks", "cursor", "live")

    def __init__(self, cursor: int, *, blocks: bool) -> None:
        self.cursor = cursor
        self.blocks = blocks
        self.live = False

    def reading(self, session: int, profile: str) -> Read:
        """The next page of the log for it."""
        return Read(session, profile, self.cursor, blocks=self.blocks)


class Watch:
    """What a watcher was told of, by id; None once that is all there is. Until then, it had got to `seq`."""

    __slots__ = ("seq", "told")

    def __init__(self, told: dict[str, AnyEntity | None] | None) -> None:
        self.told = told
        self.seq = 0


class Session:
    """One connection as the hub sees it; `principal` is None until it has said hello."""

    def __init__(self, id: int) -> None:
        self.id = id
        self.principal: Principal | None = None
        self.account = ""
        """Its principal's: whom the limits of a user are for."""
        self.replica = ""
        self.who: Who | None = None
        """Who it was in the profile that it pushed to last."""
        self.who_in = ""
        self.who_by: object = None
        """That profile, and what the rights there followed from; see `Access.standing`."""
        self.client = ""
        self.since: Millis = 0
        self.subscriptions: dict[str, Subscription] = {}
        self.watches: dict[str, Watch] = {}
        self.undecided = 0
        """Proposals that it pushed, and that were not decided yet."""
        self.ordered = 0
        """Orders that it gave, and that were not carried out yet."""
        self.comes_in = False
        """Whether it has redeemed a code, or signed in: it is answered, and nothing else."""
        self.asked_ways = False
        """Whether it has asked how one signs in."""
        self.token = ""
        """The public prefix of the token by which it came."""
        self.turned_away = ""
        """The code by which it was told last that it is not let in."""
        self.refused = False
        """Whether it is being closed: nothing more is sent to it, nor heard from it."""
        self.rights: wire.Rights | None = None
        """What it was told last that it may do."""
        self.lists = False
        """Whether it asked for the catalogue, and is told when that changes."""

        self.parted: set[str] = set()
        """Profiles of which it has another history than the hub."""
        self.compares: set[str] = set()
        self.owed: set[str] = set()
        """Profiles to look at anew once it may read them: it could not when they were healed, or it asked."""
        """Those of them of which it has asked where: it understands what is said about healing."""
        self.offers: dict[str, tuple[wire.Offer, Millis]] = {}
        """What it has of them and the hub has not, and since when it offers that."""

    def has_expired(self, now: Millis) -> bool:
        """Whether its token has ended, as far as it was told."""
        rights = self.rights
        return rights is not None and rights.expires is not None and rights.expires <= now


def named(session: Session) -> str:
    """Who it is, for the log: quoted, so that no name can forge a line."""
    if session.principal is None:
        return "somebody"
    return f"{session.principal.name!r} (replica {session.replica[:36]!r})"
