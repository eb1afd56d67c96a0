"""Group commit: whatever arrived while one transaction was under way is the next transaction."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from stackroom.events.errors import LogFull
from stackroom.events.log import EventLog
from stackroom.events.model import Millis
from stackroom.sync.authority import Authority, Decision
from stackroom.sync.hub import Submit
from stackroom.sync.metrics import Metrics
from stackroom.sync.protocol import ErrorCode

log = logging.getLogger("stackroom.hub")

Decided = Callable[[list[Submit], Decision], None]
Failed = Callable[[list[Submit], ErrorCode, str, str], None]


class Committer:
    """Has proposals decided in the order of their arrival, many in one transaction.

    `decided` and `failed` are told what came of them. `run` ends after `drain`; what is submitted later is
    not taken: its senders have it still, and push it again to the hub that comes back.
    Cancelling it does not undo the transaction under way: it ends whole, and nobody is told.
    """

    def __init__(
        self,
        event_log: EventLog,
        authority: Authority,
        metrics: Metrics,
        *,
        batch_proposals: int,
        clock: Callable[[], Millis],
        decided: Decided,
        failed: Failed,
    ) -> None:
        self.event_log = event_log
        self.authority = authority
        self.metrics = metrics
        self.batch_proposals = batch_proposals
        self.clock = clock
        self.decided = decided
        self.failed = failed
        self.ready = True
        """Whether the last transaction succeeded."""
        self._queue: deque[Submit] = deque()
        self._news = asyncio.Event()
        self._ending = False
        self._ended = asyncio.Event()

    def submit(self, submit: Submit) -> None:
        """Puts proposals behind those that wait."""
        if self._ending:
            return
        self._queue.append(submit)
        self._news.set()

    @property
    def waiting(self) -> int:
        """Pushes that wait for their transaction."""
        return len(self._queue)

    async def run(self) -> None:
        """Commits until the end."""
        while True:
            while self._queue:
                await self._commit(self._batch())
            if self._ending:
                self._ended.set()
                return
            self._news.clear()
            await self._news.wait()

    async def drain(self) -> None:
        """Waits until all that was submitted is committed, for the end of the hub."""
        self._ending = True
        self._news.set()
        await self._ended.wait()

    def _batch(self) -> list[Submit]:
        batch: list[Submit] = []
        size = 0
        while self._queue and (not batch or size < self.batch_proposals):
            batch.append(self._queue.popleft())
            size += len(batch[-1].submissions)
        return batch

    async def _commit(self, batch: list[Submit]) -> None:
        begun = time.perf_counter()
        submissions = [s for submit in batch for s in submit.submissions]
        try:
            work = partial(self.authority.decide, submissions, self.clock())
            decision = await self.event_log.write(work)
        except Exception as error:
            self.authority.forget()
            self.metrics.failures += 1
            await self._recover(batch, error)
            return
        self.ready = True
        self.metrics.commit_seconds.observe(time.perf_counter() - begun)
        self.metrics.batch_sizes.observe(len(submissions))
        for answer in decision.answers:
            self.metrics.outcomes[answer.outcome] += 1
        self.decided(batch, decision)

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
