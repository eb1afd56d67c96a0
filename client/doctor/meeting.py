"""What meeting a hub tells: whether it can be reached, its version, its clock, and the token's end."""

from msgspec import Struct

from stackroom.client.doctor.finding import Fact, Finding, Level
from stackroom.client.doctor.limits import CLOCKS_APART, TOKEN_ENDS
from stackroom.events.counting import counted
from stackroom.events.model import Millis


class Met(Struct, frozen=True):
    """A hub that was asked: by whom it was reached as, its version and clock, and how long that took.

    `failure` is the class of the error by which it was not reached, and `sentence` that in words.
    """

    url: str
    user: str = ""
    server: str = ""
    time: Millis = 0
    asked: Millis = 0
    answered: Millis = 0
    failure: str = ""
    sentence: str = ""
    hint: str = ""


def connection(met: Met) -> list[Finding]:
    """Whether the hub lets us in."""
    if not met.failure:
        took = met.answered - met.asked
        said = f"the hub at {met.url} takes you as {met.user}"
        return [Finding("connection", "ok", said, "", {"milliseconds": took})]
    away = met.failure in ("Unreachable", "SlowDown")
    level: Level = "warning" if away else "error"
    facts = {"failure": met.failure}
    distrust = met.failure in ("NotTrusted", "OtherHub")
    return [Finding("connection", level, met.sentence, met.hint, facts, integrity=distrust)]


def clock(met: Met) -> list[Finding]:
    """How far the clock here is from the hub's; it was read somewhere between asking and answer."""
    if met.failure:
        return []
    offset = (met.asked + met.answered) // 2 - met.time
    doubt = (met.answered - met.asked) // 2
    facts = {"offset": offset, "doubt": doubt}
    if abs(offset) <= CLOCKS_APART + doubt:
        return [Finding("clock", "ok", "the clock here agrees with the hub's", "", facts)]
    way = "ahead of" if offset > 0 else "behind"
    said = f"the clock here is {abs(offset) // 1000} s {way} that of the hub at {met.url}"
    return [Finding("clock", "warning", said, "timedatectl set-ntp true", facts)]


def versions(met: Met, own: str) -> list[Finding]:
    """Whether both are of one release; they understand each other anyway, or there is no connection."""
    if met.failure:
        return []
    theirs = met.server.rpartition("/")[2]
    facts: dict[str, Fact] = {"own": own, "same": theirs == own}
    if theirs == own:
        return [Finding("version", "ok", f"the hub has stackroom {own}, as you have", "", facts)]
    said = f"the hub at {met.url} has stackroom {theirs}, and you have {own}"
    return [Finding("version", "note", said, "", facts)]


def token(url: str, kept: bool, expires: Millis | None, now: Millis) -> list[Finding]:
    """Whether there is a token for the hub, and for how long; `expires` is as the hub said last."""
    again = f"stackroom connect {url}"
    if not kept:
        return [Finding("token", "note", f"there is no token for the hub at {url}", again)]
    if expires is None:
        return [Finding("token", "ok", f"the token for the hub at {url} has no end that is known")]
    days = (expires - now) // 86_400_000
    facts = {"days": days}
    if expires <= now:
        return [
            Finding("token", "error", f"the token for the hub at {url} has ended", again, facts)
        ]
    if expires - now < TOKEN_ENDS:
        ends = counted(days, "day")
        said = f"the token for the hub at {url} ends in {ends}, if no connection renews it"
        return [Finding("token", "warning", said, "stackroom sync", facts)]
    said = f"the token for the hub at {url} is good for {counted(days, 'day')}"
    return [Finding("token", "ok", said, "", facts)]
