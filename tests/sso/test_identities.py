"""Who comes in by a provider's word: the linked, the invited, and people of a domain; and nobody else."""

import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from stackroom.client.settings import Settings as ClientSettings
from stackroom.client.transport.sso import Brought, by_browser
from stackroom.client.transport.sso import sign_in as sign_in_there
from stackroom.events.people.entities import Identity, Token, User
from stackroom.events.people.model import IdentityUnlinked, UserDeleted, UserUpdated
from stackroom.events.people.people import Directory
from stackroom.sync import protocol as wire
from stackroom.sync.oidc.provider import discover
from stackroom.sync.people import tokens
from stackroom.sync.people.proofs import nonce_of
from tests.attacks.standing import coming
from tests.events.world import uid
from tests.sso.provider import CLI, OTHER, Provider
from tests.sso.standing import HOURS, claims, hub_with, link, linked, sign_in, signed
from tests.sso.visiting import Browser
from tests.sync.members import Team, made, new
from tests.sync.speaking import Peer

pytestmark = pytest.mark.anyio

PATIENT = ClientSettings(provider_patience=60)


@pytest.fixture
async def team(tmp_path: Path, provider: Provider) -> AsyncIterator[Team]:
    """A hub that lets in those who are linked or invited."""
    async with hub_with(tmp_path / "hub.db", provider) as team:
        yield team


def good(provider: Provider, subject: str = "ada", **more: object) -> str:
    """An ID token of the provider's."""
    return signed(provider, claims(provider, subject, jti=time.monotonic_ns(), **more))


def rights_of(peer: Peer) -> wire.Rights:
    """What the hub told a peer that it may do."""
    (told,) = [message for message in peer.heard if isinstance(message, wire.Rights)]
    return told


async def at_the_provider(provider: Provider, user: str, client: str = CLI) -> Brought:
    """Signs `user` in by a device code, in both roles: the command line's and the browser's."""
    way = wire.OidcWay(provider.issuer, client, ("openid", "profile", "email"))
    shown: list[tuple[str, str]] = []
    browser = Browser()

    async def approve() -> None:
        while not shown:
            await anyio.sleep(0.01)
        ((where, code),) = shown
        form = {"user_code": code, "username": user, "password": "at the provider"}
        seen = await browser.post(where, {**form, "action": "authorize"})
        assert "authorized" in seen.body

    def polite(seconds: float) -> None:
        time.sleep(min(seconds, 1.05))

    found: list[Brought] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(approve)
        ask = partial(sign_in_there, way, "n", PATIENT, lambda *s: shown.append(s), sleep=polite)
        found.append(await anyio.to_thread.run_sync(ask))
    return found[0]


class TestLinked:
    async def test_by_a_device_code(self, team: Team, provider: Provider) -> None:
        await linked(team, provider, "ada", "editor")
        brought = await at_the_provider(provider, "ada")
        reply, token = await sign_in(team, brought.id_token)
        assert (reply.code, reply.user) == ("", "ada")
        async with team.speaking(token) as peer:
            rights = rights_of(peer)
        assert "profile.write" in rights.hub
        assert rights.expires is not None
        assert abs(rights.expires - team.clock.now - 12 * HOURS) < 60_000

    async def test_by_a_device_code_for_another_program(
        self, team: Team, provider: Provider
    ) -> None:
        await linked(team, provider, "ada")
        brought = await at_the_provider(provider, "ada", OTHER)
        reply, _ = await sign_in(team, brought.id_token)
        assert (reply.code, "another program" in reply.sentence) == ("bad_identity", True)

    async def test_by_a_browser_that_comes_back_to_this_machine(
        self, team: Team, provider: Provider
    ) -> None:
        await linked(team, provider, "ada")
        endpoints = await anyio.to_thread.run_sync(discover, provider.issuer, 10)
        way = wire.OidcWay(provider.issuer, CLI, ("openid", "profile"))
        token, shown, found = made(), list[str](), list[Brought]()

        async def visit() -> None:
            while not shown:
                await anyio.sleep(0.01)
            browser = Browser()
            back = await browser.sign_in(shown[0], "ada")
            assert (await browser.get(back.replace("state=", "state=x"))).status == 404
            assert (await browser.get(back)).status == 200

        def ask() -> Brought:
            show = lambda where, code: shown.append(where)  # noqa: E731
            return by_browser(way, endpoints, nonce_of(token.hash), PATIENT, show, time.monotonic)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(visit)
            found.append(await anyio.to_thread.run_sync(ask))
        # The nonce binds it to the token for which it was asked.
        assert (await sign_in(team, found[0].id_token))[0].code == "bad_identity"
        assert (await sign_in(team, found[0].id_token, token))[0].user == "ada"

    async def test_another_name_or_address_is_the_same_person(
        self, team: Team, provider: Provider
    ) -> None:
        await linked(team, provider, "ada")
        renamed = good(provider, preferred_username="root", email="root@team.example")
        assert (await sign_in(team, renamed))[0].user == "ada"

    async def test_a_claimed_name_is_nobody(self, team: Team, provider: Provider) -> None:
        for name in ("root", "ROOT"):
            said = good(
                provider, "mallory", preferred_username=name, email="root@team.example",
                email_verified=True, name=name,
            )  # fmt: skip
            assert (await sign_in(team, said))[0].code == "not_invited"
        assert (await team.state()).find(User, "mallory") is None

    async def test_nobody_is_let_in_who_was_ended(self, team: Team, provider: Provider) -> None:
        await linked(team, provider, "ada")
        id = await team.id_of(User, "ada")
        await team.change((id, UserUpdated({"/active": False})))
        assert (await sign_in(team, good(provider)))[0].code == "account_ended"
        await team.change((id, UserUpdated({"/active": True})))
        assert not (await sign_in(team, good(provider)))[0].code
        state = await team.state()
        await team.change((id, UserDeleted()))
        assert (await sign_in(team, good(provider)))[0].code == "account_ended"
        assert len(list(state.all(Identity))) == 1

    async def test_unlinked(self, team: Team, provider: Provider) -> None:
        token = await linked(team, provider, "ada")
        assert not (await link(team, token, "")).code
        assert (await link(team, token, "")).code == "nothing_to_end"
        assert (await sign_in(team, good(provider)))[0].code == "not_invited"

    async def test_unlinked_by_an_administrator(self, team: Team, provider: Provider) -> None:
        await linked(team, provider, "ada")
        ((id, _),) = (await team.state()).all(Identity)
        assert (await team.change((id, IdentityUnlinked()))).outcome == "accepted"
        assert (await sign_in(team, good(provider)))[0].code == "not_invited"

    async def test_one_person_there_is_one_here(self, team: Team, provider: Provider) -> None:
        await linked(team, provider, "ada")
        ben = await team.member("ben")
        nonce = nonce_of(tokens.digest(ben))
        assert (await link(team, ben, good(provider, nonce=nonce))).code == "identity_in_use"
        before = await team.state()
        assert not (await link(team, ben, good(provider, "ben", nonce=nonce))).code
        assert not (await link(team, ben, good(provider, "benjamin", nonce=nonce))).code
        subjects = [i.subject for _, i in (await team.state()).all(Identity)]
        assert subjects == ["ada", "benjamin"]
        assert len(list(before.all(Identity))) == 1

    async def test_what_was_made_for_one_token_links_by_no_other(
        self, team: Team, provider: Provider
    ) -> None:
        """Whoever steals an ID token on its way does not become that person by it."""
        ada, mallory = await team.member("ada"), await team.member("mallory")
        said = good(provider, nonce=nonce_of(tokens.digest(ada)))
        assert (await link(team, mallory, said)).code == "bad_identity"
        assert not (await link(team, ada, said)).code

    async def test_a_token_of_limited_scope_links_nobody(
        self, team: Team, provider: Provider
    ) -> None:
        limited = made()
        async with team.speaking(await team.member("ada")) as ada:
            assert not (await ada.ask(wire.MakeToken(new(limited), read_only=True))).code
        said = good(provider, nonce=nonce_of(limited.hash))
        assert (await link(team, limited.text, said)).code == "not_allowed"

    async def test_the_token_is_not_renewed(self, team: Team, provider: Provider) -> None:
        await linked(team, provider, "ada")
        _, token = await sign_in(team, good(provider))
        async with team.speaking(token) as peer:
            assert not rights_of(peer).renew
            assert (await peer.ask(wire.RenewToken())).code == "not_renewed"
        team.clock.now += 13 * HOURS
        said = await _hello(team, token)
        assert isinstance(said, wire.Error)
        assert said.sentence == "this token has expired"


async def _hello(team: Team, token: str) -> wire.FromHub:
    return await coming(team.url, wire.Hello(uid(77), token))


class TestInvited:
    async def test_with_the_code(self, team: Team, provider: Provider) -> None:
        code = await team.invite("cleo", "editor")
        reply, token = await sign_in(team, good(provider, "c-1"), code=code)
        assert (reply.code, reply.user) == ("", "cleo")
        async with team.speaking(token) as peer:
            assert "profile.write" in rights_of(peer).hub
        assert (await sign_in(team, good(provider, "c-1")))[0].user == "cleo"
        assert (await sign_in(team, good(provider, "c-2"), code=code))[0].code == "bad_code"

    async def test_the_name_alone_is_not_enough(self, team: Team, provider: Provider) -> None:
        await team.invite("cleo", "editor")
        said = good(provider, "mallory", preferred_username="cleo")
        assert (await sign_in(team, said))[0].code == "not_invited"

    async def test_a_user_who_is_invited_again_is_linked(
        self, team: Team, provider: Provider
    ) -> None:
        await team.member("dan", "viewer")
        code = await team.invite("dan")
        assert (await sign_in(team, good(provider, "d"), code=code))[0].user == "dan"
        assert (await sign_in(team, good(provider, "d")))[0].user == "dan"

    async def test_a_bad_identity_leaves_the_code_as_it_is(
        self, team: Team, provider: Provider
    ) -> None:
        code = await team.invite("cleo", "editor")
        assert (await sign_in(team, "x.y.z", code=code))[0].code == "bad_identity"
        assert not (await sign_in(team, good(provider, "c"), code=code))[0].code

    async def test_who_is_linked_to_another_takes_no_code(
        self, team: Team, provider: Provider
    ) -> None:
        await linked(team, provider, "ada")
        code = await team.invite("cleo", "admin")
        assert (await sign_in(team, good(provider), code=code))[0].code == "identity_in_use"
        assert (await team.state()).find(User, "cleo") is None
        assert not (await sign_in(team, good(provider, "c"), code=code))[0].code

    async def test_whose_account_was_deleted_comes_back_under_another_name(
        self, team: Team, provider: Provider
    ) -> None:
        await linked(team, provider, "ada")
        await team.change((await team.id_of(User, "ada"), UserDeleted()))
        code = await team.invite("ada2", "viewer")
        assert (await sign_in(team, good(provider), code=code))[0].user == "ada2"


DOMAIN: dict[str, Any] = {
    "create": "domain",
    "domains": ("team.example",),
    "role": "viewer",
    "groups": {"builders": "editor"},
}


class TestOfTheDomain:
    @pytest.fixture
    async def team(self, tmp_path: Path, provider: Provider) -> AsyncIterator[Team]:
        async with hub_with(tmp_path / "hub.db", provider, **DOMAIN) as team:
            yield team

    def said(self, provider: Provider, subject: str = "z", **more: object) -> str:
        usual = {
            "preferred_username": "zoe", "email": "zoe@team.example", "email_verified": True,
            "name": "Zoë", "groups": ["builders", "others"],
        }  # fmt: skip
        return good(provider, subject, **(usual | more))

    async def test_they_get_an_account(self, team: Team, provider: Provider) -> None:
        reply, _ = await sign_in(team, self.said(provider))
        assert (reply.code, reply.user) == ("", "zoe")
        state = await team.state()
        found = state.find(User, "zoe")
        assert found is not None
        assert (found[1].full_name, found[1].email) == ("Zoë", "zoe@team.example")
        grants = Directory(state).grants(found[0])
        assert {grant.role for grant in grants} == {"viewer", "editor"}
        again = self.said(provider, preferred_username="zora", groups=[])
        assert (await sign_in(team, again))[0].user == "zoe"

    @pytest.mark.parametrize("more", [
        {"email_verified": False}, {"email_verified": None}, {"email_verified": 1.5},
        {"email": "zoe@elsewhere.example"}, {"email": "zoe@team.example.evil.example"},
        {"email": "zoe@evil.example@elsewhere.example"}, {"email": None}, {"email": ["a@team.example"]},
        {"email": "team.example"}, {"preferred_username": None}, {"preferred_username": ["zoe"]},
    ])  # fmt: skip
    async def test_others_do_not(
        self, team: Team, provider: Provider, more: dict[str, object]
    ) -> None:
        assert (await sign_in(team, self.said(provider, **more)))[0].code == "not_invited"

    async def test_a_name_that_is_taken_is_not_theirs(self, team: Team, provider: Provider) -> None:
        await team.invite("cleo", "admin")
        for name in ("root", "Root", "cleo", "CLEO"):
            said = self.said(provider, preferred_username=name)
            assert (await sign_in(team, said))[0].code == "name_in_use"
        said = self.said(provider, preferred_username="z o e")
        assert (await sign_in(team, said))[0].code == "invalid_name"

    async def test_what_the_provider_says_of_its_own_users(
        self, team: Team, provider: Provider
    ) -> None:
        """NanoIDP tells names and addresses to who comes with the access token (userinfo)."""
        brought = await at_the_provider(provider, "ada")
        assert (await sign_in(team, brought.id_token))[0].code == "not_invited"
        brought = await at_the_provider(provider, "ada")
        other = await at_the_provider(provider, "ben")
        reply, _ = await sign_in(team, other.id_token, access=brought.access_token)
        assert (reply.code, "not its own" in reply.sentence) == ("bad_identity", True)
        brought = await at_the_provider(provider, "ada")
        reply, _ = await sign_in(team, brought.id_token, access=brought.access_token)
        assert (reply.code, reply.user) == ("", "ada")

    async def test_a_role_that_is_not_there_is_no_role(
        self, tmp_path: Path, provider: Provider
    ) -> None:
        more = DOMAIN | {"role": "captain"}
        async with hub_with(tmp_path / "other.db", provider, **more) as team:
            assert (await sign_in(team, self.said(provider)))[0].code == "unknown_reference"
            assert (await team.state()).find(User, "zoe") is None


async def test_no_token_of_a_provider_is_kept(tmp_path: Path, provider: Provider) -> None:
    async with hub_with(tmp_path / "hub.db", provider) as team:
        await linked(team, provider, "ada")
        said = good(provider)
        _, token = await sign_in(team, said)
        assert {t.prefix for _, t in (await team.state()).all(Token)} >= {token[:12]}
    for path in tmp_path.glob("hub.db*"):
        data = path.read_bytes()
        for part in (said, said.rpartition(".")[2], token, provider.key[40:80]):
            assert part.encode() not in data


async def test_a_provider_that_is_down(tmp_path: Path, provider: Provider) -> None:
    async with hub_with(tmp_path / "hub.db", provider, issuer="http://127.0.0.1:1") as team:
        reply, _ = await sign_in(team, good(provider))
        assert reply.code == "provider_failed"


async def test_one_that_calls_itself_something_else(tmp_path: Path, provider: Provider) -> None:
    alias = provider.issuer.replace("127.0.0.1", "localhost") + "/"
    async with hub_with(tmp_path / "hub.db", provider, issuer=alias) as team:
        reply, _ = await sign_in(team, good(provider))
        assert (reply.code, "calls itself" in reply.sentence) == ("provider_failed", True)
