"""The hub's key as its operator and its clients meet it: real hubs, real homes."""

from pathlib import Path

import pytest

from stackroom.client.commands.exits import Exit
from stackroom.events.proofs.signed_note import verifier_key
from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.events.test_checkpoint import KEY


def key_of(hub: Hub) -> str:
    found = hub.host.data("hub", "status", "--data", str(hub.data))
    key: str = found["key"]
    return key


def restarted(hub: Hub, *rotate: str) -> str:
    """The hub, down and up again, with another key in between; the new one."""
    hub.down()
    made = hub.host.data("hub", "rotate-key", "--data", str(hub.data), *rotate)
    hub.up()
    assert key_of(hub) == made["key"]
    return str(made["key"])


def test_the_key_is_shown_whether_it_runs_or_not(hub: Hub) -> None:
    key = key_of(hub)
    assert key.startswith("stackroom/")
    assert key in hub.host.stackroom("hub", "status", "--data", str(hub.data)).ok().out
    hub.down()
    assert key_of(hub) == key


@pytest.mark.parametrize("tls", [(), ("--tls", "self-signed")])
def test_init_makes_the_key_that_the_hub_then_has(
    ada: Person, tmp_path: Path, tls: tuple[str, ...]
) -> None:
    data = ("--data", str(tmp_path / "made"))
    made = ada.data("hub", "init", *tls, *data)
    assert bool(made["fingerprint"]) == bool(made["certificate"]) == bool(tls)
    assert ada.data("hub", "status", *data)["key"] == made["key"]
    assert ada.data("hub", "up", "--port", "0", *data)["url"].startswith("wss" if tls else "ws:")
    try:
        assert ada.data("hub", "status", *data)["key"] == made["key"]
    finally:
        ada.stackroom("hub", "down", *data).ok()


def test_init_without_a_certificate_takes_nothing_about_one(ada: Person, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "made"))
    ada.stackroom("hub", "init", "--replace", *data).failed(Exit.USAGE, "--tls self-signed")
    assert not (tmp_path / "made").exists()


def test_clients_follow_a_rotation(hub: Hub, ada: Person) -> None:
    hub.join(ada)
    first = key_of(hub)
    assert restarted(hub) != first
    assert restarted(hub) != first
    ada.stackroom("sync").ok()


def test_clients_refuse_a_key_that_nothing_leads_to(hub: Hub, ada: Person) -> None:
    hub.join(ada)
    first = key_of(hub)
    second = restarted(hub, "--lost")
    refused = ada.stackroom("sync").failed(
        Exit.INTEGRITY, "another key", first, "--hub-key", second
    )
    assert "nothing was sent" in refused.err
    ada.stackroom("connect", hub.url, "--hub-key", first).failed(Exit.INTEGRITY, "another key")
    ada.stackroom("sync").failed(Exit.INTEGRITY, "another key")
    ada.stackroom("connect", hub.url, "--hub-key", second).ok()
    ada.stackroom("sync").ok()


def test_a_key_can_be_pinned_before_the_first_meeting(
    hub: Hub, ada: Person, tmp_path: Path
) -> None:
    link = hub.invite("ada")
    other = verifier_key("stackroom/another", KEY.public)
    ada.stackroom("join", link, "--hub-key", other).failed(9, "another key")
    ada.stackroom("join", link, "--hub-key", "stackroom/x").failed(2, "A public key is")
    ada.stackroom("join", link, "--hub-key", key_of(hub)).ok()


def test_rotating_needs_a_hub_that_is_down_and_has_a_key(hub: Hub, tmp_path: Path) -> None:
    data = ("--data", str(hub.data))
    hub.host.stackroom("hub", "rotate-key", *data).failed(1, "running already")
    nowhere = ("--data", str(tmp_path / "nowhere"))
    hub.host.stackroom("hub", "rotate-key", *nowhere).failed(2, "no hub with a key in")
    hub.down()
    key = hub.data / "hub.key"
    key.rename(key.with_name("kept"))
    hub.host.stackroom("hub", "rotate-key", *data).failed(1, "a key that is not there any more")
    hub.host.stackroom("hub", "up", "--port", "0", *data).failed(
        1, "a key that is not there any more"
    )
    key.with_name("kept").rename(key)
    hub.host.stackroom("hub", "rotate-key", *data).ok()
    said = (hub.data / "security.jsonl").read_text()
    assert '"what":"rotated"' in said
    assert key.read_text().strip() not in said
    hub.up()
