"""Looking at passwords and ID tokens, off the event loop: it takes a core, memory, or an answer from afar.

So many at a time as the settings say; those who wait are strangers or orders, of which there are only so
many. Whether there is a user of some name, neither the answer nor its time tells.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from stackroom.events.deciding.rules import Refusal
from stackroom.events.model import Millis
from stackroom.sync import protocol as wire
from stackroom.sync.effects import Ordered
from stackroom.sync.errors import FetchFailed
from stackroom.sync.oidc.id_tokens import NotBelieved
from stackroom.sync.oidc.logins import Begun, Logins
from stackroom.sync.people.access import Access
from stackroom.sync.people.orders import BAD_CODE, WRONG_PASSWORD
from stackroom.sync.people.passwords import hash_password, is_password, refuse_password
from stackroom.sync.people.proofs import Hashed, Identified, KnownPassword, Proof, nonce_of
from stackroom.sync.settings import Settings

if TYPE_CHECKING:
    from stackroom.sync.oidc.provider import Provider

NO_PASSWORDS: Final = Refusal("no_passwords", "this hub takes no passwords")
NO_PROVIDER: Final = Refusal("no_provider", "this hub has no OpenID provider")

PROVIDER_AT_ONCE: Final = 8
"""Questions to the provider at a time."""


class Prover:
    """What makes a proof of a secret; `clock` is in milliseconds, `steady` in seconds."""

    def __init__(
        self,
        settings: Settings,
        access: Access,
        provider: "Provider | None",
        logins: Logins,
        clock: Callable[[], Millis],
        steady: Callable[[], float],
    ) -> None:
        self.settings = settings
        self.access = access
        self.provider = provider
        self.logins = logins
        self.clock = clock
        self.steady = steady
        # Whoever sets passwords by the dozen keeps nobody from signing in.
        self._signing_in = anyio.CapacityLimiter(settings.passwords_at_once)
        self._setting = anyio.CapacityLimiter(1)
        self._asking = anyio.CapacityLimiter(PROVIDER_AT_ONCE)

    def ways(self) -> wire.Ways:
        """How one signs in here."""
        if self.provider is None:
            return wire.Ways(self.settings.passwords)
        oidc = self.provider.oidc
        way = wire.OidcWay(
            oidc.issuer,
            oidc.cli_client,
            oidc.scopes,
            oidc.cli_client_secret,
            userinfo=oidc.create == "domain",
        )
        return wire.Ways(self.settings.passwords, way)

    async def prove(self, ordered: Ordered) -> Proof | Refusal:
        """What the secret in an order is good for, or why for nothing."""
        match ordered.ask:
            case wire.SignIn(user, password):
                return await self._by_password(user, password)
            case wire.SignInOidc(id_token, token, access_token=access):
                return await self._identified(id_token, token.hash, access)
            case wire.Redeem(code):
                return self.logins.redeem(code, self.steady()) or BAD_CODE
            case wire.Ask(_, wire.SetPassword(password)):
                assert ordered.sender is not None
                return await self._hashed(password, ordered.sender.name)
            case wire.Ask(_, wire.LinkIdentity(id_token)):
                assert ordered.sender is not None
                return await self._identified(id_token, self.access.secret(ordered.sender))
            case _:
                raise TypeError(f"{type(ordered.ask).__name__} has no secret to look at")

    async def login(self, begun: Begun) -> str:
        """Where a browser is sent. Raises FetchFailed."""
        assert self.provider is not None
        ask = partial(
            self.provider.login, begun.redirect, begun.state, begun.nonce, begun.challenge
        )
        return await anyio.to_thread.run_sync(ask, limiter=self._asking)

    async def names_issuer(self) -> bool:
        """Whether the provider says that browsers bring its name back."""
        assert self.provider is not None
        known = await anyio.to_thread.run_sync(self.provider.endpoints, limiter=self._asking)
        return known.names_issuer

    async def came_back(
        self, code: str, verifier: str, redirect: str, nonce: str
    ) -> Identified | Refusal:
        """Whom a browser is that brought `code` back from the provider."""
        if self.provider is None:
            return NO_PROVIDER
        work = partial(self.provider.came_back, code, verifier, redirect, nonce, self.clock())
        return await self._asked(work)

    async def _by_password(self, user: str, password: str) -> KnownPassword | Refusal:
        if not self.settings.passwords:
            return NO_PASSWORDS
        known = self.access.password(user)
        look = partial(is_password, password, known[1] if known is not None else None)
        right = await anyio.to_thread.run_sync(look, limiter=self._signing_in)
        if known is None or not right:
            return WRONG_PASSWORD
        return KnownPassword(known[0], int(self.settings.sign_in_lifetime * 1_000))

    async def _hashed(self, password: str, user: str) -> Hashed | Refusal:
        if not self.settings.passwords:
            return NO_PASSWORDS
        if refusal := refuse_password(password, user, self.settings.password_length):
            return refusal
        make = partial(hash_password, password)
        return Hashed(await anyio.to_thread.run_sync(make, limiter=self._setting))

    async def _identified(
        self, id_token: str, hash: bytes, access: str = ""
    ) -> Identified | Refusal:
        if self.provider is None:
            return NO_PROVIDER
        return await self._asked(
            partial(self.provider.identify, id_token, nonce_of(hash), self.clock(), access)
        )

    async def _asked(self, work: Callable[[], Identified]) -> Identified | Refusal:
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._asking)
        except NotBelieved as error:
            return Refusal("bad_identity", f"what the provider said is not believed: {error}")
        except FetchFailed as error:
            return Refusal("provider_failed", f"the hub cannot ask the provider: {error}")
