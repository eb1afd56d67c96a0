"""The messages by which somebody comes in who has no token yet, and learns how one does.

The rules of `protocol` hold for them, too. Each of the first four may come in the place of `hello`.
"""

from typing import Annotated

from msgspec import Meta, Struct

from stackroom.events.limits import NAME_LENGTH
from stackroom.events.model import Count
from stackroom.sync.messages.message import Message
from stackroom.sync.messages.orders import IdToken, NewToken, Secret


class Redeem(Message, frozen=True, tag="redeem"):
    """A first message, too: a one-time code makes its holder a user, with the token of that hash.

    The token is made, and kept, before this is sent: whoever misses the answer says hello with it.
    `user` is the name to take where the code leaves it open (the first administrator's does);
    `lifetime` (ms) is that of the token, None for ever.
    """

    code: Secret
    token: NewToken
    user: Annotated[str, Meta(max_length=NAME_LENGTH)] = ""
    lifetime: Count | None = None

    def __repr__(self) -> str:
        """Without the code."""
        return f"Redeem(user={self.user!r})"


class ListWays(Message, frozen=True, tag="list_ways"):
    """A first message, too: asks how one signs in on this hub; what comes next is a first message again."""


class SignIn(Message, frozen=True, tag="sign_in"):
    """A first message, too: a name and a password make the token of that hash one of that user's."""

    user: Annotated[str, Meta(max_length=NAME_LENGTH)]
    password: Secret
    token: NewToken

    def __repr__(self) -> str:
        """Without the password."""
        return f"SignIn(user={self.user!r})"


class SignInOidc(Message, frozen=True, tag="sign_in_oidc"):
    """A first message, too: an ID token of the hub's provider, for a token of the user it is linked to.

    Where the provider put a nonce in it, that is `proofs.nonce_of(token.hash)`: it is good for this token
    alone. With the `code` of an invitation, its user is linked to that identity from now on.
    """

    id_token: IdToken
    token: NewToken
    code: Secret = ""
    access_token: IdToken = ""

    def __repr__(self) -> str:
        """Without any of them."""
        return "SignInOidc()"


class OidcWay(Struct, frozen=True, omit_defaults=True):
    """The OpenID provider by which one signs in, and as which of its clients the command line comes.

    `client_secret` is none, whatever it is called: some providers ask one of installed programs, too.
    """

    issuer: str
    client_id: str
    scopes: tuple[str, ...]
    client_secret: str = ""
    userinfo: bool = False
    """Whether the hub takes an access token beside, to ask who somebody is whom it does not know."""


class Ways(Message, frozen=True, tag="ways"):
    """How one signs in on this hub, beside tokens and codes."""

    passwords: bool = False
    oidc: OidcWay | None = None
