"""The hub in the simulation: the server's own core and authority, on a real SQLite file.

What the server does with tasks is done here with the clock: a commit takes time, and a crash may fall
before it is durable (nothing happened) or after (it happened, and nobody was told).
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from random import Random

from stackroom.events.deciding.rules import Refusal
from stackroom.events.history.history import state_at
from stackroom.events.log import LogReader, LogWriter
from stackroom.events.model import Proposal
from stackroom.events.people.entities import User
from stackroom.events.people.permissions import PERMISSIONS, Who
from stackroom.events.secrets.redaction import texts_at
from stackroom.events.sqlite.log import LogFile
from stackroom.sync import effects
from stackroom.sync import hub as core
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Authority, Decision, Submission
from stackroom.sync.deciding.redacting import Done, redact
from stackroom.sync.healing.mending import Outcome, Unmended, mend
from stackroom.sync.people import tokens
from stackroom.sync.people.access import Fact, PeopleAccess, Principal
from stackroom.sync.people.orders import carry_out
from stackroom.sync.reading.blocks import Blocks
from stackroom.sync.reading.paging import compared, read_page, read_roots
from stackroom.sync.settings import Settings
from tests.simulation.clock import Clock
from tests.simulation.network import Connection
from tests.simulation.people import Administrator, Changes, furnish
from tests.simulation.promises import Witness
from tests.sync.notaries import notary_of

REDACTED = ("/config", "/config/path", "/config/nested", "/description", "/labels/team")
"""Places of values that are redacted."""


class HubNode:
    """A hub process that can be crashed and started; the file stays."""

    def __init__(
        self,
        clock: Clock,
        random: Random,
        path: Path,
        mine: dict[str, list[str]],
        new_id: Callable[[], str],
        witness: Witness,
    ) -> None:
        self.clock = clock
        self.random = random
        self.path = path
        self.witness = witness
        self.id = new_id()
        self.administrator = Administrator(self.id, new_id)
        self.tokens = {name: tokens.make(tokens.PERSONAL, random.randbytes) for name in mine}
        self.settings = Settings(
            page_commits=random.choice([1, 3, 1000]),
            snapshot_every=random.choice([2, 7, 1000]),
            snapshot_worth=random.choice([3, 10, 1000]),
            states_kept=random.choice([1, 8]),
            push_proposals=random.choice([1, 4, 1000]),
            batch_proposals=random.choice([1, 5, 1000]),
        )
        self.up = False
        self.begin(mine, new_id)
        self.start()

    def begin(self, mine: dict[str, list[str]], new_id: Callable[[], str]) -> None:
        """Makes the file, with the people in it."""
        log = self.open_log()
        furnished = partial(furnish, self.decider(), self.id, mine, self.tokens, new_id)
        log.write(furnished)
        log.close()

    def open_log(self) -> LogFile:
        return LogFile.open(self.path, new_id=self.id, synchronous="OFF")

    def decider(self) -> Authority:
        return Authority(
            partial(self.random.randbytes, 16),
            snapshot_every=self.settings.snapshot_every,
            states_kept=self.settings.states_kept,
            people=self.id,
        )

    def start(self) -> None:
        """A fresh process on the file that is there."""
        self.up = True
        self.log = self.open_log()
        identity = self.log.read(lambda reader: reader.identity())
        self.witness.starts(self.log.read(lambda reader: reader.commits(self.id, 0, 10_000)))
        access = self.log.read(PeopleAccess.load)
        notary = notary_of(identity)
        self.hub = core.Hub(identity, access, self.settings, "simulated", notary=notary)
        self.authority = self.decider()
        self.connections: dict[int, Connection] = {}
        self.users: dict[int, str] = {}
        self.queue: list[effects.Submit] = []
        self.blocks = Blocks(self.settings)
        self.busy = False

    def crash(self) -> None:
        """The process is gone, with all that was not durable."""
        if self.up:
            self.up = False
            self.log.close()
            for connection in list(self.connections.values()):
                connection.cut()

    def accept(self, connection: Connection, user: str) -> None:
        """A replica of the user's connects."""
        hub, session = self.hub, self.hub.opened()
        self.connections[session.id] = connection
        self.users[session.id] = user

        def received(message: wire.FromReplica) -> None:
            if self.hub is hub and self.up:
                hub.receive(session, message, self.clock.millis())
                self.carry_out()

        def lost() -> None:
            if self.hub is hub and self.up:
                self.connections.pop(session.id, None)
                hub.closed(session)
                self.carry_out()

        connection.to_hub = received
        connection.hub_lost = lost

    def carry_out(self) -> None:
        for effect in self.hub.effects():
            match effect:
                case effects.Send():
                    self.send(effect)
                case effects.SendEach(messages):
                    for id, message in messages:
                        self.send(effects.Send((id,), message))
                case effects.Close(session):
                    if session in self.connections:
                        self.connections[session].cut()
                case effects.Submit():
                    self.queue.append(effect)
                    self.work()
                case effects.Read():
                    self.later(partial(self.read, effect))
                case effects.FetchRoots():
                    self.later(partial(self.roots, effect))
                case effects.ListAll(session):
                    self.later(partial(self.catalogue, session))
                case effects.Look():
                    self.later(partial(self.look, effect))
                case effects.Mending():
                    self.later(partial(self.mend, effect))
                case effects.Keep(facts):
                    self.log.write(partial(_keep, facts))
                case effects.Ordered():
                    self.order(effect)

    def send(self, send: effects.Send) -> None:
        for id in send.sessions:
            if (connection := self.connections.get(id)) is None:
                continue
            message = send.message
            self.witness.sends(self.users[id], message)
            if send.live and isinstance(message, wire.Commits) and self.random.random() < 0.1:
                self.hub.lagging(id, message.profile, message.commits[0].seq - 1)
                self.later(self.carry_out)
            else:
                connection.send_to_replica(message)

    def read(self, read: effects.Read) -> None:
        page = self.log.read(partial(read_page, read, self.settings, self.blocks))
        self.hub.page(read, page, self.clock.millis())
        self.carry_out()

    def roots(self, asked: effects.FetchRoots) -> None:
        found = self.log.read(partial(read_roots, asked))
        self.hub.roots(asked, found, self.clock.millis())
        self.carry_out()

    def catalogue(self, session: int) -> None:
        def listed(reader: LogReader) -> None:
            self.hub.catalogue(session, reader.profiles())

        self.log.read(listed)
        self.carry_out()

    def work(self) -> None:
        """Takes the next batch, once the last one is done."""
        if self.queue and not self.busy:
            self.busy = True
            self.later(self.commit)

    def commit(self) -> None:
        submits, count = [], 0
        while self.queue and (not submits or count < self.settings.batch_proposals):
            submits.append(self.queue.pop(0))
            count += len(submits[-1].submissions)
        submissions = [s for submit in submits for s in submit.submissions]
        decide = partial(self.authority.decide, submissions, self.clock.millis())
        decision = self.log.write(decide)
        self.witness.decides(self.id, submissions, decision)

        def durable() -> None:
            self.witness.learns(self.id, decision)
            # With more to come at once, all of it is told together.
            self.hub.decided(submits, decision, self.clock.millis(), hold=bool(self.queue))
            self.busy = False
            self.carry_out()
            self.work()

        self.later(durable)

    def look(self, look: effects.Look) -> None:
        self.hub.compared(look, self.log.read(partial(compared, look.compare)))
        self.carry_out()

    def is_parted(self, profile: str) -> bool:
        """Whether somebody who is connected has another history."""
        return any(profile in session.parted for session in self.hub.sessions.values())

    def heal(self, heal: wire.Heal) -> None:
        """The administrator gives this order, from a connection of their own."""
        people = self.log.read(lambda reader: state_at(reader, self.id))
        root = next(id for id, user in people.all(User) if user.name == "root")
        session = self.hub.opened()
        session.principal = Principal("root", root)
        self.hub.receive(session, wire.Ask(1, heal), self.clock.millis())
        self.carry_out()
        self.tick()

    def tick(self) -> None:
        """Tells the hub the time, as long as it heals."""
        self.hub.tick(self.clock.millis())
        self.carry_out()
        if self.hub.is_healing:
            hub = self.hub
            self.clock.after(5, lambda: self.tick() if self.hub is hub and self.up else None)

    def mend(self, mending: effects.Mending) -> None:
        if self.busy:
            self.later(partial(self.mend, mending))
            return
        self.busy = True
        outcome: Outcome | Refusal
        try:
            outcome = self.log.write(
                lambda log: mend(self.authority, mending, self.clock.millis(), log)
            )
        except Unmended as refused:
            self.authority.forget()
            outcome = refused.refusal
        if isinstance(outcome, Outcome):
            self.witness.heals(mending.profile, outcome.commits.get(mending.profile, ()))
            self.witness.comes_again(outcome.again)

        def durable() -> None:
            self.hub.mended(mending, outcome, self.clock.millis())
            self.busy = False
            self.carry_out()
            self.work()

        self.later(durable)

    def order(self, ordered: effects.Ordered) -> None:
        """Carries out an order (a replica registers its key), in a transaction of its own."""
        if self.busy:
            self.later(partial(self.order, ordered))
            return
        self.busy = True
        work = partial(carry_out, self.authority, ordered.sender, ordered.ask, self.clock.millis())
        carried = self.log.write(work)
        decision = Decision((), carried.commits)
        self.witness.rights.follow(carried.commits.get(self.id, ()))

        def durable() -> None:
            self.witness.learns(self.id, decision)
            self.hub.carried_out(ordered, carried, self.clock.millis())
            self.busy = False
            self.carry_out()
            self.work()

        self.later(durable)

    def administer(self, making: Callable[[LogReader], Changes]) -> None:
        """The administrator changes something among people, if the hub can be reached."""
        if self.up:
            salt = partial(self.random.randbytes, 16)

            def propose(log: LogReader) -> Proposal:
                return self.administrator.proposal(making(log), salt, log)

            who = Who(self.administrator.replica, "root", frozenset(PERMISSIONS))
            submission = Submission(self.id, who, self.log.read(propose))
            self.queue.append(effects.Submit(0, (submission,)))
            self.work()

    def redact(self, profile: str) -> None:
        """The administrator takes out of the history some text that is in it."""
        if not self.up:
            return
        if self.busy:
            self.later(partial(self.redact, profile))
            return
        commits = self.log.read(lambda log: log.commits(profile, 0, 10_000))
        places = [
            (c.seq, p) for c in commits for p in REDACTED if any(texts_at(e, p) for e in c.events)
        ]
        if not places:
            return
        self.busy = True
        seq, path = self.random.choice(places)
        order = wire.Redact(profile, seq, path, "leaked")
        now = self.clock.millis()
        done = self.log.write(partial(redact, self.authority, "root", order, now))
        assert isinstance(done, Done), done
        assert done.commit is not None
        decision = Decision((), {profile: (done.commit,)})
        self.witness.redacts(profile, done.commit)

        def durable() -> None:
            self.hub.decided([], decision, self.clock.millis())
            self.busy = False
            self.carry_out()
            self.work()

        self.later(durable)

    def later(self, what: Callable[[], None]) -> None:
        """Does `what` in a moment, unless the process is gone by then."""
        hub = self.hub
        seconds = self.random.random() ** 4
        self.clock.after(seconds, lambda: what() if self.hub is hub and self.up else None)


def _keep(facts: Iterable[Fact], log: LogWriter) -> None:
    for fact in facts:
        log.put_fact(fact.kind, fact.key, fact.value)
