"""One-shot exchanges: real sockets and files, called from plain code as a command calls them."""

import gc
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from stackroom.client import chance
from stackroom.client.connection.exchange import exchange, plan, publish
from stackroom.client.connection.foresee import Known
from stackroom.client.errors import NameTaken, NotAuthorised, Unreachable, VersionMismatch
from stackroom.client.workspace import Workspace
from stackroom.events.audit.verify import verify
from stackroom.events.deciding.check import Accepted, Conflicted, Rejected
from stackroom.events.proofs.merkle import root
from stackroom.events.state import Conflict, encode
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.redacting import Done, redact
from stackroom.sync.settings import Settings as HubSettings
from tests.client.hubs import FaultyHub, running_hub
from tests.client.people import config, create_team, open_home, person, set_key


@pytest.fixture
def hub(portal: BlockingPortal, tmp_path: Path) -> Iterator[FaultyHub]:
    with portal.wrap_async_context_manager(running_hub(tmp_path / "hub")) as hub:
        yield hub


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_what_one_saved_reaches_the_other(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada, person(tmp_path / "ben", hub.url) as ben:
        team = create_team(ada, hub.url)
        pushed = exchange(ada, hub.url).profiles[team]
        assert [c.seq for c in pushed.committed] == [1, 2]
        assert {c.outcome for c in pushed.committed} == {"accepted"}
        assert (pushed.received, pushed.pending, pushed.caught_up) == (0, 0, True)
        assert ada.store.pending(team) == []

        received = exchange(ben, hub.url).profiles[team]
        assert (received.received, received.seq, received.caught_up) == (2, 2, True)
        assert ben.entry("team").hub == hub.url
        assert config(ben, team) == {"namespace": "default"}
        assert root(ben.cache.load(team).frontier) == root(ada.cache.load(team).frontier)
        assert ben.copy(team).synced_at is not None


def test_the_state_is_in_the_file_once_the_work_is_done(hub: FaultyHub, tmp_path: Path) -> None:
    def kept(workspace: Workspace) -> int | None:
        with workspace.cache.reader(sought=False) as log:
            snapshot = log.snapshot(team)
        return snapshot.seq if snapshot is not None else None

    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        exchange(ada, hub.url)
    with person(tmp_path / "ben", hub.url) as ben:
        exchange(ben, hub.url)
        assert kept(ben) is None
        with person(tmp_path / "ben", hub.url) as another:
            assert another.copy(team).seq == ben.copy(team).seq == 2
            assert encode(another.copy(team).confirmed) == encode(ben.copy(team).confirmed)
    with person(tmp_path / "ben", hub.url) as ben:
        assert kept(ben) == 2


def test_what_cannot_be_kept_then_is_done_without(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        exchange(ada, hub.url)
        ada.home.replica.rename(tmp_path / "elsewhere.db")  # Nothing may be written to it now.
    with person(tmp_path / "ada", hub.url) as ada:
        exchange(ada, hub.url)
        assert config(ada, team) == {"namespace": "default"}


def test_what_came_is_opened_as_the_files_have_it(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada, person(tmp_path / "ben", hub.url) as ben:
        team = create_team(ada, hub.url)
        exchange(ada, hub.url)
        often = gc.get_threshold()
        exchange(ben, hub.url)
        assert gc.get_threshold() == often
        assert encode(ben.loaded[team].state) == encode(ben.cache.load(team).state)
        assert encode(ben.copy(team).confirmed) == encode(ada.copy(team).confirmed)

        set_key(ada, team, "namespace", "ml")
        exchange(ada, hub.url)
        with person(tmp_path / "ben", hub.url) as another:
            exchange(another, hub.url)
        assert config(ben, team) == {"namespace": "ml"}
        assert encode(ben.copy(team).confirmed) == encode(ada.copy(team).confirmed)


@pytest.mark.parametrize("page_commits", [1, 7])
def test_a_long_history_comes_in_pages(
    portal: BlockingPortal, tmp_path: Path, page_commits: int
) -> None:
    settings = HubSettings(page_commits=page_commits)
    running = running_hub(tmp_path / "hub", settings=settings)
    with (
        portal.wrap_async_context_manager(running) as hub,
        person(tmp_path / "ada", hub.url) as ada,
        person(tmp_path / "ben", hub.url) as ben,
    ):
        team = create_team(ada, hub.url)
        for n in range(60):
            set_key(ada, team, f"key{n}", n)
        exchange(ada, hub.url)
        received = exchange(ben, hub.url).profiles[team]
        assert (received.received, received.seq, received.caught_up) == (62, 62, True)
        assert config(ben, team) == config(ada, team)
        with ben.cache.reader() as log:
            assert verify(log, team).frontier == ada.cache.load(team).frontier


def test_a_second_exchange_has_nothing_to_do(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        exchange(ada, hub.url)
        again = exchange(ada, hub.url).profiles[team]
        assert (again.received, again.committed, again.parked, again.pending) == (0, (), (), 0)


def test_offline_edits_merge_conflict_and_are_resolved(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada, person(tmp_path / "ben", hub.url) as ben:
        team = create_team(ada, hub.url)
        exchange(ada, hub.url)
        exchange(ben, hub.url)
        set_key(ada, team, "gpu", 1)
        set_key(ada, team, "namespace", "ada")
        set_key(ben, team, "cpu", 4)
        set_key(ben, team, "namespace", "ben")

        exchange(ada, hub.url)
        foreseen = plan(ben, hub.url, team)
        done = exchange(ben, hub.url).profiles[team]
        assert [c.outcome for c in done.committed] == ["merged", "conflict"]
        assert done.conflicts == (6,)
        assert [type(f.outcome) for f in foreseen.proposals] == [Accepted, Conflicted]
        assert (foreseen.seq, foreseen.head, len(foreseen.incoming)) == (2, 4, 2)

        exchange(ada, hub.url)
        for who in (ada, ben):
            copy = who.copy(team)
            assert [c.opened for _, c in copy.view.all(Conflict)] == [6]
            assert config(who, team) == {"namespace": "ada", "gpu": 1, "cpu": 4}

        from stackroom.events.composing.resolve import resolve

        copy = ada.copy(team)
        ((conflict, _),) = copy.view.all(Conflict)
        draft = ada.edit(copy, "ben is right")
        draft.add(resolve(copy.view, conflict, "ours", revive=copy.revive))
        draft.commit()
        exchange(ada, hub.url)
        exchange(ben, hub.url)
        for who in (ada, ben):
            assert config(who, team)["namespace"] == "ben"
            assert list(who.copy(team).view.all(Conflict)) == []
            assert who.store.pending(team) == []


def test_a_plan_changes_nothing(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada, person(tmp_path / "ben", hub.url) as ben:
        team = create_team(ada, hub.url)
        exchange(ada, hub.url)
        exchange(ben, hub.url)
        set_key(ada, team, "gpu", 1)
        exchange(ada, hub.url)
        set_key(ben, team, "gpu", 2)
        before = ben.cache.load(team).frontier
        foreseen = plan(ben, hub.url, team)
        assert len(foreseen.incoming) == 1
        assert ben.cache.load(team).frontier == before
        assert len(ben.store.pending(team)) == 1
        assert exchange(ada, hub.url).profiles[team].received == 0


def test_a_plan_amid_whose_news_a_value_is_taken_out(
    hub: FaultyHub, portal: BlockingPortal, tmp_path: Path
) -> None:
    with person(tmp_path / "ada", hub.url) as ada, person(tmp_path / "ben", hub.url) as ben:
        team = create_team(ada, hub.url)
        set_key(ada, team, "leaked", "hunter2")
        exchange(ada, hub.url)
        exchange(ben, hub.url)
        set_key(ada, team, "gpu", 1)
        exchange(ada, hub.url)
        order = wire.Redact(team, 3, "/config/leaked", "it leaked")
        taking = partial(redact, hub.authority, "ann", order, chance.clock())
        assert isinstance(portal.call(hub.log.write, taking), Done)
        set_key(ben, team, "gpu", 2)
        foreseen = plan(ben, hub.url, team)
        assert [type(f.outcome) for f in foreseen.proposals] == [Conflicted]
        assert (foreseen.seq, foreseen.since, foreseen.head) == (3, 3, 5)
        assert [commit.seq for commit in foreseen.incoming] == [4, 5]
        assert exchange(ben, hub.url).profiles[team].conflicts == (6,)


def test_a_plan_knows_names_that_the_hub_has(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada, person(tmp_path / "ben", hub.url) as ben:
        create_team(ada, hub.url)
        exchange(ada, hub.url)
        other = create_team(ben, hub.url)
        outcome = plan(ben, hub.url, other).proposals[0].outcome
        assert isinstance(outcome, Rejected)
        assert outcome.refusal.code == "name_in_use"
        done = exchange(ben, hub.url, [other]).profiles[other]
        assert [a.code for a in done.parked] == ["name_in_use", "no_profile"]
        assert done.pending == 0
        assert len(ben.store.parked(other)) == 2


def test_a_lost_answer_is_found_again(
    hub: FaultyHub, portal: BlockingPortal, tmp_path: Path
) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        exchange(ada, hub.url)
        set_key(ada, team, "gpu", 1)
        hub.deaf_after = hub.pushes + 1
        lost = exchange(ada, hub.url)
        assert isinstance(lost.interrupted, Unreachable)
        assert lost.profiles[team].pending == 1
        assert isinstance(plan(ada, hub.url, team).proposals[0].outcome, Known)
        done = exchange(ada, hub.url).profiles[team]
        assert [(c.seq, c.outcome) for c in done.committed] == [(3, "accepted")]
        assert (done.received, done.pending) == (0, 0)


def test_a_full_hub_refuses_for_now_and_nothing_is_dropped(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        hub.full = True
        refused = exchange(ada, hub.url, [team]).profiles[team]
        assert refused.problem is not None
        assert refused.problem.code == "hub_full"
        assert refused.pending == 2
        hub.full = False
        assert exchange(ada, hub.url, [team]).profiles[team].pending == 0


def test_a_wrong_token_keeps_the_queue(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        with pytest.raises(NotAuthorised) as refused:
            exchange(ada, hub.url, token="srm_wrong")
        assert refused.value.exit_code == 4
        assert "stackroom connect" in refused.value.hint
        assert len(ada.store.pending(team)) == 2


def test_no_hub_is_unreachable(tmp_path: Path) -> None:
    url = f"ws://127.0.0.1:{free_port()}"
    with person(tmp_path / "ada", url) as ada, pytest.raises(Unreachable) as failure:
        exchange(ada, url, timeout=5.0)
    assert failure.value.exit_code == 6
    assert url in str(failure.value)


def test_what_is_no_hub_is_unreachable_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        with person(tmp_path / "ada", url) as ada, pytest.raises(Unreachable, match="within"):
            exchange(ada, url, timeout=0.2)


def test_another_version_is_a_mismatch(portal: BlockingPortal, tmp_path: Path) -> None:
    newer = running_hub(tmp_path / "hub", subprotocols=("stackroom.v9+msgpack",))
    with (
        portal.wrap_async_context_manager(newer) as hub,
        person(tmp_path / "ada", hub.url) as ada,
        pytest.raises(VersionMismatch) as failure,
    ):
        exchange(ada, hub.url)
    assert failure.value.exit_code == 8


def test_a_snapshot_first_and_its_history_after(portal: BlockingPortal, tmp_path: Path) -> None:
    settings = HubSettings(snapshot_worth=20, page_commits=7)
    with (
        portal.wrap_async_context_manager(running_hub(tmp_path / "hub", settings=settings)) as hub,
        person(tmp_path / "ada", hub.url) as ada,
        person(tmp_path / "ben", hub.url) as ben,
        person(tmp_path / "cyd", hub.url) as cyd,
    ):
        team = create_team(ada, hub.url)
        for n in range(60):
            set_key(ada, team, "n", n)
        assert how_far(ada, hub.url)[-1] == (62, 62)
        assert how_far(ben, hub.url, history=False)[-1] == (62, 62)
        assert ben.copy(team).missing is not None
        assert config(ben, team)["n"] == 59
        missing = len(ben.copy(team).missing or ())
        assert how_far(ben, hub.url)[-1] == (missing, missing)
        fetched = how_far(cyd, hub.url)
        assert fetched[-1] == (62, 62)
        assert len(fetched) > 5
        assert fetched == sorted(fetched)
        for who in (ben, cyd):
            copy = who.copy(team)
            assert copy.missing is None
            assert [c.seq for c in copy.log.commits(team, 0, 100)] == list(range(1, 63))


def how_far(who: Workspace, url: str, *, history: bool = True) -> list[tuple[int, int]]:
    """Exchanges everything; what was told of how far it is."""
    told: list[tuple[int, int]] = []
    exchange(who, url, history=history, tell=lambda done, total: told.append((done, total)))
    return told


def test_publishing_gives_the_whole_history(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada, person(tmp_path / "ben", hub.url) as ben:
        mine = create_team(ada, None, "mine")
        set_key(ada, mine, "gpu", 1)
        before = [c.id for c in ada.copy(mine).log.commits(mine, 0, 10)]
        report = publish(ada, hub.url, mine).profiles[mine]
        assert [c.seq for c in report.committed] == [1, 2, 3]
        exchange(ben, hub.url)
        assert [c.id for c in ben.copy(mine).log.commits(mine, 0, 10)] == before


def test_publishing_under_a_name_that_is_taken_changes_nothing(
    hub: FaultyHub, tmp_path: Path
) -> None:
    with person(tmp_path / "ada", hub.url) as ada, person(tmp_path / "ben", hub.url) as ben:
        create_team(ada, hub.url, "team")
        exchange(ada, hub.url)
        mine = create_team(ben, None, "team")
        with pytest.raises(NameTaken, match="team"):
            publish(ben, hub.url, mine)
        assert ben.copy(mine).hub is None
        assert len(ben.store.local(mine)) == 2


def test_a_hub_with_another_past_is_not_believed(
    hub: FaultyHub, portal: BlockingPortal, tmp_path: Path
) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        exchange(ada, hub.url)
        backup = [(p, p.read_bytes()) for p in hub.path.parent.iterdir()]
        set_key(ada, team, "gpu", 1)
        exchange(ada, hub.url)
        portal.call(hub.stop)
        for path in list(hub.path.parent.iterdir()):
            path.unlink()
        for path, data in backup:
            path.write_bytes(data)
        portal.call(hub.start)
        set_key(ada, team, "gpu", 2)
        done = exchange(ada, hub.url).profiles[team]
        assert done.problem is not None
        assert done.problem.code == "parted"
        assert (done.pending, done.seq) == (1, 3)


def test_another_hub_at_the_address_gets_nothing(
    hub: FaultyHub, portal: BlockingPortal, tmp_path: Path
) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        exchange(ada, hub.url)
        set_key(ada, team, "gpu", 1)
        portal.call(hub.stop)
        hub.path = tmp_path / "other.db"
        portal.call(hub.start)
        pushes = hub.pushes
        with pytest.raises(Exception, match="another hub") as failure:
            exchange(ada, hub.url)
        assert getattr(failure.value, "exit_code", None) == 9
        assert hub.pushes == pushes
        assert len(ada.store.pending(team)) == 1


def test_reading_imports_no_event_loop() -> None:
    program = (
        "import sys, stackroom.client.connection.exchange, stackroom.client.workspace\n"
        "print([m for m in ('asyncio', 'anyio', 'websockets') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_two_processes_on_one_home_may_exchange_at_once(hub: FaultyHub, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        for n in range(20):
            set_key(ada, team, "n", n)

    def one() -> int:
        workspace = open_home(tmp_path / "ada")
        try:
            return exchange(workspace, hub.url).profiles[team].pending
        finally:
            workspace.close()

    with ThreadPoolExecutor(2) as pool:
        assert [f.result() for f in [pool.submit(one), pool.submit(one)]] == [0, 0]
    with person(tmp_path / "ada", hub.url) as ada:
        commits = ada.copy(team).log.commits(team, 0, 100)
        assert [c.seq for c in commits] == list(range(1, 23))
        assert len({c.id for c in commits}) == 22
