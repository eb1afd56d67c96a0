"""Folding a long history: what `fold` does, for a state that nobody else holds meanwhile.

Most of what a long history writes is overwritten later, and putting each value into its entity costs more
than all else. So values are laid over the entities here, flat, and are put into them once: when somebody
takes the state, or something comes that is more than values written one level below the maps of an entity.
What is laid over is at most what the state will hold.
"""

import copy
from collections.abc import Iterable, Sequence

from msgspec import UNSET, Struct

from stackroom.events.block import columns_of
from stackroom.events.codec import all_opened, known
from stackroom.events.entity import Stamp
from stackroom.events.fold import advance, apply_change, entity_of, writes
from stackroom.events.model import Change, Commit, Kind, Registered, RunReport, Updated
from stackroom.events.state import MAPS, AnyEntity, State, places_of
from stackroom.events.values import Maybe, Path, same


class Laid(Struct):
    """What is laid over an entity: values by their paths, and the stamps of those that were written."""

    entity: AnyEntity
    kind: Kind
    values: dict[Path, Maybe]
    stamps: dict[Path, Stamp]


class Folding:
    """Folds what comes into `state`, which is whole again after `settle`."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._laid: dict[str, Laid] = {}

    def take(self, commits: Sequence[Commit]) -> None:
        """Folds `commits`, a block of them or a page.

        Raises UnknownEvent where one holds an event newer than this program: the state stays before that.
        After a MalformedEvent, it is of no use.
        """
        state, c = self.state, columns_of(commits)
        if not known(c.types, c.versions):
            self.settle()
            advance(state, commits)
            return
        writers = state.writers
        seqs: Iterable[int] = range(c.first, c.first + len(c.ids))
        replicas: Iterable[str] = c.replicas
        if not c.one_each:
            seqs, replicas = c.of_events(seqs), c.of_events(replicas)
        changes = all_opened(c.types, c.versions, c.bodies)
        for seq, replica, id, change in zip(seqs, replicas, c.entities, changes, strict=True):
            if isinstance(change, RunReport):
                continue
            stamp = seq, writers[replica] if replica in writers else state.writer(replica)
            if not (isinstance(change, Updated) and self._lay(stamp, id, change)):
                self._apply(stamp, id, change)
        state.seq = c.first + len(c.ids) - 1

    def settle(self) -> None:
        """Puts all that is laid over entities into them."""
        for id in [*self._laid]:
            self._settle(id)

    def _lay(self, stamp: Stamp, id: str, change: Updated) -> bool:
        """Lays an update over its entity; False if it is more than values one level below maps."""
        id = self.state.aliases.get(id, id)
        laid = self._laid.get(id) or self._begun(id)
        if laid is None or laid.kind != change.kind:
            return False
        values, written = laid.values, change.set
        if not values.keys() >= written.keys() and not _looked_up(laid, tuple(written)):
            return False
        if change.unset and not _looked_up(laid, change.unset):
            return False
        for path, value in writes(change) if change.unset else written.items():
            before = values[path]
            # Most values differ, which `==` sees at once; what it takes for equal may be 1 and true.
            if before == value and same(before, value):
                continue
            values[path] = value
            laid.stamps[path] = stamp
        return True

    def _begun(self, id: str) -> Laid | None:
        entity = self.state.entities.get(id)
        if entity is None or entity.kind not in MAPS:
            return None
        laid = self._laid[id] = Laid(entity, entity.kind, {}, {})
        return laid

    def _apply(self, stamp: Stamp, id: str, change: Change) -> None:
        """Applies what is not laid over, to entities as they are by now."""
        state = self.state
        if self._laid:
            self._settle(state.resolve(id))
            if isinstance(change, Registered):
                # Who has the name already is compared with what is registered.
                key = entity_of(state, change, stamp).key()
                if key is not None and (holder := state.names.get(key)) is not None:
                    self._settle(holder)
        apply_change(state, stamp, id, change)

    def _settle(self, id: str) -> None:
        laid = self._laid.pop(id, None)
        if laid is None or not laid.stamps:
            return
        twin = copy.copy(laid.entity)
        # Below what was written there is nothing any more that somebody else wrote.
        below = tuple([path + "/" for path in laid.stamps])
        kept = {path: by for path, by in twin.stamps.items() if not path.startswith(below)}
        twin.stamps = kept | laid.stamps
        for path, field, key in places_of(laid.kind, tuple(laid.stamps)) or ():
            if (values := getattr(twin, field)) is getattr(laid.entity, field):
                values = values.copy()
                setattr(twin, field, values)
            if (value := laid.values[path]) is UNSET:
                values.pop(key, None)
            else:
                values[key] = value
        self.state.entities[id] = twin


def _looked_up(laid: Laid, paths: tuple[Path, ...]) -> bool:
    """Sees to it that the values at `paths` are at hand; False if one does not lead just below a map."""
    places = places_of(laid.kind, paths)
    if places is None:
        return False
    values, entity = laid.values, laid.entity
    for path, field, key in places:
        if path not in values:
            values[path] = getattr(entity, field).get(key, UNSET)
    return True
