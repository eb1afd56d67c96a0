"""Signing in by a password, where the hub's settings allow it."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stackroom.events.people.entities import Password, User
from stackroom.events.people.model import PasswordRemoved, UserDeleted
from stackroom.sync import protocol as wire
from stackroom.sync.people.access import PASSWORD_FACT
from stackroom.sync.people.passwords import hash_password, is_password, refuse_password
from stackroom.sync.settings import Settings
from tests.attacks.standing import coming
from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.commands.terminal import Terminal
from tests.sync.members import Team, made, new, serving_team

pytestmark = pytest.mark.anyio

GOOD = "correct horse battery staple"

ALLOWED = Settings(port=0, passwords=True, failures_free=10_000)

MAIN = [sys.executable, "-c", "from stackroom.client.commands import main; main()"]


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with serving_team(tmp_path / "hub.db", ALLOWED) as team:
        yield team


async def sign_in(team: Team, user: str, password: str) -> tuple[wire.Reply, str]:
    """The hub's reply, and the token that was offered."""
    token = made()
    reply = await coming(team.url, wire.SignIn(user, password, new(token)))
    assert isinstance(reply, wire.Reply), reply
    return reply, token.text


async def chosen(team: Team, token: str, password: str = GOOD) -> wire.Reply:
    """What the hub says to a password for the holder of the token."""
    async with team.speaking(token) as peer:
        return await peer.ask(wire.SetPassword(password))


async def hashes(team: Team) -> list[bytes]:
    """The hashes that the hub keeps."""
    kept = await team.hub.server.event_log.read(lambda log: log.facts(PASSWORD_FACT))
    return [value for value in kept.values() if value is not None]


async def test_in_by_a_password(team: Team) -> None:
    token = await team.member("ada", "editor")
    assert not (await chosen(team, token)).code
    reply, own = await sign_in(team, "Ada", GOOD)
    assert (reply.code, reply.user) == ("", "ada")
    async with team.speaking(own) as peer:
        (rights,) = [m for m in peer.heard if isinstance(m, wire.Rights)]
        assert "profile.write" in rights.hub
        assert rights.expires is not None
        assert rights.expires - team.clock.now <= 12 * 3_600_000
        assert (await peer.ask(wire.RenewToken())).code == "not_renewed"


async def test_a_wrong_one_and_nobody_answer_alike(team: Team) -> None:
    assert not (await chosen(team, await team.member("ada"))).code
    await team.member("without")
    tries = ("ada", GOOD + "!"), ("nobody", GOOD), ("without", GOOD), ("ada", "")
    replies = [(await sign_in(team, *each))[0] for each in tries]
    assert {(r.code, r.sentence, r.user) for r in replies} == {
        ("wrong_password", "this name and password are not known here", "")
    }


async def test_the_hash_alone_is_kept_and_the_last_one(team: Team, tmp_path: Path) -> None:
    token = await team.member("ada")
    for password in (GOOD, GOOD + " and another"):
        assert not (await chosen(team, token, password)).code
    (kept,) = await hashes(team)
    assert kept.startswith(b"$argon2id$v=19$m=65536,t=3,p=4$")
    assert (await sign_in(team, "ada", GOOD))[0].code == "wrong_password"
    assert not (await sign_in(team, "ada", GOOD + " and another"))[0].code
    for file in tmp_path.iterdir():
        assert GOOD.encode() not in file.read_bytes()


async def test_removed(team: Team) -> None:
    token = await team.member("ada")
    assert (await chosen(team, token, "")).code == "nothing_to_end"
    assert not (await chosen(team, token)).code
    assert not (await chosen(team, token, "")).code
    assert (await sign_in(team, "ada", GOOD))[0].code == "wrong_password"
    assert await hashes(team) == []


async def test_ended_by_an_administrator(team: Team) -> None:
    assert not (await chosen(team, await team.member("ada"))).code
    state = await team.state()
    ((id, _),) = state.all(Password)
    assert (await team.change((id, PasswordRemoved()))).outcome == "accepted"
    assert (await sign_in(team, "ada", GOOD))[0].code == "wrong_password"


async def test_whose_account_was_deleted(team: Team) -> None:
    assert not (await chosen(team, await team.member("ada"))).code
    assert (await team.change((await team.id_of(User, "ada"), UserDeleted()))).outcome == "accepted"
    assert (await sign_in(team, "ada", GOOD))[0].code == "wrong_password"


async def test_a_token_of_limited_scope_sets_none(team: Team) -> None:
    limited = made()
    async with team.speaking(await team.member("ada")) as ada:
        assert not (await ada.ask(wire.MakeToken(new(limited), read_only=True))).code
    assert (await chosen(team, limited.text)).code == "not_allowed"
    assert await hashes(team) == []


async def test_off_unless_somebody_wants_it(tmp_path: Path) -> None:
    async with serving_team(tmp_path / "hub.db", Settings(port=0)) as team:
        assert (await chosen(team, team.root)).code == "no_passwords"
        assert (await sign_in(team, "root", GOOD))[0].code == "no_passwords"


@pytest.mark.parametrize(("password", "why"), [
    ("short", "15 to 1000 characters"),
    ("x" * 14, "15 to 1000 characters"),
    ("xyz" * 400, "15 to 1000 characters"),
    ("abababababababab", "not even 5"),
    ("the secret of ADA is long", "your name"),
    ("stackroom forever and ever", "your name or the hub's"),
])  # fmt: skip
def test_which_are_too_weak(password: str, why: str) -> None:
    refusal = refuse_password(password, "ada", 15)
    assert refusal is not None
    assert (refusal.code, why in refusal.sentence) == ("weak_password", True)


def test_what_looks_alike_is_alike() -> None:
    """A keyboard may write one letter as one character or as two."""
    assert refuse_password(GOOD, "ada", 15) is None
    assert is_password("cafe\u0301 au lait, deux", hash_password("caf\u00e9 au lait, deux"))
    assert not is_password("the password that nobody has", None)


def test_on_the_command_line(tmp_path: Path) -> None:
    """Asked for, twice when it is set; it stands in no output."""
    hub = Hub(tmp_path)
    hub.data.mkdir(parents=True)
    (hub.data / "hub.toml").write_text("passwords = true\n")
    try:
        hub.up()
        ada = hub.join(Person(tmp_path / "ada", "ada"))
        with Terminal([*MAIN, "user", "password"], typed_in(ada)) as setting:
            for question in ("New password", "Repeat for confirmation"):
                setting.until(question)
                setting.type(GOOD + "\n")
            assert setting.ended() == 0, setting.text
            assert "Password set" in setting.text
            assert GOOD not in setting.text
        other = Person(tmp_path / "laptop", "ada")
        coming_in = ["connect", hub.url, "--user", "ada", "--password"]
        with Terminal([*MAIN, *coming_in], typed_in(other)) as signing_in:
            signing_in.until("Password of ada")
            signing_in.type(GOOD + "\n")
            assert signing_in.ended() == 0, signing_in.text
            assert GOOD not in signing_in.text
        assert other.credentials()[hub.url].startswith("srm_")
        other.stackroom(*coming_in).failed(2, "typed at a terminal")
        ada.stackroom("user", "password", "--remove", "--yes").ok()
    finally:
        if hub.running():
            hub.down()


def typed_in(person: Person) -> dict[str, str]:
    """The environment of a person's terminal."""
    return {name: value for name, value in person.env.items() if value is not None}
