"""What a replica's copy of a history may hold still of a value that a redaction took out of it.

Plain questions to the copy; `cache` does what follows from the answers.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from stackroom.events.carriers import Commit, Event, Rewritten
from stackroom.events.sqlite.read import SqliteReader

REDACTED: Final = "redacted"
"""The kind of fact that says of a profile that it got redacted events, and was not verified since."""


def began_before(log: SqliteReader, profile: str, taken: Iterable[Rewritten]) -> bool:
    """Whether the profile begins here at a snapshot that may have the value still.

    Also where the events themselves were fetched since, and came without it.
    """
    return any(each.seq <= begun for begun in begun_at(log, profile) for each in taken)


def left_as_before(
    log: SqliteReader, profile: str, taken: Iterable[Rewritten]
) -> list[tuple[Rewritten, Event]]:
    """The events of `taken` that are kept here as they were before they were rewritten so.

    One that says something else than it says there, and than what an earlier redaction left of it, was
    rewritten once more by a later one, and came so from the hub.
    """
    from stackroom.events.codec import digest_now
    from stackroom.events.secrets.redaction import rewritten_by

    last = {(each.seq, each.event): each for each in taken}
    other = [
        (each, event)
        for each in last.values()
        if (event := _kept(log, profile, each)) is not None and digest_now(event) != each.digest
    ]
    earlier = set[tuple[int, int, str]]()
    if any(event.digest for _, event in other):
        known = rewritten_by(commits_since(log, profile, 0))
        earlier = {(each.seq, each.event, each.digest) for each in known}
    return [
        (each, event)
        for each, event in other
        if not event.digest or (each.seq, each.event, digest_now(event)) in earlier
    ]


def _kept(log: SqliteReader, profile: str, each: Rewritten) -> Event | None:
    """The event of which `each` speaks, if it is here."""
    found = log.commits(profile, each.seq - 1, 1)
    if not found or found[0].seq != each.seq or each.event >= len(found[0].events):
        return None
    return found[0].events[each.event]


def redacted_since(log: SqliteReader, profile: str, seq: int) -> bool:
    """Whether a commit after `seq` took a value out of the history."""
    from stackroom.events.secrets.redaction import rewritten_by

    return any(True for _ in rewritten_by(commits_since(log, profile, seq)))


def commits_since(log: SqliteReader, profile: str, seq: int) -> Iterator[Commit]:
    """The commits after `seq`, page by page."""
    from stackroom.events.history.history import pages

    for page in pages(log, profile, seq):
        yield from page


def begun_at(log: SqliteReader, profile: str) -> list[int]:
    """The seq of the snapshot at which the profile begins here while commits before it are missing."""
    missing = log.missing(profile)
    return [missing.stop - 1] if missing is not None else []
