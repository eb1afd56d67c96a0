"""An exchange that stays for an order, in an event loop, as `exchange.attend` has it run."""

from functools import partial
from random import Random

import anyio

from stackroom.client.connection.course import Course
from stackroom.client.connection.exchange import Report
from stackroom.client.connection.keeper import Keeper
from stackroom.client.connection.worker import Worker
from stackroom.client.errors import Unreachable
from stackroom.client.replica import replica as core
from stackroom.client.transport.line import Line, dial
from stackroom.sync import protocol as wire


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
    await course.over()
