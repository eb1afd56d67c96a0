"""A hub that takes back what it has signed, over real sockets: caught by the first client that meets it.

Each is tried on a client that has its copy, and on one that has lost it and holds the hub to what it
remembers to have seen.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal
from msgspec import structs

from stackroom.client.connection import evidence
from stackroom.client.connection.exchange import exchange, plan
from stackroom.client.errors import OtherKey
from stackroom.client.replica.problems import as_error
from stackroom.client.replica.replica import Problem
from stackroom.client.workspace import Workspace
from stackroom.events import codec
from stackroom.events.errors import IntegrityError
from stackroom.events.proofs import checkpoint, merkle, rotation, signed_note
from stackroom.events.sqlite.log import LogFile
from stackroom.sync import protocol as wire
from stackroom.sync.settings import Settings as HubSettings
from tests.client.hubs import FaultyHub, running_hub
from tests.client.people import create_team, person, set_key
from tests.sync.notaries import key_of

SETTINGS = HubSettings(snapshot_worth=3)
Restore = Callable[[], None]


@pytest.fixture(params=[50, 3], ids=["all commits", "a snapshot first"])
def hub(
    portal: BlockingPortal, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[FaultyHub]:
    running = running_hub(tmp_path / "hub", settings=SETTINGS)
    with portal.wrap_async_context_manager(running) as hub:
        hub.snapshot_every = request.param
        portal.call(hub.stop)
        portal.call(hub.start)
        yield hub


@pytest.fixture(params=[False, True], ids=["with its copy", "without its copy"])
def lost(request: pytest.FixtureRequest) -> bool:
    """Whether the client has lost its copy before it meets the hub again."""
    return bool(request.param)


@pytest.fixture
def backup(hub: FaultyHub, portal: BlockingPortal) -> Callable[[], Restore]:
    """Keeps the hub's file as it is; what is returned puts it back."""

    def keep() -> Restore:
        portal.call(hub.stop)
        kept = hub.path.read_bytes()
        portal.call(hub.start)

        def restore() -> None:
            portal.call(hub.stop)
            hub.path.write_bytes(kept)
            portal.call(hub.start)

        return restore

    return keep


def filled(ada: Workspace, hub: FaultyHub, upto: int) -> str:
    """A profile of ada's with commits up to that seq, all on the hub; its id."""
    team = create_team(ada, hub.url)
    for n in range(3, upto + 1):
        set_key(ada, team, "gpu", n)
    assert exchange(ada, hub.url).profiles[team].seq == upto
    return team


def grow(ada: Workspace, hub: FaultyHub, team: str, *values: object) -> None:
    for value in values:
        set_key(ada, team, "gpu", value)
    exchange(ada, hub.url)


def met(home: Path, hub: FaultyHub, team: str, *, lost: bool) -> tuple[Problem, list[str]]:
    """What a client says that meets the hub again, and the notes that it has kept as evidence."""
    if lost:
        for file in home.glob("replica.db*"):
            file.unlink()
    with person(home, hub.url) as ada:
        if not lost:
            set_key(ada, team, "mine", 1)
        pushes, waiting = hub.pushes, len(ada.store.pending(team))
        done = exchange(ada, hub.url).profiles[team]
        assert done.problem is not None
        assert (hub.pushes, len(ada.store.pending(team))) == (pushes, waiting)
        error = as_error(done.problem)
        assert isinstance(error, IntegrityError)
        assert hub.url in str(error)
        assert "'team'" in str(error)
        with pytest.raises(IntegrityError):
            plan(ada, hub.url, team)
    (file,) = (home / "evidence").iterdir()
    assert str(file) in str(error)
    return done.problem, signed_note.split(file.read_text("utf-8"))


def stated(hub: FaultyHub, notes: list[str]) -> list[int]:
    """The sizes of the checkpoints that were kept, each signed by the hub."""
    id = hub.core.identity.id
    return [checkpoint.verify(note, id, key_of(1).public).size for note in notes]


def test_a_hub_that_was_rolled_back(
    hub: FaultyHub, tmp_path: Path, backup: Callable[[], Restore], lost: bool
) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = filled(ada, hub, 5)
        restore = backup()
        grow(ada, hub, team, "a", "b", "c")
    restore()
    problem, notes = met(tmp_path / "ada", hub, team, lost=lost)
    assert problem.code == "parted"
    assert "it stands at #5" in problem.sentence
    assert ("from #6 on" if not lost else "which was at #8") in problem.sentence
    assert stated(hub, notes) == [8, 5]


def test_a_hub_that_forked(
    hub: FaultyHub, tmp_path: Path, backup: Callable[[], Restore], lost: bool
) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = filled(ada, hub, 5)
        restore = backup()
        grow(ada, hub, team, "a", "b", "c")
    restore()
    with person(tmp_path / "ben", hub.url) as ben:
        exchange(ben, hub.url)
        grow(ben, hub, team, "x", "y", "z", "w")
    problem, notes = met(tmp_path / "ada", hub, team, lost=lost)
    assert "has another history" in problem.sentence
    assert ("they part at #6" if not lost else "up to #") in problem.sentence
    # What contradicts it is what was signed of a snapshot or of all there is: #6 and #9 here.
    assert stated(hub, notes) in ([8, 9], [8, 6])


def test_it_is_not_asked_for_the_history_that_a_copy_of_the_lost_one_lacks(
    hub: FaultyHub, backup: Callable[[], Restore], tmp_path: Path
) -> None:
    with person(tmp_path / "ada", hub.url) as ada, person(tmp_path / "ben", hub.url) as ben:
        team = filled(ada, hub, 5)
        restore = backup()
        grow(ada, hub, team, 6, 7)
        exchange(ben, hub.url, history=False)
        head, missing = ben.cache.log.head(team), ben.cache.missing(team)
        assert (head.seq, missing is None) == (7, hub.snapshot_every == 50)
        restore()
        with person(tmp_path / "eve", hub.url) as eve:
            exchange(eve, hub.url)
            grow(eve, hub, team, *"abcde")  # Beyond where ben is.
        problem = exchange(ben, hub.url).profiles[team].problem
        assert problem is not None
        assert problem.code == "parted"
        assert (ben.cache.log.head(team), ben.cache.missing(team)) == (head, missing)


@pytest.mark.parametrize("seq", [1, 4, 8])
def test_a_hub_that_rewrote_a_commit(
    hub: FaultyHub, portal: BlockingPortal, tmp_path: Path, lost: bool, seq: int
) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = filled(ada, hub, 8)
    portal.call(hub.stop)
    rewrite(hub.path, team, seq)
    portal.call(hub.start)
    problem, notes = met(tmp_path / "ada", hub, team, lost=lost)
    if not lost:
        assert f"they part at #{seq};" in problem.sentence
    assert stated(hub, notes)[0] == 8


def rewrite(path: Path, profile: str, seq: int) -> None:
    """What an operator can do who has the file and the key: another message, and every root made to fit."""
    conn = sqlite3.connect(path)
    for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        conn.execute(f"DROP TRIGGER {name}")
    ((number,),) = conn.execute("SELECT number FROM profiles WHERE id = ?", (profile,))
    at = (number, seq)
    conn.execute("UPDATE commits SET message = 'nothing' WHERE profile = ? AND seq = ?", at)
    conn.execute("DELETE FROM snapshots WHERE profile = ?", (number,))
    conn.commit()
    conn.close()
    file = LogFile.open(path, new_id="")
    with file.reading() as log:
        commits = log.commits(profile, 0, 1_000)
    file.close()
    conn, tree = sqlite3.connect(path), merkle.Frontier()
    for commit in commits:
        leaf = merkle.leaf_hash(codec.leaf(profile, commit))
        tree = merkle.grow(tree, leaf)
        found = (leaf, merkle.root(tree), number, commit.seq)
        conn.execute("UPDATE commits SET leaf = ?, root = ? WHERE profile = ? AND seq = ?", found)
    head = (merkle.root(tree), merkle.pack(tree), number)
    conn.execute("UPDATE profiles SET root = ?, peaks = ? WHERE number = ?", head)
    conn.commit()
    conn.close()


def test_a_hub_that_replays_an_old_checkpoint(hub: FaultyHub, tmp_path: Path, lost: bool) -> None:
    old: list[str] = []

    def listen(message: wire.FromHub) -> wire.FromHub:
        if isinstance(message, wire.CaughtUp):
            old.append(message.checkpoint)
        return message

    def replay(message: wire.FromHub) -> wire.FromHub:
        if isinstance(message, wire.CaughtUp) and message.checkpoint:
            return structs.replace(message, checkpoint=old[0])
        return message

    with person(tmp_path / "ada", hub.url) as ada:
        hub.lie = listen
        team = filled(ada, hub, 4)
        exchange(ada, hub.url)
        grow(ada, hub, team, "a", "b")
        hub.lie = replay
        if lost:
            ada.cache.forget(team)
        done = exchange(ada, hub.url).profiles[team]
    assert done.problem is not None
    assert done.problem.code == "integrity"
    assert "what the hub says of #6 does not hold" in done.problem.sentence
    assert "at #" in done.problem.sentence


def test_a_hub_that_denies_what_it_has_lost(
    hub: FaultyHub, tmp_path: Path, backup: Callable[[], Restore]
) -> None:
    """It says that nothing is amiss, and signs where it stands."""
    with person(tmp_path / "ada", hub.url) as ada:
        team = filled(ada, hub, 5)
        restore = backup()
        grow(ada, hub, team, "a")
        restore()

        with ada.cache.reader() as log:
            root = log.commits(team, 4, 1)[0].root
        notary = hub.core.notary
        assert notary is not None
        note = notary.checkpoint(team, 5, root, 5)

        def deny(message: wire.FromHub) -> wire.FromHub:
            if isinstance(message, wire.Error) and message.code == "parted":
                return wire.CaughtUp(team, 5, root, note)
            return message

        hub.lie = deny
        done = exchange(ada, hub.url).profiles[team]
    assert done.problem is not None
    assert "it stands at #5" in done.problem.sentence


def test_a_hub_that_shows_another_key(
    hub: FaultyHub, portal: BlockingPortal, tmp_path: Path
) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = filled(ada, hub, 4)
        portal.call(hub.stop)
        hub.key = 2
        portal.call(hub.start)
        set_key(ada, team, "gpu", 9)
        for ask in (lambda: exchange(ada, hub.url), lambda: plan(ada, hub.url, team)):
            with pytest.raises(OtherKey, match="another key"):
                ask()
        assert len(ada.store.pending(team)) == 1
        portal.call(hub.stop)
        id = hub.core.identity.id
        hub.rotations = (rotation.state(id, key_of(2).public, 5, key_of(1)),)
        portal.call(hub.start)
        assert exchange(ada, hub.url).profiles[team].seq == 5


def test_a_hub_that_does_not_sign_where_it_stands(hub: FaultyHub, tmp_path: Path) -> None:
    def silent(message: wire.FromHub) -> wire.FromHub:
        return (
            structs.replace(message, checkpoint="")
            if isinstance(message, wire.CaughtUp | wire.Snapshot)
            else message
        )

    with person(tmp_path / "ada", hub.url) as ada:
        team = filled(ada, hub, 4)
        hub.lie = silent
        done = exchange(ada, hub.url).profiles[team]
    assert done.problem is not None
    assert "the hub has not signed it" in done.problem.sentence


def test_a_full_disk_hides_no_parting(
    hub: FaultyHub,
    tmp_path: Path,
    backup: Callable[[], Restore],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with person(tmp_path / "ada", hub.url) as ada:
        team = filled(ada, hub, 5)
        restore = backup()
        grow(ada, hub, team, "a")
        restore()
        monkeypatch.setattr(evidence, "keep", full)
        problem = exchange(ada, hub.url).profiles[team].problem
    assert problem is not None
    assert "it stands at #5; what it has signed could not be kept: No space" in problem.sentence
