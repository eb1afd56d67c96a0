"""A damaged proposals.db, by real damage: what can be read comes back, and no number is used twice."""

import json
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stackroom.client.home.home import Home
from stackroom.client.home.store import Store
from stackroom.client.home.store_file import ProposalsDamaged
from stackroom.client.replica.witness import attested
from stackroom.client.rescue.rescue import rescue
from stackroom.events.model import ComponentUpdated, Proposal
from stackroom.events.proofs.checkpoint import Checkpoint, sign
from stackroom.events.state import Component
from tests.client.homes import NOON, sealed, workspace_at
from tests.client.proposed import propose
from tests.damaging import cut, flip, page_size, pages, root_page, settle, zero
from tests.events.world import K8S, uid
from tests.sync.notaries import key_of

HUB_ID = uid(9)
REPLICA, ANOTHER = uid(900), uid(901)
TEAM, MINE = uid(1), uid(2)
HUB = "wss://hub.example:8765"
SALT = lambda: bytes(16)  # noqa: E731
SEEN = attested(
    sign(Checkpoint(HUB_ID, TEAM, 3, bytes(32), 1, NOON), key_of(1)),
    HUB_ID,
    key_of(1).public,
    TEAM,
    3,
)
COUNT = 60
LAST = COUNT + 5
"""Five were pushed, and are in the file no more."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    fill(made)
    settle(made.proposals)
    return made


def fill(home: Home) -> None:
    store = Store.open(home.proposals, new_replica_id=REPLICA)
    store.put_hub(HUB, "the hub", 1, "ann")
    store.put_profile(TEAM, "team", HUB)
    store.keep_checkpoint(SEEN)
    store.set_setting("hub", HUB)
    store.set_setting(f"active_stack/{TEAM}", K8S)
    for n in range(1, LAST + 1):
        events = (sealed(K8S, ComponentUpdated({"/config/n": n, "/config/text": "x" * 400})),)
        propose(
            store,
            TEAM,
            id=uid(n),
            base=3,
            author="ann",
            message=f"change {n}",
            time=NOON,
            events=events,
        )
    store.settle([uid(n) for n in range(1, 6)])
    store.park(uid(7), "name_in_use", "it is taken")
    store.close()


def opened(home: Home) -> dict[str, Any]:
    """What the store says now."""
    store = Store.open(home.proposals, new_replica_id="none")
    try:
        (last,) = store._file.one("SELECT last FROM numbers WHERE profile = ?", TEAM) or (0,)
        return {
            "replica": store.replica,
            "pending": {p.id: p for p in store.pending(TEAM)},
            "parked": {p.proposal.id: p for p in store.parked(TEAM)},
            "hubs": store.hubs(),
            "profiles": store.profiles(),
            "seen": store.checkpoint(TEAM),
            "last": last,
        }
    finally:
        store.close()


def same(one: Proposal, other: Proposal) -> bool:
    return (one.id, one.message, one.events) == (other.id, other.message, other.events)


def test_a_whole_file_comes_back_whole(home: Home) -> None:
    before = opened(home)
    done = rescue(home, new_id=lambda: ANOTHER, salt=SALT, now=NOON)
    assert opened(home) == before
    assert (done.proposals, done.unplaced, done.unreadable) == (COUNT, 0, 0)
    assert not done.new_identity
    assert stat.S_IMODE(home.proposals.stat().st_mode) == 0o600
    exported = json.loads(Path(done.export).read_text())
    assert len(exported["proposals"]) == COUNT
    assert stat.S_IMODE(Path(done.export).stat().st_mode) == 0o600


def test_each_page_in_turn(home: Home) -> None:
    """Of a page that is gone, what stood on it is lost, and nothing else."""
    before, damaged = opened(home), home.proposals.read_bytes()
    on_a_page = 4_096 // 400
    for page in range(1, pages(home.proposals) + 1):
        home.proposals.write_bytes(damaged)
        zero(home.proposals, page)
        bytes = home.proposals.read_bytes()
        done = rescue(home, new_id=lambda: ANOTHER, salt=SALT, now=NOON)
        assert Path(done.aside).read_bytes() == bytes
        after = opened(home)
        rescued = {**after["pending"], **{k: p.proposal for k, p in after["parked"].items()}}
        original = {**before["pending"], **{k: p.proposal for k, p in before["parked"].items()}}
        assert len(rescued) >= COUNT - on_a_page, page
        assert all(same(p, original[id]) for id, p in rescued.items())
        assert list(after["pending"]) == [id for id in before["pending"] if id in after["pending"]]
        assert [entry.url for entry in after["hubs"]] == [HUB]
        assert after["seen"] in (SEEN.note, "")
        check_identity(after)


def check_identity(after: dict[str, Any]) -> None:
    if after["replica"] == REPLICA:
        assert after["last"] == LAST, "the numbers are those that it had"
    else:
        assert after["replica"] == ANOTHER
        numbers = [p.number for p in after["pending"].values()]
        numbers += [p.proposal.number for p in after["parked"].values()]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
        assert after["last"] == len(numbers)


@pytest.mark.parametrize("seed", range(40))
def test_any_damage(home: Home, seed: int) -> None:
    random = Random(seed)
    match seed % 4:
        case 0:
            for _ in range(3):
                zero(home.proposals, random.randint(1, pages(home.proposals)))
        case 1:
            flip(home.proposals, random, random.randint(1, pages(home.proposals)), 20)
        case 2:
            cut(home.proposals, random.randrange(home.proposals.stat().st_size))
        case _:
            page = random.choice(
                [root_page(home.proposals, t) for t in ("settings", "numbers", "proposals", "hubs")]
            )
            flip(home.proposals, random, page, 40)
    rescue(home, new_id=lambda: ANOTHER, salt=SALT, now=NOON)
    after = opened(home)
    if after["replica"] == REPLICA:
        assert after["last"] >= max((p.number for p in after["pending"].values()), default=0)
    store = Store.open(home.proposals, new_replica_id="none")
    try:
        if any(entry.id == TEAM for entry in store.profiles()):
            propose(store, TEAM, id=uid(5_000), base=3, author="a", message="", time=1, events=())
    finally:
        store.close()
    with closing(sqlite3.connect(home.proposals)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []


def test_doubtful_numbers_make_another_replica(home: Home) -> None:
    zero(home.proposals, root_page(home.proposals, "numbers"))
    done = rescue(home, new_id=lambda: ANOTHER, salt=SALT, now=NOON)
    after = opened(home)
    assert done.new_identity
    assert after["replica"] == ANOTHER
    assert len(after["pending"]) + len(after["parked"]) == COUNT
    check_identity(after)


def test_numbers_that_are_sure_stay(home: Home) -> None:
    page = root_page(home.proposals, "hubs")
    zero(home.proposals, page)
    assert not rescue(home, new_id=lambda: ANOTHER, salt=SALT, now=NOON).new_identity
    after = opened(home)
    assert (after["replica"], after["last"]) == (REPLICA, LAST)
    assert after["hubs"][0].url == HUB, "from the profile that names it; met anew at the next sync"


def test_a_table_of_numbers_that_is_behind_is_not_believed(home: Home) -> None:
    with closing(sqlite3.connect(home.proposals)) as conn, conn:
        conn.execute("UPDATE numbers SET last = 12")
    zero(home.proposals, root_page(home.proposals, "hubs"))
    assert rescue(home, new_id=lambda: ANOTHER, salt=SALT, now=NOON).new_identity


def test_a_file_that_is_none(home: Home) -> None:
    home.proposals.write_bytes(b"not a database " * 1_000)
    done = rescue(home, new_id=lambda: ANOTHER, salt=SALT, now=NOON)
    assert (done.proposals, done.new_identity) == (0, True)
    assert opened(home)["replica"] == ANOTHER


def test_what_is_in_the_write_ahead_log_alone(home: Home, tmp_path: Path) -> None:
    store = Store.open(home.proposals, new_replica_id="none")
    event = sealed(K8S, ComponentUpdated({"/config/n": 0}))
    propose(
        store, TEAM, id=uid(4_000), base=3, author="ann", message="last", time=NOON, events=(event,)
    )
    copied = Home(tmp_path / "copied")
    copied.make()
    for name in ("proposals.db", "proposals.db-wal"):
        (copied.path / name).write_bytes((home.path / name).read_bytes())
    store.close()
    zero(copied.proposals, root_page(copied.proposals, "proposals"))
    rescue(copied, new_id=lambda: ANOTHER, salt=SALT, now=NOON)
    assert uid(4_000) in opened(copied)["pending"]


@pytest.mark.parametrize("step", ["hardlink_to", "rename", "unlink", "replace"])
def test_killed_at_each_step_of_the_switch(home: Home, tmp_path: Path, step: str) -> None:
    """Whatever was killed, the next rescue has all, also what is in the write-ahead log alone."""
    before = killed_with_a_log(home)
    script = (
        "import os; from pathlib import Path\n"
        "from stackroom.client.home.home import Home\n"
        "from stackroom.client.rescue.rescue import rescue\n"
        f"was = Path.{step}\n"
        "def dying(self, *args, **more):\n"
        "    if self.name.startswith(('proposals.db', 'fresh.db')) and 'json' not in self.name:\n"
        "        os._exit(9)\n"
        "    return was(self, *args, **more)\n"
        f"Path.{step} = dying\n"
        f"rescue(Home(Path({str(home.path)!r})), new_id=lambda: {ANOTHER!r}, salt=lambda: bytes(16), now=1)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    rescue(home, new_id=lambda: ANOTHER, salt=SALT, now=NOON)
    after = opened(home)
    assert set(after["pending"]) | set(after["parked"]) == before
    assert not (home.path / "rescue").exists()


def killed_with_a_log(home: Home) -> set[str]:
    """A proposal is in the write-ahead log alone, and the table of hubs is gone; the ids of all proposals."""
    zero(home.proposals, root_page(home.proposals, "hubs"))
    script = (
        "import os; from pathlib import Path\n"
        "from tests.client.test_rescue import *\n"
        f"store = Store.open(Path({str(home.proposals)!r}), new_replica_id='none')\n"
        "event = sealed(K8S, ComponentUpdated({'/config/n': 0}))\n"
        "propose(store, TEAM, id=uid(4_000), base=3, author='ann', message='last', time=1, events=(event,))\n"
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert Path(f"{home.proposals}-wal").stat().st_size
    return {uid(n) for n in range(6, LAST + 1)} | {uid(4_000)}


def test_a_full_disk_leaves_all_as_it_was(home: Home) -> None:
    zero(home.proposals, root_page(home.proposals, "hubs"))
    damaged = home.proposals.read_bytes()
    script = (
        "import resource; from pathlib import Path\n"
        "from stackroom.client.home.home import Home\n"
        "from stackroom.client.rescue.rescue import rescue\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, 8_192))\n"
        f"rescue(Home(Path({str(home.path)!r})), new_id=lambda: {ANOTHER!r}, salt=lambda: bytes(16), now=1)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, stderr=-3).returncode == 1
    assert home.proposals.read_bytes() == damaged
    assert not list(home.path.glob("proposals.db.damaged*"))


def test_a_row_that_cannot_be_read_is_in_the_export(home: Home) -> None:
    with closing(sqlite3.connect(home.proposals)) as conn, conn:
        conn.execute("UPDATE proposals SET events = '[{broken' WHERE id = ?", (uid(9),))
    store = Store.open(home.proposals, new_replica_id="none")
    with pytest.raises(ProposalsDamaged) as told:
        store.pending(TEAM)
    store.close()
    assert "doctor --repair" in told.value.hint
    done = rescue(home, new_id=lambda: ANOTHER, salt=SALT, now=NOON)
    assert (done.proposals, done.unreadable) == (COUNT - 1, 1)
    assert "[{broken" in Path(done.export).read_text()


def test_a_local_profile_has_its_history_from_the_cache(tmp_path: Path) -> None:
    with workspace_at(tmp_path / "home") as workspace:
        entry, _ = workspace.create_profile("mine", hub=None)
        for n in range(40):
            draft = workspace.edit(workspace.copy(entry.id), f"change {n}" + "x" * 300)
            draft.register_component("orchestrator", f"c{n}", "local")
            draft.commit()
        names = {c.name for _, c in workspace.copy(entry.id).view.all(Component)}
    home = Home(tmp_path / "home")
    settle(home.proposals)
    size = page_size(home.proposals)
    data = home.proposals.read_bytes()
    leaves = [n for n in range(2, len(data) // size + 1) if data[(n - 1) * size] == 0x0A]
    fullest = max(leaves, key=lambda n: data[(n - 1) * size : n * size].count(b"change"))
    zero(home.proposals, fullest)
    rescue(home, new_id=lambda: ANOTHER, salt=SALT, now=NOON)
    with workspace_at(tmp_path / "home") as workspace:
        again = workspace.copy(entry.id)
        assert {c.name for _, c in again.view.all(Component)} == names
        workspace.cache.forget(entry.id)
        assert {c.name for _, c in workspace.copy(entry.id).view.all(Component)} == names
