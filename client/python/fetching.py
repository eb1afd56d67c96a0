"""A profile as its hub has it now, once, in memory: for a CI job, or where nothing may be written.

Nothing is stored, so that the hub is held to nothing of an earlier time: who knows its key gives it.
Everything else is verified as in a home, by the same core.
"""

from typing import Final

from stackroom.client import chance
from stackroom.client.connection.reader import Reader
from stackroom.client.errors import Unreachable, missing, needed
from stackroom.client.home.trust import Trust
from stackroom.client.python.reading import Past
from stackroom.client.replica import replica as core
from stackroom.client.settings import Settings
from stackroom.client.transport.plain_line import (
    Clock,
    Elapsed,
    dial,
    finished,
    seldom_collected,
)
from stackroom.client.transport.urls import normalise
from stackroom.events.frontier import Frontier
from stackroom.events.log import Listed
from stackroom.events.state import State
from stackroom.events.version import VERSION

USUAL: Final = Trust()


class Fetched(Past):
    """A profile as it stood on its hub, which signs by `hub_key`; `root` is that of its Merkle tree."""

    def __init__(self, state: State, id: str, name: str, root: bytes, hub_key: str) -> None:
        super().__init__(state)
        self.id = id
        self.name = name
        self.root = root
        self.hub_key = hub_key

    def __repr__(self) -> str:
        return f"<Fetched {self.name!r} at #{self.seq}>"


def fetch(
    url: str,
    profile: str,
    *,
    token: str,
    hub_key: str = "",
    trust: Trust = USUAL,
    timeout: float | None = None,
    settings: Settings | None = None,
) -> Fetched:
    """The profile of that name or id, as the hub at `url` has it now; nothing is stored.

    `hub_key` is the key that the hub must sign by, or lead from; without it, the one that it shows is taken.
    `timeout` is in seconds, for everything together; without it, the hub must not be silent for
    `Settings.sync_patience`.

    Raises NotFound, NotAuthorised, Unreachable, VersionMismatch, NotTrusted, OtherKey, BadUrl; IntegrityError
    where what the hub sends does not hash to what it has signed.
    """
    settings = settings or Settings()
    url = normalise(url, settings.default_port)
    replica = core.Replica(chance.new_id(), token, f"stackroom/{VERSION}")
    fetching = _Fetching(url, profile, hub_key, replica)
    with needed():
        try:
            with seldom_collected(), dial(url, settings, trust, Clock(timeout)) as line:
                finished(fetching.run(line, settings.sync_patience))
                line.take_leave()
                return fetching.fetched()
        except Elapsed:
            raise Unreachable(f"the hub at {url} did not answer within {timeout:g} s") from None


class _Fetching(Reader):
    """The profile `wanted`, as the hub has it."""

    def __init__(self, url: str, wanted: str, hub_key: str, replica: core.Replica) -> None:
        super().__init__(replica, hub_key)
        self.url = url
        self.wanted = wanted
        self.found: Listed | None = None
        self.reached = False

    @property
    def complete(self) -> bool:
        """Whether the profile is here."""
        return self.reached

    def take(self, effect: core.Effect) -> None:
        """Follows the profile once it is listed."""
        match effect:
            case core.Catalogue(profiles) if self.found is None:
                self.found = self._chosen(profiles)
                self.replica.follow(core.Copy(self.found.id, State(), Frontier()))
            case core.Reached():
                self.reached = True

    def fetched(self) -> Fetched:
        """What came."""
        # Late: who has not heard of it hashes nothing.
        from stackroom.events.proofs import merkle

        assert self.found is not None, "it was reached"
        copy = self.replica.copies[self.found.id]
        return Fetched(
            copy.state, self.found.id, self.found.name, merkle.root(copy.frontier), self.hub_key
        )

    def _chosen(self, profiles: tuple[Listed, ...]) -> Listed:
        there = [each for each in profiles if not each.deleted]
        for each in there:
            if self.wanted in (each.name, each.id):
                return each
        raise missing(
            f"profile {self.wanted!r} on the hub at {self.url}",
            self.wanted,
            (each.name for each in there),
            "ask its owner whether you may read it",
        )
