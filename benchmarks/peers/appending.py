"""Acknowledged appends: some writers, some appends of each in flight, for a while."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from benchmarks.peers.field import Entrant
from benchmarks.peers.peer import Message, Writer, cpu_seconds
from benchmarks.peers.workload import Made
from benchmarks.series import percentile

PATIENCE: Final = 30.0
"""Seconds beyond the end of a round, for what is still in flight."""


class Work(Struct, frozen=True):
    """How much is appended how; `most` bounds the events a second for which messages are made ahead."""

    name: str
    writers: int
    batch: int = 1
    in_flight: int = 1
    most: int = 15_000

    def each(self, seconds: float) -> int:
        """Events of each writer: as many whole messages as could be needed."""
        messages = max(1, round(self.most * seconds / self.writers / self.batch))
        return messages * self.batch


class Round(Struct, frozen=True):
    """What one entrant did in one round."""

    per_second: float
    """Events that were acknowledged."""
    median_ms: float
    p99_ms: float
    client_micros: float
    server_micros: float
    """Processor time for each event, in microseconds."""


async def one_round(
    entrant: Entrant, room: str, work: Work, dealt: Sequence[Sequence[Made]], seconds: float
) -> Round:
    """`dealt` are each writer's events. A round ends with the time, or when they run out.

    However short it is, every writer appends once: a machine that is busy elsewhere is no failure.
    """
    crew: list[tuple[Writer, list[Message]]] = [
        (await entrant.server.writer(room), []) for _ in dealt
    ]
    # In turns, as by people who work at the same time: ids have the time at which they are made.
    for first in range(0, max(map(len, dealt)), work.batch):
        for (writer, messages), events in zip(crew, dealt, strict=True):
            if part := events[first : first + work.batch]:
                messages.append(writer.message(part))
    times: list[float] = []
    server, client = cpu_seconds(entrant.server.pid), time.process_time()
    started = time.perf_counter()
    until = started + seconds

    async def work_off(writer: Writer, messages: Iterator[Message]) -> None:
        for message in messages:
            begun = time.perf_counter()
            await writer.append(message)
            ended = time.perf_counter()
            times.append(ended - begun)
            if ended > until:
                return

    async with asyncio.timeout(seconds + PATIENCE), asyncio.TaskGroup() as tasks:
        for writer, messages in crew:
            shared = iter(messages)
            for _ in range(work.in_flight):
                tasks.create_task(work_off(writer, shared))
    took = time.perf_counter() - started
    client = time.process_time() - client
    server = cpu_seconds(entrant.server.pid) - server
    for writer, _ in crew:
        await writer.close()
    events_done = len(times) * work.batch
    return Round(
        events_done / took,
        percentile(times, 50) * 1e3,
        percentile(times, 99) * 1e3,
        client / events_done * 1e6,
        server / events_done * 1e6,
    )
