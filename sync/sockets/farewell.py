"""What a connection is told that the hub ends: an error, a close code, and a note for the security log."""

from typing import Final

from msgspec import Struct

from stackroom.events.counting import counted
from stackroom.events.deciding.rules import Refusal
from stackroom.sync import protocol as wire
from stackroom.sync.hosting.security_log import Kind

_ASK: Final = "stackroom connect URL --token TOKEN, or ask an administrator for an invitation"

_INSTEAD: Final = {
    "token_expired": "make or ask for another token, and run: stackroom connect URL --token TOKEN",
    "replica_taken": "work in a home of your own (STACKROOM_HOME), and join with your own token",
}
"""What to do about being turned away, by reason."""


class Farewell(Struct, frozen=True):
    """The last words; without `kind`, nothing is noted."""

    code: wire.ErrorCode
    sentence: str
    close: int
    reason: str
    hint: str = ""
    kind: Kind | None = None
    fields: dict[str, str | int] = {}


TOO_MANY_ATTEMPTS: Final = Farewell(
    "too_many_attempts",
    "too many sign-ins have failed: try again in a while",
    wire.CloseCode.TOO_MANY_ATTEMPTS,
    "too many failed sign-ins",
    kind="limit",
    fields={"limit": "delayed_address"},
)
"""Too many sign-ins wait already for their answer, after earlier ones failed."""

TOO_FAST: Final = Farewell(
    "too_fast",
    "this user has sent more than this hub takes, and for too long",
    wire.CloseCode.TOO_FAST,
    "too much for too long",
    "nothing is lost: what is pending goes out later",
    "limit",
    {"limit": "slow_patience"},
)
"""It has sent more than its rate for a long time, although it was read slowly."""


def malformed(why: str) -> Farewell:
    """Bytes came that are no message, or a message that makes no sense there."""
    sentence = f"not a message of this protocol: {why}"
    return Farewell("malformed", sentence, wire.CloseCode.MALFORMED, "malformed message")


def too_many_connections(user: str, most: int) -> Farewell:
    """The user has `most` connections already."""
    return Farewell(
        "too_many_connections",
        f"{user!r} has {counted(most, 'connection')} to this hub, and may have no more",
        wire.CloseCode.TOO_MANY_CONNECTIONS,
        "too many connections of a user",
        "close some that are not used",
        "limit",
        {"limit": "connections_user", "user": user},
    )


def turned_away(refusal: Refusal, replica: str) -> Farewell:
    """Somebody is not let in, or not welcome any more."""
    return Farewell(
        "replica_taken" if refusal.code == "replica_taken" else "unauthorised",
        refusal.sentence,
        wire.CloseCode.UNAUTHORISED,
        refusal.sentence,
        _INSTEAD.get(refusal.code, _ASK),
        "sign_in_refused",
        {"code": refusal.code, "replica": replica},
    )
