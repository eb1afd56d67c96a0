"""A profile read once, into memory: verified as in a home, and nothing stored."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal
from msgspec import structs

import stackroom.client
from stackroom.client import chance
from stackroom.client.connection.exchange import exchange
from stackroom.client.errors import NotAuthorised, NotFound, OtherKey, Unreachable
from stackroom.client.python.fetching import fetch
from stackroom.events.errors import IntegrityError
from stackroom.events.log import Identity
from stackroom.events.proofs import rotation
from stackroom.events.proofs.checkpoint import key_name
from stackroom.events.proofs.merkle import root
from stackroom.events.proofs.signed_note import verifier_key
from stackroom.events.state import encode
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.redacting import Done, redact
from stackroom.sync.settings import Settings as HubSettings
from tests.client.hubs import FaultyHub, running_hub
from tests.client.people import QUICK, create_team, person, set_key
from tests.sync.notaries import key_of
from tests.sync.open_access import token_of

TOKEN = token_of("ann")


@pytest.fixture
def hub(
    portal: BlockingPortal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultyHub]:
    monkeypatch.setenv("STACKROOM_HOME", str(tmp_path / "no home"))
    settings = HubSettings(snapshot_worth=20, page_commits=7)
    with portal.wrap_async_context_manager(running_hub(tmp_path / "hub", settings=settings)) as hub:
        yield hub
    assert not (tmp_path / "no home").exists()


def key_text(portal: BlockingPortal, hub: FaultyHub, number: int) -> str:
    identity: Identity = portal.call(hub.log.read, lambda reader: reader.identity())
    return verifier_key(key_name(identity.id), key_of(number).public)


@pytest.mark.parametrize("changes", [0, 3, 30])
def test_it_is_what_a_home_has(hub: FaultyHub, tmp_path: Path, changes: int) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        for n in range(changes):
            set_key(ada, team, "n", n)
        exchange(ada, hub.url)
        for wanted in ("team", team):
            fetched = stackroom.client.fetch(hub.url, wanted, token=TOKEN)
            assert (fetched.id, fetched.name, fetched.seq) == (team, "team", 2 + changes)
            assert encode(fetched.state) == encode(ada.copy(team).confirmed)
            assert fetched.root == root(ada.cache.load(team).frontier)
        assert fetched.component("orchestrator", "k8s").config["namespace"] == "default"
        assert str(fetched) == f"<Fetched 'team' at #{2 + changes}>"


def test_a_profile_that_is_not_there(hub: FaultyHub, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        create_team(ada, hub.url, "one")
        create_team(ada, hub.url, "two")
        exchange(ada, hub.url)
    with pytest.raises(NotFound, match="there is no profile 'tow' on the hub") as failure:
        fetch(hub.url, "tow", token=TOKEN)
    assert failure.value.hint == "did you mean 'two'?"


@pytest.mark.parametrize("after", [0, 30])
def test_values_that_were_taken_out_are_not_in_it(
    hub: FaultyHub, portal: BlockingPortal, tmp_path: Path, after: int
) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        for n in range(10):
            set_key(ada, team, f"n{n}", f"hunter{n}")
        exchange(ada, hub.url)
        order = wire.Redact(team, 5, "/config/n2", "leaked")  # The change of n2.
        taking = partial(redact, hub.authority, "ann", order, chance.clock())
        assert isinstance(portal.call(hub.log.write, taking), Done)
        exchange(ada, hub.url)
        for n in range(after):
            set_key(ada, team, "m", n)
        exchange(ada, hub.url)
        fetched = fetch(hub.url, "team", token=TOKEN)
        assert encode(fetched.state) == encode(ada.copy(team).confirmed)
        assert fetched.root == root(ada.cache.load(team).frontier)
        assert b"hunter1" in encode(fetched.state)
        assert b"hunter2" not in encode(fetched.state)


def test_the_hub_is_held_to_its_key(hub: FaultyHub, portal: BlockingPortal, tmp_path: Path) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        create_team(ada, hub.url)
        exchange(ada, hub.url)
    first, second = (key_text(portal, hub, number) for number in (1, 2))
    assert fetch(hub.url, "team", token=TOKEN).hub_key == first
    assert fetch(hub.url, "team", token=TOKEN, hub_key=first).hub_key == first
    with pytest.raises(OtherKey, match="signs by another key"):
        fetch(hub.url, "team", token=TOKEN, hub_key=second)

    # It takes another one, which the first has named.
    portal.call(hub.stop)
    hub.key = 2
    identity = first.split("+")[0].rpartition("/")[2]
    hub.rotations = (rotation.state(identity, key_of(2).public, 5, key_of(1)),)
    portal.call(hub.start)
    assert fetch(hub.url, "team", token=TOKEN, hub_key=first).hub_key == second


def test_what_does_not_hash_to_what_was_signed_is_nobodys_state(
    hub: FaultyHub, tmp_path: Path
) -> None:
    with person(tmp_path / "ada", hub.url) as ada:
        team = create_team(ada, hub.url)
        exchange(ada, hub.url)

        def deny(message: wire.FromHub) -> wire.FromHub:
            """Leaves out the last commit, and says that this is all."""
            match message:
                case wire.CaughtUp():
                    return structs.replace(message, seq=1)
                case _:
                    return message

        hub.lie = deny
        with pytest.raises(IntegrityError):
            fetch(hub.url, team, token=TOKEN)

        def forge(message: wire.FromHub) -> wire.FromHub:
            """Sends another block in the place of what was committed."""
            if isinstance(message, wire.Block):
                return structs.replace(message, data=b"nothing")
            return message

        hub.lie = forge
        with pytest.raises(IntegrityError):
            fetch(hub.url, team, token=TOKEN)


def test_who_is_not_let_in_and_who_hears_nothing(hub: FaultyHub) -> None:
    with pytest.raises(NotAuthorised):
        fetch(hub.url, "team", token="wrong")
    hub.garbage = True
    with pytest.raises(Unreachable, match="sent no message"):
        fetch(hub.url, "team", token=TOKEN)
    hub.mute = True
    quick = structs.replace(QUICK, sync_patience=0.1)
    with pytest.raises(Unreachable, match="has fallen silent"):
        fetch(hub.url, "team", token=TOKEN, settings=quick)
    with pytest.raises(Unreachable, match=r"did not answer within 0\.2 s"):
        fetch(hub.url, "team", token=TOKEN, timeout=0.2)
