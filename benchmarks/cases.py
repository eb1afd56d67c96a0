"""The cases, in the order in which they run: what each measures, on what work, how durably."""

from typing import Final

from msgspec import Struct

FULL_SYNC: Final = "SQLite WAL, synchronous=FULL: acknowledged means fsynced"
LOOPBACK: Final = "loopback TCP, WebSocket frames of msgpack, not deflated by the connection"


class Case(Struct, frozen=True, kw_only=True):
    """One case; `module` has a `run(bench) -> list[Outcome]`."""

    module: str
    measures: str
    work: str
    durability: str
    bytes: str
    """Where the bytes go."""
    slow: bool = False
    """Whether a quick run leaves it out."""


CASES: Final[dict[str, Case]] = {
    "limits": Case(
        module="benchmarks.limits",
        measures="what the disk, SQLite, a WebSocket and the interpreter give by themselves",
        work="rows of 300 bytes; messages of 300 bytes; 1,000 events decoded and folded",
        durability="fdatasync after every append; SQLite WAL, synchronous=FULL",
        bytes="to files in the folder of the run; over loopback between two processes",
    ),
    "commits": Case(
        module="benchmarks.commits",
        measures="durable acknowledged commits a second, beside the peers",
        work="updates of three values in events of about 300 bytes, of one profile of 5,000 components; "
        "one message in flight on each connection",
        durability="each peer's own: the table says what an acknowledgement means",
        bytes="loopback TCP, from one process with all connections to the hub's, and to its files",
    ),
    "newcomer": Case(
        module="benchmarks.newcomer",
        measures="a cold client: history rebuilt, or usable from a snapshot",
        work="a profile of 1,000 components and a long history, into an empty home",
        durability="the client's store is committed before the profile counts as usable",
        bytes=f"from the hub's file over {LOOPBACK}, into the client's files",
    ),
    "catch_up": Case(
        module="benchmarks.catch_up",
        measures="a long history fetched by a fresh process, and the server's memory, beside the peers",
        work="the same history everywhere: 5,000 components, then one update a commit",
        durability="ours is verified, folded and stored; the peers' is decoded and folded in memory",
        bytes="loopback TCP into a fresh process, counted at the interface, headers included",
    ),
    "audience": Case(
        module="benchmarks.audience",
        measures="commit to the last of many subscribers",
        work="updates at a steady pace, one writer, many subscribers that decode every commit",
        durability=FULL_SYNC,
        bytes=f"{LOOPBACK}, to subscribers in a process of their own",
    ),
    "delivery": Case(
        module="benchmarks.delivery",
        measures="send to the last subscriber, and deliveries a second, beside the peers",
        work="updates at a steady pace, then as fast as the fleet takes them",
        durability="each peer's own, as in `commits`",
        bytes="loopback TCP, to raw sockets in a second process that look for the events' marks",
    ),
    "idle": Case(
        module="benchmarks.idle",
        measures="what connections cost that say nothing",
        work="connections that each subscribe to one of many profiles, and are silent",
        durability="reads only",
        bytes=f"{LOOPBACK}: pings and pongs alone, once all are in",
    ),
    "abuse": Case(
        module="benchmarks.abuse",
        measures="what 50 honest clients notice of one abuser",
        work="one commit a second of each honest client, and an abuser without a pause",
        durability=FULL_SYNC,
        bytes=LOOPBACK,
        slow=True,
    ),
    "audit": Case(
        module="benchmarks.audit",
        measures="a long history verified from its first commit",
        work="every leaf, place, root and signature of a history",
        durability="reads only",
        bytes="from one file, in the page cache",
    ),
    "footprint": Case(
        module="benchmarks.footprint",
        measures="a hub's memory, and its cold start",
        work="ten profiles with long histories, read and written to",
        durability=FULL_SYNC,
        bytes=LOOPBACK,
    ),
    "commands": Case(
        module="benchmarks.commands",
        measures="commands as whole processes",
        work="a replica of 1,000 stacks and 1,000 components",
        durability="reads only, or as the table says",
        bytes="from the client's files; the output into a pipe",
    ),
    "zenml": Case(
        module="benchmarks.zenml",
        measures="what ZenML's own server does, done by both",
        work="components and stacks registered, all listed, a change noticed, `stack list`",
        durability="ours: SQLite WAL, synchronous=FULL; ZenML's: its SQLite as it sets it up",
        bytes="loopback TCP: ours by WebSocket, ZenML's by HTTP on kept connections",
        slow=True,
    ),
    "past": Case(
        module="benchmarks.past",
        measures="states of the past, and the log of a million commits",
        work="a replica's files with a long history, asked for a page or a state",
        durability="reads only",
        bytes="from the client's files, in the page cache",
    ),
    "activity": Case(
        module="benchmarks.activity",
        measures="runs of pipelines and reports, on a long history",
        work="a replica of a profile with runs, asked by whole commands",
        durability="reads only",
        bytes="from the client's files; the output into a pipe",
        slow=True,
    ),
    "proofs": Case(
        module="benchmarks.proofs",
        measures="what a signature costs, and a proof",
        work="Ed25519 signatures, and a consistency proof over 100,000 leaves",
        durability="none: in memory",
        bytes="none leave the process",
    ),
    "dashboard": Case(
        module="benchmarks.dashboard",
        measures="what somebody at the dashboard waits for, in a real browser",
        work="a profile of 1,000 stacks of four components each",
        durability=FULL_SYNC,
        bytes="HTTP and WebSocket over loopback, to a Chromium on this machine",
        slow=True,
    ),
}
