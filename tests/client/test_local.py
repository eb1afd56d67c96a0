"""Profiles without a hub: taken here, by the hub's own authority, and rebuilt from the proposals."""

import subprocess
import sys
from pathlib import Path

import pytest

from stackroom.client.errors import RefusedLocally
from stackroom.client.settings import Settings
from stackroom.client.workspace import Workspace
from stackroom.events.errors import IntegrityError
from stackroom.events.model import ComponentRegistered, ProfileCreated
from stackroom.events.state import Component, encode
from tests.client.homes import NOON, sealed, workspace_at
from tests.client.proposed import propose
from tests.events.world import uid

WRITER = """
import sys
from pathlib import Path
from stackroom.client import chance
from stackroom.client.home.home import Home
from stackroom.client.workspace import Workspace

who, profile = sys.argv[2], sys.argv[3]
w = Workspace.open(Home(Path(sys.argv[1])), clock=chance.clock, new_id=chance.new_id, salt=chance.salt)
print("ready", flush=True)
sys.stdin.readline()
for n in range(int(sys.argv[4])):
    draft = w.edit(w.copy(profile))
    draft.register_component("orchestrator", f"{who}-{n}", "local")
    print(draft.commit().answer.seq, flush=True)
"""


def team(workspace: Workspace, edits: int = 3) -> str:
    entry, _ = workspace.create_profile("team", hub=None, message="begin")
    for n in range(edits):
        draft = workspace.edit(workspace.copy(entry.id), f"edit {n}")
        draft.register_component("orchestrator", f"o{n}", "local", config={"n": n})
        draft.commit()
    return entry.id


def root(workspace: Workspace, profile: str) -> bytes:
    return workspace.cache.log.head(profile).root


def writer(home: Path, who: str, profile: str, times: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home), who, profile, str(times)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_commit_is_there_at_once(tmp_path: Path) -> None:
    with workspace_at(tmp_path) as ada:
        profile = team(ada)
        copy = ada.copy(profile)
        assert (copy.seq, copy.standings, copy.parked) == (4, (), [])
        commits = copy.log.commits(profile, 0, 100)
        assert [c.seq for c in commits] == [1, 2, 3, 4]
        assert [c.message for c in commits] == ["begin", "edit 0", "edit 1", "edit 2"]
        assert all(c.accepted == c.time and c.replica == ada.store.replica for c in commits)


def test_deleting_the_cache_changes_nothing(tmp_path: Path) -> None:
    with workspace_at(tmp_path, Settings(snapshot_tail=4)) as ada:
        profile = team(ada, 11)
        before, state = root(ada, profile), encode(ada.copy(profile).view)
        assert ada.cache.log.snapshot(profile) is not None
    for file in tmp_path.glob("replica.db*"):
        file.unlink()
    with workspace_at(tmp_path) as ada:
        assert encode(ada.copy(profile).view) == state
        assert root(ada, profile) == before


def test_a_crash_between_the_two_files_is_caught_up(tmp_path: Path) -> None:
    with workspace_at(tmp_path) as ada:
        profile = team(ada)
        propose(
            ada.store, profile, id=uid(500), base=4, author="ada", message="typed", time=NOON, state="local",
            events=[sealed(uid(501), ComponentRegistered("typed", "orchestrator", "local"))],
        )  # fmt: skip
        draft = ada.edit(ada.copy(profile), "after")
        assert draft.component("orchestrator", "typed")
        draft.register_component("orchestrator", "after", "local")
        assert draft.commit().answer is not None
        messages = [c.message for c in ada.copy(profile).log.commits(profile, 3, 100)]
        assert messages == ["edit 2", "typed", "after"]


def test_a_cache_of_other_proposals_is_not_built_upon(tmp_path: Path) -> None:
    """The store was restored from a backup: what it holds is the history."""
    with workspace_at(tmp_path) as ada:
        profile = team(ada, 1)
    backup = (tmp_path / "proposals.db").read_bytes()
    with workspace_at(tmp_path) as ada:
        draft = ada.edit(ada.copy(profile), "lost")
        draft.register_component("orchestrator", "lost", "local")
        draft.commit()
    (tmp_path / "proposals.db").write_bytes(backup)
    with workspace_at(tmp_path) as ada:
        assert ada.copy(profile).seq == 2
        draft = ada.edit(ada.copy(profile), "again")
        draft.register_component("orchestrator", "again", "local")
        draft.commit()
        assert [c.message for c in ada.cache.log.commits(profile, 1, 9)] == ["edit 0", "again"]


def test_what_is_refused_is_not_saved(tmp_path: Path) -> None:
    """Another process took the name after this draft was begun."""
    with workspace_at(tmp_path) as ada, workspace_at(tmp_path) as other:
        profile = team(ada)
        drafts = [w.edit(w.copy(profile)) for w in (ada, other)]
        for draft in drafts:
            draft.register_component("orchestrator", "new", "local")
        drafts[0].commit()
        before = root(ada, profile)
        with pytest.raises(RefusedLocally, match="already"):
            drafts[1].commit()
        assert len(ada.store.local(profile)) == other.copy(profile).seq == 5
        assert root(other, profile) == before
        draft = other.edit(other.copy(profile))
        draft.component("orchestrator", "new").set("a", 1)
        draft.commit()
        draft = ada.edit(ada.copy(profile))
        draft.component("orchestrator", "new").set("b", 2)
        saved = draft.commit()
        assert saved.answer is not None
        assert (saved.answer.seq, saved.proposal.number) == (7, 7)


def test_two_processes_at_once(tmp_path: Path) -> None:
    with workspace_at(tmp_path) as ada:
        profile = team(ada, 0)
        processes = [writer(tmp_path, who, profile, 20) for who in ("ben", "cy")]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        seqs: list[int] = []
        for process in processes:
            seqs += map(int, process.communicate(timeout=60)[0].split())
            assert process.returncode == 0
        assert sorted(seqs) == list(range(2, 42))
        copy = ada.copy(profile)
        assert sum(1 for _ in copy.view.all(Component)) == 40
        commits = copy.log.commits(profile, 0, 100)
        assert [c.number for c in commits] == [c.seq for c in commits]
        before = root(ada, profile)
        ada.cache.forget(profile)
        assert ada.copy(profile).seq == 41
        assert root(ada, profile) == before


def test_a_history_that_the_rules_refuse_now_is_told(tmp_path: Path) -> None:
    with workspace_at(tmp_path) as ada:
        profile = team(ada, 0)
        propose(
            ada.store, profile, id=uid(500), base=1, author="ada", message="", time=NOON, state="local",
            events=[sealed(profile, ProfileCreated("again"))],
        )  # fmt: skip
        with pytest.raises(IntegrityError, match="can no longer be taken"):
            ada.copy(profile)
        assert len(ada.store.local(profile)) == 2
