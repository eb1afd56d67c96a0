"""`redact`, as the hub carries it out: one transaction that finds a value, takes it away, and says so."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct, structs

from stackroom.events.deciding.rules import Refusal
from stackroom.events.errors import StackroomError
from stackroom.events.history.history import pages
from stackroom.events.log import LogWriter
from stackroom.events.model import Change, Commit, Millis, Redacted, Rewritten
from stackroom.events.secrets.redaction import LEAST, marks, redacted, remnants, texts_at
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Authority

EVENT_BYTES: Final = 1 << 19
"""About as many bytes of pointers stand in one event; a redaction of more is made of several."""

REMNANTS_TOLD: Final = 1_000
"""Places that are told where a text is part of a longer one."""


class Done(Struct, frozen=True):
    """What came of it: the commit that says so (None for a dry run), what it rewrote, what it cannot."""

    commit: Commit | None
    rewritten: tuple[Rewritten, ...]
    remnants: tuple[wire.Remnant, ...]


def redact(
    authority: Authority, author: str, order: wire.Redact, now: Millis, log: LogWriter
) -> Done | Refusal:
    """Takes away what the order says, or says why not; whether `author` may is the caller's to ask."""
    texts = _texts(order, log)
    if isinstance(texts, Refusal):
        return texts
    if any(text in order.reason for text in texts if len(text) >= LEAST):
        return Refusal("reason_says_it", "the reason has in it what is to be redacted: reword it")
    return take_away(
        authority, author, order.profile, texts, order.reason, now, log, dry_run=order.dry_run
    )


def take_away(
    authority: Authority,
    author: str,
    profile: str,
    texts: dict[str, None],
    reason: str,
    now: Millis,
    log: LogWriter,
    *,
    dry_run: bool = False,
) -> Done | Refusal:
    """Takes `texts` out of the profile's history, and says so in a commit under the name of `author`."""
    marked = marks(texts, log.head(profile).seq + 1)
    changed: list[Commit] = []
    rewritten: list[Rewritten] = []
    left: list[wire.Remnant] = []
    for commit in _history(log, profile):
        after, found = redacted(commit, marked, authority.salt)
        if found:
            changed.append(after)
            rewritten += found
        if len(left) < REMNANTS_TOLD:
            left += [wire.Remnant(commit.seq, where) for where in remnants(after, texts)]
    done = Done(None, tuple(rewritten), tuple(left[:REMNANTS_TOLD]))
    if dry_run:
        return done
    changes: list[tuple[str, Change]] = [
        (profile, Redacted(reason, part)) for part in _parts(rewritten)
    ]
    taken = authority.commit(profile, author, changes, reason, now, log)
    if isinstance(taken, Refusal):
        return taken
    log.redact(profile, changed)
    authority.forget_profile(profile)
    return structs.replace(done, commit=taken)


def _texts(order: wire.Redact, log: LogWriter) -> dict[str, None] | Refusal:
    """The texts that the order is about."""
    found = log.commits(order.profile, order.seq - 1, 1) if order.seq else []
    if not found or found[0].seq != order.seq:
        return Refusal("unknown_entity", f"there is no commit #{order.seq} in this profile")
    texts: dict[str, None] = {}
    for event in found[0].events:
        try:
            texts |= texts_at(event, order.path, order.entity)
        except (StackroomError, ValueError) as error:
            return Refusal("invalid_path", str(error))
    if not texts:
        return Refusal(
            "nothing_to_redact",
            f"#{order.seq} writes no text at {order.path}: values of configurations, labels, settings "
            "and descriptions can be redacted, and names cannot",
        )
    return texts


def _parts(rewritten: list[Rewritten]) -> Iterator[tuple[Rewritten, ...]]:
    """As much at once as fits in an event."""
    part: list[Rewritten] = []
    size = 0
    for each in rewritten:
        part.append(each)
        size += 150 + sum(len(path.encode()) + 3 for path in each.paths)
        if size >= EVENT_BYTES:
            yield tuple(part)
            part, size = [], 0
    if part:
        yield tuple(part)


def _history(log: LogWriter, profile: str) -> Iterator[Commit]:
    for commits in pages(log, profile, 0):
        yield from commits
