"""One run of the simulation: built from a seed, tormented, left in peace, and judged."""

import tempfile
from functools import partial
from pathlib import Path
from random import Random

from stackroom.client.replica.witness import kept
from stackroom.events.history.history import pages, state_at
from stackroom.events.model import Commit
from stackroom.events.state import encode
from tests.simulation.clock import Clock
from tests.simulation.hub_node import HubNode
from tests.simulation.network import Network
from tests.simulation.promises import Broken, Witness, in_log
from tests.simulation.replica_node import Keys, ReplicaNode
from tests.simulation.restoring import Restoring

TORMENT = 60.0
"""Virtual seconds with faults."""

PEACE = 600.0
"""Virtual seconds without, in which every queue must drain."""


class Simulation:
    """A hub, two to six replicas, one or two profiles."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)
        self.losing = Random(~seed)
        """Of its own, so that what seeds are kept for still happens under them."""
        self.folder = folder
        self.clock = Clock()
        self.network = Network(self.clock, self.random)
        self.witness = Witness()
        profiles = [self.new_id() for _ in range(self.random.choice([1, 1, 2]))]
        users = [f"user{i}" for i in range(self.random.randint(2, 6))]
        mine = {
            user: self.random.sample(profiles, self.random.randint(1, len(profiles)))
            for user in users
        }
        self.hub = HubNode(
            self.clock, self.random, folder / "hub.db", mine, self.new_id, self.witness
        )
        self.nodes: list[ReplicaNode] = []
        for user in users:
            home = folder / user
            home.mkdir()
            node = ReplicaNode(
                self.clock,
                self.random,
                self.network,
                self.hub,
                self.witness,
                home,
                user,
                mine[user],
                self.new_id,
                Keys(self.random, self.witness) if self.random.random() < 0.8 else None,
            )
            self.nodes.append(node)
        self.profiles = profiles
        self.restoring = Restoring(self, seed)

    def new_id(self) -> str:
        """A UUID, version 7 by its digits, random by its seed."""
        bits = f"{self.random.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-7{bits[13:16]}-8{bits[17:20]}-{bits[20:]}"

    def run(self) -> None:
        try:
            self.live()
        finally:
            self.end()

    def end(self) -> None:
        """Closes every file."""
        self.hub.crash()
        for node in self.nodes:
            if node.processes:
                node.crash()

    def live(self) -> None:
        for _ in range(self.random.randint(10, 90)):
            self.clock.after(self.random.random() * TORMENT, self.edit)
        if self.random.random() < 0.5:
            for _ in range(self.random.randint(1, 4)):
                self.clock.after(self.random.random() * TORMENT, self.redact)
        if self.random.random() < 0.5:
            for change in (self.grant, self.grant, self.suspend):
                for _ in range(self.random.randint(0, 4)):
                    self.clock.after(self.random.random() * TORMENT, change)
        if self.random.random() < 0.3:
            for fault in (self.copy_home, self.copy_home, self.end_key):
                if self.random.random() < 0.7:
                    self.clock.after(self.random.random() * TORMENT, fault)
        for fault in (self.cut, self.crash_hub, self.crash_replica, self.go_offline, self.retry):
            for _ in range(self.random.randint(0, 4)):
                self.clock.after(self.random.random() * TORMENT, fault)
        for node in self.nodes:
            node.fragile = self.random.choice([0.0, 0.0, 0.01])
        self.restoring.plan(TORMENT)
        self.clock.run(TORMENT)
        self.heal()
        self.clock.run(TORMENT + PEACE)
        self.judge()

    # What happens

    def edit(self) -> None:
        self.random.choice(self.nodes).edit()

    def redact(self) -> None:
        self.hub.redact(self.random.choice(self.profiles))

    def retry(self) -> None:
        self.random.choice(self.nodes).retry()

    def cut(self) -> None:
        open_ones = list(self.network.connections)
        if open_ones:
            self.random.choice(open_ones).cut()

    def grant(self) -> None:
        """Somebody may do more in a profile of theirs from now on, or less, or nothing."""
        node, role = self.random.choice(self.nodes), self.random.choice(["", "viewer", "member"])
        profile = self.random.choice(node.profiles)
        self.hub.administer(partial(self.hub.administrator.granting, node.user, profile, role))

    def suspend(self) -> None:
        """An account rests for a while, unless the hub forgets it in a crash."""
        node = self.random.choice(self.nodes)
        active = partial(self.hub.administrator.suspending, node.user)
        self.hub.administer(partial(active, active=False))
        self.clock.after(
            self.random.random() * 20, lambda: self.hub.administer(partial(active, active=True))
        )

    def restore(self) -> None:
        """Everybody may do again what they might do at first."""
        for node in self.nodes:
            active = partial(self.hub.administrator.suspending, node.user, active=True)
            self.hub.administer(active)
            for profile in node.profiles:
                granting = self.hub.administrator.granting
                self.hub.administer(partial(granting, node.user, profile, "member"))

    def copy_home(self) -> None:
        """Somebody's machine is cloned, and both are used from now on."""
        node = self.random.choice(self.nodes)
        if node.processes:
            copied = self.folder / f"{node.user}-{len(self.nodes)}"
            self.nodes.append(node.copied(copied))

    def end_key(self) -> None:
        """The key of somebody's replica is revoked."""
        node = self.random.choice(self.nodes)
        if node.processes:
            ending = partial(self.hub.administrator.ending_key, node.store.replica)
            self.hub.administer(ending)

    def crash_hub(self) -> None:
        self.hub.crash()
        self.clock.after(self.random.random() * 10, self.start_hub)

    def start_hub(self) -> None:
        if not self.hub.up:
            self.hub.start()
        for node in self.nodes:
            if not node.offline:
                node.go_online()

    def crash_replica(self) -> None:
        node = self.random.choice(self.nodes)
        if node.processes:
            node.crash()
        if self.losing.random() < 0.3:
            if self.witness.restored:
                # What the hub has lost and this home alone had is lost with it.
                others = (other.has() for other in self.nodes if other is not node)
                self.witness.gone |= (node.has() - node.kept_off()).difference(*others)
            node.lose_cache()
        self.clock.after(self.random.random() * 10, partial(self.start_replica, node))

    def start_replica(self, node: ReplicaNode) -> None:
        if not node.processes:
            node.start()

    def go_offline(self) -> None:
        node = self.random.choice(self.nodes)
        node.go_offline()
        self.clock.after(self.random.random() * 30, node.go_online)

    def heal(self) -> None:
        """The faults end: everything is up, online, and stays so."""
        self.network.heal()
        for node in self.nodes:
            node.fragile = 0.0
        self.start_hub()
        self.restoring.peace()
        # What the hub still has in its queue comes before; then nothing does.
        self.clock.after(30, self.restore)
        for node in self.nodes:
            self.start_replica(node)
            node.go_online()

    # What is judged

    def judge(self) -> None:
        committed: set[str] = set()
        for profile in self.profiles:
            commits: list[Commit] = self.hub.log.read(
                lambda log, profile=profile: [c for page in pages(log, profile, 0) for c in page]
            )
            self.witness.check_log(profile, commits)
            people = self.hub.log.read(lambda log: log.commits(self.hub.id, 0, 100_000))
            self.witness.check_authors(profile, commits, people)
            committed |= in_log(commits)
            state = self.hub.log.read(partial(state_at, profile=profile))
            if commits:
                self.witness.holds(profile, state, commits[-1].root)
            for node in self.nodes:
                if profile in node.profiles:
                    self.judge_node(node, profile, len(commits), encode(state))
        kept = set().union(*(node.kept() for node in self.nodes))
        self.witness.check_work(committed, kept)

    def judge_node(self, node: ReplicaNode, profile: str, head: int, state: bytes) -> None:
        pending = node.store.pending(profile)
        if pending:
            raise Broken(7, f"{node.user} still has {len(pending)} pending in peace")
        stored = node.cache.load(profile)
        if stored.frontier.size != head:
            raise Broken(7, f"{node.user} stands at #{stored.frontier.size}, the hub at #{head}")
        if encode(stored.state) != state:
            raise Broken(3, f"{node.user} and the hub differ at #{head}")
        if node.cache.missing(profile) is not None:
            raise Broken(7, f"{node.user} never got the history before its snapshot")
        node.cache.verify(profile, stored.frontier)
        seen = kept(node.store.checkpoint(profile))
        if head and (seen is None or seen.checkpoint.size != head):
            raise Broken(7, f"{node.user} has seen no checkpoint of #{head}")


def simulate(seed: int) -> None:
    """Runs one seed; raises AssertionError, or whatever went wrong, with the seed in a note."""
    with tempfile.TemporaryDirectory(prefix="stackroom-sim-") as folder:
        try:
            Simulation(seed, Path(folder)).run()
        except BaseException as error:
            error.add_note(f"replay: python -m tests.simulation --seed {seed}")
            raise
