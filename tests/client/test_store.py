"""The precious file: nothing that was typed gets lost, and no number is given twice."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from stackroom.client.errors import FileReplaced
from stackroom.client.home.store import Counts, ProfileEntry, ProposalState, Store
from stackroom.client.home.store_file import StoreFile
from stackroom.client.replica.witness import Seen
from stackroom.events.errors import LogCorrupt, LogError, LogNewer
from stackroom.events.model import Commit, ComponentDeleted, ProfileCreated, Proposal
from stackroom.events.proofs.checkpoint import Checkpoint
from tests.client import proposed
from tests.client.homes import NOON, sealed
from tests.events.world import uid

TEAM, OTHER = uid(1), uid(2)
HUB = "ws://hub:8765"

PROPOSER = """
import sys
from pathlib import Path
from stackroom.client.chance import new_id
from stackroom.client.home.store import Store
from stackroom.events.codec import seal
from stackroom.events.model import ComponentDeleted

path, times = Path(sys.argv[1]), int(sys.argv[2])
store = Store.open(path, new_replica_id=new_id())
print("ready", flush=True)
sys.stdin.readline()
for n in range(times):
    event = seal(new_id(), ComponentDeleted(), bytes(16))
    said = {"id": new_id(), "base": 0, "author": "a", "message": "", "time": n, "events": [event]}
    with store.proposing("team", **said) as made:
        pass
    print(made.number, made.id, flush=True)
"""


def open_store(path: Path) -> Store:
    return Store.open(path, new_replica_id=uid(999))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "proposals.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = open_store(path)
    opened.put_profile(TEAM, "team", None)
    yield opened
    opened.close()


def propose(
    store: Store, n: int, profile: str = TEAM, state: ProposalState = "pending"
) -> Proposal:
    return proposed.propose(
        store,
        profile,
        id=uid(1_000 + n),
        base=n,
        author="ada",
        message=f"change {n}",
        time=NOON + n,
        events=[sealed(uid(n), ComponentDeleted())],
        state=state,
    )


def proposer(path: Path, times: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROPOSER, str(path), str(times)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class TestProposals:
    def test_what_is_saved_is_there_for_the_next_process(self, path: Path, store: Store) -> None:
        made = [propose(store, n) for n in (1, 2, 3)]
        store.close()
        again = open_store(path)
        assert again.pending(TEAM) == made
        assert [p.number for p in made] == [1, 2, 3]
        assert made[0].events[0].salt == bytes(16)
        again.close()

    def test_numbers_are_never_given_again(self, store: Store) -> None:
        for n in (1, 2, 3):
            propose(store, n)
        store.settle([uid(1_001), uid(1_002)])
        assert store.drop(uid(1_003))
        assert store.pending(TEAM) == []
        assert propose(store, 4).number == 4

    def test_numbers_outlive_the_registration_of_their_profile(self, store: Store) -> None:
        propose(store, 1)
        assert not store.forget_profile(TEAM), "a proposal of it is kept"
        store.settle([uid(1_001)])
        assert store.forget_profile(TEAM)
        assert store.profiles() == []
        store.put_profile(TEAM, "team", None)
        assert propose(store, 2).number == 2

    def test_each_profile_counts_by_itself(self, store: Store) -> None:
        store.put_profile(OTHER, "other", None)
        assert [propose(store, 1).number, propose(store, 2, OTHER).number] == [1, 1]

    def test_a_profile_that_is_not_registered(self, store: Store) -> None:
        with pytest.raises(KeyError):
            propose(store, 1, OTHER)

    def test_registering_and_proposing_is_one_step(self, store: Store) -> None:
        new = ProfileEntry(OTHER, "other", None)
        event = sealed(OTHER, ProfileCreated("other"))
        with pytest.raises(ZeroDivisionError), store.proposing(
            OTHER, id=uid(5), base=0, author="ada", message="", time=NOON, events=[event],
            registering=new,
        ):  # fmt: skip
            raise ZeroDivisionError
        assert [entry.id for entry in store.profiles()] == [TEAM]
        saved = proposed.propose(
            store, OTHER, id=uid(5), base=0, author="ada", message="", time=NOON, events=[event],
            registering=new,
        )  # fmt: skip
        assert saved.number == 1
        assert new in store.profiles()
        assert store.pending(OTHER) == [saved]

    def test_an_id_is_used_once(self, store: Store) -> None:
        first = propose(store, 1)
        with pytest.raises(LogError, match="UNIQUE"):
            propose(store, 1)
        assert store.pending(TEAM) == [first]
        assert propose(store, 2).number == 2

    def test_parked_and_why(self, store: Store) -> None:
        first, second = propose(store, 1), propose(store, 2)
        store.park(first.id, "name_in_use", "there is one already")
        (parked,) = store.parked(TEAM)
        assert (parked.proposal, parked.code) == (first, "name_in_use")
        assert parked.sentence == "there is one already"
        assert store.pending(TEAM) == [second]
        assert store.counts() == {TEAM: Counts(1, 1)}

    def test_a_late_refusal_does_not_park_again(self, store: Store) -> None:
        first = propose(store, 1)
        store.park(first.id, "a", "first")
        store.park(first.id, "b", "second")
        store.park(uid(77), "c", "nobody")
        assert [parked.code for parked in store.parked(TEAM)] == ["a"]

    def test_retry_is_the_same_change_anew(self, store: Store) -> None:
        old = propose(store, 1)
        store.park(old.id, "x", "y")
        new = store.retry(old.id, id=uid(2_000), base=40)
        assert new == Proposal(uid(2_000), 2, 40, old.message, old.time, old.events)
        assert store.pending(TEAM) == [new]
        assert store.parked(TEAM) == []
        with pytest.raises(KeyError):
            store.retry(old.id, id=uid(2_001), base=40)
        with pytest.raises(KeyError):
            store.retry(new.id, id=uid(2_001), base=40)

    def test_the_history_of_a_local_profile_is_neither_settled_parked_nor_dropped(
        self, store: Store
    ) -> None:
        first, second = propose(store, 1, state="local"), propose(store, 2, state="local")
        store.settle([first.id])
        store.park(first.id, "x", "y")
        assert not store.drop(first.id)
        assert [(kept.proposal, kept.author) for kept in store.local(TEAM)] == [
            (first, "ada"),
            (second, "ada"),
        ]
        assert [kept.proposal for kept in store.local(TEAM, skip=1)] == [second]
        assert store.newest_local(TEAM) == (2, second.id)
        assert store.newest_local(OTHER) == (0, "")
        assert store.counts() == {}

    def test_publish(self, store: Store) -> None:
        made = [propose(store, n, state="local") for n in (1, 2)]
        store.put_hub(HUB, "hub-1", 1, "ada")
        events = (sealed(TEAM, ProfileCreated("new name")),)
        first = structs.replace(made[0], events=events)
        store.publish(TEAM, HUB, first)
        assert store.pending(TEAM) == [first, made[1]]
        assert store.local(TEAM) == []
        assert store.profiles() == [ProfileEntry(TEAM, "team", HUB)]


class TestRegistry:
    def test_the_replica_keeps_its_id(self, path: Path, store: Store) -> None:
        again = Store.open(path, new_replica_id=uid(5))
        assert again.replica == store.replica == uid(999)
        again.close()

    def test_settings(self, store: Store) -> None:
        store.set_setting("a", "1")
        store.set_setting("a", "2")
        assert store.setting("a") == "2"
        store.set_setting("a", None)
        assert store.setting("a") is None

    def test_hubs_and_profiles(self, store: Store) -> None:
        store.put_hub(HUB, "", 0, "ada")
        store.put_hub(HUB, "hub-1", 3, "ada")
        (hub,) = store.hubs()
        assert (hub.url, hub.hub, hub.epoch, hub.user) == (HUB, "hub-1", 3, "ada")
        store.put_profile(OTHER, "other", HUB)
        store.rename_profile(OTHER, "a-name")
        store.synced(OTHER, NOON)
        store.mark_deleted(OTHER)
        assert store.profiles() == [
            ProfileEntry(OTHER, "a-name", HUB, NOON, True),
            ProfileEntry(TEAM, "team", None),
        ]

    def test_the_last_checkpoint_is_kept_and_no_earlier_one(self, store: Store) -> None:
        def seen(size: int, epoch: int = 1, hub: str = "hub-1") -> Seen:
            return Seen(f"{hub} {epoch} {size}", Checkpoint(hub, TEAM, size, bytes(32), epoch, 5))

        assert store.checkpoint(TEAM) == ""
        for new, kept in (
            (seen(5), "hub-1 1 5"),
            (seen(4), "hub-1 1 5"),
            (seen(6), "hub-1 1 6"),
            (seen(3, epoch=2), "hub-1 2 3"),
            (seen(9), "hub-1 2 3"),
            (seen(1, hub="hub-2"), "hub-2 1 1"),
        ):
            store.keep_checkpoint(new)
            assert store.checkpoint(TEAM) == kept
        assert store.checkpoint(OTHER) == ""

    def test_a_profile_needs_a_hub_that_is_known(self, store: Store) -> None:
        with pytest.raises(LogError, match="FOREIGN KEY"):
            store.put_profile(OTHER, "other", HUB)

    def test_what_a_hub_says_anew_is_durable_with_what_follows(self, path: Path) -> None:
        normal, full = 1, 2  # As `PRAGMA synchronous` says it.

        file = StoreFile.open(path, new_replica_id=uid(999), now=0, synchronous="FULL")
        with closing(file):
            for durable, mode in ((True, full), (False, normal), (False, normal), (True, full)):
                with file.writing(durable=durable) as outer, file.writing() as inner:
                    assert inner is outer
                    assert outer.execute("PRAGMA synchronous").fetchone() == (mode,)

    def test_what_is_written_together_is_all_there_or_not(self, path: Path, store: Store) -> None:
        def interrupted() -> None:
            with store.together():
                store.put_hub(HUB, "hub-1", 1, "ada")
                store.put_profile(OTHER, "other", HUB)
                raise KeyError

        with pytest.raises(KeyError):
            interrupted()
        assert store.hubs() == []
        with store.together(durable=False):
            store.put_hub(HUB, "hub-1", 1, "ada")
            store.put_profile(OTHER, "other", HUB)
        with closing(open_store(path)) as another:
            assert [p.id for p in another.profiles()] == [OTHER, TEAM]

    def test_data_version_tells_of_others(self, path: Path, store: Store) -> None:
        before = store.data_version()
        propose(store, 1)
        assert store.data_version() == before
        other = open_store(path)
        propose(other, 2)
        assert store.data_version() != before
        other.close()


class TestProcesses:
    def test_four_at_once_get_distinct_numbers_and_nothing_is_lost(
        self, path: Path, store: Store
    ) -> None:
        store.put_profile("team", "team", None)
        processes = [proposer(path, 50) for _ in range(4)]
        told: list[tuple[int, str]] = []
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            out, _ = process.communicate(timeout=60)
            assert process.returncode == 0
            for line in out.splitlines():
                number, id = line.split()
                told.append((int(number), id))
        kept = [(proposal.number, proposal.id) for proposal in store.pending("team")]
        assert [number for number, _ in kept] == list(range(1, 201))
        assert sorted(told) == kept

    def test_killed_amid_its_work(self, path: Path, store: Store) -> None:
        store.put_profile("team", "team", None)
        process = proposer(path, 100_000)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.write("go\n")
        process.stdin.flush()
        told = [process.stdout.readline() for _ in range(20)]
        process.kill()
        rest, _ = process.communicate(timeout=60)
        told += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        kept = {(str(p.number), p.id) for p in store.pending("team")}
        assert {tuple(line.split()) for line in told} <= kept
        assert sorted(int(number) for number, _ in kept) == list(range(1, len(kept) + 1))
        new = proposed.propose(
            store, "team", id=uid(1), base=0, author="a", message="", time=0,
            events=[sealed(uid(2), ComponentDeleted())],
        )  # fmt: skip
        assert new.number == len(kept) + 1
        with sqlite3.connect(path) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        conn.close()


class TestFiles:
    def test_deleted_while_it_is_open(self, path: Path, store: Store) -> None:
        propose(store, 1)
        path.unlink()
        with pytest.raises(FileReplaced, match="deleted or replaced") as raised:
            propose(store, 2)
        assert raised.value.hint
        assert [p.number for p in store.pending(TEAM)] == [1], "what was opened can be read"
        path.touch()
        with pytest.raises(FileReplaced):
            store.settle([uid(1_001)])

    def test_not_a_database(self, path: Path) -> None:
        path.write_bytes(b"typed by hand" * 100)
        with pytest.raises(LogCorrupt):
            open_store(path)
        assert path.read_bytes() == b"typed by hand" * 100

    def test_of_another_program(self, path: Path) -> None:
        conn = sqlite3.connect(path)
        conn.execute("CREATE TABLE theirs (a)")
        conn.close()
        with pytest.raises(LogError, match="another program"):
            open_store(path)

    def test_of_a_newer_program(self, path: Path, store: Store) -> None:
        conn = sqlite3.connect(path)
        conn.execute("PRAGMA user_version = 99")
        conn.close()
        with pytest.raises(LogNewer):
            open_store(path)


class TestCopies:
    def test_what_was_made_here_is_not_disowned(self, store: Store) -> None:
        made = [propose(store, n) for n in (1, 2)]
        store.settle([made[0].id])
        assert not store.disowns(TEAM, [committed(store, each) for each in made])
        assert not store.disowns(TEAM, [])

    def test_what_another_made_under_this_name_is(self, store: Store) -> None:
        (made, *_) = [propose(store, n) for n in (1, 2)]
        other = committed(store, structs.replace(made, id=uid(5)))
        later = committed(store, structs.replace(made, id=uid(6), number=3))
        assert store.disowns(TEAM, [other])
        assert store.disowns(TEAM, [committed(store, made), later])
        assert store.disowns(OTHER, [other])


def committed(store: Store, proposal: Proposal) -> Commit:
    """The commit of a proposal of this home's replica, as far as it matters."""
    return Commit(
        1, proposal.id, store.replica, proposal.number, 0, "a", "", 0, 0, proposal.events, b""
    )
