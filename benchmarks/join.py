"""A cold client, as a process: `python -m benchmarks.join HOME URL PROFILE snapshot|history|memory`.

Takes the token from STACKROOM_TOKEN, and from its standard input the names of modules that it imports
before its clock runs: nothing else is made ready. It then joins the hub with an empty home through the
client's own exchange, opens the profile for use as a command would, and prints what it has, and when. With
`memory`, it fetches the profile, and stores nothing: no home is made.
"""

import os
import sys
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks import ready
from stackroom.client import chance
from stackroom.client.connection.exchange import exchange
from stackroom.client.home.home import Home
from stackroom.client.python.fetching import fetch
from stackroom.client.workspace import Workspace
from stackroom.events.state import Component


class Joined(Struct, frozen=True):
    """Where it stands, and what it took until all was stored (or in memory) and open for use."""

    seq: int
    received: int
    components: int
    root: str
    at: float
    """When that was (CLOCK_MONOTONIC, which all processes share)."""
    seconds: float
    """Since the call that makes the home and connects."""
    processor: float
    """Seconds of the processor meanwhile, of this process and its children."""
    imported: tuple[str, ...]
    """Modules that were imported meanwhile, each after what it imports."""


def main() -> None:
    """Joins, or fetches."""
    _, folder, url, profile, what = sys.argv
    if what == "memory":
        fetch_it(url, profile)
    else:
        join(Path(folder), url, profile, history=what == "history")


def join(folder: Path, url: str, profile: str, *, history: bool) -> None:
    """Joins, and opens the profile."""
    known = ready.load(msgspec.json.decode(sys.stdin.buffer.read(), type=list[str]))
    began, processor = time.monotonic(), ready.processor()
    home = Home(folder)
    workspace = Workspace.open(home, clock=chance.clock, new_id=chance.new_id, salt=chance.salt)
    home.keep_token(url, os.environ["STACKROOM_TOKEN"])
    report = exchange(workspace, url, history=history)
    if report.interrupted is not None:
        raise report.interrupted
    copy = workspace.copy(profile)
    components = sum(1 for _ in copy.view.all(Component))
    at, processor = time.monotonic(), ready.processor() - processor
    imported = ready.imported(known)
    with workspace.cache.reader(sought=False) as log:
        root = log.head(profile).root.hex()
    received = report.profiles[profile].received
    joined = Joined(copy.seq, received, components, root, at, at - began, processor, imported)
    sys.stdout.buffer.write(msgspec.json.encode(joined))
    workspace.close()


def fetch_it(url: str, profile: str) -> None:
    """Fetches the profile into memory."""
    known = ready.load(msgspec.json.decode(sys.stdin.buffer.read(), type=list[str]))
    began, processor = time.monotonic(), ready.processor()
    fetched = fetch(url, profile, token=os.environ["STACKROOM_TOKEN"])
    components = sum(1 for _ in fetched.state.all(Component))
    at, processor = time.monotonic(), ready.processor() - processor
    imported = ready.imported(known)
    seq, root = fetched.seq, fetched.root.hex()
    joined = Joined(seq, seq, components, root, at, at - began, processor, imported)
    sys.stdout.buffer.write(msgspec.json.encode(joined))


if __name__ == "__main__":
    main()
