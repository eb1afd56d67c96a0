"""Pages of an old history: stored in order, several at once, and let go once one of them does not fit."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from stackroom.client.connection.backlog import Backlog, joined
from stackroom.client.connection.work import Work
from stackroom.client.connection.worker import Worker
from stackroom.client.home.cache import Cache
from stackroom.client.replica.replica import Copy, Replica, Store
from stackroom.client.settings import Settings
from stackroom.events.audit.verify import verify
from stackroom.events.errors import IntegrityError
from stackroom.events.proofs.merkle import Frontier
from stackroom.events.state import State
from stackroom.sync import protocol as wire
from tests.client.test_cache import history
from tests.events.commits import PROFILE

pytestmark = pytest.mark.anyio

OTHER = PROFILE[:-1] + "f"


def pages(count: int, profile: str = PROFILE) -> list[Store]:
    """A history of `count` commits, one a page, as a replica's core would have it stored."""
    replica = Replica("r1", "token")
    replica.follow(Copy(PROFILE, State(), Frontier()))
    for commit in history(count):
        replica.receive(wire.Commits(PROFILE, (commit,)))
    stores = [effect for effect in replica.effects() if isinstance(effect, Store)]
    return [structs.replace(store, profile=profile) for store in stores]


class Desk:
    """A keeper that writes down what it was given, and refuses what it is told to refuse."""

    def __init__(self, refused: str = "") -> None:
        self.settings = Settings(pages_behind=3)
        self.refused = refused
        self.kept: list[Store] = []
        self.told: list[Store] = []

    def keep(self, store: Store, copy: None) -> None:
        if store.profile == self.refused:
            raise IntegrityError("it does not fit")
        self.kept.append(store)

    async def stored(self, store: Store, work: Work[None]) -> bool:
        try:
            await work
        except IntegrityError:
            return False
        self.told.append(store)
        return True


async def through(desk: Any, stores: list[Store]) -> None:
    async with Worker() as worker:
        backlog = Backlog(worker, desk, desk.stored)
        for store in stores:
            await backlog.add(store)
        await backlog.clear()


async def test_all_pages_are_stored_in_order_and_told_of() -> None:
    desk, stores = Desk(), pages(40)
    await through(desk, stores)
    assert desk.kept == desk.told
    assert len(desk.kept) < 40, "some were stored together"
    assert joined(desk.kept) == joined(stores)
    for before, after in zip(desk.kept, desk.kept[1:], strict=False):
        assert after.since == before.frontier


async def test_profiles_are_not_mixed() -> None:
    desk = Desk()
    mixed = [page for both in zip(pages(9), pages(9, OTHER), strict=True) for page in both]
    await through(desk, mixed)
    for profile in (PROFILE, OTHER):
        own = [store for store in desk.kept if store.profile == profile]
        assert [c.seq for c in joined(own).commits] == list(range(1, 10))


async def test_a_profile_that_does_not_fit_is_let_go_and_the_other_is_stored() -> None:
    desk = Desk(refused=OTHER)
    await through(desk, [*pages(9, OTHER), *pages(9)])
    assert {store.profile for store in desk.kept} == {PROFILE}
    assert joined(desk.kept).frontier.size == 9


def test_what_is_stored_together_is_the_same_in_the_file(tmp_path: Path) -> None:
    cache = Cache.open(tmp_path / "replica.db")
    whole = joined(pages(9))
    cache.save(PROFILE, whole.commits, whole.frontier, whole.leaves, whole.since)
    with cache.reader() as log:
        assert verify(log, PROFILE).frontier == whole.frontier
    cache.close()
