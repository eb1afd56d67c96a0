"""A token is renewed by whatever connection comes in the last third of its life."""

from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest

from stackroom.client.connection.exchange import exchange
from stackroom.events.people.entities import Token
from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings
from tests.client.people import open_home, person
from tests.sync.members import Team, made, new, serving_team

pytestmark = pytest.mark.anyio

DAY = 86_400_000


async def ends(team: Team, prefix: str) -> int:
    state = await team.state()
    token = next(t for _, t in state.all(Token) if t.prefix == prefix)
    assert token.expires is not None
    return token.expires


async def test_a_sync_renews_it_in_time_and_not_before(tmp_path: Path) -> None:
    def sync(token: str) -> None:
        with person(tmp_path / "ada", team.url):
            pass
        workspace = open_home(tmp_path / "ada")
        try:
            exchange(workspace, team.url, token=token)
        finally:
            workspace.close()

    async with serving_team(tmp_path / "hub.db", Settings(port=0)) as team:
        token = made()
        async with team.speaking(team.root) as root:
            await root.ask(wire.MakeToken(new(token), lifetime=DAY))
        first = await ends(team, token.prefix)
        await anyio.to_thread.run_sync(partial(sync, token.text))
        assert await ends(team, token.prefix) == first
        team.clock.now += DAY * 2 // 3
        await anyio.to_thread.run_sync(partial(sync, token.text))
        assert await ends(team, token.prefix) >= first + DAY * 2 // 3
