"""A person's machine in the simulation: the client's own core over a real home, one process or two."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import msgspec

from stackroom.client.connection.healing import Anew, Healing, Rest, Say, Step, lost_files
from stackroom.client.home.cache import Cache
from stackroom.client.home.identity import Renewal
from stackroom.client.home.store import Store
from stackroom.client.rebase import View, rebase
from stackroom.client.replica import replica as core
from stackroom.client.replica.witness import kept
from stackroom.events.codec import seal
from stackroom.events.deciding.check import Rejected, check_changes
from stackroom.events.errors import Gap, IntegrityError, Unvouched
from stackroom.events.history.block import unpack
from stackroom.events.history.history import entity_at
from stackroom.events.model import Change, ProfileCreated, Proposal
from stackroom.events.people.permissions import Who
from stackroom.events.proofs.signing import Signer
from stackroom.events.state import AnyEntity
from stackroom.sync import protocol as wire
from tests.client.proposed import propose
from tests.simulation.clock import Clock
from tests.simulation.edits import Editor
from tests.simulation.hub_node import HubNode
from tests.simulation.network import Connection, Network
from tests.simulation.people import MEMBER
from tests.simulation.promises import Broken, Witness


class Process:
    """A running client: one replica core, at most one connection."""

    def __init__(self, node: "ReplicaNode") -> None:
        self.node = node
        self.alive = True
        self.partings: dict[str, Healing] = {}
        self.fetching: set[str] = set()
        """Profiles of whose old history a page is on its way."""
        self.connection: Connection | None = None
        identity, token = node.store.identity(), node.hub.tokens[node.user].text
        self.replica = core.Replica(identity.replica, token, signer=identity.signer)
        for profile in node.profiles:
            self.replica.follow(node.load(profile))

    def connect(self) -> None:
        """Connects to the hub, if there is one to connect to."""
        node = self.node
        if self.connection is not None or not node.hub.up or not self.alive:
            return
        connection = self.connection = node.network.connect(node.coding)
        connection.to_replica = self.receive
        connection.replica_lost = lambda: self.lost(connection)
        node.hub.accept(connection, node.user)
        self.replica.connected()
        self.carry_out()

    def lost(self, connection: Connection) -> None:
        if self.alive and self.connection is connection:
            self.connection = None
            self.fetching.clear()
            self.replica.disconnected()
            for profile in self.partings:
                self.replica.follow(self.node.load(profile))
            self.partings.clear()
            self.node.clock.after(self.node.random.random() * 5, self.connect)

    def receive(self, message: wire.FromHub) -> None:
        if not self.alive:
            return
        witness = self.node.witness
        match message:
            case wire.Commits(profile, commits) | wire.History(profile, _, commits):
                for commit in commits:
                    witness.told_commit(profile, commit)
            case wire.Block(profile, _, data):
                for commit in unpack(data):
                    witness.told_commit(profile, commit)
            case wire.Results(_, answers):
                for answer in answers:
                    if not self.replica.renews(answer):
                        witness.told_answer(self.replica.hello.replica, answer)
            case wire.Error():
                codes = ("forbidden", "unauthorised", "parted")
                assert message.code in codes[: 3 if witness.restored else 2], message
        self.replica.receive(message)
        self.carry_out()

    def carry_out(self) -> None:
        """Does what the core says; the machine may die between any two effects."""
        for effect in self.replica.effects():
            if self.node.random.random() < self.node.fragile:
                self.node.crash()
                return
            self.one(effect)
        for copy in self.replica.copies.values() if self.alive else ():
            # What a redaction left that the hub has lost is put right at the head.
            doubtful = self.node.witness.restored and copy.profile in self.node.cache.unvouched()
            if copy.newer is None and not doubtful:
                self.node.witness.holds(copy.profile, copy.state, core.merkle.root(copy.frontier))

    def one(self, effect: core.Effect) -> None:
        store, cache = self.node.store, self.node.cache
        match effect:
            case core.Send(message):
                if self.connection is not None:
                    self.connection.send_to_hub(message)
            case core.Store(profile, commits, frontier, settled, leaves, since):
                try:
                    cache.save(profile, commits, frontier, leaves, since)
                except Gap:
                    self.anew(profile)
                except IntegrityError:
                    # The other process here has what the hub has lost.
                    assert self.node.witness.restored
                    self.anew(profile)
                else:
                    store.settle(settled)
                    own = self.replica.hello.replica
                    made = [c for c in commits if c.replica == own and c.id not in settled]
                    if store.disowns(profile, made):
                        self.node.renew(own, "replica_copied")
            case core.Restart(profile, seq, frontier, state):
                try:
                    cache.restart(profile, seq, frontier, state)
                except Gap:
                    self.anew(profile)
            case core.Backfill():
                self.backfill(effect)
            case core.Settle(_, ids):
                store.settle(ids)
            case core.Park(_, answer):
                store.park(answer.id, answer.code, answer.sentence)
            case core.Problem("forbidden" | "unauthorised", profile=profile):
                self.fetching.discard(profile)
            case core.Problem("parted", profile=profile) if profile in self.replica.parted:
                self.part(effect)
            case core.Apart(message):
                self.apart(message)
            case core.Problem():
                raise Broken(3 if effect.code == "integrity" else 7, effect.sentence)
            case core.Clean():
                # A redaction goes before a lost tail that another process here had (docs/healing.md).
                if self.node.witness.restored:
                    self.node.witness.gone |= self.node.has() - self.node.kept()
                self.node.cache.clean(effect.profile, effect.seq, effect.rewritten)
                self.anew(effect.profile, effect.seq)
            case core.Reached(profile):
                if (copy := self.replica.copies.get(profile)) is not None:
                    if copy.seen is not None:
                        store.keep_checkpoint(copy.seen)
                        self.node.witness.signed(copy.seen)
                    self.verify(copy)
                self.fetch_missing(profile)
            case core.Parted(problem):
                self.part(problem)
            case core.Renew(code):
                self.node.renew(self.replica.hello.replica, code)
            case core.Welcomed() | core.Granted() | core.Catalogue():
                pass
            case core.Present() | core.Compared():
                pass

    def become(self) -> None:
        """The home is another replica than this process was: it connects anew."""
        identity = self.node.store.identity()
        if identity.replica == self.replica.hello.replica:
            return
        pending = {id: self.node.store.pending(id) for id in self.node.profiles}
        self.replica.become(identity.replica, identity.signer, pending)
        if self.connection is not None:
            self.connection.cut()

    def part(self, problem: core.Problem) -> None:
        """The hub has another history, or takes back what it has signed."""
        if not self.node.witness.restored:
            raise Broken(1, problem.sentence)
        assert self.replica.welcome is not None
        parting = Healing(self.node.store, self.node.cache, problem, self.replica.welcome.epoch)
        self.partings[problem.profile] = parting
        self.step(parting, parting.begin())

    def verify(self, copy: core.Copy) -> None:
        """A redaction that the hub has lost vouches for nothing any more."""
        cache, profile = self.node.cache, copy.profile
        if copy.live and profile in cache.unvouched() and cache.missing(profile) is None:
            try:
                cache.verify(profile, copy.frontier)
            except (Gap, Unvouched):
                self.anew(profile)
                self.node.clock.after(0.0, self.carry_out)

    def apart(self, message: wire.Compared | wire.Recall | wire.Healed) -> None:
        """The hub says something about a history that is not its own."""
        if (parting := self.partings.get(message.profile)) is None:
            return
        match message:
            case wire.Compared():
                self.step(parting, parting.compared(message))
            case wire.Recall():
                self.replica.say(parting.page(message))
                self.node.clock.after(0.0, self.carry_out)
            case wire.Healed(profile):
                del self.partings[profile]
                self.anew(profile)

    def step(self, parting: Healing, step: Step) -> None:
        match step:
            case Say(messages):
                self.replica.say(*messages)
            case Rest(_, offer):
                self.replica.say(*([offer] if offer is not None else []))
            case Anew():
                del self.partings[parting.profile]
                self.anew(parting.profile)
        self.node.clock.after(0.0, self.carry_out)

    def anew(self, profile: str, clean_upto: int = 0) -> None:
        """The files were changed under the profile: goes on from what stands there now."""
        self.fetching.discard(profile)
        self.replica.refetch(self.node.load(profile), clean_upto)
        self.node.clock.after(0.0, self.carry_out)

    def fetch_missing(self, profile: str) -> None:
        """Asks for the next page of what a snapshot left out, once the hub's history is known to be ours."""
        copy, missing = self.replica.copies.get(profile), self.node.cache.missing(profile)
        if copy is None or not copy.live or missing is None or profile in self.fetching:
            return
        self.fetching.add(profile)
        self.replica.fetch(profile, missing.start - 1)
        self.node.clock.after(0.0, self.carry_out)

    def backfill(self, effect: core.Backfill) -> None:
        self.fetching.discard(effect.profile)
        try:
            self.node.cache.backfill(effect.profile, effect.commits, effect.frontier)
        except (Gap, Unvouched):
            self.anew(effect.profile)
            return
        if effect.commits:
            self.fetch_missing(effect.profile)


class Keys:
    """The keys of a home's replicas, as the client has them in a file."""

    def __init__(
        self, random: Random, witness: Witness, known: dict[str, Signer] | None = None
    ) -> None:
        self.random, self.witness = random, witness
        self.known = dict(known or {})

    def signer(self, replica: str) -> Signer:
        if replica not in self.known:
            self.known[replica] = Signer(self.random.randbytes(32))
            self.witness.signing.add(replica)
        return self.known[replica]

    def forget(self, replica: str) -> None:
        self.known.pop(replica, None)


class ReplicaNode:
    """A home with its two files; its processes come and go, the files stay."""

    def __init__(
        self,
        clock: Clock,
        random: Random,
        network: Network,
        hub: HubNode,
        witness: Witness,
        home: Path,
        user: str,
        profiles: list[str],
        new_id: Callable[[], str],
        keys: Keys | None,
    ) -> None:
        self.keys = keys
        self.clock, self.random, self.network, self.hub = clock, random, network, hub
        self.witness, self.home, self.user, self.profiles = witness, home, user, profiles
        self.new_id = new_id
        self.coding = random.choice(wire.SUBPROTOCOLS)
        self.fragile = 0.0
        self.offline = False
        self.editor = Editor(random, new_id)
        self.processes: list[Process] = []
        self.replica_id = new_id()
        self.start()

    def start(self) -> None:
        """Opens the home with one process, sometimes two."""
        self.open_files()
        for profile in self.profiles:
            self.store.put_profile(profile, profile, None)
        self.processes = [Process(self) for _ in range(self.random.choice([1, 1, 1, 2]))]
        if not self.offline:
            self.go_online()

    def open_files(self) -> None:
        self.store = Store.open(
            self.home / "proposals.db",
            new_replica_id=self.replica_id,
            synchronous="OFF",
            keys=self.keys,
        )
        self.cache = Cache.open(self.home / "replica.db", synchronous="OFF")

    def copied(self, home: Path) -> "ReplicaNode":
        """Another machine with a copy of this one's home, as it is at this moment."""
        home.mkdir()
        for name in ("proposals.db", "replica.db"):
            with (
                closing(sqlite3.connect(self.home / name)) as here,
                closing(sqlite3.connect(home / name)) as there,
            ):
                here.backup(there)
        for profile in self.profiles:
            self.witness.copied[profile, str(home)] = self.cache.load(profile).seq
            for proposal in self.store.pending(profile):
                typed = (profile, self.store.replica, self.user, proposal, str(home))
                self.witness.typing(*typed)
        keys = self.keys and Keys(self.random, self.witness, self.keys.known)
        return ReplicaNode(
            self.clock,
            self.random,
            self.network,
            self.hub,
            self.witness,
            home,
            self.user,
            self.profiles,
            self.new_id,
            keys,
        )

    def renew(self, was: str, code: str) -> None:
        """The home becomes another replica, with all of its processes, and keeps what waits."""
        renewal = Renewal(was, code, self.clock.millis())
        self.store.take_new_identity(self.new_id(), renewal)
        self.witness.inherits(self.store.replica)
        for profile in self.profiles:
            for proposal in self.store.pending(profile):
                self.witness.typing(
                    profile, self.store.replica, self.user, proposal, str(self.home)
                )
        for process in self.processes:
            process.become()

    def crash(self) -> None:
        """Every process of the machine is gone; what was saved is there."""
        for process in self.processes:
            process.alive = False
            if process.connection is not None:
                process.connection.cut()
        self.processes = []
        self.store.close()
        self.cache.close()

    def lose_cache(self) -> None:
        """The machine has lost the file that is only a cache, while nothing ran."""
        if not self.processes:
            for file in self.home.glob("replica.db*"):
                file.unlink()

    def go_online(self) -> None:
        self.offline = False
        for process in self.processes:
            process.connect()

    def go_offline(self) -> None:
        self.offline = True
        for process in self.processes:
            if process.connection is not None:
                process.connection.cut()

    def load(self, profile: str) -> core.Copy:
        """What the files hold of a profile."""
        stored = self.cache.load(profile)
        pending = self.store.pending(profile)
        seen = kept(self.store.checkpoint(profile))
        return core.Copy(profile, stored.state, stored.frontier, pending, stored.newer, seen)

    @property
    def who(self) -> Who:
        """What the rules are told here: the person believes to be a member."""
        return Who(self.store.replica, self.user, frozenset(MEMBER))

    def view(self, profile: str) -> View:
        return rebase(self.cache.load(profile).state, self.store.pending(profile), self.who)

    def edit(self) -> None:
        """The person at the machine edits something that their view does not refuse."""
        if not self.processes:
            return
        profile = self.random.choice(self.profiles)
        confirmed = self.cache.load(profile).state
        view = rebase(confirmed, self.store.pending(profile), self.who).state

        def revive(id: str) -> AnyEntity | None:
            gone = view.gone.get(id)
            if gone is None or self.cache.missing(profile) is not None:
                return None
            with self.cache.reader() as log:
                return entity_at(log, profile, view, id, gone.stamp[0] - 1)

        changes: list[tuple[str, Change]]
        if not view.profile_id:
            changes = [(profile, ProfileCreated(f"profile {profile}"))]
        else:
            changes = self.editor.edit(view, revive)
        outcome = check_changes(view, confirmed.seq, changes, self.who)
        if not changes or (isinstance(outcome, Rejected) and self.random.random() < 0.95):
            return
        events = tuple(seal(id, c, self.random.randbytes(16)) for id, c in changes)
        proposal = propose(
            self.store,
            profile,
            id=self.new_id(),
            base=confirmed.seq,
            author=self.user,
            message="",
            time=self.clock.millis(),
            events=events,
        )
        self.typing(profile, proposal)
        self.propose(profile, proposal)

    def typing(self, profile: str, proposal: Proposal) -> None:
        """Tells what was typed, and what its author had in view then."""
        with self.cache.reader() as log:
            commits = log.commits(profile, 0, proposal.base)
        whole = self.cache.missing(profile) is None
        view = {commit.id for commit in commits if commit.seq <= proposal.base}
        self.witness.typing(profile, self.store.replica, self.user, proposal, str(self.home))
        self.witness.views[proposal.id] = view, 0 if whole else proposal.base

    def propose(self, profile: str, proposal: Proposal) -> None:
        """Tells the processes of what was saved."""
        for process in self.processes:
            process.replica.propose(profile, [proposal])
            process.carry_out()

    def retry(self) -> None:
        """The person tries a parked proposal again, as it is."""
        if not self.processes:
            return
        profile = self.random.choice(self.profiles)
        parked = self.store.parked(profile)
        if not parked:
            return
        old = self.random.choice(parked).proposal
        base = self.cache.load(profile).state.seq
        new = self.store.retry(old.id, id=self.new_id(), base=base)
        self.witness.retyping(old.id)
        self.typing(profile, new)
        self.propose(profile, new)

    def kept(self) -> set[str]:
        """The ids of the proposals that the home keeps."""
        found = set()
        for profile in self.profiles:
            found |= {p.id for p in self.store.pending(profile)}
            found |= {p.proposal.id for p in self.store.parked(profile)}
        for path in lost_files(self.store):
            found |= {commit["id"] for commit in msgspec.json.decode(path.read_bytes())["commits"]}
        return found

    def kept_off(self) -> set[str]:
        """What the home keeps beside its copy, also while it is off."""
        if self.processes:
            return self.kept()
        self.open_files()
        found = self.kept()
        self.store.close()
        self.cache.close()
        return found

    def has(self) -> set[str]:
        """The ids of all proposals that are in the home: kept, or in commits; also while it is off."""
        off = not self.processes
        if off:
            self.open_files()
        found = self.kept()
        for profile in self.profiles:
            with self.cache.reader() as log:
                found |= {commit.id for commit in log.commits(profile, 0, 10_000)}
        if off:
            self.store.close()
            self.cache.close()
        return found
