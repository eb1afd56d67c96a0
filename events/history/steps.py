"""What each commit changed, value by value."""

from collections import deque
from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from stackroom.events.fold import advance
from stackroom.events.history.history import Difference, differences
from stackroom.events.log import LogReader
from stackroom.events.model import Commit
from stackroom.events.state import AnyEntity, Holding, State


class Turn(Struct, frozen=True):
    """What a commit did to a conflict or change request, which people name by `number`.

    `what` is `opened`, `joined`, or how it ended: `ours`, `theirs`, `edited`, `approved`, `rejected`,
    `withdrawn`.
    """

    id: str
    kind: str
    number: int
    what: str


class Step(Struct, frozen=True):
    """A commit and what it changed; conflicts and change requests have no values, but `turns`.

    `left_out` is of how many entities there is more that is not in it.
    """

    commit: Commit
    differences: tuple[Difference, ...] = ()
    left_out: int = 0
    turns: tuple[Turn, ...] = ()


def steps(state: State, commits: Iterable[Commit], most: int) -> Iterator[Step]:
    """Each of `commits` with up to `most` values that it changed, entities in the order of its events.

    `state` is that before the first, and is folded along.
    """
    for commit in commits:
        before: dict[str, AnyEntity | None] = {}
        for event in commit.events:
            id = state.resolve(event.entity)
            before[id] = state.entities.get(id)
        advance(state, (commit,))
        found: list[Difference] = []
        turns: list[Turn] = []
        left_out = 0
        for id, old in before.items():
            new = state.entities.get(id)
            if old is new:
                continue
            if isinstance(old, Holding) or isinstance(new, Holding):
                turns.append(_turn(state, id, old, new))
                continue
            room = most - len(found)
            own = differences(id, old, new) if room else []
            found += own[:room]
            left_out += not room or len(own) > room
        yield Step(commit, tuple(found), left_out, tuple(turns))


def _turn(state: State, id: str, old: AnyEntity | None, new: AnyEntity | None) -> Turn:
    holding = old if isinstance(old, Holding) else new
    assert isinstance(holding, Holding)
    what = str(state.gone[id].choice) if new is None else "joined" if old else "opened"
    return Turn(id, holding.kind, holding.opened, what)


def steps_of(
    log: LogReader, profile: str, now: State, id: str, before: int, most: int, values: int
) -> list[Step]:
    """The last `most` commits below seq `before` that touched the entity, and what they changed of it.

    Each with up to `values` values. `now` is any later state: it tells under which other ids the entity was
    spoken of.
    """
    ids = now.spoken_of((id,))
    state = State()
    state.aliases = now.aliases.copy()
    last: deque[Step] = deque(maxlen=most)
    for commit in log.touching(profile, sorted(ids), before - 1):
        own = tuple(event for event in commit.events if event.entity in ids)
        for step in steps(state, (structs.replace(commit, events=own),), values):
            last.append(structs.replace(step, commit=commit))
    return list(last)
