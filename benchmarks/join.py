"""A cold client, as a process: `python -m benchmarks.join HOME URL PROFILE snapshot|history`.

Takes the token from STACKROOM_TOKEN, joins the hub with an empty home through the client's own
exchange, and prints what it has then, and when (CLOCK_MONOTONIC, which all processes share).
"""

import os
import sys
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from stackroom.client import chance
from stackroom.client.exchange import exchange
from stackroom.client.home import Home
from stackroom.client.workspace import Workspace
from stackroom.events.state import Component


class Joined(Struct, frozen=True):
    """Where the copy stands; `at` is when all was stored and the profile was open for use."""

    seq: int
    received: int
    components: int
    root: str
    at: float


def main() -> None:
    """Joins, and opens the profile as a command would."""
    _, home, url, profile, what = sys.argv
    workspace = Workspace.open(
        Home(Path(home)), clock=chance.clock, new_id=chance.new_id, salt=chance.salt
    )
    workspace.home.keep_token(url, os.environ["STACKROOM_TOKEN"])
    report = exchange(workspace, url, history=what == "history")
    if report.interrupted is not None:
        raise report.interrupted
    copy = workspace.copy(profile)
    components = sum(1 for _ in copy.view.all(Component))
    at = time.monotonic()
    with workspace.cache.reader(sought=False) as log:
        root = log.head(profile).root.hex()
    received = report.profiles[profile].received
    sys.stdout.buffer.write(msgspec.json.encode(Joined(copy.seq, received, components, root, at)))
    workspace.close()


if __name__ == "__main__":
    main()
