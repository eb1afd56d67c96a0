"""The folder of all local state, and who may read it."""

import stat
import sys
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from stackroom.client.home.home import Home
from stackroom.client.home.token_store import NoKeyring
from stackroom.events.errors import LogCorrupt
from tests.client.homes import workspace_at

URL, OTHER = "ws://one:8765", "wss://two:443"
TOKEN = "srm_a-secret"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Home.default().path == tmp_path / "home"
    monkeypatch.setenv("STACKROOM_HOME", "~/rooms")
    monkeypatch.setenv("HOME", "/people/ada")
    assert Home.default().path == Path("/people/ada/rooms")
    monkeypatch.delenv("STACKROOM_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Home.default().path.name == "stackroom"


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    with workspace_at(home.path) as workspace:
        workspace.create_profile("team", hub=None)
        home.keep_token(URL, TOKEN)
        assert mode(home.path) == 0o700
        files = {file.name: mode(file) for file in home.path.iterdir()}
    assert {"proposals.db", "replica.db", "credentials.json"} <= set(files)
    assert set(files.values()) == {0o600}


def test_tokens(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.token(URL) is None
    home.keep_token(URL, TOKEN)
    home.keep_token(OTHER, "srm_other")
    home.keep_token(OTHER, None)
    home.keep_token(OTHER, None)
    assert (Home(tmp_path).token(URL), Home(tmp_path).token(OTHER)) == (TOKEN, None)
    assert [file.name for file in tmp_path.iterdir() if "cred" in file.name] == ["credentials.json"]
    assert TOKEN not in repr(home) + str(home) + repr(vars(home))


@pytest.mark.parametrize("text", ["{", "[]", '{"ws://one:8765": 5}', '{"a": "srm_a-secret'])
def test_credentials_that_cannot_be_read_are_not_shown(tmp_path: Path, text: str) -> None:
    home = Home(tmp_path)
    kept = tmp_path / "credentials.json"
    kept.write_text(text)
    with pytest.raises(LogCorrupt) as raised:
        home.token(URL)
    assert TOKEN not in str(raised.value) + str(raised.value.__cause__)
    assert raised.value.hint
    with pytest.raises(LogCorrupt):
        home.keep_token(URL, TOKEN)
    assert kept.read_text() == text


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring as the library's interface has it, for one test."""

    priority = 1

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked("it is locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked("it is locked")
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def test_the_systems_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keyring.get_keyring()
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    monkeypatch.setenv("STACKROOM_KEYRING", "1")
    try:
        home, other = Home(tmp_path / "a"), Home(tmp_path / "b")
        home.keep_token(URL, TOKEN)
        other.keep_token(URL, "srm_other")
        assert (home.token(URL), other.token(URL), home.token(OTHER)) == (TOKEN, "srm_other", None)
        home.keep_token(URL, None)
        home.keep_token(URL, None)
        assert home.token(URL) is None
        assert other.token(URL) == "srm_other"
        assert not [p for p in tmp_path.rglob("*") if p.is_file()]
        backend.locked = True
        for work in (lambda: other.token(URL), lambda: other.keep_token(URL, TOKEN)):
            with pytest.raises(NoKeyring, match="locked") as raised:
                work()
            assert TOKEN not in str(raised.value)
    finally:
        keyring.set_keyring(before)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(NoKeyring) as missing:
        home.token(URL)
    assert "stackroom[keyring]" in missing.value.hint
