"""What came of looking at a secret, off the event loop: what `orders` and the hub go by from then on."""

from hashlib import sha256
from typing import TypeAlias

from msgspec import Struct

from stackroom.sync.oidc.authorization import base64url


class Hashed(Struct, frozen=True):
    """A fresh password, as its hash."""

    hash: bytes


class KnownPassword(Struct, frozen=True):
    """Somebody knew the password that is the entity `id`; their token is good for `lifetime` ms."""

    id: str
    lifetime: int


class Identified(Struct, frozen=True):
    """Who somebody is at a provider, by its own word.

    `name` is the one that they would have here, empty without one. `roles` (names) are what they would
    hold, and `welcome` says whether the hub lets them in though nobody has invited them.
    """

    issuer: str
    subject: str
    lifetime: int
    name: str = ""
    full_name: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()
    welcome: bool = False


Proof: TypeAlias = Hashed | KnownPassword | Identified


def nonce_of(hash: bytes) -> str:
    """The nonce that binds an ID token to the token of that hash: nobody else's is made of it."""
    digest = sha256(b"stackroom sign-in\x00" + hash).digest()
    return base64url(digest)
