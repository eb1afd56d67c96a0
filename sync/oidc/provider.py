"""The OpenID provider of a hub: what it says of itself (discovery), its keys, and whom its tokens speak of.

Blocking, and safe from several threads. What it said is remembered: addresses for an hour, keys until an
unknown one is named, which is asked for once a minute at the most.
"""

import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from stackroom.events.model import Millis
from stackroom.sync.errors import FetchFailed, MissingExtra
from stackroom.sync.oidc.authorization import request_address
from stackroom.sync.oidc.fetching import basic, fetch
from stackroom.sync.oidc.id_tokens import NotBelieved, UnknownKey, believed, keys_of
from stackroom.sync.oidc.oidc_settings import Oidc
from stackroom.sync.people.proofs import Identified

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ENDPOINTS_GOOD: Final = 3_600.0
"""Seconds that discovery is believed."""

KEYS_AGAIN: Final = 60.0
"""Seconds between two looks for a key that is unknown."""

SEEN_MOST: Final = 10_000
"""ID tokens without a nonce that are remembered, the oldest forgotten first."""

_METHODS: Final = ("client_secret_basic",)
"""Those of a provider that names none (OpenID Connect Discovery 1.0, section 3)."""


class Endpoints(Struct, frozen=True):
    """Where the provider answers what (OpenID Connect Discovery 1.0, section 3)."""

    authorization: str
    token: str
    keys: str
    device: str = ""
    userinfo: str = ""
    basic: bool = True
    """Whether a client says its secret in a header; else, in the form."""
    names_issuer: bool = False
    """Whether what a browser brings back must name the issuer (RFC 9207)."""


def discover(issuer: str, timeout: float) -> Endpoints:
    """What the provider says of itself. Raises FetchFailed."""
    status, said = fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout)
    if status != 200:
        raise FetchFailed(f"{issuer} answered {status}, and not what it can do")
    if said.get("issuer") != issuer:
        raise FetchFailed(
            f"what answers at {issuer} calls itself {str(said.get('issuer'))[:200]!r}"
        )
    texts = {name: value for name, value in said.items() if isinstance(value, str)}
    try:
        return Endpoints(
            texts["authorization_endpoint"],
            texts["token_endpoint"],
            texts["jwks_uri"],
            texts.get("device_authorization_endpoint", ""),
            texts.get("userinfo_endpoint", ""),
            "client_secret_basic" in said.get("token_endpoint_auth_methods_supported", _METHODS),
            said.get("authorization_response_iss_parameter_supported") is True,
        )
    except KeyError as error:
        raise FetchFailed(f"{issuer} does not say its {error.args[0]}") from error


class Provider:
    """The provider as `oidc` has it; `secret` is the hub's own at it, empty for none.

    `lifetime` (ms) is that of the tokens that it opens; `steady` is a clock in seconds.
    """

    def __init__(
        self,
        oidc: Oidc,
        secret: str,
        *,
        timeout: float,
        lifetime: int,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            import joserfc  # noqa: F401
        except ImportError as error:
            raise MissingExtra("oidc") from error
        self.oidc = oidc
        self.timeout = timeout
        self.lifetime = lifetime
        self.steady = steady
        self._secret = secret
        self._lock = Lock()
        self._endpoints: tuple[float, Endpoints] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._seen: dict[bytes, None] = {}

    def endpoints(self) -> Endpoints:
        """Where it answers what. Raises FetchFailed."""
        with self._lock:
            return self._known_endpoints()

    def _known_endpoints(self) -> Endpoints:
        known, now = self._endpoints, self.steady()
        if known is None or now - known[0] > ENDPOINTS_GOOD:
            known = self._endpoints = (now, discover(self.oidc.issuer, self.timeout))
        return known[1]

    def login(self, redirect: str, state: str, nonce: str, challenge: str) -> str:
        """Where a browser is sent. Raises FetchFailed."""
        return request_address(
            self.endpoints().authorization,
            client=self.oidc.client_id,
            scopes=self.oidc.scopes,
            redirect=redirect,
            state=state,
            nonce=nonce,
            challenge=challenge,
        )

    def came_back(
        self, code: str, verifier: str, redirect: str, nonce: str, now: Millis
    ) -> Identified:
        """Whom the code speaks of that a browser brought back. Raises FetchFailed, NotBelieved."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "client_id": self.oidc.client_id,
            "code_verifier": verifier,
        }
        header, endpoints = "", self.endpoints()
        if self._secret and endpoints.basic:
            header = basic(self.oidc.client_id, self._secret)
        elif self._secret:
            form["client_secret"] = self._secret
        status, said = fetch(endpoints.token, self.timeout, form, header)
        text = said.get("id_token")
        if status != 200 or not isinstance(text, str):
            raise NotBelieved(f"the provider does not take it ({str(said.get('error'))[:100]})")
        claims = self._claims(text, self.oidc.client_id, nonce, bound=True, now=now)
        return self._identified(claims, str(said.get("access_token", "")))

    def identify(
        self, id_token: str, nonce: str, now: Millis, access_token: str = ""
    ) -> Identified:
        """Whom an ID token speaks of that a command line got. Raises FetchFailed, NotBelieved.

        Device codes bring a nonce at some providers only; a token without one is good once, and not old.
        """
        claims = self._claims(id_token, self.oidc.cli_client, nonce, bound=False, now=now)
        # What differs in how it is written says the same all the same: only the signed part counts.
        key = sha256(id_token.rpartition(".")[0].encode()).digest()
        with self._lock:
            if key in self._seen:
                raise NotBelieved("it was used before")
            self._seen[key] = None
            while len(self._seen) > SEEN_MOST:
                del self._seen[next(iter(self._seen))]
        return self._identified(claims, access_token)

    def _identified(self, claims: dict[str, Any], access_token: str) -> Identified:
        """Whom claims speak of; more about people whom the hub may let in uninvited is asked for."""
        if self.oidc.create == "domain" and access_token:
            claims = self._about(claims["sub"], access_token) | claims
        return identified(self.oidc, claims, self.lifetime)

    def _about(self, subject: str, access_token: str) -> dict[str, Any]:
        """What the provider says beside an ID token (OpenID Connect Core, section 5.3)."""
        address = self.endpoints().userinfo
        if not address:
            return {}
        status, said = fetch(address, self.timeout, authorization=f"Bearer {access_token}")
        # What belongs to another subject is of another token (section 5.3.2).
        if status != 200 or said.get("sub") != subject:
            raise NotBelieved("the access token beside it is not its own")
        return said

    def _claims(
        self, text: str, client: str, nonce: str, *, bound: bool, now: Millis
    ) -> dict[str, Any]:
        said = {"issuer": self.oidc.issuer, "client": client, "nonce": nonce}
        try:
            return believed(text, self._key_set(), **said, bound=bound, now=now)
        except UnknownKey:
            return believed(text, self._key_set(anew=True), **said, bound=bound, now=now)

    def _key_set(self, *, anew: bool = False) -> "KeySet":
        with self._lock:
            known, now = self._keys, self.steady()
            if known is None or (anew and now - known[0] > KEYS_AGAIN):
                status, document = fetch(self._known_endpoints().keys, self.timeout)
                if status != 200:
                    raise FetchFailed(f"the provider answered {status} in the place of its keys")
                known = self._keys = (now, keys_of(document))
            return known[1]


def identified(oidc: Oidc, claims: Mapping[str, Any], lifetime: int) -> Identified:
    """What believed claims say of somebody."""
    verified = claims.get("email_verified")
    email = _text(claims, "email") if verified is True or verified == "true" else ""
    name = email if oidc.user_claim == "email" else _text(claims, oidc.user_claim)
    _, at, domain = email.casefold().rpartition("@")
    groups = claims.get(oidc.groups_claim)
    held = [g for g in groups if isinstance(g, str)] if isinstance(groups, list) else []
    roles = [oidc.role, *(oidc.groups[group] for group in held if group in oidc.groups)]
    return Identified(
        oidc.issuer,
        claims["sub"],
        lifetime,
        name,
        _text(claims, "name"),
        email,
        tuple(dict.fromkeys(role for role in roles if role)),
        oidc.create == "domain" and bool(at) and domain in map(str.casefold, oidc.domains),
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip()[:255] if isinstance(value, str) else ""
