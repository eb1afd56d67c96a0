"""`redact`, as the hub carries it out: one transaction that finds a value, takes it away, and says so."""

from collections.abc import Iterator

from stackroom.events.codec import unseal
from stackroom.events.errors import StackroomError
from stackroom.events.history import pages
from stackroom.events.log import LogWriter
from stackroom.events.model import Commit, Millis, Place, Redacted
from stackroom.events.redaction import marker, redacted, texts_at
from stackroom.events.rules import Refusal
from stackroom.sync import protocol as wire
from stackroom.sync.authority import Authority


def redact(
    authority: Authority, author: str, order: wire.Redact, now: Millis, log: LogWriter
) -> tuple[Commit | None, list[Place]] | Refusal:
    """The commit that says so (None for a dry run), and the places; or why nothing is taken away.

    Whether `author` may is the caller's to ask.
    """
    profile = order.profile
    texts = _texts(order, log)
    if isinstance(texts, Refusal):
        return texts
    seq = log.head(profile).seq + 1
    changed: list[Commit] = []
    places: list[Place] = []
    for commit in _history(log, profile):
        after, found = redacted(commit, texts, marker(seq))
        if found:
            changed.append(after)
            places += found
    if order.dry_run:
        return None, places
    change = Redacted(order.reason, tuple(places))
    taken = authority.commit(profile, author, [(profile, change)], order.reason, now, log)
    if isinstance(taken, Refusal):
        return taken
    log.redact(profile, changed)
    authority.forget_profile(profile)
    return taken, places


def _texts(order: wire.Redact, log: LogWriter) -> set[str] | Refusal:
    """The texts that the order is about."""
    found = log.commits(order.profile, order.seq - 1, 1) if order.seq else []
    if not found or found[0].seq != order.seq:
        return Refusal("unknown_entity", f"there is no commit #{order.seq} in this profile")
    texts: set[str] = set()
    for event in found[0].events:
        if order.entity in ("", event.entity):
            try:
                texts |= texts_at(unseal(event), order.path)
            except (StackroomError, ValueError) as error:
                return Refusal("invalid_path", str(error))
    texts = {text for text in texts if not text.startswith("[redacted in #")}
    if not texts:
        return Refusal(
            "nothing_to_redact",
            f"#{order.seq} writes no text at {order.path}: values of configurations, labels, settings "
            "and descriptions can be redacted, and names cannot",
        )
    return texts


def _history(log: LogWriter, profile: str) -> Iterator[Commit]:
    for commits in pages(log, profile, 0):
        yield from commits
