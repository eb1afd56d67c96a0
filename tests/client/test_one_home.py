"""Two processes on one copy, and a hub that was set back between them: nothing that is here alone is dropped.

One process fills the file, or has it begin anew, behind the back of another, which goes on from what it has in
memory. What that one hears from the hub need not fit the file then, and what is in the file the hub may have
lost. Forgotten is only what it has:

| what a process has, and takes in     | the file                          | what comes of it               |
| ------------------------------------ | --------------------------------- | ------------------------------ |
| a page of what a snapshot left out   | leads through where it stands,    | kept                           |
|                                      | and begins there or before        |                                |
|                                      | does not, or begins after that    | it goes on from the file       |
| … after which all does not verify    | ends where it stands: the hub has | forgotten, and fetched anew    |
|                                      | all of it                         |                                |
|                                      | goes on after that                | it goes on from the file       |
| a snapshot to begin at               | holds nothing                     | begun there                    |
|                                      | reaches that far already          | stays as it is                 |
|                                      | ends before it                    | it goes on from the file       |

Who goes on from the file says to the hub what stands there, and fills it if the hub has the same; if it has
not, the histories have parted, and healing has its turn.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from stackroom.client.connection.carrier import Carrier, Told
from stackroom.client.connection.exchange import exchange
from stackroom.client.connection.keeper import Keeper
from stackroom.client.connection.work import InPlace
from stackroom.client.replica import replica as core
from stackroom.client.transport.plain_line import Clock, dial, finished
from stackroom.client.workspace import Workspace
from stackroom.sync.settings import Settings as HubSettings
from tests.client.hubs import FaultyHub, running_hub
from tests.client.people import create_team, person, set_key

EVERY = 3
"""Commits after which the hub has another snapshot."""


@pytest.fixture
def hub(portal: BlockingPortal, tmp_path: Path) -> Iterator[FaultyHub]:
    settings = HubSettings(snapshot_worth=EVERY)
    with portal.wrap_async_context_manager(running_hub(tmp_path / "hub", settings=settings)) as hub:
        hub.snapshot_every = EVERY
        portal.call(hub.stop)
        portal.call(hub.start)
        yield hub


class Process:
    """One that runs, and keeps what it has in memory while it has no line."""

    def __init__(self, workspace: Workspace, url: str, profile: str) -> None:
        self.keeper, self.url, self.profile = Keeper.on(workspace), url, profile
        self.told: list[Told] = []
        replica = workspace.replica(url)
        self.carrier = Carrier(InPlace(), self.keeper, url, replica, self.told.append)
        finished(self.carrier.follow(profile))

    def connected(self, until: Callable[[], bool]) -> None:
        """Takes in what the hub says on one line."""
        with dial(self.url, self.keeper.settings, self.keeper.trust(self.url), Clock(20)) as line:
            finished(self.carrier.opened(line))
            while not until():
                finished(self.carrier.receive(finished(line.receive(5))))
        finished(self.carrier.lost())

    def has_begun(self) -> bool:
        return any(isinstance(each, core.Restart) for each in self.told)

    def is_done(self) -> bool:
        """Whether it has all, or cannot."""
        copy = self.carrier.replica.copies.get(self.profile)
        if any(isinstance(each, core.Problem) for each in self.told):
            return True
        return copy is not None and copy.live and not self.carrier.lacks_history(self.profile)


class Disk:
    """What the hub's file was at some time."""

    def __init__(self, hub: FaultyHub, portal: BlockingPortal) -> None:
        self.hub, self.portal = hub, portal
        portal.call(hub.stop)
        self.file = hub.path.read_bytes()
        portal.call(hub.start)

    def restore(self) -> None:
        self.portal.call(self.hub.stop)
        self.hub.path.write_bytes(self.file)
        self.portal.call(self.hub.start)


def grow(ada: Workspace, hub: FaultyHub, team: str, *ends: int) -> None:
    """Pushes up to each of these seqs."""
    for upto in ends:
        for n in range(ada.cache.load(team).seq, upto):
            set_key(ada, team, "gpu", f"{ada.home.path.name} {n}")
        assert exchange(ada, hub.url).profiles[team].seq == upto


@pytest.mark.parametrize("whole", [False, True], ids=["a page", "a snapshot"])
def test_what_another_process_has_alone_is_kept(
    hub: FaultyHub, portal: BlockingPortal, tmp_path: Path, *, whole: bool
) -> None:
    home = tmp_path / "ben"
    with (
        person(tmp_path / "ada", hub.url) as ada,
        person(tmp_path / "eve", hub.url) as eve,
        person(home, hub.url) as one,
        person(home, hub.url) as two,
    ):
        team = create_team(ada, hub.url)
        exchange(ada, hub.url)
        grow(ada, hub, team, 5)
        exchange(eve, hub.url)
        ben = Process(one, hub.url, team)
        if not whole:
            ben.connected(ben.has_begun)
            two.cache.forget(team)  # As a redaction has it do.
        before = Disk(hub, portal)
        grow(ada, hub, team, 8, 10)
        exchange(two, hub.url, history=whole)
        held, missing = two.cache.load(team).frontier, two.cache.missing(team)
        assert (held.size, missing) == (10, None if whole else range(1, 9))
        after = Disk(hub, portal)

        before.restore()
        grow(eve, hub, team, 11 if whole else 8)
        ben.connected(ben.is_done)
        assert [each.code for each in ben.told if isinstance(each, core.Problem)] == ["parted"]
        assert two.cache.load(team).frontier == held
        assert two.cache.missing(team) == missing

        after.restore()
        ben.told.clear()
        ben.connected(ben.is_done)
        assert two.cache.load(team).frontier == held
        assert two.cache.missing(team) is None
