"""ID tokens that prove nothing, each handed to a hub over a real socket; and one beside them that does."""

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from websockets.exceptions import ConnectionClosed

from stackroom.sync import protocol as wire
from stackroom.sync.oidc.id_tokens import NotBelieved, UnknownKey, believed, keys_of
from stackroom.sync.people.proofs import nonce_of
from tests.attacks.standing import connecting
from tests.sso.provider import CLI, CLIENT, Provider
from tests.sso.standing import claims, sign_in, signed
from tests.sync.members import Team, made, new
from tests.sync.speaking import HUB

pytestmark = pytest.mark.anyio


async def refused(team: Team, id_token: str, why: str) -> None:
    """The token opens nothing, and leaves no trace."""
    before = await team.hub.commits(HUB.id)
    reply, token = await sign_in(team, id_token)
    assert (reply.code, why in reply.sentence) == ("bad_identity", True), reply
    assert await team.hub.commits(HUB.id) == before
    assert token not in reply.sentence


async def test_a_good_one(team: Team, provider: Provider) -> None:
    reply, token = await sign_in(team, signed(provider, claims(provider)))
    assert (reply.code, reply.user) == ("", "ada")
    async with team.speaking(token) as peer:
        assert peer.heard[0].user == "ada"  # type: ignore[union-attr]


NOW = int(time.time())
"""When the tests were collected: what is told by it is far from the moment at which it is looked at."""


def now() -> int:
    """The milliseconds of this moment: `claims` is of this moment, too."""
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize(("more", "why"), [
    ({"aud": "another-program"}, "for another program"),
    ({"aud": CLIENT}, "for another program"),
    ({"aud": None}, "for another program"),
    ({"aud": [CLI, "another-program"]}, "for another program"),
    ({"aud": [CLI, "another-program"], "azp": "another-program"}, "for another program"),
    ({"azp": "another-program"}, "for another program"),
    ({"iss": "https://evil.example"}, "another provider's"),
    ({"iss": None}, "another provider's"),
    ({"exp": NOW - 61}, "expired"),
    ({"exp": None}, "expired"),
    ({"exp": "9999999999"}, "expired"),
    ({"exp": True}, "expired"),
    ({"iat": NOW - 3_600, "exp": NOW + 3_600}, "too old"),
    ({"iat": None}, "too old"),
    ({"iat": NOW + 3_600}, "only later"),
    ({"nbf": NOW + 3_600}, "only later"),
    ({"nonce": "of another sign-in"}, "another sign-in"),
    ({"nonce": ""}, "another sign-in"),
    ({"nonce": 5}, "another sign-in"),
    ({"sub": None}, "who they are"),
    ({"sub": ""}, "who they are"),
    ({"sub": 7}, "who they are"),
    ({"sub": "x" * 256}, "who they are"),
])  # fmt: skip
async def test_what_it_says(
    team: Team, provider: Provider, more: dict[str, object], why: str
) -> None:
    await refused(team, signed(provider, claims(provider, **more)), why)


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def test_clocks_differ_a_little(provider: Provider) -> None:
    keys = keys_of({"keys": provider.published})
    here = int(time.time())
    said = signed(provider, claims(provider, exp=here - 50, iat=here + 50))
    asked = {"issuer": provider.issuer, "client": CLI, "nonce": ""}
    assert believed(said, keys, **asked, bound=False, now=now())["sub"] == "ada"


class TestSignatures:
    async def test_none_at_all(self, team: Team, provider: Provider) -> None:
        for algorithm in ("none", "None", "NONE"):
            header = b64(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
            body = b64(json.dumps(claims(provider)).encode())
            await refused(team, f"{header}.{body}.", "proves nothing")

    async def test_hmac_with_the_public_key(self, team: Team, provider: Provider) -> None:
        public = RSAKey.import_key(provider.key)
        for secret in (
            public.as_pem(private=False),
            json.dumps(provider.published[0]).encode(),
            urlsafe_b64decode(provider.published[0]["n"] + "=="),
        ):
            header = {"alg": "HS256", "kid": provider.published[0]["kid"]}
            body = (
                f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims(provider)).encode())}"
            )
            signature = hmac.digest(secret, body.encode(), "sha256")
            await refused(team, f"{body}.{b64(signature)}", "proves nothing")

    async def test_by_another_key(self, team: Team, provider: Provider) -> None:
        mine = RSAKey.generate_key(2048)
        for kid in (provider.published[0]["kid"], None):
            header = {"alg": "RS256"} | ({"kid": kid} if kid else {})
            forged = jwt.encode(header, claims(provider), mine, algorithms=["RS256"])
            await refused(team, forged, "proves nothing")

    async def test_by_a_key_that_it_brings_along(self, team: Team, provider: Provider) -> None:
        mine = RSAKey.generate_key(2048, {"kid": "mine"})
        header = {"alg": "RS256", "kid": "mine", "jwk": mine.as_dict(private=False)}
        forged = jwt.encode(header, claims(provider), mine, algorithms=["RS256"])
        await refused(team, forged, "proves nothing")

    async def test_by_a_key_that_nobody_knows(self, team: Team, provider: Provider) -> None:
        mine = RSAKey.generate_key(2048)
        header = {"alg": "RS256", "kid": "mine"}
        forged = jwt.encode(header, claims(provider), mine, algorithms=["RS256"])
        await refused(team, forged, "unknown key")

    async def test_a_changed_claim(self, team: Team, provider: Provider) -> None:
        header, _, signature = signed(provider, claims(provider)).split(".")
        body = b64(json.dumps(claims(provider, "root")).encode())
        await refused(team, f"{header}.{body}.{signature}", "proves nothing")

    @pytest.mark.parametrize(
        "text", ["", ".", "..", "a.b.c", "x" * 5_000, "{}", "a.b.c.d.e", "é.é.é"]
    )
    async def test_what_is_no_token(self, team: Team, text: str) -> None:
        await refused(team, text, "proves nothing")

    def test_elliptic_curves_are_believed_and_others_are_not(self, provider: Provider) -> None:
        key = ECKey.generate_key("P-256", {"kid": "ec"})
        keys = keys_of({"keys": [key.as_dict(private=False)]})
        said = jwt.encode({"alg": "ES256", "kid": "ec"}, claims(provider), key)
        asked = {"issuer": provider.issuer, "client": CLI, "nonce": ""}
        assert believed(said, keys, **asked, bound=False, now=now())["sub"] == "ada"
        larger = ECKey.generate_key("P-521", {"kid": "ec"})
        said = jwt.encode(
            {"alg": "ES512", "kid": "ec"}, claims(provider), larger, algorithms=["ES512"]
        )
        with pytest.raises(NotBelieved):
            believed(
                said,
                keys_of({"keys": [larger.as_dict(private=False)]}),
                **asked,
                bound=False,
                now=now(),
            )

    def test_keys_for_encryption_sign_nothing(self, provider: Provider) -> None:
        key = RSAKey.generate_key(2048, {"kid": "e", "use": "enc"})
        with pytest.raises(NotBelieved):
            keys_of({"keys": [key.as_dict(private=False)]})
        good = provider.published[0]
        keys = keys_of({"keys": [key.as_dict(private=False), good, {"kty": "none"}, 5]})
        assert isinstance(keys, KeySet)
        same = RSAKey.import_key(key.as_pem(private=True))
        said = jwt.encode({"alg": "RS256", "kid": "e"}, claims(provider), same)
        asked = {"issuer": provider.issuer, "client": CLI, "nonce": ""}
        with pytest.raises(UnknownKey):
            believed(said, keys, **asked, bound=False, now=now())


class TestUsedAgain:
    async def test_one_without_a_nonce_is_good_once(self, team: Team, provider: Provider) -> None:
        said = signed(provider, claims(provider))
        assert not (await sign_in(team, said))[0].code
        await refused(team, said, "used before")
        await refused(team, said + "=", "proves nothing")

    async def test_one_with_a_nonce_is_good_for_its_own_token(
        self, team: Team, provider: Provider
    ) -> None:
        mine = made()
        said = signed(provider, claims(provider, nonce=nonce_of(mine.hash)))
        await refused(team, said, "another sign-in")
        assert not (await sign_in(team, said, mine))[0].code

    async def test_one_try_a_connection(self, team: Team, provider: Provider) -> None:
        async with connecting(team.url) as socket:
            message = wire.SignInOidc("", new(made()))
            for _ in range(2):
                await socket.send(wire.encode(message, wire.MSGPACK))
            assert isinstance(
                wire.decode_from_hub(await socket.recv(), wire.MSGPACK), wire.Reply | wire.Error
            )
            with pytest.raises(ConnectionClosed):
                await socket.recv()
