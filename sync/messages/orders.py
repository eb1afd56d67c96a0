"""What a member asks a hub to do, beside pushing: the orders that `ask` carries, and secrets in them.

The rules of `protocol` hold for them, too.
"""

from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from stackroom.events.limits import KEY_BYTES, MESSAGE_LENGTH, NAME_LENGTH, SIGNATURE_BYTES
from stackroom.events.model import Count, Id, Millis
from stackroom.events.people.people import Grant

PREFIX_PATTERN: Final = "^[a-z]{3}_[0-9A-Za-z]{8}$"
"""What is public of a token or code: its kind, and what it is looked up by."""

Secret: TypeAlias = Annotated[str, Meta(max_length=4_096)]
"""A token or a one-time code."""

IdToken: TypeAlias = Annotated[str, Meta(max_length=16_384)]
"""An ID token in its compact form (OpenID Connect Core, section 2), or an access token."""

Hash: TypeAlias = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""SHA-256 of a token or code."""


PublicKey: TypeAlias = Annotated[bytes, Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]
"""The public half of an Ed25519 key."""

Proof: TypeAlias = Annotated[bytes, Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)]
"""An Ed25519 signature, by which somebody shows that they have a key."""


class NewToken(Struct, frozen=True):
    """A token that whoever will hold it has made: its public prefix, and the hash of the whole."""

    name: Annotated[str, Meta(max_length=NAME_LENGTH)]
    prefix: Annotated[str, Meta(pattern=PREFIX_PATTERN)]
    hash: Hash


class Order(Struct, frozen=True, tag_field="order", omit_defaults=True):
    """Base of all orders."""


class MakeToken(Order, frozen=True, tag="make_token"):
    """A token for the sender, or for the service account `user` (an id).

    `lifetime` is in milliseconds, None for ever; see `TokenCreated` for the rest.
    """

    token: NewToken
    user: str = ""
    read_only: bool = False
    profiles: tuple[Id, ...] | None = None
    lifetime: Count | None = None


class RenewToken(Order, frozen=True, tag="renew_token"):
    """Adds the token's lifetime to the time of now; the empty id is the token of this connection."""

    token: str = ""


class RevokeToken(Order, frozen=True, tag="revoke_token"):
    """Ends a token at once."""

    token: Id


class ListTokens(Order, frozen=True, tag="list_tokens"):
    """The sender's tokens, or `everybody`'s; with when each was used last."""

    everybody: bool = False


class Invite(Order, frozen=True, tag="invite"):
    """Lets somebody join under `user` with the code of that prefix and hash, for `lifetime` (ms).

    Whoever is a user already is let in again by it, and gets no role.
    """

    user: Annotated[str, Meta(max_length=NAME_LENGTH)]
    prefix: Annotated[str, Meta(pattern=PREFIX_PATTERN)]
    hash: Hash
    lifetime: Count
    role: str = ""
    scope: str = ""
    teams: tuple[Id, ...] = ()


class SetPassword(Order, frozen=True, tag="set_password"):
    """A password for the sender, in the place of another; the empty one is none."""

    password: Secret = ""

    def __repr__(self) -> str:
        """Without the password."""
        return "SetPassword()"


class LinkIdentity(Order, frozen=True, tag="link_identity"):
    """Links the sender to whom an ID token of the hub's provider speaks of; the empty one unlinks.

    Where there is a nonce in it, that is made of the hash of this connection's token.
    """

    id_token: IdToken = ""

    def __repr__(self) -> str:
        """Without the ID token."""
        return "LinkIdentity()"


class RegisterKey(Order, frozen=True, tag="register_key"):
    """The sender's replica signs with this key from now on; `proof` is `signing.Signer.possession`.

    A replica has one key. One of which the hub knows another, whose own has ended, or belongs to another
    replica, takes a new identity.
    """

    key: PublicKey
    proof: Proof


class RevokeKey(Order, frozen=True, tag="revoke_key"):
    """Nothing that the key signs is taken from now on."""

    key: PublicKey


class Redact(Order, frozen=True, tag="redact"):
    """Takes the text at `path` of what commit `seq` wrote out of a profile's whole history.

    `entity` says of which, where the commit wrote several. With `dry_run`, only says where it stands.
    """

    profile: Id
    seq: Count
    path: Annotated[str, Meta(max_length=4_096)]
    reason: Annotated[str, Meta(max_length=MESSAGE_LENGTH)]
    entity: str = ""
    dry_run: bool = False


class Explain(Order, frozen=True, tag="explain"):
    """What a user (by name; the sender, if empty) may do in a profile, or on the hub, and why."""

    user: str = ""
    profile: str = ""


class ListOffers(Order, frozen=True, tag="list_offers"):
    """What is there to take back, of what a hub that was restored from a backup has lost."""


class Heal(Order, frozen=True, tag="heal"):
    """Takes back what clients offer of these profiles (ids): one after the other, people first.

    Without `unproven`, only what the hub's own signature stands for. With `give_up`, takes nothing back,
    and has clients go on with what the hub has.
    """

    profiles: tuple[Id, ...]
    unproven: bool = False
    give_up: bool = False


class ListNotes(Order, frozen=True, tag="list_notes"):
    """The newest `most` entries of the hub's security log: of a kind, about a user, since a time."""

    most: Count = 100
    kind: Annotated[str, Meta(max_length=NAME_LENGTH)] = ""
    user: Annotated[str, Meta(max_length=NAME_LENGTH)] = ""
    since: Millis = 0


# What is answered to them


class TokenInfo(Struct, frozen=True, omit_defaults=True):
    """A token as its owner may see it; times in milliseconds since 1970, None where there is none."""

    id: str
    user: str
    name: str
    prefix: str
    created: Millis
    used: Millis | None = None
    expires: Millis | None = None
    read_only: bool = False
    profiles: tuple[str, ...] | None = None
    here: bool = False
    """Whether it is the token of this connection."""


class Explained(Struct, frozen=True):
    """What a user may do, and where each permission comes from."""

    user: str
    active: bool
    grants: tuple[Grant, ...]


class Remnant(Struct, frozen=True):
    """Where a redaction does not reach: the text is part of a longer one, or of a name, key or message.

    `where` is `message`, or the number of an event and a pointer into its body.
    """

    seq: Count
    where: str


AnyOrder: TypeAlias = (
    MakeToken
    | RenewToken
    | RevokeToken
    | ListTokens
    | Invite
    | SetPassword
    | LinkIdentity
    | RegisterKey
    | RevokeKey
    | Redact
    | Explain
    | ListNotes
    | ListOffers
    | Heal
)
