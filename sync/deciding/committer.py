"""Group commit: whatever arrived while one transaction was under way is the next transaction."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from msgspec import structs

from stackroom.events.deciding.rules import Refusal
from stackroom.events.errors import LogError, LogFull
from stackroom.events.log import EventLog, LogWriter
from stackroom.events.model import Commit, Millis
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Authority, Decision
from stackroom.sync.deciding.turns import Turns, Work
from stackroom.sync.effects import Ordered, Submit
from stackroom.sync.healing.mending import Mending, Outcome, Unmended, mend
from stackroom.sync.hosting.metrics import Metrics
from stackroom.sync.people.access import SCRUB_FACT, Fact
from stackroom.sync.people.orders import Carried, carry_out
from stackroom.sync.protocol import ErrorCode

T = TypeVar("T")

log = logging.getLogger("stackroom.hub")

NOT_SCRUBBED: Final = Refusal(
    "not_scrubbed",
    "the value was redacted, but the hub could not rewrite its file, which has traces of it still; "
    "it tries again with the next redaction, and when it is started",
)

Decided = Callable[[list[Submit], Decision], None]
Healed = Callable[[Mending, Outcome | Refusal], None]
CarriedOut = Callable[[Ordered, Carried], None]
Failed = Callable[[list[Submit], ErrorCode, str, str], None]


class Committer:
    """Has proposals decided, each account in its turn, many in one transaction.

    Orders take their turn among them, each in a transaction of its own. `decided`, `carried_out`, `mended`
    and `failed` are told what came of them, and `wrote` of each transaction that stands; `foreseen` is told
    what was decided while that goes to the disk, when nobody else may hear of it. `run` ends after
    `drain`; what is submitted later is not taken: its senders have it still, and push it again to the hub
    that comes back. Cancelling it does not undo the transaction under way: it ends whole, and nobody is told.
    """

    def __init__(
        self,
        event_log: EventLog,
        authority: Authority,
        metrics: Metrics,
        turns: Turns,
        *,
        clock: Callable[[], Millis],
        decided: Decided,
        carried_out: CarriedOut,
        mended: Healed,
        failed: Failed,
        wrote: Callable[[], None] = lambda: None,
        foreseen: Decided = lambda batch, decision: None,
    ) -> None:
        self.event_log = event_log
        self.authority = authority
        self.metrics = metrics
        self.clock = clock
        self.decided = decided
        self.carried_out = carried_out
        self.mended = mended
        self.failed = failed
        self.wrote = wrote
        self.foreseen = foreseen
        self.ready = True
        """Whether the last transaction succeeded."""
        self._crowded = False
        """Whether the last transaction was of several pushes."""
        self._turns = turns
        self._facts: list[Fact] = []
        self._news = asyncio.Event()
        self._ending = False
        self._ended = asyncio.Event()

    def submit(self, work: Work) -> None:
        """Puts proposals, or an order, behind those of their account that wait."""
        if self._ending:
            return
        self._turns.put(work)
        self._news.set()

    def keep(self, facts: Sequence[Fact]) -> None:
        """Has facts kept with the next transaction, before what is submitted later is decided."""
        self._facts += facts
        self._news.set()

    @property
    def is_busy(self) -> bool:
        """Whether pushes come faster than transactions end: one waits, or several waited together."""
        return self._crowded or len(self._turns) > 0

    @property
    def waiting(self) -> int:
        """Pushes that wait for their transaction."""
        return len(self._turns)

    async def run(self) -> None:
        """Commits until the end."""
        await self.scrub()
        while True:
            self._news.clear()
            while self._turns:
                await self._next()
            if self._facts:
                await self._commit([])
            if self._ending and not self._turns:
                self._ended.set()
                return
            await self._news.wait()

    async def drain(self) -> None:
        """Waits until all that was submitted is committed, for the end of the hub."""
        self._ending = True
        self._news.set()
        await self._ended.wait()

    async def _next(self) -> None:
        """What is next: an order, or pushes."""
        work = self._turns.next()
        if isinstance(work, Ordered):
            await self._carry_out(work)
        elif isinstance(work, Mending):
            await self._mend(work)
        else:
            await self._commit(work)

    async def _write(self, work: Callable[[LogWriter], T]) -> T:
        """Runs `work` in a transaction; the facts that wait go with it, or wait on."""
        facts, self._facts = self._facts, []

        def whole(log: LogWriter) -> T:
            for fact in facts:
                log.put_fact(fact.kind, fact.key, fact.value)
            return work(log)

        try:
            done = await self.event_log.write(whole)
        except BaseException:
            self._facts = facts + self._facts
            self.authority.forget()
            raise
        self.wrote()
        return done

    async def _commit(self, batch: list[Submit]) -> None:
        begun = time.perf_counter()
        self._crowded = len(batch) > 1
        submissions = [s for submit in batch for s in submit.submissions]
        now, loop = self.clock(), asyncio.get_running_loop()

        def decide(log: LogWriter) -> Decision:
            decision = self.authority.decide(submissions, now, log)
            # While it goes to the disk, this thread does not need the interpreter's lock.
            loop.call_soon_threadsafe(self.foreseen, batch, decision)
            return decision

        try:
            decision = await self._write(decide)
        except Exception as error:
            self.metrics.failures += 1
            await self._recover(batch, error)
            return
        took = time.perf_counter() - begun
        self.ready = True
        self.decided(batch, decision)
        # Who waits for an answer does not wait for this.
        self.metrics.commit_seconds.observe(took)
        self.metrics.batch_sizes.observe(len(submissions))
        self.metrics.outcomes.update([answer.outcome for answer in decision.answers])
        self._count(decision.commits)

    def _count(self, commits: dict[str, tuple[Commit, ...]]) -> None:
        self.metrics.commits += sum(map(len, commits.values()))

    async def _carry_out(self, ordered: Ordered) -> None:
        work = partial(
            carry_out,
            self.authority,
            ordered.sender,
            ordered.ask,
            self.clock(),
            proof=ordered.proof,
        )
        try:
            carried = await self._write(work)
        except Exception as error:
            self.metrics.failures += 1
            self.ready = False
            log.exception("an order could not be carried out", exc_info=error)
            id = ordered.ask.id if isinstance(ordered.ask, wire.Ask) else 0
            sentence = "the hub failed to do this; its log says why"
            carried = Carried(wire.Reply(id, "hub_failed", sentence))
        self._count(carried.commits)
        if any(fact.kind == SCRUB_FACT for fact in carried.facts):
            # All replicas hear of it at once; who ordered it has an answer when no trace is left.
            self.decided([], Decision((), carried.commits))
            carried = structs.replace(carried, commits={})
            if not await self.scrub():
                code, sentence = NOT_SCRUBBED.code, NOT_SCRUBBED.sentence
                reply = structs.replace(carried.reply, code=code, sentence=sentence)
                carried = structs.replace(carried, reply=reply)
        self.carried_out(ordered, carried)

    async def _mend(self, mending: Mending) -> None:
        outcome: Outcome | Refusal
        try:
            outcome = await self._write(
                lambda log: mend(self.authority, mending, self.clock(), log)
            )
        except Unmended as refused:
            outcome = refused.refusal
        except Exception as error:
            self.metrics.failures += 1
            log.exception("a profile could not be healed", exc_info=error)
            outcome = Refusal("hub_failed", "the hub failed to do this; its log says why")
        self.mended(mending, outcome)
        # What was taken away again in the lost history, the backup has brought back.
        await self.scrub()

    async def scrub(self) -> bool:
        """Leaves no trace of what was redacted; whether that was done, or there was nothing to do.

        What could not be done, or was cut short by a crash, is done with the next redaction or start.
        """
        due = await self.event_log.read(lambda log: log.facts(SCRUB_FACT))
        if not due:
            return True
        try:
            await self.event_log.scrub()
        except LogError as error:
            log.error("%s (%s)", error, error.hint)
            return False
        self.keep([Fact(SCRUB_FACT, key, None) for key in due])
        return True

    async def _recover(self, batch: list[Submit], error: Exception) -> None:
        """Nothing of the batch was stored. One bad push must not take the others down with it."""
        if isinstance(error, LogFull):
            self.ready = False
            log.error("%s (%s)", error, error.hint)
            self.failed(batch, "hub_full", "the hub has no room for changes now", "tell its admin")
        elif len(batch) > 1:
            for submit in batch:
                await self._commit([submit])
        else:
            self.ready = False
            log.exception("a push could not be decided", exc_info=error)
            sentence = "the hub failed to decide on this; its log says why"
            self.failed(batch, "hub_failed", sentence, "tell its admin")
