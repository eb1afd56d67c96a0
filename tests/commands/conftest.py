"""What the tests of the command line share: a hub, and two people who have joined it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.hubs import Hub, running_hub
from tests.commands.runner import Person


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as running:
        yield running


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    """Someone with an empty home."""
    return Person(tmp_path / "ada", "ada")


@pytest.fixture
def ben(tmp_path: Path) -> Person:
    """Someone else."""
    return Person(tmp_path / "ben", "ben")


@pytest.fixture
def team(hub: Hub, ada: Person, ben: Person) -> Hub:
    """The hub with profile `team` and `orchestrator/k8s` in it (ns: ml), which both have; head #2."""
    hub.join(ada)
    ada.stackroom("profile", "create", "team").ok()
    register = ("component", "register", "orchestrator", "k8s", "--flavor", "cluster")
    ada.stackroom(*register, "--ns=ml", "--gpu=1").ok()
    hub.join(ben)
    return hub
