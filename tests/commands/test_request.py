"""Protected stacks with a hub: changes become requests, which another person approves or rejects."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stackroom.client.commands.exits import Exit
from tests.commands.hubs import Hub, running_hub
from tests.commands.runner import Person

UPDATE = ("orchestrator", "update", "k8s")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub with the protected stack `prod` in the profile `team`; the head is #5."""
    with running_hub(tmp_path) as hub:
        host = hub.host
        host.stackroom("profile", "create", "team").ok()
        host.stackroom("component", "register", "orchestrator", "k8s", "-f", "x", "--ns=ml").ok()
        host.stackroom("component", "register", "artifact-store", "s3", "-f", "x").ok()
        host.stackroom("stack", "register", "prod", "-o", "k8s", "-a", "s3").ok()
        host.stackroom("stack", "protect", "prod", "-m", "what customers see").ok()
        yield hub


def test_a_change_waits_until_another_approves(hub: Hub, ada: Person) -> None:
    hub.join(ada, "--role", "editor")
    ran = ada.stackroom(*UPDATE, "--ns=prod", "-m", "the new namespace").ok()
    assert "change request #6, which another person must approve" in ran.out
    assert ada.data("component", "describe", "orchestrator", "k8s")["config"] == {"ns": "ml"}
    hub.host.stackroom("sync").ok()
    (row,) = hub.host.data("request", "list")
    assert (row["seq"], row["author"], row["entities"]) == (6, "ada", ["orchestrator/k8s"])
    shown = hub.host.stackroom("request", "show", "6").ok().out
    assert "~ config.ns: ml → prod" in shown
    ada.stackroom("request", "approve", "6").failed(Exit.NOT_AUTHORISED, "profile.approve")
    ran = hub.host.stackroom("request", "approve", "6", "-m", "checked").ok()
    assert "committed as #7" in ran.out
    ada.stackroom("sync").ok()
    assert ada.data("component", "describe", "orchestrator", "k8s")["config"] == {"ns": "prod"}
    assert ada.data("request", "list") == []
    (newest, *_) = ada.data("log")
    assert (newest["author"], newest["message"]) == ("host", "checked")


def test_nobody_approves_their_own(hub: Hub, ada: Person) -> None:
    hub.join(ada, "--role", "maintainer")
    hub.host.stackroom(*UPDATE, "--ns=x").ok()
    hub.host.stackroom("request", "approve", "6").failed(Exit.ERROR, "another person must")
    ada.stackroom("sync").ok()
    ada.stackroom("request", "withdraw", "6").failed(Exit.ERROR, "Only its author")
    ada.stackroom("request", "reject", "6", "-m", "no quota").ok()
    ada.stackroom("request", "show", "6").failed(Exit.NOT_FOUND, "stackroom request list")
    hub.host.stackroom(*UPDATE, "--ns=y").ok()
    hub.host.stackroom("request", "withdraw", "8").ok()


def test_unprotecting_is_a_change_as_well(hub: Hub, ada: Person) -> None:
    hub.join(ada, "--role", "maintainer")
    assert "change request #6" in hub.host.stackroom("stack", "unprotect", "prod").ok().out
    ada.stackroom("sync").ok()
    ada.stackroom("request", "approve", "6").ok()
    assert "committed as #8" in ada.stackroom(*UPDATE, "--ns=free").ok().out


def test_offline_it_is_foreseen(hub: Hub, ada: Person) -> None:
    hub.join(ada, "--role", "editor")
    ada.stackroom(*UPDATE, "--ns=z", "--offline").ok()
    (waiting,) = ada.data("pending", "list")
    assert waiting["outlook"] == "request"
    assert ada.data("component", "describe", "orchestrator", "k8s")["config"] == {"ns": "ml"}
    assert "change request #6" in ada.stackroom("sync").ok().out


def test_a_secret_in_a_request(hub: Hub, ada: Person) -> None:
    """It is found and redacted there; what is approved afterwards is what stands there then."""
    hub.join(ada, "--role", "editor")
    ada.stackroom(*UPDATE, "--password=hunter2-hunter2", "--allow-plaintext").ok()
    host = hub.host
    host.stackroom("sync").ok()
    (found,) = host.stackroom("secrets", "scan", "--output", "json").failed(Exit.ERROR).json
    assert (found["seq"], found["path"]) == (6, "/config/password")
    host.stackroom("revert", "6").failed(Exit.ERROR, "stackroom request list")
    host.stackroom("redact", "6", "config.password", "--reason", "leaked", "--yes").ok()
    host.stackroom("secrets", "scan").ok()
    host.stackroom("request", "approve", "6").ok()
    shown = host.data("component", "describe", "orchestrator", "k8s")
    assert shown["config"]["password"] == "[redacted in #7]"
