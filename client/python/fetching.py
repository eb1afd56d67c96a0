"""A profile as its hub has it now, once, in memory: for a CI job, or where nothing may be written.

Nothing is stored, so that the hub is held to nothing of an earlier time: who knows its key gives it.
Everything else is verified as in a home, by the same core.
"""

from typing import Final

from stackroom.client import chance
from stackroom.client.errors import Unreachable, missing, no_message, silent
from stackroom.client.home.trust import Trust
from stackroom.client.python.reading import Past
from stackroom.client.replica import replica as core
from stackroom.client.replica.problems import as_error
from stackroom.client.settings import Settings
from stackroom.client.transport.hub_key import pinned_by
from stackroom.client.transport.plain_line import (
    Clock,
    Elapsed,
    PlainLine,
    dial,
    finished,
    seldom_collected,
)
from stackroom.client.transport.urls import normalise
from stackroom.events.frontier import Frontier
from stackroom.events.log import Listed
from stackroom.events.proofs import ed25519
from stackroom.events.state import State
from stackroom.events.version import VERSION
from stackroom.sync import protocol as wire

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
    try:
        with seldom_collected(), dial(url, settings, trust, Clock(timeout)) as line:
            finished(fetching.run(line, settings.sync_patience))
            line.take_leave()
            return fetching.fetched()
    except Elapsed:
        raise Unreachable(f"the hub at {url} did not answer within {timeout:g} s") from None


class _Fetching:
    """One connection, until the profile is here as the hub has it."""

    def __init__(self, url: str, wanted: str, hub_key: str, replica: core.Replica) -> None:
        self.url = url
        self.wanted = wanted
        self.hub_key = hub_key
        self.replica = replica
        self.found: Listed | None = None
        self.reached = False

    async def run(self, line: PlainLine, patience: float) -> None:
        """Takes messages until the profile is here; raises why it cannot be."""
        self.replica.connected()
        self.replica.list_profiles()
        self._carry_out(line)
        wire.make_ready()
        try:
            while not self.reached:
                if self.found is not None:
                    ed25519.make_ready()
                self.replica.receive(await line.receive(patience))
                self._carry_out(line)
        except TimeoutError:
            raise silent(self.url) from None
        except wire.MessageError as error:
            raise no_message(self.url, error) from error

    def fetched(self) -> Fetched:
        """What came."""
        # Late: who has not heard of it hashes nothing.
        from stackroom.events.proofs import merkle

        assert self.found is not None, "it was reached"
        copy = self.replica.copies[self.found.id]
        return Fetched(
            copy.state, self.found.id, self.found.name, merkle.root(copy.frontier), self.hub_key
        )

    def _carry_out(self, line: PlainLine) -> None:
        while effects := self.replica.effects():
            for effect in effects:
                self._one(effect, line)

    def _one(self, effect: core.Effect, line: PlainLine) -> None:
        match effect:
            case core.Send(message):
                line.send(message)
            case core.Welcomed(welcome):
                self.hub_key = pinned_by(self.url, self.hub_key, welcome)
            case core.Catalogue(profiles) if self.found is None:
                self.found = self._chosen(profiles)
                self.replica.follow(core.Copy(self.found.id, State(), Frontier()))
            case core.Clean(profile, seq):
                # The hub took values out of what came before: it sends what is left.
                self.replica.refetch(core.Copy(profile, State(), Frontier()), seq)
            case core.Parted(problem):
                raise as_error(problem)
            case core.Problem():
                raise as_error(effect)
            case core.Reached():
                self.reached = True
            case _:
                pass  # Nothing is kept.

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
