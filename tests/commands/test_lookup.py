"""Finding what a command line names, where the history is not all here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stackroom.client import chance
from stackroom.client.commands.lookup import around, commit_at, missing, seq_of
from stackroom.client.errors import NotFound
from stackroom.client.home.home import Home
from stackroom.client.profile_copy import ProfileCopy
from stackroom.client.workspace import Workspace
from stackroom.events.history.history import diff
from tests.commands.team import settled


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[ProfileCopy]:
    """A profile at #6, whose last commit updates what the second registered."""
    home = settled(tmp_path)
    home.stackroom("component", "update", "orchestrator", "k8s", "--ns=prod").ok()
    workspace = Workspace.open(
        Home(home.home), clock=chance.clock, new_id=chance.new_id, salt=chance.salt
    )
    yield workspace.copy(workspace.active_profile()[0].id)
    workspace.close()


def test_a_commit_after_the_history_that_is_missing(copy: ProfileCopy) -> None:
    commit = commit_at(copy, "6")
    whole = diff(*around(copy, commit))
    copy.missing = range(1, 4)
    assert diff(*around(copy, commit)) == whole
    assert [(each.path, each.before, each.after) for each in whole] == [
        ("/config/ns", "ml", "prod")
    ]


def test_a_commit_in_the_history_that_is_missing(copy: ProfileCopy) -> None:
    commit = commit_at(copy, "3")
    copy.missing = range(1, 5)
    with pytest.raises(NotFound, match="not on this machine yet") as caught:
        around(copy, commit)
    assert caught.value.hint == "stackroom sync"


def test_a_time_means_the_last_commit_until_then(copy: ProfileCopy) -> None:
    assert seq_of(copy, "0s ago") == 6
    with pytest.raises(NotFound, match="before the first commit"):
        seq_of(copy, "1w ago")


@pytest.mark.parametrize(("name", "hint"), [("k9s", "'k8s'"), ("else", "stackroom list")])
def test_the_nearest_name_or_the_list(name: str, hint: str) -> None:
    assert hint in missing(f"stack {name!r}", name, ["k8s", "local"], "stackroom list").hint
