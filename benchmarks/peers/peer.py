"""What a peer must be able to do, so that all do the same work.

A `Peer` is a program that may be installed or not. Started, it is a `Server`, which knows how its
clients speak to it. A server can be pickled: clients also run in other processes.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeAlias

import psutil
from msgspec import Struct

from benchmarks.peers.workload import Made

Message: TypeAlias = tuple[bytes, ...]
"""What a writer sends in one go, encoded before the clock runs; how, is the writer's own affair."""

Heard: TypeAlias = Callable[[bytes], None]
"""Is told what came to a subscriber: bytes with the marks of whole events."""


class Writer(Protocol):
    """One connection that appends."""

    def message(self, events: Sequence[Made]) -> Message:
        """The events as one append: what is acknowledged together."""

    async def append(self, message: Message) -> None:
        """Sends it and waits for its acknowledgement; several may wait at once. Raises if it is refused."""

    async def close(self) -> None:
        """Ends the connection."""


class Subscription(Protocol):
    """One connection that is told of every event from now on."""

    def close(self) -> None:
        """Hangs up."""


class Caught(Struct, frozen=True):
    """What a fresh client has after it caught up."""

    events: int
    entities: int


class Server(Protocol):
    """A peer that runs; a room is a stream, table, document or profile of its own."""

    @property
    def pid(self) -> int:
        """Of its process, or of the parent of its processes."""

    async def prepare(self, room: str) -> None:
        """Makes the room, where it must be made."""

    async def writer(self, room: str, *, told: bool = False) -> Writer:
        """A fresh connection; `told` is whether subscribers are there to be told of what it appends."""

    async def subscribe(self, room: str, heard: Heard) -> Subscription:
        """A fresh connection that is told of what comes, as cheaply for the client as can be."""

    async def load(self, room: str, events: Sequence[Made]) -> None:
        """Appends a long history the quick way; acknowledged on return."""

    async def settle(self) -> None:
        """Waits until what was loaded is stored, where no acknowledgement says so."""

    async def answer(self, room: str) -> None:
        """Waits for the first useful answer about a room with a history."""

    def catch_up(self, room: str, count: int, folder: Path) -> Caught:
        """Fetches all of the room and rebuilds its state; `folder` is the client's own, and empty."""


class Peer(Protocol):
    """A program that can take part. What most have in common need not be said by each."""

    name: str
    acknowledged: str
    """What an acknowledgement means, in a few words."""
    durable: bool = True
    """Whether that is: on the disk, by fsync."""
    ours: bool = False
    subscribers: bool = True
    """Whether it takes part in `delivery`."""
    history: bool = True
    """Whether it takes part in `catch_up`; how durably it was written would only repeat that."""
    pipelined: bool = True
    """Whether several appends of one connection can be in flight."""

    def missing(self) -> str:
        """What is not installed, and how it is; empty if nothing is missing."""

    def version(self) -> str:
        """Of the server and the client, in a line."""

    def serving(self, folder: Path) -> AbstractContextManager[Server]:
        """Starts it on `folder`, which may hold what it kept before; ends it at the end."""


async def append_all(writer: Writer, events: Sequence[Made], at_once: int) -> None:
    """Appends a long history by one writer, so many events acknowledged together, and closes it."""
    for n in range(0, len(events), at_once):
        await writer.append(writer.message(events[n : n + at_once]))
    await writer.close()


def memory(pid: int) -> float:
    """Megabytes (10^6 bytes) of a server and its children, what they share counted once (PSS)."""
    root = psutil.Process(pid)
    return sum(_proportional(each) for each in (root, *root.children(recursive=True))) / 1e6


def cpu_seconds(pid: int) -> float:
    """Processor time of a server and its children, those included that have ended."""
    root = psutil.Process(pid)
    times = root.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in root.children(recursive=True):
        try:
            used = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += used.user + used.system
    return total


def _proportional(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0.0
