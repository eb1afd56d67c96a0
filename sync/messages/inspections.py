"""The messages by which a hub says how it fares, and who is connected to it.

The rules of `protocol` hold for them, too. Times are milliseconds, sizes are bytes; what is counted is
counted since the hub was started, so that whoever asks again sees what came between.
"""

from typing import Annotated

from msgspec import Meta, Struct

from stackroom.events.model import Count, Millis
from stackroom.sync.messages.message import Message


class Inspect(Message, frozen=True, tag="inspect"):
    """Asks how the hub fares; with `profile`, only who follows that profile, and how far each has got.

    The hub as a whole is for those who may read its security log (`hub.audit`); a profile, for those who
    may read it. Answered by `inspected` with the same `id`, which the sender chooses.
    """

    id: Count
    profile: Annotated[str, Meta(max_length=100)] = ""


class Follows(Struct, frozen=True, omit_defaults=True):
    """A profile that a connection follows: up to which seq it was sent, and how many commits are to come.

    One that is `folded` is shown it (`watch`): it is sent entities, and no commits.
    """

    profile: str
    seq: int
    behind: int = 0
    folded: bool = False


class Connected(Struct, frozen=True, omit_defaults=True):
    """One connection. `follows` are the profiles in which it is furthest behind, of `profiles` in all.

    What waits for it: `unsent` bytes, `reads` that it asked for, `undecided` proposals that it pushed.
    `silent` is how long nothing was heard of it; `here` is the connection that asks. `address`, `unsent`,
    `reads`, `undecided` and `silent` are told of the hub as a whole, and not of a profile.
    """

    user: str
    replica: str
    client: str
    since: Millis
    follows: tuple[Follows, ...] = ()
    profiles: int = 0
    unsent: int = 0
    reads: int = 0
    undecided: int = 0
    silent: int = 0
    address: str = ""
    here: bool = False


class Counters(Struct, frozen=True, omit_defaults=True):
    """What the hub has done since its start.

    `proposals` were answered, of which `refused` were rejected; `batches` are the transactions that this
    took, and `batch_micros` how long they took in all (µs, until durable).
    """

    commits: int = 0
    proposals: int = 0
    refused: int = 0
    failures: int = 0
    received_bytes: int = 0
    sent_bytes: int = 0
    lagging: int = 0
    batches: int = 0
    batch_micros: int = 0


class Stored(Struct, frozen=True, omit_defaults=True):
    """What the hub's files take, and what is left on their disk; `backup` is when the last one was made."""

    database: int = 0
    wal: int = 0
    free: int = 0
    disk: int = 0
    backup: Millis = 0


class Kept(Struct, frozen=True, omit_defaults=True):
    """A profile in the hub's log: its head, and what is kept of it.

    `events` are those of the commits up to `counted`: a long history is counted bit by bit. `signed` is when
    the checkpoint of its head was signed, 0 where the hub signs none.
    """

    profile: str
    name: str
    seq: int
    root: bytes
    deleted: bool = False
    events: int = 0
    counted: int = 0
    snapshots: int = 0
    snapshot_bytes: int = 0
    signed: Millis = 0


class Anchored(Struct, frozen=True, omit_defaults=True):
    """Where checkpoints are kept, how often, when that was done last, and why it failed since."""

    target: str
    every: int
    last: Millis = 0
    error: str = ""


class Condition(Struct, frozen=True):
    """The hub as a whole: whether it can take changes, since when it runs, and all that it counts."""

    ready: bool
    started: Millis
    version: str
    counters: Counters
    stored: Stored
    profiles: int
    kept: tuple[Kept, ...]
    anchored: Anchored | None = None


class Inspected(Message, frozen=True, tag="inspected"):
    """The answer to `inspect`, as of `time` by the hub's clock.

    `connections` are those that are furthest behind, of `connected` in all. `condition` is there where the
    hub as a whole was asked about; of the `profiles` in it, `kept` are the largest that the asker may read.
    """

    id: int
    time: Millis
    connected: int
    connections: tuple[Connected, ...]
    profile: str = ""
    condition: Condition | None = None
