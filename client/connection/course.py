"""The course of one exchange: what was asked for, what happened so far, and when it is enough."""

from collections.abc import Iterable, Sequence
from functools import partial
from random import Random
from typing import Final, Protocol

from stackroom.client.connection.carrier import Answered, Became, Carrier, Outbox, Told
from stackroom.client.connection.exchange import Committed, Exchanged, Report, Tell
from stackroom.client.connection.keeper import Keeper
from stackroom.client.connection.work import Works
from stackroom.client.errors import no_message, silent
from stackroom.client.replica import replica as core
from stackroom.client.transport.backoff import Backoff
from stackroom.events.errors import StackroomError
from stackroom.events.log import Answer, Listed
from stackroom.events.model import Commit
from stackroom.events.outcomes import taking
from stackroom.sync import protocol as wire

_FORWARD: Final = (core.Store, core.Restart, core.Backfill, core.Park)
"""What takes an exchange further."""


ATTENDED: Final = 2
"""The number of the order that is given amid an exchange."""


class Line(Outbox, Protocol):
    """A line as an exchange needs it."""

    async def receive(self, patience: float | None = None) -> wire.FromHub:
        """The next message; TimeoutError if none comes within `patience` seconds."""

    async def pause(self, seconds: float) -> None:
        """Nothing happens for so long."""


class Course:
    """One exchange; `run` ends when all that was asked for is done, or the line is closed.

    With an `order`, that is given then, and the exchange goes on until its `reply` is there.
    """

    def __init__(
        self,
        worker: Works,
        keeper: Keeper,
        url: str,
        replica: core.Replica,
        profiles: Sequence[str] | None,
        *,
        history: bool,
        random: Random,
        tell: Tell | None = None,
    ) -> None:
        self.worker = worker
        self.keeper = keeper
        self.url = url
        self.carrier = Carrier(worker, keeper, url, replica, self.told, history=history)
        self.wanted = None if profiles is None else set(profiles)
        self.tell = tell
        self.failure: StackroomError | None = None
        self.again = True
        """Whether a line is wanted: at first, and once more as another replica."""
        self.renewed = False
        self.welcome: wire.Welcome | None = None
        self.catalogue: tuple[Listed, ...] | None = None
        self.books: dict[str, _Book] = {}
        self.refused: core.Problem | None = None
        """Set while the hub cannot take what was pushed."""
        self.patience = keeper.settings.sync_patience
        base, cap = keeper.settings.backoff_base, keeper.settings.backoff_cap
        self.repush = Backoff(base, cap, random)
        self.attempts_left = keeper.settings.push_attempts
        self.order: wire.AnyOrder | None = None
        self.reply: wire.Reply | None = None

    async def run(self, line: Line) -> None:
        """Takes messages until it is enough; keeps in `failure` why the line was closed before that."""
        self.again = False
        try:
            await self.begin(line)
            while not self.enough():
                await self.hear(line, self.patience)
            if self.order is not None:
                await self.carrier.ask(ATTENDED, self.order)
            while self.order is not None and self.reply is None:
                # Others may have much to give back, of which this line hears nothing.
                await self.hear(line, None)
        except TimeoutError:
            self.failure = silent(self.url)
        except wire.MessageError as error:
            self.failure = no_message(self.url, error)
        except StackroomError as error:
            self.failure = error

    async def over(self) -> None:
        """The line is of no more use: what came to rest is kept.

        Where it was that of another replica than this is now, everything starts again.
        """
        if self.again:
            self.failure = self.catalogue = None
            for book in self.books.values():
                book.reached = False
                book.unanswered.clear()
        await self.carrier.lost()

    async def hear(self, line: Line, patience: float | None) -> None:
        """Takes the next message, which must come within `patience` seconds."""
        await self.carrier.receive(await line.receive(patience))
        if self.catalogue is not None and self.wanted is None:
            await self.follow_all()
        if self.refused is not None:
            await self.push_again(line, self.refused)

    async def begin(self, line: Line) -> None:
        for profile in self.wanted or ():
            await self.follow(profile)
        await self.carrier.opened(line)
        await self.carrier.list_profiles()
        wire.make_ready()

    async def follow_all(self) -> None:
        """Once the catalogue is in the registry: everything that the registry has for this hub."""
        self.wanted = set(await self.worker.run(partial(self.keeper.profiles_of, self.url)))
        for profile in self.wanted:
            await self.follow(profile)

    async def follow(self, profile: str) -> None:
        await self.carrier.follow(profile)
        seq = self.carrier.replica.copies[profile].seq
        if self.carrier.lacks_history(profile):
            seq -= await self.worker.run(partial(self.keeper.lacking, profile))
        self.book(profile).began_with = seq

    async def push_again(self, line: Line, problem: core.Problem) -> None:
        """Gives the hub a moment, a few times."""
        self.refused = None
        if self.attempts_left == 0:
            self.book(problem.profile).problem = problem
            return
        self.attempts_left -= 1
        await line.pause(self.repush.next())
        await self.carrier.push_again()

    def enough(self) -> bool:
        """Whether all that was asked for is done, or cannot be on this line."""
        if self.again:
            return True
        if self.catalogue is None or self.wanted is None:
            return False
        return all(self.done(profile) for profile in self.wanted)

    def done(self, profile: str) -> bool:
        book = self.book(profile)
        if book.problem is not None:
            return True
        return book.reached and not book.unanswered and not self.carrier.lacks_history(profile)

    def book(self, profile: str) -> "_Book":
        return self.books.setdefault(profile, _Book())

    def told(self, effect: Told) -> None:
        """Keeps account of what the carrier did."""
        match effect:
            case core.Welcomed(welcome):
                self.welcome = welcome
            case core.Catalogue(profiles):
                self.catalogue = profiles
            case core.Replied(reply) if reply.id == ATTENDED and self.order is not None:
                self.reply = reply
            case core.Send(wire.Push(profile, proposals)):
                self.book(profile).push(p.id for p in proposals)
            case core.Store(profile, commits, _, settled):
                book = self.book(profile)
                book.came += len(commits)
                book.received += len(commits) - len(settled)
                if settled:
                    own = set(settled)
                    book.settled.update((c.id, c) for c in commits if c.id in own)
            case core.Restart(profile, seq) if not self.carrier.history:
                self.book(profile).came += seq - self.book(profile).began_with
            case core.Backfill(profile, commits):
                self.book(profile).came += len(commits)
            case core.Settle(profile, ids):
                self.book(profile).settled.update(dict.fromkeys(ids))
            case core.Park(profile, answer):
                self.book(profile).parked.append(answer)
            case Answered(profile, answers):
                self.book(profile).answer(answers)
            case core.Renew():
                self.renewed = True
            case Became():
                self.again = True
            case core.Reached(profile):
                self.book(profile).reached = True
            case core.Problem() if effect.retry:
                self.refused = effect
            case core.Problem() if effect.profile and effect.code != "too_new":
                self.book(effect.profile).problem = effect
        if self.tell is not None and isinstance(effect, _FORWARD):
            self.tell(*self.how_far())

    def how_far(self) -> tuple[int, int]:
        """What came so far, and how much there will be, as far as that can be known now."""
        heads = {listed.id: listed.seq for listed in self.catalogue or ()}
        came = sum(book.came + len(book.parked) for book in self.books.values())
        expected = sum(
            max(0, heads.get(id, 0) - book.began_with) + len(book.pushed)
            for id, book in self.books.items()
        )
        return came, max(came, expected)

    async def report(self) -> Report:
        """What was done; raises why nothing was, if no hub let us in."""
        if self.welcome is None or self.catalogue is None:
            assert self.failure is not None
            raise self.failure
        if self.carrier.line is not None:
            await self.carrier.lost()
        wanted = self.wanted or set()
        pending = await self.worker.run(partial(self.keeper.pending, sorted(wanted)))
        heads = await self.worker.run(partial(self.keeper.heads, sorted(wanted)))
        profiles = {
            id: self.book(id).closed(id, heads[id], len(waiting)) for id, waiting in pending.items()
        }
        return Report(self.url, self.welcome, self.catalogue, profiles, self.failure, self.renewed)


class _Book:
    """What happened to one profile so far."""

    def __init__(self) -> None:
        self.received = 0
        self.reached = False
        self.began_with = 0
        """Commits that were here already."""
        self.came = 0
        """Commits, of others and own ones."""
        self.pushed: set[str] = set()
        self.unanswered: set[str] = set()
        self.answers: dict[str, Answer] = {}
        self.settled: dict[str, Commit | None] = {}
        self.parked: list[Answer] = []
        self.problem: core.Problem | None = None

    def push(self, ids: Iterable[str]) -> None:
        for id in ids:
            self.pushed.add(id)
            self.unanswered.add(id)

    def answer(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            self.unanswered.discard(answer.id)
            self.answers[answer.id] = answer

    def closed(self, profile: str, seq: int, pending: int) -> Exchanged:
        """The account."""
        committed = tuple(self.committed(id, commit) for id, commit in self.settled.items())
        return Exchanged(
            profile,
            seq,
            self.received,
            committed,
            tuple(self.parked),
            pending,
            self.reached,
            self.problem,
        )

    def committed(self, id: str, commit: Commit | None) -> Committed:
        answer = self.answers.get(id)
        if answer is not None and answer.seq is not None and answer.outcome != "rejected":
            return Committed(id, answer.seq, answer.outcome)
        assert commit is not None, "what is settled without its commit was answered"
        return Committed(id, commit.seq, taking(commit))
