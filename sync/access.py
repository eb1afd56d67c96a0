"""Who may do what on a hub: the one place that is asked.

Today one token opens everything. Users, teams, roles and tokens of their own take this place later;
what asks here stays as it is.
"""

import hmac
from hashlib import sha256
from typing import Protocol

from msgspec import Struct

from stackroom.events.rules import Refusal, refuse_name
from stackroom.sync.protocol import Hello

TOKEN_PREFIX = "srm_"


class Principal(Struct, frozen=True):
    """Who a connection proved to be; `name` becomes the author of its commits."""

    name: str


class Access(Protocol):
    """Decides who a connection is, and what it may do."""

    def authenticate(self, hello: Hello) -> Principal | Refusal:
        """Who sends `hello`, or why it is refused."""

    def may_read(self, principal: Principal, profile: str) -> bool:
        """Whether `principal` may see the profile."""

    def may_write(self, principal: Principal, profile: str) -> bool:
        """Whether `principal` may propose changes to the profile."""


class SharedToken:
    """One token for the whole team; the name is what the user says it is.

    Holds the token's SHA-256 only. Compared in constant time.
    """

    def __init__(self, token_hash: bytes) -> None:
        self.token_hash = token_hash

    def authenticate(self, hello: Hello) -> Principal | Refusal:
        if not hmac.compare_digest(hash_token(hello.token), self.token_hash):
            return Refusal("unauthorised", "the token is not this hub's")
        if refusal := refuse_name(hello.user, "user name"):
            return refusal
        return Principal(hello.user)

    def may_read(self, principal: Principal, profile: str) -> bool:
        return True

    def may_write(self, principal: Principal, profile: str) -> bool:
        return True


def hash_token(token: str) -> bytes:
    """SHA-256 of a token; enough for a secret of 256 random bits (no dictionary holds it)."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
