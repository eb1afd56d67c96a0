"""What the tests of signing in share: one provider for each of their modules."""

from collections.abc import Iterator

import pytest

from tests.sso.provider import Provider, running_provider


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running
