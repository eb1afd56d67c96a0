"""Whose work is next: each account in turn, so that one who pushes without a pause delays nobody else.

What one account gave is done in its order; between accounts there is none. Sans I/O.
"""

from collections import OrderedDict, deque
from typing import TypeAlias

from stackroom.sync.effects import Ordered, Submit
from stackroom.sync.healing.mending import Mending

Single: TypeAlias = Ordered | Mending
"""What has a transaction of its own."""

Work: TypeAlias = Submit | Single


class Turns:
    """The work that waits. A batch has at most `batch` proposals, and `share` of one account.

    One push is never split: a batch may be larger by that.
    """

    def __init__(self, *, batch: int, share: int) -> None:
        self.batch = batch
        self.share = share
        self._queues: OrderedDict[str, deque[Work]] = OrderedDict()
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def put(self, work: Work) -> None:
        """Adds work behind all that its account gave before."""
        account = account_of(work)
        queue = self._queues.get(account)
        if queue is None:
            queue = self._queues[account] = deque()
        queue.append(work)
        self._waiting += 1

    def next(self) -> Single | list[Submit]:
        """An order, or pushes for one transaction: of the account whose turn it is, and of others."""
        account, queue = next(iter(self._queues.items()))
        work = queue[0]
        if isinstance(work, Submit):
            if self._waiting > 1:
                return self._pushes()
            self._queues.clear()
            self._waiting = 0
            return [work]
        queue.popleft()
        self._waiting -= 1
        if not queue:
            del self._queues[account]
        self._pass_on(account)
        return work

    def _pushes(self) -> list[Submit]:
        """One push of each account, then another of each, until there are enough."""
        batch: list[Submit] = []
        size, most, share = 0, self.batch, self.share
        had: dict[str, int] = {}
        turn = deque(self._queues.items())
        while turn and size < most:
            account, queue = turn.popleft()
            own = had.get(account, 0)
            while own < share and size < most and isinstance(push := queue[0], Submit):
                batch.append(push)
                many = len(push.submissions)
                size += many
                had[account] = own = own + many
                queue.popleft()
                if not queue:
                    del self._queues[account]
                    break
                if turn:  # Others are next; who is alone goes on.
                    turn.append((account, queue))
                    break
        self._waiting -= len(batch)
        for account in had:
            self._pass_on(account)
        return batch

    def _pass_on(self, account: str) -> None:
        """Others are next."""
        if account in self._queues:
            self._queues.move_to_end(account)


def account_of(work: Work) -> str:
    """Who gave it; all who only have a one-time code are one."""
    if isinstance(work, Submit):
        first = work.submissions[0]
        return first.user or first.who.author
    if isinstance(work, Mending):
        return work.account
    return work.sender.account if work.sender is not None else ""
