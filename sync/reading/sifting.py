"""Finding commits for whoever keeps no replica: looked through from the newest on, so many at a time."""

from collections.abc import Iterator, Sequence
from typing import Final

from stackroom.events.codec import CHANGES
from stackroom.events.history.seeking import plain
from stackroom.events.log import LogReader
from stackroom.events.model import Commit
from stackroom.events.state import State
from stackroom.sync import protocol as wire

AT_ONCE: Final = 500
"""Commits that are read together."""


def asks(asked: wire.ReadLog) -> bool:
    """Whether only some commits are asked for."""
    return bool(asked.author or asked.kind or asked.text)


def sift(
    log: LogReader, asked: wire.ReadLog, now: State, before: int, most: int, looked: int
) -> tuple[list[Commit], int]:
    """The newest commits below `before` that are asked for, newest first, at most `most`.

    At most `looked` commits are looked through; the second value is the seq below which nothing was yet, 0
    once all is. `now` is any later state: it has the names of what commits are about.
    """
    words = plain(asked.text).split()
    found: list[Commit] = []
    for commit in _newest(log, asked.profile, before, looked):
        if _fits(asked, words, now, commit):
            found.append(commit)
        before = commit.seq
        if len(found) == most:
            break
    return found, before if before > 1 else 0


def _newest(log: LogReader, profile: str, before: int, looked: int) -> Iterator[Commit]:
    while looked > 0 and (commits := log.recent(profile, before, min(AT_ONCE, looked))):
        yield from commits
        before = commits[-1].seq
        looked -= len(commits)


def _fits(asked: wire.ReadLog, words: Sequence[str], now: State, commit: Commit) -> bool:
    if asked.author and commit.author != asked.author:
        return False
    if asked.kind and not any(_kind(event.type) == asked.kind for event in commit.events):
        return False
    if not words:
        return True
    said = [f"#{commit.seq}", commit.author, commit.message]
    for event in commit.events:
        said += [_name(now, event.entity), event.body]
    text = plain("\n".join(said))
    return all(word in text for word in words)


def _kind(type: str) -> str:
    change = CHANGES.get(type)
    return change.kind if change is not None else ""


def _name(now: State, id: str) -> str:
    id = now.resolve(id)
    known = now.entities.get(id) or now.gone.get(id)
    return known.name if known is not None else ""
