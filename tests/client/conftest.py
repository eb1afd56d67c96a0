"""Fixtures for tests that call the client from plain code."""

from collections.abc import Iterator

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal


@pytest.fixture
def portal() -> Iterator[BlockingPortal]:
    """An event loop on a thread of its own, for the hub."""
    with start_blocking_portal() as portal:
        yield portal
