"""A hub with a provider, in the test's own loop, and people who come to it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import RSAKey

from stackroom.sync import protocol as wire
from stackroom.sync.oidc.provider import Provider as AskedProvider
from stackroom.sync.people import tokens
from stackroom.sync.people.proofs import nonce_of
from stackroom.sync.settings import Settings
from tests.attacks.standing import coming
from tests.sso.provider import CLI, SECRET, Provider
from tests.sync.members import Clock, Team, made, new, serving_team

HOURS = 3_600_000


def asked(provider: Provider, **oidc: object) -> AskedProvider:
    """The provider as the hub asks it."""
    return AskedProvider(provider.oidc(**oidc), SECRET, timeout=10, lifetime=12 * HOURS)


@asynccontextmanager
async def hub_with(
    path: Path, provider: Provider, settings: Settings | None = None, **oidc: object
) -> AsyncIterator[Team]:
    """A hub on the log at `path` whose people sign in at `provider`, at the time of now."""
    async with serving_team(
        path,
        settings or Settings(port=0),
        clock=Clock(time.time_ns() // 1_000_000),
        provider=asked(provider, **oidc),
    ) as team:
        yield team


def claims(provider: Provider, subject: str = "ada", **more: object) -> dict[str, object]:
    """What an ID token of the provider's says; None leaves a claim out."""
    now = int(time.time())
    usual = {"iss": provider.issuer, "aud": CLI, "sub": subject, "iat": now, "exp": now + 600}
    return {name: value for name, value in (usual | more).items() if value is not None}


def signed(provider: Provider, said: dict[str, object], kid: str | None = None) -> str:
    """An ID token as the provider would sign it, by its own key."""
    key = RSAKey.import_key(provider.key)
    header = {"alg": "RS256", "kid": kid or provider.published[0]["kid"]}
    return jwt.encode(header, said, key, algorithms=["RS256"])


async def sign_in(
    team: Team, id_token: str, token: tokens.Made | None = None, code: str = "", access: str = ""
) -> tuple[wire.Reply, str]:
    """The hub's reply to an ID token, and the token that was offered with it."""
    token = token or made()
    reply = await coming(team.url, wire.SignInOidc(id_token, new(token), code, access))
    assert isinstance(reply, wire.Reply), reply
    return reply, token.text


async def link(team: Team, token: str, id_token: str) -> wire.Reply:
    """What the hub says to somebody who links themselves."""
    async with team.speaking(token) as peer:
        return await peer.ask(wire.LinkIdentity(id_token))


async def linked(team: Team, provider: Provider, name: str, role: str = "") -> str:
    """The token of a new user who is linked to the subject of the same name."""
    token = await team.member(name, role)
    nonce = nonce_of(tokens.digest(token))
    said = await link(team, token, signed(provider, claims(provider, name, nonce=nonce)))
    assert not said.code, said
    return token
