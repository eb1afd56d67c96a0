"""`stackroom log`: filters, pages, all profiles, the graph, and following a hub."""

import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stackroom.client.commands.exits import Exit
from tests.commands.hubs import Hub
from tests.commands.runner import Person, command
from tests.commands.team import person


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Only to be read: see `made`."""
    return made(tmp_path_factory.mktemp("home"))


def made(folder: Path) -> Person:
    """#2 k8s, #3 s3, #4 prod, #5 ns, #6 old, #7 old deleted, #8 tag, #9 rename, #10 label."""
    made = person(folder)
    for line in (
        "component register orchestrator k8s --flavor cluster --ns=ml -m register",
        "component register artifact-store s3 -f s3 --path=s3://acme",
        "stack register prod -o k8s -a s3 -m Prod",
        "component update orchestrator k8s --ns=prod -m move",
        "stack register old -a s3",
        "stack delete old --yes -m obsolete",
        "tag v1 5",
        "component rename orchestrator k8s gke",
        "component update artifact-store s3 --label team=ml",
    ):
        made.stackroom(*line.split()).ok()
    return made


def seqs(person: Person, *words: str) -> list[int]:
    return [row["seq"] for row in person.data("log", *words)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("--stack prod", [10, 9, 5, 4, 3, 2]),
        ("prod --component orchestrator/gke", [9, 5, 2]),
        ("--component artifact-store/s3", [10, 3]),
        ("old", [7, 6]),
        ("--stack old", [7, 6]),
        ("--type stack-deleted", [7]),
        ("--type StackDeleted --type component_renamed", [9, 7]),
        ("--type orchestrator", [9, 5, 2]),
        ("--type orchestrator --type ComponentUpdated", [5]),
        ("--path config.ns", [5, 2]),
        ("--path /config/ns", [5, 2]),
        ("--path labels.team", [10]),
        ("--path name --stack prod", [9, 4, 3, 2]),
        ("--path components.orchestrator.gke", [4]),
        ("--path seq", [8]),
        ("--message PROD", [4]),
        ("--message bs", [7]),
        ("--since 7", [10, 9, 8]),
        ("--since v1 --until 8", [8, 7, 6]),
        ("--until v1 --limit 2", [5, 4]),
        ("--before 5 --limit 2", [4, 3]),
        ("--before v1 --limit 1", [4]),
        ("--since today --limit 1", [10]),
        ("--until 2001-01-01", []),
        ("--before 2001-01-01", []),
        ("--since now", []),
        ("--author ada --limit 1", [10]),
        ("--author eve", []),
        ("--author eve --author ada --limit 1", [10]),
    ],
)
def test_filters(home: Person, words: str, found: list[int]) -> None:
    assert seqs(home, *words.split()) == found


def test_that_nothing_fits_is_not_that_nothing_has_happened(home: Person) -> None:
    assert "No commit fits." in home.stackroom("log", "--author", "nobody").ok().out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("--stack pord", 3, "There is no stack 'pord'"),
        ("--component gke", 2, "TYPE/NAME"),
        ("--component orchestrator/gks", 3, "There is no orchestrator 'gks'"),
        ("--type dream", 3, "There is no event or component type 'dream'"),
        ("--since 99", 3, "There is no #99"),
        ("--since v2", 3, "There is no tag 'v2'"),
        ("--path a..b", 2, "empty key"),
        ("--path /a~2", 2, "'~'"),
        ("--graph --author ada", 2, "--graph draws all commits"),
        ("--graph --all-profiles", 2, "--graph draws all commits"),
        ("--follow --until 5", 2, "--follow goes on"),
        ("--follow --offline", 2, "--follow needs the hub"),
        ("--follow", 1, "A local profile has no hub"),
        ("--all-profiles --since 5", 2, "'5' is a commit of one profile"),
        ("--all-profiles --until v1", 2, "'v1' is a commit of one profile"),
        ("--all-profiles --stack nosuch", 3, "There is no stack 'nosuch'"),
    ],
)
def test_what_cannot_be_asked(home: Person, words: str, code: int, said: str) -> None:
    home.stackroom("log", *words.split()).failed(code, said)


def test_pages(home: Person) -> None:
    found: list[int] = []
    before: list[str] = []
    while page := seqs(home, "--limit", "4", *before):
        found += page
        before = ["--before", str(page[-1])]
    assert found == list(range(10, 0, -1))


def test_all_profiles_by_time(tmp_path: Path) -> None:
    home = made(tmp_path)
    home.stackroom("profile", "create", "lab", "--local").ok()
    home.stackroom("--profile", "lab", "stack", "register", "x").ok()
    home.stackroom("--profile", "team", "tag", "v2").ok()
    rows = home.data("log", "--all-profiles", "--limit", "4")
    assert [(row["profile"], row["seq"]) for row in rows] == [
        ("team", 11), ("lab", 2), ("lab", 1), ("team", 10),
    ]  # fmt: skip
    only = home.data("log", "--all-profiles", "--stack", "x")
    assert [(row["profile"], row["seq"]) for row in only] == [("lab", 2)]
    shown = home.stackroom("log", "--all-profiles", "--since", "today").ok().out
    assert shown.splitlines()[0].startswith("PROFILE")
    assert len(shown.splitlines()) == 14


def test_what_waits_is_filtered_too(team: Hub, ada: Person) -> None:
    ada.stackroom(*["stack", "register", "prod", "-o", "k8s", "-m", "mine", "--offline"]).ok()
    ada.stackroom(*["component", "update", "orchestrator", "k8s", "--ns=a", "--offline"]).ok()
    assert seqs(ada, "--stack", "prod") == [None, None, 2]
    assert seqs(ada, "--type", "StackRegistered") == [None]
    assert seqs(ada, "--message", "MINE", "--author", "ada") == [None]
    assert seqs(ada, "--author", "ben") == []
    assert seqs(ada, "--until", "2") == [2, 1]
    assert seqs(ada, "--since", "2") == [None, None]


class TestGraph:
    def test_a_conflict_and_its_resolution(self, team: Hub, ada: Person, ben: Person) -> None:
        update = ("component", "update", "orchestrator", "k8s")
        ada.stackroom(*update, "--ns=ada", "--offline").ok()
        ben.stackroom(*update, "--ns=ben").ok()
        ada.stackroom("sync")
        ada.stackroom(*update, "--gpu=2").ok()
        ada.stackroom("conflicts", "resolve", "4", "--ours").ok()
        ada.stackroom(*update, "--gpu=3", "--offline").ok()
        rows = ada.stackroom("log", "--graph").ok().out.splitlines()[1:]
        assert [row[:5].rstrip() for row in rows] == [
            "│ ○", "●─┴─╮", "●   │", "│   ▲", "●   │", "●───╯", "●",
        ]  # fmt: skip
        data = ada.data("log", "--graph")
        assert [row["base"] for row in data] == [6, 5, 4, 2, 2, 1, 0]

    def test_a_request_and_its_approval(self, team: Hub, ada: Person, ben: Person) -> None:
        protect = ("component", "protect", "orchestrator", "k8s")
        ada.stackroom(*protect).ok()
        ben.stackroom("sync").ok()
        ben.stackroom("component", "update", "orchestrator", "k8s", "--ns=ben").ok()
        ada.stackroom("sync").ok()
        ada.stackroom("request", "approve", "4").ok()
        rows = ada.stackroom("log", "--graph").ok().out.splitlines()[1:]
        assert [row[:3].rstrip() for row in rows] == ["●─╮", "│ ◆", "●─╯", "●", "●"]
        assert "change request" in rows[1]

    def test_part_of_the_history(self, home: Person) -> None:
        rows = home.stackroom("log", "--graph", "--since", "8").ok().out.splitlines()[1:]
        assert [row[0] for row in rows] == ["●", "●"]


class TestFollow:
    def follow(self, person: Person, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command("log", "--follow", *words),
            env=person.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def test_what_comes_is_told_until_ctrl_c(self, team: Hub, ada: Person, ben: Person) -> None:
        with self.follow(ada, "--limit", "1", "--output", "json") as following:
            guard = threading.Timer(60, following.kill)
            guard.start()
            try:
                assert following.stdout is not None
                lines = map(msgspec.json.decode, following.stdout)
                told: list[Any] = [next(lines)]
                ben.stackroom(
                    "component", "update", "orchestrator", "k8s", "--ns=b", "-m", "x"
                ).ok()
                told.append(next(lines))
                ben.stackroom("component", "rename", "orchestrator", "k8s", "gke").ok()
                told.append(next(lines))
                following.send_signal(signal.SIGINT)
                _, err = following.communicate(timeout=30)
            finally:
                guard.cancel()
                following.kill()
        assert following.returncode == Exit.INTERRUPTED
        assert "Traceback" not in err
        assert [(row["seq"], row["author"], row["message"]) for row in told] == [
            (2, "ada", ""), (3, "ben", "x"), (4, "ben", ""),
        ]  # fmt: skip
        assert [row["events"][0]["name"] for row in told[1:]] == [
            "orchestrator/k8s", "orchestrator/gke",
        ]  # fmt: skip

    def test_only_what_is_sought(self, team: Hub, ada: Person, ben: Person) -> None:
        with self.follow(ada, "--type", "StackRegistered", "--all-profiles") as following:
            guard = threading.Timer(60, following.kill)
            guard.start()
            try:
                assert following.stdout is not None
                ben.stackroom("component", "update", "orchestrator", "k8s", "--ns=b").ok()
                ben.stackroom("stack", "register", "prod", "-o", "k8s", "-m", "it").ok()
                line = following.stdout.readline()
                following.send_signal(signal.SIGINT)
                following.communicate(timeout=30)
            finally:
                guard.cancel()
                following.kill()
        assert line.startswith("team  #4  ")
        assert line.endswith("  ben  stack 'prod'  it\n")
