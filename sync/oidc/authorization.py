"""How a browser is sent to an OpenID provider for an authorization code, with PKCE. No I/O."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import urlencode


def request_address(
    at: str,
    *,
    client: str,
    scopes: Sequence[str],
    redirect: str,
    state: str,
    nonce: str,
    challenge: str,
) -> str:
    """Where a browser asks for a code (OpenID Connect Core 1.0, section 3.1.2.1); `at` is the provider's."""
    asked = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": redirect,
        "scope": " ".join(scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{at}{'&' if '?' in at else '?'}{urlencode(asked)}"


def challenge_of(verifier: str) -> str:
    """What the provider is told of the verifier before it is shown (RFC 7636, section 4.2)."""
    return base64url(sha256(verifier.encode()).digest())


def base64url(data: bytes) -> str:
    """Text that is safe in an address, without padding (RFC 7515, appendix C)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
