"""A commit's own entities as it met them and as it left them, without folding the whole profile."""

from stackroom.events.fold import advance
from stackroom.events.history.history import entity_at
from stackroom.events.log import LogReader
from stackroom.events.model import Commit
from stackroom.events.state import State


def touched(commit: Commit) -> list[str]:
    """The ids of the entities that `commit` speaks of, each once."""
    return list(dict.fromkeys(event.entity for event in commit.events))


def around(log: LogReader, profile: str, now: State, commit: Commit) -> tuple[State, State]:
    """The states before and after `commit`, holding only the entities that it speaks of.

    `now` is any later state; it tells under which other ids an entity was spoken of. Raises
    UnknownEvent for a commit newer than this program.
    """
    before = State()
    before.aliases = now.aliases.copy()
    for id in dict.fromkeys(map(now.resolve, touched(commit))):
        entity = entity_at(log, profile, now, id, commit.seq - 1)
        if entity is not None:
            before.put(id, entity)
    before.seq = commit.seq - 1
    after = before.copy()
    advance(after, (commit,))
    return before, after
