"""What every test gets: the asyncio backend, a home of its own, and no blocking call inside the loop."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# A shell that runs the tests in the background has them ignore Ctrl-C, and all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

PACKAGES = ["stackroom.events", "stackroom.sync", "stackroom.client"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the machine's own Stackroom, or another test's."""
    for name in list(os.environ):
        if name.startswith("STACKROOM_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("STACKROOM_HOME", str(home))
    monkeypatch.setenv("NO_COLOR", "1")
    return home


@pytest.fixture(autouse=True)
def no_blocking() -> Iterator[None]:
    """A call that blocks the event loop, made by our packages, fails the test."""
    with blockbuster_ctx(PACKAGES):
        yield
