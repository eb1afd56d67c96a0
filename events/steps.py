"""What each commit changed, value by value."""

from collections import deque
from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from stackroom.events.fold import advance
from stackroom.events.history import Difference, differences
from stackroom.events.log import LogReader
from stackroom.events.model import Commit
from stackroom.events.state import AnyEntity, Holding, State


class Step(Struct, frozen=True):
    """A commit and what it changed; conflicts and change requests have no values."""

    commit: Commit
    differences: tuple[Difference, ...]


def steps(state: State, commits: Iterable[Commit]) -> Iterator[Step]:
    """Each of `commits` with what it changed; `state` is that before the first, and is folded along."""
    for commit in commits:
        before: dict[str, AnyEntity | None] = {}
        for event in commit.events:
            id = state.resolve(event.entity)
            before[id] = state.entities.get(id)
        advance(state, (commit,))
        found: list[Difference] = []
        for id, old in before.items():
            new = state.entities.get(id)
            if old is not new and not isinstance(old or new, Holding):
                found += differences(id, old, new)
        yield Step(commit, tuple(found))


def steps_of(
    log: LogReader, profile: str, now: State, id: str, before: int, most: int
) -> list[Step]:
    """The last `most` commits below seq `before` that touched the entity, and what they changed of it.

    `now` is any later state; it tells under which other ids the entity was spoken of.
    """
    ids = {id, *(alias for alias, standing in now.aliases.items() if standing == id)}
    state = State()
    state.aliases = now.aliases.copy()
    last: deque[Step] = deque(maxlen=most)
    for commit in log.touching(profile, sorted(ids), before - 1):
        own = tuple(event for event in commit.events if event.entity in ids)
        for step in steps(state, (structs.replace(commit, events=own),)):
            last.append(Step(commit, step.differences))
    return list(last)
