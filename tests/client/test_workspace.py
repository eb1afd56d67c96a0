"""A home at work: which profile is meant, what is seen, and what is kept when things go wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs

from stackroom.client.errors import (
    ClientError,
    FetchedAnew,
    NoHub,
    NoProfile,
    NotAuthorised,
    NotFound,
    ReadOnly,
    RefusedLocally,
)
from stackroom.client.home.cache import Cache
from stackroom.client.workspace import Workspace
from stackroom.events.deciding.check import Accepted
from stackroom.events.errors import LogCorrupt
from stackroom.events.model import Commit, ComponentUpdated, ProfileDeleted, Proposal
from stackroom.events.proofs.merkle import Frontier
from stackroom.events.state import Component, encode
from tests.client.homes import sealed, workspace_at
from tests.events.commits import Chain
from tests.events.world import uid

HUB = "ws://hub:8765"


def joined(workspace: Workspace) -> None:
    workspace.store.put_hub(HUB, "hub-1", 1, "ada")


def on_hub(workspace: Workspace, edits: int = 2) -> str:
    """A profile on the hub, nothing of it pushed; its id."""
    joined(workspace)
    entry, _ = workspace.create_profile("team", hub=HUB)
    for n in range(edits):
        change(workspace, entry.id, n)
    return entry.id


def change(workspace: Workspace, profile: str, n: int) -> Proposal:
    draft = workspace.edit(workspace.copy(profile), f"edit {n}")
    draft.register_component("orchestrator", f"o{n}", "local")
    return draft.commit().proposal


def confirm(workspace: Workspace, profile: str) -> tuple[list[Commit], Frontier]:
    """Everything that is pending, as the hub would commit it."""
    chain = Chain(profile, workspace.cache.log.head(profile))
    pending = workspace.store.pending(profile)
    replica = workspace.store.replica
    commits = [chain.commit(*p.events, id=p.id, replica=replica).commit for p in pending]
    workspace.cache.save(profile, commits, chain.frontier)
    workspace.store.settle(p.id for p in pending)
    return commits, chain.frontier


def names(workspace: Workspace, profile: str) -> list[str]:
    return [c.name for _, c in workspace.copy(profile).view.all(Component)]


class TestFetchedAnew:
    """What is made upon a copy counts only while that is what this home has: seqs may mean others else."""

    def test_nothing_is_saved_upon_a_copy_that_is_gone(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            profile = on_hub(ada)
            confirm(ada, profile)
            draft = ada.edit(ada.copy(profile), "late")
            draft.register_component("orchestrator", "late", "local")
            ada.cache.forget(profile)
            with pytest.raises(FetchedAnew, match="'team' has just been fetched anew"):
                draft.commit()
            assert ada.store.pending(profile) == []

    def test_nor_upon_one_that_another_history_took_the_place_of(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            profile = on_hub(ada)
            commits, _ = confirm(ada, profile)
            draft = ada.edit(ada.copy(profile), "late")
            draft.register_component("orchestrator", "late", "local")
            ada.cache.forget(profile)
            other = Chain(profile)
            made = [other.commit(*c.events, message="another").commit for c in commits]
            ada.cache.save(profile, made, other.frontier)
            with pytest.raises(FetchedAnew):
                draft.commit()
            assert ada.store.pending(profile) == []

    def test_what_came_meanwhile_is_no_hindrance(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            profile = on_hub(ada)
            confirm(ada, profile)
            draft = ada.edit(ada.copy(profile), "slow")
            draft.register_component("orchestrator", "slow", "local")
            change(ada, profile, 7)
            confirm(ada, profile)
            draft.commit()
            assert [p.message for p in ada.store.pending(profile)] == ["slow"]


class TestActiveProfile:
    def test_who_says_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with workspace_at(tmp_path) as ada:
            with pytest.raises(NoProfile, match="no profile yet") as raised:
                ada.active_profile()
            assert "stackroom profile create" in raised.value.hint
            one, _ = ada.create_profile("one", hub=None)
            assert ada.active_profile() == (one, "only one")
            two, _ = ada.create_profile("two", hub=None)
            with pytest.raises(NoProfile, match="no profile is set") as raised:
                ada.active_profile()
            assert raised.value.hint == "stackroom profile set NAME"
            ada.set_active_profile(two.id)
            assert ada.active_profile() == (two, "setting")
            monkeypatch.setenv("STACKROOM_PROFILE", "one")
            assert ada.active_profile() == (one, "STACKROOM_PROFILE")
            assert ada.active_profile("two") == (two, "--profile")
            assert ada.active_profile(two.id) == (two, "--profile")

    def test_names_that_are_none_or_several(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            ada.create_profile("research", hub=None)
            with pytest.raises(NotFound, match="no profile 'reserach'") as raised:
                ada.active_profile("reserach")
            assert raised.value.hint == "did you mean 'research'?"
            joined(ada)
            ada.create_profile("research", hub=HUB)
            with pytest.raises(ClientError, match="2 profiles called 'research'"):
                ada.entry("research")

    def test_one_that_was_deleted_is_not_meant(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            one, _ = ada.create_profile("one", hub=None)
            two, _ = ada.create_profile("two", hub=None)
            ada.set_active_profile(one.id)
            draft = ada.edit(ada.copy(one.id))
            draft.profile().delete()
            draft.commit()
            ada.copy(one.id)
            assert ada.profiles() == [two]
            assert ada.active_profile() == (two, "only one")
            with pytest.raises(RefusedLocally, match="was deleted"):
                change(ada, one.id, 1)

    def test_the_active_stack(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            assert ada.active_stack(uid(1)) is None
            ada.set_active_stack(uid(1), uid(2))
            assert (ada.active_stack(uid(1)), ada.active_stack(uid(3))) == (uid(2), None)


class TestWho:
    def test_the_name_of_the_author(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOGNAME", "login")
        with workspace_at(tmp_path) as ada:
            assert ada.user() == "login"
            ada.store.set_setting("user", "set")
            joined(ada)
            assert (ada.user(), ada.user(HUB)) == ("set", "ada")
            monkeypatch.setenv("STACKROOM_USER", "env")
            assert (ada.user(), ada.user(HUB)) == ("env", "ada")

    def test_a_token_is_needed_and_never_shown(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            with pytest.raises(NoHub):
                ada.hub()
            joined(ada)
            assert ada.hub().url == ada.hub(HUB).url == HUB
            with pytest.raises(NotAuthorised) as raised:
                ada.replica(HUB)
            assert HUB in str(raised.value)
            ada.home.keep_token(HUB, "srm_secret")
            assert ada.replica(HUB).hello.token == "srm_secret"
            assert ada.replica(HUB, token="y").hello.token == "y"
            assert "srm_secret" not in repr(vars(ada)) + repr(vars(ada.home))


class TestSeeing:
    def test_what_is_pending_is_in_the_view(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            profile = on_hub(ada)
            copy = ada.copy(profile)
            assert (copy.seq, copy.confirmed.seq, len(copy.standings)) == (0, 0, 3)
            assert all(isinstance(s.outcome, Accepted) for s in copy.standings)
            assert names(ada, profile) == ["o0", "o1"]
            confirm(ada, profile)
            change(ada, profile, 2)
            copy = ada.copy(profile)
            assert (copy.seq, len(copy.standings)) == (3, 1)
            assert copy.standings[0].proposal.base == 3
            assert names(ada, profile) == ["o0", "o1", "o2"]
            assert [c.name for _, c in copy.confirmed.all(Component)] == ["o0", "o1"]

    def test_the_past(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            profile = on_hub(ada)
            confirm(ada, profile)
            copy = ada.copy(profile)
            assert [c.name for _, c in copy.at(2).all(Component)] == ["o0"]
            assert encode(copy.at(3)) == encode(copy.confirmed)
            for seq in (4, -1):
                with pytest.raises(NotFound, match=f"no #{seq}"):
                    copy.at(seq)

    def test_the_past_that_is_not_here(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            profile = on_hub(ada, 5)
            commits, frontier = confirm(ada, profile)
            states = {seq: ada.copy(profile).at(seq) for seq in (4, 6)}
            four = Chain(profile)
            for commit in commits[:4]:
                again = four.commit(*commit.events, id=commit.id, replica=commit.replica).commit
                assert again == commit
            ada.cache.forget(profile)
            ada.cache.restart(profile, 4, four.frontier, encode(states[4]))
            ada.cache.save(profile, commits[4:], frontier)
            ada.cache.keep_snapshot(profile, states[6], frontier)
            copy = ada.copy(profile)
            with pytest.raises(NotFound, match="#3 is not on this machine") as raised:
                copy.at(3)
            assert raised.value.hint == "stackroom sync"
            assert encode(copy.at(4)) == encode(states[4])
            assert [c.name for _, c in copy.at(5).all(Component)] == ["o0", "o1", "o2", "o3"]
            assert copy.revive(uid(1)) is None

    def test_an_unknown_profile(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada, pytest.raises(NotFound):
            ada.copy(uid(1))

    def test_something_newer_makes_it_read_only(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            profile = on_hub(ada)
            _, frontier = confirm(ada, profile)
            waiting = change(ada, profile, 2)
            chain = Chain(profile, ada.cache.log.head(profile))
            event = sealed(uid(9), ComponentUpdated({"/config/a": 1}))
            newer = chain.commit(structs.replace(event, type="ComponentFrozen")).commit
            ada.cache.save(profile, [newer], chain.frontier)
            copy = ada.copy(profile)
            assert copy.newer is not None
            assert (copy.confirmed.seq, copy.seq) == (3, 4)
            with pytest.raises(ReadOnly, match="ComponentFrozen") as raised:
                ada.edit(copy)
            assert raised.value.hint
            assert ada.store.pending(profile) == [waiting]
            assert frontier.size == 3

    def test_a_pending_deletion_is_still_to_be_pushed(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            profile = on_hub(ada)
            confirm(ada, profile)
            draft = ada.edit(ada.copy(profile))
            draft.profile().delete()
            assert [type(c) for _, c in draft.changes] == [ProfileDeleted]
            draft.commit()
            assert ada.copy(profile).view.profile is None
            assert [entry.id for entry in ada.profiles()] == [profile]
            confirm(ada, profile)
            ada.copy(profile)
            assert ada.profiles() == []


class TestSaving:
    def test_a_profile_is_created_whole_or_not_at_all(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            for name in ("", "a/b", "x" * 300):
                with pytest.raises(RefusedLocally):
                    ada.create_profile(name, hub=None)
            with pytest.raises(RefusedLocally, match="10000 characters"):
                ada.create_profile("team", hub=None, message="m" * 10_001)
            assert ada.store.profiles() == []
            ada.create_profile("team", hub=None)
            with pytest.raises(RefusedLocally, match="'team' already"):
                ada.create_profile("team", hub=None)
            assert len(ada.store.profiles()) == 1

    def test_a_parked_proposal_is_made_again_upon_what_stands(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            profile = on_hub(ada, 0)
            confirm(ada, profile)
            old = change(ada, profile, 1)
            ada.store.park(old.id, "name_in_use", "taken")
            assert names(ada, profile) == []
            assert [p.proposal for p in ada.copy(profile).parked] == [old]
            change(ada, profile, 2)
            confirm(ada, profile)
            new = ada.store.retry(old.id, id=ada.new_id(), base=ada.copy(profile).seq)
            assert (new.base, new.number, new.events) == (2, 4, old.events)
            assert names(ada, profile) == ["o2", "o1"]

    def test_publish(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            entry, _ = ada.create_profile("mine", hub=None)
            profile = entry.id
            change(ada, profile, 1)
            draft = ada.edit(ada.copy(profile))
            draft.profile().rename("ours")
            draft.commit()
            joined(ada)
            ada.publish(profile, HUB)
            copy = ada.copy(profile)
            assert (copy.hub, copy.name, copy.seq, len(copy.standings)) == (HUB, "ours", 0, 3)
            assert all(isinstance(s.outcome, Accepted) for s in copy.standings)
            first = copy.standings[0].proposal
            assert '"name":"ours"' in first.events[0].body, "the hub may have another `mine`"
            assert names(ada, profile) == ["o1"]
            commits, _ = confirm(ada, profile)
            assert [c.seq for c in commits] == [1, 2, 3]
            assert [c.number for c in ada.store.pending(profile)] == []
            with pytest.raises(ClientError, match="already"):
                ada.publish(profile, HUB)


class TestFiles:
    def test_a_damaged_cache_loses_nothing(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            entry, _ = ada.create_profile("mine", hub=None)
            change(ada, entry.id, 1)
            before = encode(ada.copy(entry.id).view)
        (tmp_path / "replica.db").write_bytes(b"damaged" * 1_000)
        with pytest.raises(LogCorrupt) as raised, workspace_at(tmp_path):
            pass
        assert "only a cache" in raised.value.hint
        Cache.rebuild(tmp_path / "replica.db")
        with workspace_at(tmp_path) as ada:
            assert encode(ada.copy(entry.id).view) == before

    def test_a_deleted_cache_keeps_what_is_pending(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            profile = on_hub(ada)
            confirm(ada, profile)
            waiting = change(ada, profile, 2)
        for file in tmp_path.glob("replica.db*"):
            file.unlink()
        with workspace_at(tmp_path) as ada:
            copy = ada.copy(profile)
            assert copy.seq == 0
            assert [s.proposal for s in copy.standings] == [waiting]
            assert not copy.standings[0].stands, "what it builds on is to be fetched first"

    def test_reading_imports_no_event_loop(self, tmp_path: Path) -> None:
        with workspace_at(tmp_path) as ada:
            entry, _ = ada.create_profile("mine", hub=None)
        code = """
import sys
from pathlib import Path
from stackroom.client import chance
from stackroom.client.home.home import Home
from stackroom.client.workspace import Workspace
import stackroom.client

w = Workspace.open(Home(Path(sys.argv[1])), clock=chance.clock, new_id=chance.new_id, salt=chance.salt)
w.copy(sys.argv[2])
w.close()
heavy = {"asyncio", "anyio", "websockets", "aiosqlite", "rich", "click", "ssl", "ruamel.yaml"}
print(*sorted(heavy & set(sys.modules)))
"""
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path), entry.id],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout == "\n"
