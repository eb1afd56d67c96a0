"""A long-lived connection under test: on a home of its own, with all that it tells kept."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

import anyio

from stackroom.client.connection.connection import Connection, News
from stackroom.client.connection.keeper import Keeper
from stackroom.client.connection.worker import Worker
from stackroom.client.home.home import Home
from stackroom.client.replica.replica import Replica
from stackroom.client.settings import Settings
from stackroom.client.workspace import Workspace
from tests.client.people import QUICK, open_home
from tests.sync.open_access import token_of

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds after which a test is given up; nothing takes so long."""


class Live:
    """A running connection, and the workspace that it shares with whoever edits."""

    def __init__(
        self, worker: Worker, workspace: Workspace, url: str, replica: Replica, **options: object
    ) -> None:
        self.worker = worker
        self.workspace = workspace
        self.news: list[News] = []
        self._more = anyio.Event()
        self.connection = Connection(
            worker,
            Keeper.on(workspace),
            url,
            replica,
            random=Random(0),
            tell=self._tell,
            **options,  # type: ignore[arg-type]
        )

    def _tell(self, news: News) -> None:
        self.news.append(news)
        self._more.set()
        self._more = anyio.Event()

    async def work(self, work: Callable[[Workspace], T]) -> T:
        """Runs `work` where the workspace lives."""
        return await self.worker.run(lambda: work(self.workspace))

    async def until(self, reached: Callable[[], bool]) -> None:
        """Waits until something was told after which `reached` holds."""
        with anyio.fail_after(PATIENCE):
            while True:
                more = self._more
                if reached():
                    return
                await more.wait()

    async def told(self, kind: type[News], after: int = 0) -> None:
        """Waits until news of that kind come, behind the first `after` of all news."""
        await self.until(lambda: any(isinstance(n, kind) for n in self.news[after:]))

    async def drained(self, profile: str, seq: int) -> None:
        """Waits until the profile is at `seq` at least, and nothing waits."""
        copies = self.connection.carrier.replica.copies

        def reached() -> bool:
            copy = copies.get(profile)
            return copy is not None and copy.live and copy.seq >= seq and not copy.pending

        await self.until(reached)

    async def save(self, work: Callable[[Workspace], T]) -> T:
        """Saves something, and has the connection take it up."""
        saved = await self.work(work)
        await self.connection.look()
        return saved


@asynccontextmanager
async def living(
    home: Path, url: str, settings: Settings = QUICK, *, token: str | None = None, **options: object
) -> AsyncIterator[Live]:
    """A connection that runs until the end of the block."""
    async with Worker() as worker:
        workspace = await worker.run(partial(_joined, home, url, settings))
        replica = await worker.run(partial(workspace.replica, url, token=token))
        live = Live(worker, workspace, url, replica, **options)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(live.connection.run)
            yield live
            tasks.cancel_scope.cancel()
        await worker.run(workspace.close)


def _joined(home: Path, url: str, settings: Settings) -> Workspace:
    Home(home).keep_token(url, token_of(home.name))
    workspace = open_home(home, settings)
    if all(hub.url != url for hub in workspace.store.hubs()):
        workspace.store.put_hub(url, "", 0, home.name)
    return workspace
