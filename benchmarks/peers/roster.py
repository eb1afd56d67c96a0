"""All peers, in the order of the tables: ours first, then the reference, then the others."""

from collections.abc import Iterator
from typing import Final

from benchmarks.peers.jetstream import JetStream, JetStreamAlways
from benchmarks.peers.ours import Ours, OursSigned
from benchmarks.peers.peer import Peer
from benchmarks.peers.postgres import Postgres
from benchmarks.peers.redis_streams import RedisStreams
from benchmarks.peers.reference import Reference
from benchmarks.peers.yjs import Hocuspocus, YWebsocket

ALL: Final[tuple[Peer, ...]] = (
    Ours(),
    OursSigned(),
    Reference(),
    RedisStreams(),
    Postgres(),
    JetStreamAlways(),
    JetStream(),
    YWebsocket(),
    Hocuspocus(),
)


def here() -> list[Peer]:
    """Those that are installed."""
    return [peer for peer in ALL if not peer.missing()]


def left_out() -> Iterator[str]:
    """A line for each that is not installed."""
    for peer in ALL:
        if missing := peer.missing():
            yield f"{peer.name} is left out: {missing}"


def versions() -> Iterator[str]:
    """Of those that are installed, each once; for the others, that they are not."""
    yield from dict.fromkeys(peer.version() for peer in here())
    yield from dict.fromkeys(f"{peer.name}: left out" for peer in ALL if peer.missing())
