"""A client that only speaks the protocol: what it measures is the hub, and the wire."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar, cast

from msgspec import Raw
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from stackroom.events.log import Answer
from stackroom.events.model import Proposal
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.sync import protocol as wire

T = TypeVar("T")


class Speaker:
    """A connection that has said hello, in msgpack."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    @classmethod
    async def open(cls, url: str, token: str, replica: str) -> "Speaker":
        """Connects as `replica`, and is let in."""
        speaker = cls(await dial(url, wire.MSGPACK))
        await speaker.send(wire.Hello(replica, token, "benchmark"))
        welcome = await speaker.receive()
        if not isinstance(welcome, wire.Welcome):
            raise AssertionError(f"the hub does not let us in: {welcome}")
        return speaker

    async def send(self, message: wire.FromReplica) -> None:
        """Sends one message."""
        await self.socket.send(wire.encode(message, wire.MSGPACK))

    async def receive(self) -> wire.FromHub:
        """The next message; rights, which say nothing to a benchmark, are passed over."""
        while True:
            message = wire.decode_from_hub(await self.socket.recv(), wire.MSGPACK)
            if not isinstance(message, wire.Rights):
                return message

    async def push(self, encoded: bytes) -> tuple[Answer, ...]:
        """Sends a push that was encoded before, and waits for its results."""
        await self.socket.send(encoded)
        results = await self.receive()
        if not isinstance(results, wire.Results):
            raise AssertionError(f"no results, but {results}")
        return results.answers

    async def commit(self, profile: str, proposal: Proposal) -> Answer:
        """Pushes one proposal, which must be accepted."""
        (answer,) = await self.push(encoded_push(profile, [proposal]))
        if answer.outcome != "accepted":
            raise AssertionError(f"not accepted: {answer}")
        return answer

    async def read(self, profile: str, *, after: int = 0, root: bytes = EMPTY_ROOT) -> int:
        """Subscribes and takes all commits that there are; returns the seq of the last."""
        await self.send(wire.Subscribe(profile, after, root))
        while True:
            message = await self.receive()
            if isinstance(message, wire.CaughtUp):
                return message.seq
            if isinstance(message, wire.Error):
                raise AssertionError(f"the hub refuses: {message}")

    async def close(self) -> None:
        """Ends the connection."""
        await self.socket.close()


async def dial(url: str, subprotocol: str | None = None) -> ClientConnection:
    """A plain WebSocket, neither compressed nor pinged."""
    offered = None if subprotocol is None else [Subprotocol(subprotocol)]
    return await connect(
        url,
        subprotocols=offered,
        compression=None,
        max_size=None,
        ping_interval=None,
        proxy=None,
    )


def encoded_push(profile: str, proposals: Sequence[Proposal]) -> bytes:
    """A push as it goes over the wire."""
    return encoded(wire.Push(profile, tuple(proposals)))


def push_of(profile: str, proposals: Sequence[bytes]) -> bytes:
    """The same, of proposals that are encoded already."""
    ready = cast("tuple[Proposal, ...]", tuple(map(Raw, proposals)))
    return encoded(wire.Push(profile, ready))


def encoded(message: wire.FromReplica) -> bytes:
    """A message as it goes over the wire, in msgpack."""
    data = wire.encode(message, wire.MSGPACK)
    assert isinstance(data, bytes)
    return data


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs `main` on uvloop, so that the measuring side takes as little of the machine as it can."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())
