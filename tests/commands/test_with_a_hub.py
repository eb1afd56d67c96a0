"""Two people on a real hub: what one imports the other exports; conflicts in log, show and blame."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from tests.client.hubs import FaultyHub, running_hub
from tests.commands.runner import Person
from tests.commands.team import SAMPLES
from tests.sync.open_access import token_of

GCP = SAMPLES / "zenml-0.98" / "gcp_prod.yaml"


class Team:
    """Ada and Ben, connected to one hub, in the profile `team`."""

    def __init__(self, folder: Path, portal: BlockingPortal, hub: FaultyHub) -> None:
        self.ada, self.ben = Person(folder / "ada", "ada"), Person(folder / "ben", "ben")
        self.stop: Callable[[], None] = lambda: portal.call(hub.stop)
        self.start: Callable[[], None] = lambda: portal.call(hub.start)
        for who in (self.ada, self.ben):
            token = token_of(who.home.name)
            who.stackroom("connect", hub.url, "--token", token).ok()
        self.ada.stackroom("profile", "create", "team").ok()
        self.ben.stackroom("sync").ok()


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running_hub(tmp_path / "hub")) as hub,
    ):
        yield Team(tmp_path, portal, hub)


def test_what_one_imports_the_other_exports(team: Team) -> None:
    ran = team.ada.stackroom("stack", "import", str(GCP), "-m", "from ZenML").ok()
    assert "committed as #2" in ran.out
    team.ben.stackroom("sync").ok()
    assert team.ben.stackroom("stack", "export", "gcp_prod").ok().out == GCP.read_text()
    again = team.ben.stackroom("stack", "import", str(GCP), "--output", "json").ok()
    assert again.json["outcome"] == "unchanged"
    (first, *_) = team.ben.data("log")
    assert (first["author"], first["message"]) == ("ada", "from ZenML")


def test_both_import_the_same_file_offline(team: Team) -> None:
    team.stop()
    for who in (team.ada, team.ben):
        written = who.stackroom("stack", "import", str(GCP), "--output", "json").ok().json
        assert written["outcome"] == "saved"
        assert len(who.data("component", "list")) == 7
    team.start()
    for who in (team.ada, team.ben, team.ada):
        who.stackroom("sync").ok()
    assert team.ada.data("stack", "list") == team.ben.data("stack", "list")
    assert [row["name"] for row in team.ben.data("stack", "list")] == ["gcp_prod"]
    assert len(team.ben.data("component", "list")) == 7


def test_what_waits_is_marked_in_log_and_blame(team: Team) -> None:
    team.ada.stackroom("stack", "import", str(GCP)).ok()
    team.stop()
    words = ("component", "update", "orchestrator", "vertex_orc", "--location=us-east1")
    team.ada.stackroom(*words, "-m", "cheaper", "--offline").ok()
    waiting, *rest = team.ada.data("log")
    assert (waiting["kind"], waiting["seq"], waiting["message"]) == ("pending", None, "cheaper")
    assert [row["seq"] for row in rest] == [2, 1]
    shown = team.ada.stackroom("log", "gcp_prod").ok().out
    assert "pending" in shown
    blamed = {row["place"]: row for row in team.ada.data("blame", "orchestrator/vertex_orc")}
    location = blamed["config.location"]
    assert (location["seq"], location["message"], location["value"]) == (
        None,
        "cheaper",
        "us-east1",
    )
    assert blamed["config.project"]["seq"] == 2
    assert "pending" in team.ada.stackroom("blame", "orchestrator/vertex_orc").ok().out
    (change,) = team.ada.data("diff", "2")
    assert (change["before"], change["after"]) == ("europe-west4", "us-east1")


def test_a_conflict_and_its_resolution_in_the_history(team: Team) -> None:
    team.ada.stackroom("stack", "import", str(GCP)).ok()
    team.ben.stackroom("sync").ok()
    team.stop()
    words = ("component", "update", "orchestrator", "vertex_orc")
    team.ada.stackroom(*words, "--location=us-east1", "-m", "cheaper").ok()
    team.ben.stackroom(*words, "--location=asia-east1", "-m", "closer").ok()
    team.start()
    team.ada.stackroom("sync").ok()
    team.ben.stackroom("sync").failed(5)
    conflict = team.ben.data("log", "--limit", "1")[0]
    assert (conflict["kind"], conflict["author"]) == ("conflict", "ben")
    assert conflict["events"][0]["name"] == "orchestrator/vertex_orc"
    seq = str(conflict["seq"])
    (overlap,) = team.ben.data("show", seq)["overlaps"]
    assert (overlap["before"], overlap["theirs"], overlap["ours"], overlap["author"]) == (
        "europe-west4",
        "us-east1",
        "asia-east1",
        "ada",
    )
    shown = team.ben.stackroom("show", seq).ok().out
    for text in ("conflict", "us-east1", "asia-east1", "(ada, #3)"):
        assert text in shown
    team.ben.stackroom("revert", seq).failed(1, "resolved", "conflicts list")
    team.ben.stackroom("conflicts", "resolve", seq, "--ours", "-m", "closer wins").ok()
    resolution = team.ben.data("log", "--limit", "1")[0]
    assert (resolution["kind"], resolution["message"]) == ("resolution", "closer wins")
    assert "resolves a conflict" in team.ben.stackroom("log", "--limit", "1").ok().out
    blamed = {row["place"]: row for row in team.ben.data("blame", "orchestrator/vertex_orc")}
    assert blamed["config.location"]["seq"] == resolution["seq"]
    team.ben.stackroom("revert", str(resolution["seq"])).ok()
    found = team.ben.data("component", "describe", "orchestrator", "vertex_orc")
    assert found["config"]["location"] == "us-east1"


def test_a_revert_of_anothers_commit(team: Team) -> None:
    team.ada.stackroom("stack", "import", str(GCP)).ok()
    team.ada.stackroom("stack", "delete", "gcp_prod", "--yes", "-m", "clean up").ok()
    team.ben.stackroom("sync").ok()
    ran = team.ben.stackroom("revert", "3").ok()
    assert "committed as #4" in ran.out
    team.ada.stackroom("sync").ok()
    assert team.ada.stackroom("stack", "export", "gcp_prod").ok().out == GCP.read_text()
    assert team.ada.data("log", "--limit", "1")[0]["message"] == "revert #3: clean up"
