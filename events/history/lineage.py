"""The values that an entity had, one after the other, each with the commit that wrote it."""

from msgspec import UNSET, Struct

from stackroom.events.codec import unseal
from stackroom.events.fold import apply_change
from stackroom.events.history.history import leaves
from stackroom.events.log import LogReader
from stackroom.events.model import Commit
from stackroom.events.state import State
from stackroom.events.values import Maybe, Path, same


class Wrote(Struct, frozen=True):
    """What stood at a place from `commit` on; UNSET where it was taken away."""

    value: Maybe
    commit: Commit


def lineage(
    log: LogReader, profile: str, now: State, id: str, upto: int
) -> dict[Path, list[Wrote]]:
    """For every place at which entity `id` ever had a value up to seq `upto`: what stood there, newest first.

    Folded from the entity's own events alone; `now` is any later state, and tells under which other ids it
    was spoken of. What was registered anew after a deletion goes on from there. Raises UnknownEvent for a
    commit newer than this program.
    """
    state = State()
    # What came to be known by another id later had a life of its own before.
    state.aliases = {alias: id for alias, standing in now.aliases.items() if standing == id}
    ids = {id, *state.aliases}
    found: dict[Path, list[Wrote]] = {}
    before: dict[Path, Maybe] = {}
    for commit in log.touching(profile, sorted(ids), upto):
        stamp = (commit.seq, state.writer(commit.replica))
        for event in commit.events:
            if event.entity in ids:
                apply_change(state, stamp, event.entity, unseal(event))
        entity = state.entities.get(id)
        after = leaves(entity) if entity is not None else {}
        for path in before.keys() | after.keys():
            value = after.get(path, UNSET)
            if not same(before.get(path, UNSET), value):
                found.setdefault(path, []).insert(0, Wrote(value, commit))
        before = after
    return found
