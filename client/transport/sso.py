"""Signing in at an OpenID provider from a command line: what comes of it is an ID token for the hub.

By a code that is typed on any device (RFC 8628), where the provider has that; else in the browser of this
machine, which comes back to a port of ours (RFC 8252, section 7.3, with PKCE by RFC 7636).
"""

import secrets
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from stackroom.client.errors import NotSignedIn
from stackroom.client.settings import Settings
from stackroom.sync.errors import FetchFailed
from stackroom.sync.oidc.authorization import challenge_of, request_address
from stackroom.sync.oidc.fetching import fetch
from stackroom.sync.oidc.provider import Endpoints, discover
from stackroom.sync.protocol import OidcWay

DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"

SLOWER: Final = 5.0
"""Seconds by which the provider may ask us to slow down (RFC 8628, section 3.5)."""


class Brought(Struct, frozen=True):
    """What the provider gave: an ID token, and an access token that tells more of the same person."""

    id_token: str
    access_token: str = ""

    def __repr__(self) -> str:
        """Without either."""
        return "Brought()"


Show = Callable[[str, str], None]
"""Is told where to sign in, and the code to type there (empty where there is none to type)."""


def sign_in(
    way: OidcWay,
    nonce: str,
    settings: Settings,
    show: Show,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Brought:
    """The tokens of whoever signs in now; `nonce` is in the one if the provider can. Raises NotSignedIn."""
    try:
        endpoints = discover(way.issuer, settings.provider_timeout)
        if endpoints.device:
            return by_device(way, endpoints, nonce, settings, show, sleep, clock)
        return by_browser(way, endpoints, nonce, settings, show, clock)
    except FetchFailed as error:
        raise NotSignedIn(str(error)) from error


def by_device(
    way: OidcWay,
    endpoints: Endpoints,
    nonce: str,
    settings: Settings,
    show: Show,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> Brought:
    """By a code that somebody types there. Raises NotSignedIn, FetchFailed."""
    asked = {"scope": " ".join(way.scopes), "nonce": nonce} | _client(way)
    status, said = fetch(endpoints.device, settings.provider_timeout, asked)
    code, address = said.get("device_code"), said.get("verification_uri")
    if status != 200 or not isinstance(code, str) or not isinstance(address, str):
        raise _refused(said)
    whole = said.get("verification_uri_complete")
    show(whole if isinstance(whole, str) else address, str(said.get("user_code", "")))
    interval = _seconds(said, "interval", 5.0)
    until = clock() + min(settings.provider_patience, _seconds(said, "expires_in", 600.0))
    form = {"grant_type": DEVICE_GRANT, "device_code": code, "nonce": nonce} | _client(way)
    while clock() < until:
        sleep(interval)
        status, said = fetch(endpoints.token, settings.provider_timeout, form)
        match status, said.get("error"):
            case 200, _:
                return _brought(said)
            case _, "authorization_pending":
                pass
            case _, "slow_down":
                interval += SLOWER
            case _:
                raise _refused(said)
    raise NotSignedIn("nobody has signed in at the provider in time")


def by_browser(
    way: OidcWay,
    endpoints: Endpoints,
    nonce: str,
    settings: Settings,
    show: Show,
    clock: Callable[[], float],
) -> Brought:
    """By a browser that comes back here. Raises NotSignedIn, FetchFailed."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with _Landing(state) as landing:
        redirect = f"http://127.0.0.1:{landing.server_port}/"
        there = request_address(
            endpoints.authorization,
            client=way.client_id,
            scopes=way.scopes,
            redirect=redirect,
            state=state,
            nonce=nonce,
            challenge=challenge_of(verifier),
        )
        show(there, "")
        brought = landing.wait(clock() + settings.provider_patience, clock)
    if brought.get("iss", way.issuer) != way.issuer or "code" not in brought:
        raise _refused(brought)
    form = {
        "grant_type": "authorization_code",
        "code": brought["code"],
        "redirect_uri": redirect,
        "code_verifier": verifier,
    }
    status, said = fetch(endpoints.token, settings.provider_timeout, form | _client(way))
    if status != 200:
        raise _refused(said)
    return _brought(said)


class _Landing(HTTPServer):
    """Where the browser comes back to: a port of this machine, for one answer with our `state`."""

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.state = state
        self.brought: dict[str, str] | None = None

    def wait(self, until: float, clock: Callable[[], float]) -> dict[str, str]:
        """What the browser brings. Raises NotSignedIn."""
        while self.brought is None:
            self.timeout = until - clock()
            if self.timeout <= 0:
                raise NotSignedIn("nobody has signed in at the provider in time")
            self.handle_request()
        return self.brought


class _Page(BaseHTTPRequestHandler):
    server: _Landing
    timeout = 5.0

    def do_GET(self) -> None:
        fields = parse_qs(urlsplit(self.path).query)
        brought = {name: values[0] for name, values in fields.items()}
        ours = secrets.compare_digest(
            brought.get("state", "").encode("utf-8", "replace"), self.server.state.encode()
        )
        text = "Done: the command line goes on. You can close this page." if ours else "Not found."
        if ours:
            self.server.brought = brought
        body = f"{text}\n".encode()
        self.send_response(200 if ours else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged: there are codes in it."""


def _client(way: OidcWay) -> dict[str, str]:
    secret = {"client_secret": way.client_secret} if way.client_secret else {}
    return {"client_id": way.client_id} | secret


def _brought(said: dict[str, Any]) -> Brought:
    text, access = said.get("id_token"), said.get("access_token")
    if not isinstance(text, str):
        raise NotSignedIn("the provider gave no ID token", hint="its client needs the scope openid")
    return Brought(text, access if isinstance(access, str) else "")


def _refused(said: dict[str, Any]) -> NotSignedIn:
    why = said.get("error_description") or said.get("error") or "no reason"
    return NotSignedIn(f"the provider does not say who you are ({str(why)[:200]})")


def _seconds(said: dict[str, Any], name: str, otherwise: float) -> float:
    value = said.get(name)
    return float(value) if isinstance(value, int | float) and value > 0 else otherwise
