"""The messages between a hub and its replicas, in either coding.

Written rules: a new field has a default; no field changes its type or leaves; unknown fields are
ignored; anything else is a new `VERSION` and a new subprotocol. A test holds the schema to that.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from stackroom.events.limits import NAME_LENGTH
from stackroom.events.log import Answer, Listed
from stackroom.events.model import Commit, Count, Id, Key, Millis, Proposal, Rewritten
from stackroom.events.proofs.merkle import Frontier
from stackroom.sync.messages.drafts import Draft as Draft
from stackroom.sync.messages.drafts import Drafted as Drafted
from stackroom.sync.messages.healing import Compare as Compare
from stackroom.sync.messages.healing import Compared as Compared
from stackroom.sync.messages.healing import Healed as Healed
from stackroom.sync.messages.healing import Mended as Mended
from stackroom.sync.messages.healing import Offer as Offer
from stackroom.sync.messages.healing import Offered as Offered
from stackroom.sync.messages.healing import Point as Point
from stackroom.sync.messages.healing import Recall as Recall
from stackroom.sync.messages.healing import Returned as Returned
from stackroom.sync.messages.inspections import Anchored as Anchored
from stackroom.sync.messages.inspections import Condition as Condition
from stackroom.sync.messages.inspections import Connected as Connected
from stackroom.sync.messages.inspections import Counters as Counters
from stackroom.sync.messages.inspections import Follows as Follows
from stackroom.sync.messages.inspections import Inspect as Inspect
from stackroom.sync.messages.inspections import Inspected as Inspected
from stackroom.sync.messages.inspections import Kept as Kept
from stackroom.sync.messages.inspections import Stored as Stored
from stackroom.sync.messages.message import M, OneByOne, Together
from stackroom.sync.messages.message import Message as Message
from stackroom.sync.messages.orders import PREFIX_PATTERN as PREFIX_PATTERN
from stackroom.sync.messages.orders import AnyOrder as AnyOrder
from stackroom.sync.messages.orders import Explain as Explain
from stackroom.sync.messages.orders import Explained as Explained
from stackroom.sync.messages.orders import Hash as Hash
from stackroom.sync.messages.orders import Heal as Heal
from stackroom.sync.messages.orders import IdToken as IdToken
from stackroom.sync.messages.orders import Invite as Invite
from stackroom.sync.messages.orders import LinkIdentity as LinkIdentity
from stackroom.sync.messages.orders import ListNotes as ListNotes
from stackroom.sync.messages.orders import ListOffers as ListOffers
from stackroom.sync.messages.orders import ListTokens as ListTokens
from stackroom.sync.messages.orders import MakeToken as MakeToken
from stackroom.sync.messages.orders import NewToken as NewToken
from stackroom.sync.messages.orders import Order as Order
from stackroom.sync.messages.orders import Redact as Redact
from stackroom.sync.messages.orders import RegisterKey as RegisterKey
from stackroom.sync.messages.orders import Remnant as Remnant
from stackroom.sync.messages.orders import RenewToken as RenewToken
from stackroom.sync.messages.orders import RevokeKey as RevokeKey
from stackroom.sync.messages.orders import RevokeToken as RevokeToken
from stackroom.sync.messages.orders import Secret as Secret
from stackroom.sync.messages.orders import SetPassword as SetPassword
from stackroom.sync.messages.orders import TokenInfo as TokenInfo
from stackroom.sync.messages.proofs import Prove as Prove
from stackroom.sync.messages.proofs import Proved as Proved
from stackroom.sync.messages.proofs import Proven as Proven
from stackroom.sync.messages.runs import ListedRun as ListedRun
from stackroom.sync.messages.runs import ListRuns as ListRuns
from stackroom.sync.messages.runs import RunsListed as RunsListed
from stackroom.sync.messages.showing import Changed as Changed
from stackroom.sync.messages.showing import Diff as Diff
from stackroom.sync.messages.showing import Differed as Differed
from stackroom.sync.messages.showing import Entry as Entry
from stackroom.sync.messages.showing import LogRead as LogRead
from stackroom.sync.messages.showing import Look as Look
from stackroom.sync.messages.showing import Looked as Looked
from stackroom.sync.messages.showing import ReadLog as ReadLog
from stackroom.sync.messages.showing import Unwatch as Unwatch
from stackroom.sync.messages.showing import Watch as Watch
from stackroom.sync.messages.sign_in import ListWays as ListWays
from stackroom.sync.messages.sign_in import OidcWay as OidcWay
from stackroom.sync.messages.sign_in import Redeem as Redeem
from stackroom.sync.messages.sign_in import SignIn as SignIn
from stackroom.sync.messages.sign_in import SignInOidc as SignInOidc
from stackroom.sync.messages.sign_in import Ways as Ways
from stackroom.sync.sockets.close_codes import CloseCode as CloseCode

VERSION: Final = 1
MSGPACK: Final = f"stackroom.v{VERSION}+msgpack"
JSON: Final = f"stackroom.v{VERSION}+json"
SUBPROTOCOLS: Final = (MSGPACK, JSON)
"""In the order of the hub's preference."""

ROOTS_MOST: Final = 64
"""Roots that are asked for at once."""


# From a replica to the hub


class Hello(Message, frozen=True, tag="hello"):
    """The first message: who is there, by a token that says it.

    `key` is the public half of the key by which the replica signs, if it does.
    """

    replica: Id
    token: Secret
    client: Annotated[str, Meta(max_length=NAME_LENGTH)] = ""
    key: Key = b""

    def __repr__(self) -> str:
        """Without the token, which must never stand in a log."""
        return f"Hello(replica={self.replica!r}, client={self.client!r})"


class ListProfiles(Message, frozen=True, tag="list_profiles"):
    """Asks for the profiles that the sender may read, now and whenever that list changes."""


class Subscribe(Message, frozen=True, tag="subscribe"):
    """Asks for the commits of a profile after seq `after`, whose Merkle root there is `root`.

    With `snapshot`, the hub may send a snapshot first where that is the shorter way; it then proves that
    the tree there begins with the one over the first `seen` commits, of which the sender has a checkpoint.
    With `blocks`, it may send old commits packed.
    """

    profile: Id
    after: Count
    root: bytes
    snapshot: bool = False
    seen: Count = 0
    blocks: bool = False


class Unsubscribe(Message, frozen=True, tag="unsubscribe"):
    """Ends the subscription to a profile."""

    profile: Id


class Fetch(Message, frozen=True, tag="fetch"):
    """Asks for one page of commits after seq `after`, for history that a snapshot left out.

    With `blocks`, it may come packed.
    """

    profile: Id
    after: Count
    blocks: bool = False


class FetchRoots(Message, frozen=True, tag="fetch_roots"):
    """Asks for the Merkle roots after these commits, to find the one at which histories part."""

    profile: Id
    seqs: Annotated[tuple[Count, ...], Meta(max_length=ROOTS_MOST)]


class Push(Message, frozen=True, tag="push"):
    """Proposes, in order; each is answered by its id in `results`."""

    profile: Id
    proposals: tuple[Proposal, ...]


# Orders: what the hub alone can do, and what only it knows


class Ask(Message, frozen=True, tag="ask"):
    """An order; answered by one `reply` with the same `id`, which the sender chooses."""

    id: Count
    order: AnyOrder


# From the hub to a replica


class Welcome(Message, frozen=True, tag="welcome"):
    """The answer to `hello`: which hub this is, and as whom it took the sender.

    `key` is the public key by which it signs checkpoints (`signed_note.verifier_key`), empty if it signs
    none, and `rotations` the statements by which each key named the next, oldest first.
    `key_registered` is whether the key in `hello` is known to be that of this user's replica: if not, it is
    to be registered before anything is pushed. None where no key was told, or the hub keeps none.
    """

    hub: str
    epoch: int
    user: str
    server: str
    time: Millis
    push_proposals: int
    push_bytes: int
    key_registered: bool | None = None
    key: str = ""
    rotations: tuple[str, ...] = ()


class Rights(Message, frozen=True, tag="rights"):
    """What the receiver may do: on the hub as a whole, and in the profiles where that is something else.

    Sent after `welcome`, and whenever it changes. `people` is the id of the stream of people, where
    the receiver may read it; `expires` is when the token ends, and `renew` whether it should be renewed.
    """

    hub: tuple[str, ...]
    profiles: dict[str, tuple[str, ...]] = {}
    people: str = ""
    expires: Millis | None = None
    renew: bool = False


class Reply(Message, frozen=True, tag="reply"):
    """The answer to an order. What was refused has a reason: `code` and `sentence`.

    `user` is who the order was about, `seq` the commit that it made; `tokens` and `explained` are there
    where they were asked for. Of a redaction, `rewritten` is what it (would) take a value from, and
    `remnants` where the value stands on. `notes` are lines of the security log, each a JSON object, oldest
    first. Of a healing, `offers` is what could be taken back, `mended` what came of each profile, and
    `epoch` the hub's from then on.
    """

    id: Count
    code: str = ""
    sentence: str = ""
    user: str = ""
    seq: int | None = None
    tokens: tuple[TokenInfo, ...] = ()
    explained: Explained | None = None
    rewritten: tuple[Rewritten, ...] = ()
    remnants: tuple[Remnant, ...] = ()
    notes: tuple[str, ...] = ()
    offers: tuple[Offered, ...] = ()
    mended: tuple[Mended, ...] = ()
    epoch: int | None = None


class Profiles(Message, frozen=True, tag="profiles"):
    """The profiles that the receiver may read."""

    profiles: tuple[Listed, ...]


class Snapshot(Message, frozen=True, tag="snapshot"):
    """The state at `seq` as canonical JSON text, with the Merkle tree there.

    `proof` is the consistency proof from the tree that the receiver has `seen`, where that is smaller.
    """

    profile: str
    seq: int
    frontier: Frontier
    state: str
    checkpoint: str = ""
    proof: tuple[bytes, ...] = ()


class Commits(Message, frozen=True, tag="commits"):
    """Commits of a subscribed profile, in order without gaps: history first, then live.

    Live ones come with a checkpoint after the last of them; pages of history are followed by `caught_up`.
    """

    profile: str
    commits: tuple[Commit, ...]
    checkpoint: str = ""


class History(Message, frozen=True, tag="history"):
    """One page that was asked for by `fetch`; empty at the end."""

    profile: str
    after: int
    commits: tuple[Commit, ...]


class Block(Message, frozen=True, tag="block"):
    """Commits after seq `after`, packed: in place of `commits`, or (`history`) of the `history` asked for.

    Sent only to whoever asked with `blocks`. `data` is what docs/protocol.md says of blocks.
    """

    profile: str
    after: int
    data: bytes
    history: bool = False


class CaughtUp(Message, frozen=True, tag="caught_up"):
    """All that there was has been sent; what follows is live. `checkpoint` is the hub's signature on it."""

    profile: str
    seq: int
    root: bytes
    checkpoint: str = ""


class Roots(Message, frozen=True, tag="roots"):
    """The roots that were asked for by `fetch_roots`, None beyond the head; and where the hub stands."""

    profile: str
    seqs: tuple[int, ...]
    roots: tuple[bytes | None, ...]
    seq: int
    checkpoint: str = ""


class Results(Message, frozen=True, tag="results"):
    """What became of proposals; sent only after that is durable."""

    profile: str
    answers: tuple[Answer, ...]


class Person(Struct, frozen=True):
    """A replica that is connected, and who it is."""

    replica: str
    user: str
    since: Millis


class Presence(Message, frozen=True, tag="presence"):
    """Who subscribes to the profile: all of them once, then those who come and go."""

    profile: str
    joined: tuple[Person, ...] = ()
    left: tuple[str, ...] = ()


ErrorCode: TypeAlias = Literal[
    "malformed",
    "unauthorised",
    "replica_taken",
    "forbidden",
    "parted",
    "too_large",
    "too_fast",
    "too_many_connections",
    "too_many_attempts",
    "hub_full",
    "hub_failed",
]


class Error(Message, frozen=True, tag="error"):
    """Something that was asked cannot be had; the connection goes on unless it is closed next.

    Where histories have parted, `head` is that of the hub, which can be told `compare` then.
    """

    code: ErrorCode
    sentence: str
    hint: str = ""
    profile: str = ""
    head: int | None = None


FromReplica: TypeAlias = (
    Hello
    | Redeem
    | ListWays
    | SignIn
    | SignInOidc
    | ListProfiles
    | Subscribe
    | Unsubscribe
    | Fetch
    | FetchRoots
    | Push
    | Ask
    | Watch
    | Unwatch
    | Look
    | ReadLog
    | Diff
    | Prove
    | Draft
    | ListRuns
    | Inspect
    | Compare
    | Offer
    | Returned
)
Reading: TypeAlias = (
    Subscribe | Fetch | FetchRoots | Watch | Look | ReadLog | Diff | Prove | ListRuns | Draft
)
"""What asks for something of a profile, and is for whoever may read it."""

SigningIn: TypeAlias = Redeem | SignIn | SignInOidc
"""What makes somebody's first token."""

ToViewers: TypeAlias = (
    Changed | Looked | LogRead | Differed | Proved | Drafted | RunsListed | Inspected
)
"""What answers those who keep no replica: it is shown, and folded by nobody."""

FromHub: TypeAlias = (
    Welcome
    | Ways
    | Rights
    | Reply
    | Profiles
    | Snapshot
    | Commits
    | Block
    | History
    | CaughtUp
    | Roots
    | Results
    | Presence
    | Error
    | Compared
    | Recall
    | Healed
    | ToViewers
)


class MessageError(ValueError):
    """Bytes that are not a message of this protocol."""


_encode_msgpack = msgspec.msgpack.Encoder().encode
_encode_json = msgspec.json.Encoder().encode


_DECODERS: Final = {MSGPACK: msgspec.msgpack.Decoder, JSON: msgspec.json.Decoder}
_from_replica = {coding: Together[FromReplica](FromReplica, of) for coding, of in _DECODERS.items()}
_from_hub = {coding: OneByOne[FromHub](FromHub, of) for coding, of in _DECODERS.items()}


def encode(message: FromReplica | FromHub, subprotocol: str) -> bytes | str:
    """The message as the payload of one frame: bytes for msgpack, text for JSON."""
    data = payload(message, subprotocol)
    return data if subprotocol == MSGPACK else data.decode()


def payload(message: FromReplica | FromHub, subprotocol: str) -> bytes:
    """The message as the bytes of one frame, those of its text for JSON."""
    return _encode_msgpack(message) if subprotocol == MSGPACK else _encode_json(message)


def decode_from_replica(data: bytes | str, subprotocol: str) -> FromReplica:
    """The message that a replica sent; MessageError if it is not one."""
    if type(data) is bytes and subprotocol == MSGPACK:  # First, as it comes most.
        try:
            return _from_replica[MSGPACK].decode(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise MessageError(str(error)) from error
    return _decode(_from_replica, data, subprotocol)


def decode_from_hub(data: bytes | str, subprotocol: str) -> FromHub:
    """The message that a hub sent; MessageError if it is not one."""
    return _decode(_from_hub, data, subprotocol)


def make_ready() -> None:
    """Makes what decodes the hub's first messages in MessagePack, for who has a moment before they come."""
    _from_hub[MSGPACK].make_ready("welcome", "rights", "profiles", "presence", "block", "caught_up")


def _decode(
    decoders: Mapping[str, Together[M] | OneByOne[M]], data: bytes | str, subprotocol: str
) -> M:
    if not isinstance(data, str if subprotocol == JSON else bytes):
        kind = "text" if subprotocol == JSON else "binary"
        raise MessageError(f"{subprotocol} takes {kind} frames")
    try:
        return decoders[subprotocol].decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MessageError(str(error)) from error
