"""Staying connected for as long as somebody watches: what `stackroom sync --watch` runs."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NoReturn

import anyio

from stackroom.client.connection.connection import Connection, News
from stackroom.client.connection.keeper import Keeper
from stackroom.client.connection.worker import Worker
from stackroom.client.replica import replica as core


async def watching(
    worker: Worker,
    keeper: Keeper,
    url: str,
    replica: core.Replica,
    tell: Callable[[News], None],
    profiles: Sequence[str] | None = None,
    *,
    random: Random,
) -> NoReturn:
    """`exchange.watch`, on files that are open; ends by the connection's failure or by cancelling."""
    connection = Connection(
        worker, keeper, url, replica, random=random, tell=tell, everything=profiles is None
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(connection.run)
        for profile in profiles or ():
            await connection.follow(profile)
        await connection.stopped.wait()
        tasks.cancel_scope.cancel()
    assert connection.failure is not None
    raise connection.failure
