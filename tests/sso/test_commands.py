"""Signing in at a provider by whole commands: join, link, connect; the browser is ours, all else is real."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.commands.hubs import Hub, running_hub
from tests.commands.runner import Person, Ran, command
from tests.sso.provider import CLI, PASSWORD, Provider
from tests.sso.visiting import Browser


@pytest.fixture
def hub(tmp_path: Path, provider: Provider) -> Iterator[Hub]:
    """A hub, as a process, whose people sign in at the provider."""
    data = tmp_path / "hub"
    data.mkdir(parents=True)
    oidc = f'issuer = "{provider.issuer}"\nclient_id = "{CLI}"\ncli_client_id = "{CLI}"\n'
    (data / "hub.toml").write_text(f"[oidc]\n{oidc}")
    with running_hub(tmp_path) as hub:
        yield hub


def at_the_provider(person: Person, account: str, *args: str) -> Ran:
    """Runs a command that asks to sign in somewhere, and signs `account` in there."""
    process = subprocess.Popen(
        command(*args),
        env=person.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    told = ""
    for line in process.stderr:
        told += line
        if found := re.search(r"this code, or type it: (\S+)", told):
            break
    else:
        pytest.fail(f"no code was shown: {told}")
    where = re.search(r"Sign in at (\S+)", told)
    assert where is not None
    form = {"user_code": found[1], "username": account, "password": PASSWORD}

    async def authorise() -> str:
        seen = await Browser().post(where[1], {**form, "action": "authorize"})
        return seen.body

    assert "authorized" in anyio.run(authorise)
    out, err = process.communicate(timeout=30)
    return Ran(process.returncode, out, told + err)


def whoami(person: Person, hub: Hub) -> Any:
    """As whom the hub takes a person."""
    return person.data("access", "explain")["user"]


def test_join_then_connect_from_another_machine(hub: Hub, tmp_path: Path) -> None:
    ada = Person(tmp_path / "ada", "ada")
    joined = at_the_provider(ada, "ada", "join", hub.invite("ada"), "--sso").ok()
    token = ada.credentials()[hub.url]
    assert token.startswith("srm_")
    assert token not in joined.out + joined.err
    assert whoami(ada, hub) == "ada"
    laptop = Person(tmp_path / "laptop", "somebody")
    at_the_provider(laptop, "ada", "connect", hub.url, "--sso").ok()
    assert whoami(laptop, hub) == "ada"
    assert laptop.credentials()[hub.url] != token


def test_link_then_connect_then_unlink(hub: Hub, tmp_path: Path) -> None:
    ben = hub.join(Person(tmp_path / "ben", "ben"))
    laptop = Person(tmp_path / "laptop", "ben")
    at_the_provider(laptop, "ben", "connect", hub.url, "--sso").failed(1, "stackroom user link")
    assert "You are linked" in at_the_provider(ben, "ben", "user", "link").ok().out
    at_the_provider(laptop, "ben", "connect", hub.url, "--sso").ok()
    assert whoami(laptop, hub) == "ben"
    ben.stackroom("user", "link", "--remove", "--yes").ok()
    again = Person(tmp_path / "again", "ben")
    at_the_provider(again, "ben", "connect", hub.url, "--sso").failed(1, "not")


def test_a_hub_without_a_provider(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        stranger = Person(tmp_path / "stranger", "eve")
        stranger.stackroom("connect", hub.url, "--sso").failed(1, "has no OpenID provider")
