"""A replica core that reads what a hub has, on one line, into memory: nothing is stored or pushed."""

from abc import ABC, abstractmethod

from stackroom.client.errors import no_message, silent
from stackroom.client.replica import replica as core
from stackroom.client.replica.problems import as_error
from stackroom.client.transport.hub_key import pinned_by
from stackroom.client.transport.plain_line import PlainLine
from stackroom.events.frontier import Frontier
from stackroom.events.proofs import ed25519
from stackroom.events.state import State
from stackroom.sync import protocol as wire


class Reader(ABC):
    """Drives `replica` until it is `complete`; `hub_key` is the key by which the hub is known."""

    def __init__(self, replica: core.Replica, hub_key: str) -> None:
        self.replica = replica
        self.hub_key = hub_key
        """Once the hub let us in, the key by which it signs."""

    @property
    @abstractmethod
    def complete(self) -> bool:
        """Whether all is here."""

    @abstractmethod
    def take(self, effect: core.Effect) -> None:
        """Takes what is wanted of an effect; no more is done with it."""

    async def run(self, line: PlainLine, patience: float) -> None:
        """Takes messages, each of which must come within `patience` seconds, until all is here.

        Raises why it cannot be.
        """
        self.replica.connected()
        self.replica.list_profiles()
        self._carry_out(line)
        wire.make_ready()
        try:
            while not self.complete:
                if self.replica.copies:  # The hub makes ready meanwhile what was subscribed to.
                    ed25519.make_ready()
                self.replica.receive(await line.receive(patience))
                self._carry_out(line)
        except TimeoutError:
            raise silent(line.url) from None
        except wire.MessageError as error:
            raise no_message(line.url, error) from error

    def _carry_out(self, line: PlainLine) -> None:
        while effects := self.replica.effects():
            for effect in effects:
                match effect:
                    case core.Send(message):
                        line.send(message)
                    case core.Welcomed(welcome):
                        self.hub_key = pinned_by(line.url, self.hub_key, welcome)
                    case core.Clean(profile, seq):
                        # The hub took values out of what came before: it sends what is left.
                        self.replica.refetch(core.Copy(profile, State(), Frontier()), seq)
                        self.take(effect)
                    case core.Parted(problem):
                        raise as_error(problem)
                    case core.Problem():
                        raise as_error(effect)
                    case _:
                        self.take(effect)
