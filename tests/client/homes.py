"""Homes to try things on: ids that can be read, a clock that stands still until told, real files."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from stackroom.client.home.home import Home
from stackroom.client.settings import Settings
from stackroom.client.workspace import Workspace
from stackroom.events.codec import seal
from stackroom.events.model import Change, Event
from tests.events.world import uid

NOON = 1_800_000_000_000


class Chance:
    """Ids 1, 2, 3 … and times a second apart; every `Chance` has ids of its own."""

    ids = count(100_000)

    def __init__(self) -> None:
        self.now = NOON

    def clock(self) -> int:
        self.now += 1_000
        return self.now

    def new_id(self) -> str:
        return uid(next(self.ids))

    def salt(self) -> bytes:
        return bytes(16)


@contextmanager
def workspace_at(path: Path, settings: Settings | None = None) -> Iterator[Workspace]:
    """The home at `path`, opened as a process would open it."""
    chance = Chance()
    opened = Workspace.open(
        Home(path),
        clock=chance.clock,
        new_id=chance.new_id,
        salt=chance.salt,
        settings=settings,
    )
    try:
        yield opened
    finally:
        opened.close()


def sealed(id: str, change: Change) -> Event:
    """The event of a change."""
    return seal(id, change, bytes(16))
