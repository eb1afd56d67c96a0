"""What of a conversation is noted in the security log."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from stackroom.events.log import Answer
from stackroom.events.model import Commit
from stackroom.sync import protocol as wire
from stackroom.sync.effects import Noted, Ordered
from stackroom.sync.people import tokens
from stackroom.sync.sockets.bucket import Meters, Rate

MATTERS: Final = frozenset(
    {
        "not_allowed",
        "replica_copied",
        "not_signed",
        "unknown_key",
        "bad_signature",
        "too_many_profiles",
        "too_many_entities",
        "too_many_conflicts",
        "too_many_requests_open",
        "config_too_large",
        "config_too_deep",
    }
)
"""The codes of refused proposals that are a matter of security."""


def people(commits: Sequence[Commit]) -> Iterator[Noted]:
    """Who granted what: each commit among the people of the hub."""
    for commit in commits:
        what = " ".join(event.type for event in commit.events)
        yield Noted(0, "people", {"by": commit.author, "seq": commit.seq, "what": what})


def order(ordered: Ordered, reply: wire.Reply) -> Noted | None:
    """Who came in by a one-time code; and what was refused to those who are in."""
    session, ask = ordered.session, ordered.ask
    if isinstance(ask, wire.Ask):
        said: dict[str, str | int] = {"code": reply.code, "what": type(ask.order).__name__}
        return Noted(session, "refused", said) if reply.code else None
    if reply.code:
        return None  # The hub notes all codes that open nothing alike.
    by = tokens.shown_prefix(ask.code) if isinstance(ask, wire.Redeem) else ask.token.prefix
    return Noted(session, "joined", {"user": reply.user, "token": by, "what": type(ask).__name__})


def refusals(session: int, profile: str, answers: Sequence[Answer]) -> Iterator[Noted]:
    """Of many refusals in one push, one: what it was, and how often."""
    if codes := [answer.code for answer in answers if answer.code in MATTERS]:
        for code, times in Counter(codes).items():
            yield Noted(session, "refused", {"code": code, "profile": profile, "times": times})


class Sparing:
    """Has one user's refusals noted at a rate: a flood of them would push all else out of the log.

    `clock` is in seconds and never goes back.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._meters = Meters(rate)
        self._clock = clock
        self._unsaid: Counter[str] = Counter()

    def say(self, account: str, fields: dict[str, str | int]) -> dict[str, str | int] | None:
        """What to note of a refusal, with how many before it were `unsaid`; None for nothing."""
        now = self._clock()
        if self._meters.debt(account, now):
            self._unsaid[account] += 1
            return None
        self._meters.take(account, (1,), now)
        unsaid = self._unsaid.pop(account, 0)
        return fields | {"unsaid": unsaid} if unsaid else fields
