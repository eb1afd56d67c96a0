"""What an ID token must say to be believed (OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725).

Needs the extra `oidc`, imported on first use. No I/O: keys and the time come in.
"""

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from stackroom.events.model import Millis

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS: Final = ("RS256", "ES256")
"""Signatures by keys that only the provider has; what is not named here is refused, `none` and HS256 too."""

LEEWAY: Final = 60
"""Seconds by which the provider's clock and ours may differ."""

AGE_MOST: Final = 600
"""Seconds after which an ID token opens nothing, however long it says it is good."""


class NotBelieved(Exception):
    """The token proves nothing; the sentence says why."""


class UnknownKey(NotBelieved):
    """It is signed by a key that is not among those of the provider, as far as they are known."""


def keys_of(document: dict[str, Any]) -> "KeySet":
    """The keys in a JWK set (RFC 7517) that can sign. Raises NotBelieved."""
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    listed = document.get("keys")
    found = listed if isinstance(listed, list) else []
    signing = [k for k in found if isinstance(k, dict) and k.get("use", "sig") == "sig"]
    usable = [k for k in signing if k.get("kty") in ("RSA", "EC")]
    try:
        return KeySet.import_key_set({"keys": usable})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotBelieved(f"the provider's keys cannot be read: {error}") from error


def believed(
    text: str, keys: "KeySet", *, issuer: str, client: str, nonce: str, bound: bool, now: Millis
) -> dict[str, Any]:
    """The claims of an ID token that `issuer` made for `client` a moment ago.

    A nonce in it must be `nonce`; with `bound`, there must be one. Raises NotBelieved, UnknownKey.
    """
    claims = _signed(text, keys)
    seconds = now // 1_000
    if claims.get("iss") != issuer:
        raise NotBelieved("it is another provider's")
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or client not in named:
        raise NotBelieved("it was made for another program")
    if claims.get("azp", client) != client or (len(named) > 1 and "azp" not in claims):
        raise NotBelieved("it was made for another program")
    expires, made, begins = (_time(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None or expires + LEEWAY <= seconds:
        raise NotBelieved("it has expired")
    if made is None or made + AGE_MOST + LEEWAY <= seconds:
        raise NotBelieved("it is too old")
    if max(made, begins or 0) > seconds + LEEWAY:
        raise NotBelieved("it is good only later")
    if claims.get("nonce", None if bound else nonce) != nonce:
        raise NotBelieved("it was made for another sign-in")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise NotBelieved("it says of nobody who they are")
    return claims


def _signed(text: str, keys: "KeySet") -> dict[str, Any]:
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError

    try:
        return dict(jwt.decode(text, keys, algorithms=ALGORITHMS).claims)
    except InvalidKeyIdError as error:
        raise UnknownKey("it is signed by an unknown key") from error
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise NotBelieved("its signature proves nothing") from error


def _time(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    return value if isinstance(value, int | float) and isfinite(value) else None
