"""Every limit and default of the hub, in one place; `docs/limits.md` lists them for people."""

from msgspec import Struct


class Settings(Struct, frozen=True, kw_only=True):
    """How a hub behaves; times in seconds, sizes in bytes."""

    host: str = "127.0.0.1"
    """The address to listen at; beyond loopback, connections are not encrypted."""
    port: int = 8765
    """0 is any free one."""

    message_bytes: int = 8 << 20
    """The largest message taken from a replica."""
    queue_messages: int = 4
    """Messages of one connection that came and were not looked at yet; then TCP holds the rest back."""
    hello_timeout: float = 10.0
    """From the handshake to the first message."""
    ping_interval: float = 20.0
    """Between two pings to a peer."""
    ping_timeout: float = 20.0
    """A peer that answers no ping for so long is gone."""

    push_proposals: int = 1_000
    """Proposals in one push."""
    push_bytes: int = 6 << 20
    """Bytes in one push, below `message_bytes` with room for the frame."""
    backlog_proposals: int = 4_000
    """Undecided proposals of one connection; beyond it, the hub reads no more from it."""
    backlog_orders: int = 8
    """Orders of one connection that wait; beyond it, the hub reads no more from it."""
    backlog_reads: int = 1_000
    """Pages that one connection asked for and has not taken; beyond it, the hub reads no more from it."""
    subscriptions: int = 10_000
    """Profiles that one connection follows."""
    batch_proposals: int = 2_000
    """Proposals decided in one transaction."""

    page_commits: int = 1_000
    """History goes out in pages of at most so many commits."""
    page_bytes: int = 1 << 20
    """A page ends with the commit that brings it to so many bytes of bodies."""
    allowed_hosts: frozenset[str] = frozenset()
    """Host names beside those of loopback by which a hub on loopback may be called."""

    live_buffer: int = 1 << 20
    """Unsent bytes of one connection beyond which it is moved from live delivery to pages."""
    buffer_most: int = 16 << 20
    """Unsent bytes of one connection beyond which it is closed."""

    snapshot_every: int = 1_000
    """Commits between two snapshots of a profile's state; half as many as its entities, if that is more."""
    snapshot_worth: int = 4_000
    """Commits behind the head from which a subscriber may be sent a snapshot."""
    states_kept: int = 256
    """Profiles whose state is kept in memory, the least recently used given up first."""

    tick: float = 1.0
    """Between two looks at which tokens have expired."""
    closing_grace: float = 1.0
    """For whoever is turned away to take what they were told, before the connection is cut."""
    shutdown_grace: float = 5.0
    """For connections to close when the hub ends."""
