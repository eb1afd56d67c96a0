"""Subscribers, as a process: `python -m benchmarks.listen URL PROFILE SUBSCRIBERS COMMITS`.

Takes the token from STACKROOM_TOKEN. Says `ready` once all are live; when each has had COMMITS commits,
prints when the last of them had each (CLOCK_MONOTONIC in nanoseconds, by seq).
"""

import asyncio
import os
import sys
import time
from collections import Counter

import msgspec

from benchmarks.speaker import Speaker, run
from benchmarks.workload import Ids
from stackroom.sync import protocol as wire


async def main(url: str, profile: str, subscribers: int, commits: int) -> None:
    """Listens, and tells."""
    new_replica = Ids(9)
    lines = [
        await Speaker.open(url, os.environ["STACKROOM_TOKEN"], new_replica())
        for _ in range(subscribers)
    ]
    for line in lines:
        await line.read(profile)
    last: dict[int, int] = {}
    seen: Counter[int] = Counter()

    async def listen(line: Speaker) -> None:
        heard = 0
        while heard < commits:
            message = await line.receive()
            if isinstance(message, wire.Commits):
                now = time.monotonic_ns()
                for commit in message.commits:
                    heard += 1
                    last[commit.seq] = now
                    seen[commit.seq] += 1

    async with asyncio.TaskGroup() as tasks:
        for line in lines:
            tasks.create_task(listen(line))
        print("ready", flush=True)
    if set(seen.values()) != {subscribers}:
        raise AssertionError("somebody missed a commit, or had one twice")
    for line in lines:
        # Not closed one by one: each that leaves is told to those that do not read any more.
        line.socket.transport.abort()
    sys.stdout.buffer.write(msgspec.json.encode(last))


if __name__ == "__main__":
    _, url, profile, subscribers, commits = sys.argv
    run(lambda: main(url, profile, int(subscribers), int(commits)))
