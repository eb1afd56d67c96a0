"""What the tests of signing in share: one provider for each of their modules, and a hub that asks it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.sso.provider import Provider, running_provider
from tests.sso.standing import hub_with, linked
from tests.sync.members import Team


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.fixture
async def team(tmp_path: Path, provider: Provider) -> AsyncIterator[Team]:
    """A hub on which ada is linked to `ada` of the provider."""
    async with hub_with(tmp_path / "hub.db", provider) as team:
        await linked(team, provider, "ada", "editor")
        yield team
