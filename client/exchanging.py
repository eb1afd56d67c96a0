"""Exchanges in an event loop, as `exchange` has them run."""

from collections.abc import Sequence
from functools import partial
from random import Random

import anyio

from stackroom.client import replica as core
from stackroom.client.course import Course
from stackroom.client.errors import Unreachable
from stackroom.client.exchange import Report, Tell
from stackroom.client.keeper import Keeper
from stackroom.client.line import Line, dial
from stackroom.client.worker import Worker
from stackroom.sync import protocol as wire


async def exchanging(
    worker: Worker,
    keeper: Keeper,
    url: str,
    replica: core.Replica,
    profiles: Sequence[str] | None = None,
    *,
    random: Random,
    timeout: float | None = None,
    history: bool = True,
    tell: Tell | None = None,
) -> Report:
    """`exchange.exchange`, on files that are open."""
    course = Course(
        worker, keeper, url, replica, profiles, history=history, random=random, tell=tell
    )
    with anyio.move_on_after(timeout) as patience:
        trust = await worker.run(partial(keeper.trust, url))
        while course.again:
            async with dial(url, keeper.settings, trust) as line:
                await _over(line, course)
    if patience.cancelled_caught:
        course.failure = Unreachable(f"the hub at {url} did not answer within {timeout:g} s")
    return await course.report()


async def attending(
    worker: Worker,
    keeper: Keeper,
    url: str,
    replica: core.Replica,
    order: wire.AnyOrder,
    *,
    random: Random,
) -> tuple[Report, wire.Reply]:
    """`exchange.attend`, on files that are open."""
    course = Course(worker, keeper, url, replica, None, history=True, random=random)
    course.order = order
    trust = await worker.run(partial(keeper.trust, url))
    async with dial(url, keeper.settings, trust) as line:
        await _over(line, course)
    report = await course.report()
    if course.reply is None:
        raise course.failure or Unreachable(f"the hub at {url} did not answer")
    return report, course.reply


async def _over(line: Line, course: Course) -> None:
    """The course over one line, with what writes to it beside."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.write)
        await course.run(line)
        tasks.cancel_scope.cancel()
    await course.start_again()
