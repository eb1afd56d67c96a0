"""A network that delays, duplicates and cuts; what is in flight when a connection is cut is lost."""

from collections.abc import Callable
from random import Random

from stackroom.sync import protocol as wire
from tests.simulation.clock import Clock


class Connection:
    """A connection between a replica's process and the hub: both directions keep their order."""

    def __init__(self, network: "Network", coding: str) -> None:
        self.network = network
        self.coding = coding
        self.open = True
        self.to_hub: Callable[[wire.FromReplica], None]
        self.to_replica: Callable[[wire.FromHub], None]
        self.hub_lost: Callable[[], None]
        self.replica_lost: Callable[[], None]
        self._due = {"hub": 0.0, "replica": 0.0}

    def send_to_hub(self, message: wire.FromReplica) -> None:
        data = wire.encode(message, self.coding)
        twice = isinstance(message, wire.Push) and self.network.chance(self.network.duplicates)
        for _ in range(2 if twice else 1):
            self._carry("hub", lambda: self.to_hub(wire.decode_from_replica(data, self.coding)))

    def send_to_replica(self, message: wire.FromHub) -> None:
        data = wire.encode(message, self.coding)
        self._carry("replica", lambda: self.to_replica(wire.decode_from_hub(data, self.coding)))

    def cut(self) -> None:
        """Both ends lose it, each at its own time; nothing more arrives."""
        if self.open:
            self.open = False
            self.network.connections.pop(self, None)
            self.network.clock.after(self.network.delay(), self.hub_lost)
            self.network.clock.after(self.network.delay(), self.replica_lost)

    def _carry(self, to: str, deliver: Callable[[], None]) -> None:
        if not self.open:
            return
        if self.network.chance(self.network.losses):
            self.cut()
            return
        clock = self.network.clock
        self._due[to] = max(self._due[to], clock.now + self.network.delay())
        clock.at(self._due[to], lambda: deliver() if self.open else None)


class Network:
    """Every connection there is; probabilities are a message's."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self.clock = clock
        self.random = random
        self.duplicates = random.choice([0.0, 0.05, 0.3])
        self.losses = random.choice([0.0, 0.01, 0.1])
        self.slowest = random.choice([0.01, 0.5, 5.0])
        self.connections: dict[Connection, None] = {}

    def connect(self, coding: str) -> Connection:
        connection = Connection(self, coding)
        self.connections[connection] = None
        return connection

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def delay(self) -> float:
        """Seconds that a message takes."""
        return self.random.random() ** 3 * self.slowest

    def heal(self) -> None:
        """From now on the network is a good one."""
        self.duplicates = self.losses = 0.0
        self.slowest = 0.01
