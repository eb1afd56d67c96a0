"""Pages of an old history on their way to the disk, while the next ones are taken in."""

from collections.abc import Awaitable, Callable
from functools import partial
from itertools import chain, takewhile

from stackroom.client.connection.keeper import Keeper
from stackroom.client.connection.work import Work, Works
from stackroom.client.replica.replica import Store
from stackroom.events.history.block import Block

Stored = Callable[[Store, Work[None]], Awaitable[bool]]


class Backlog:
    """Stores pages in their order, as many at once as have come meanwhile.

    `stored` is told of each piece of work and waits for it; it says whether that went well. If it did
    not, the pages that follow in the same profile are let go.
    """

    def __init__(self, worker: Works, keeper: Keeper, stored: Stored) -> None:
        self.worker = worker
        self.keeper = keeper
        self.stored = stored
        self._most = keeper.settings.pages_behind
        self._pages: list[Store] = []
        self._under_way: tuple[Store, Work[None]] | None = None

    async def add(self, page: Store) -> None:
        """Has the page stored, now or soon; waits while too many wait before it."""
        self._pages.append(page)
        if self._under_way is None:
            self._begin()
        elif self._under_way[1].done() or len(self._pages) == self._most:
            await self._end()

    async def clear(self) -> None:
        """Waits until everything is on the disk."""
        while self._under_way is not None:
            await self._end()

    def _begin(self) -> None:
        profile = self._pages[0].profile
        pages = list(takewhile(lambda page: _joins(page, profile), self._pages))
        pages = pages or self._pages[:1]
        del self._pages[: len(pages)]
        whole = joined(pages)
        work = self.worker.start(partial(self.keeper.keep, whole, None))
        self._under_way = whole, work

    async def _end(self) -> None:
        assert self._under_way is not None
        (store, work), self._under_way = self._under_way, None
        if not await self.stored(store, work):
            self._pages = [page for page in self._pages if page.profile != store.profile]
        if self._pages:
            self._begin()


def _joins(page: Store, profile: str) -> bool:
    return page.profile == profile and not isinstance(page.commits, Block)


def joined(pages: list[Store]) -> Store:
    """Pages that follow one another, as one; a block stays what it is."""
    if len(pages) == 1:
        return pages[0]
    first, last = pages[0], pages[-1]
    return Store(
        first.profile,
        tuple(chain.from_iterable(page.commits for page in pages)),
        last.frontier,
        tuple(chain.from_iterable(page.settled for page in pages)),
        tuple(chain.from_iterable(page.leaves for page in pages)),
        first.since,
    )
