"""The operator's way back into a hub whose administrators have lost their tokens."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.hubs import Hub, running_hub
from tests.commands.runner import Person


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as hub:
        yield hub


def test_the_only_administrator_comes_back(hub: Hub, tmp_path: Path) -> None:
    (token,) = hub.host.data("token", "list")
    hub.host.stackroom("token", "revoke", token["name"], "--yes").ok()
    back = Person(tmp_path / "back", "host")
    back.stackroom("hub", "readmit", "--data", str(hub.data)).failed(1, "running already")
    hub.down()
    made = back.data("hub", "readmit", "--data", str(hub.data))
    assert made["user"] == "host"
    hub.up()
    back.stackroom("join", f"{hub.url}#{made['code']}").ok()
    assert "people.write" in json.dumps(back.data("access", "explain"))
    other = Person(tmp_path / "other", "host")
    other.stackroom("join", f"{hub.url}#{made['code']}").failed(1, "not known here")
    said = (hub.data / "security.jsonl").read_text()
    assert '"what":"readmit"' in said
    assert made["code"] not in said


def test_administrators_alone(hub: Hub, tmp_path: Path) -> None:
    hub.join(Person(tmp_path / "ann", "ann"), "--role", "admin")
    hub.join(Person(tmp_path / "eve", "eve"))
    hub.down()
    data = ("--data", str(hub.data))
    hub.host.stackroom("hub", "readmit", *data).failed(
        2, "Which administrator: there are ann, host"
    )
    hub.host.stackroom("hub", "readmit", "--user", "eve", *data).failed(2, "no administrator")
    assert hub.host.data("hub", "readmit", "--user", "ANN", *data)["user"] == "ann"
    nowhere = ("--data", str(tmp_path / "nowhere"))
    hub.host.stackroom("hub", "readmit", *nowhere).failed(2, "no hub in")
