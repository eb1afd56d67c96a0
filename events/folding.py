"""Folding a long history: what `fold` does, for a state that nobody else holds meanwhile.

Entities are values, and `fold` replaces them. Over a hundred thousand commits most of that is copying: here
an entity is copied once, and what is most common by far, an update that writes places in its maps, is written
into the copy. All else goes through `fold`.
"""

import copy
from functools import lru_cache
from itertools import islice
from typing import Final

from msgspec import UNSET, Struct

from stackroom.events.block import Block
from stackroom.events.codec import opened
from stackroom.events.entity import Stamp
from stackroom.events.fold import apply_change
from stackroom.events.model import Change, Kind, RunReport, Updated
from stackroom.events.state import Component, Flavor, Profile, Stack, State
from stackroom.events.values import Path, Value, same, segments

MAPS: Final[dict[Kind, frozenset[str]]] = {
    cls.kind: cls.maps - {"components"} for cls in (Profile, Flavor, Component, Stack)
}
"""The maps of plain values, by the kind of entity."""


class Own(Struct):
    """An entity that was copied here: its maps by their names, and its stamps."""

    kind: Kind
    maps: dict[str, dict[str, Value]]
    stamps: dict[Path, Stamp]


class Folding:
    """Folds blocks into `state` in place; once somebody else holds that, another must be begun."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._own: dict[str, Own] = {}

    def take(self, block: Block) -> None:
        """Folds the commits of `block`.

        Raises UnknownEvent where one holds an event newer than this program: the state stays before that.
        """
        state, c = self.state, block.columns
        # One by one: a thousand changes at once would be more than the processor keeps at hand.
        changes = zip(c.entities, map(opened, c.types, c.versions, c.bodies), strict=True)
        for seq, (replica, count) in enumerate(zip(c.replicas, c.counts, strict=True), block.first):
            for id, change in [*islice(changes, count)]:
                if isinstance(change, Updated):
                    stamp = seq, state.writer(replica)
                    if not self._update(stamp, id, change):
                        self._apply(stamp, id, change)
                elif not isinstance(change, RunReport):
                    self._apply((seq, state.writer(replica)), id, change)
            state.seq = seq

    def _apply(self, stamp: Stamp, id: str, change: Change) -> None:
        apply_change(self.state, stamp, id, change)
        self._own.pop(id, None)
        self._own.pop(self.state.resolve(id), None)

    def _update(self, stamp: Stamp, id: str, change: Updated) -> bool:
        """Applies an update that sets values one level below maps of values; False if it is not just that."""
        written = change.set
        places = _places(change.kind, tuple(written))
        if places is None or change.unset:
            return False
        id = self.state.aliases.get(id, id)
        own = self._own.get(id) or self._copied(id)
        if own is None or own.kind != change.kind:
            return False
        maps, stamps = own.maps, own.stamps
        for (path, field, key), value in zip(places, written.values(), strict=True):
            values = maps[field]
            before = values.get(key, UNSET)
            # Most values differ, which `==` sees at once; what it takes for equal may be 1 and true.
            if before == value and same(before, value):
                continue
            values[key] = value
            stamps[path] = stamp
        return True

    def _copied(self, id: str) -> Own | None:
        """Puts a copy of the entity in its place; None if there is none with such maps.

        Nor one in which something was written deeper than one level below them: who writes above that has
        it forgotten, which is for `fold`.
        """
        entity = self.state.entities.get(id)
        maps = MAPS.get(entity.kind) if entity is not None else None
        if entity is None or maps is None or any(path.count("/") > 2 for path in entity.stamps):
            return None
        twin = copy.copy(entity)
        twin.stamps = entity.stamps.copy()
        for field in maps:
            setattr(twin, field, getattr(entity, field).copy())
        self.state.entities[id] = twin
        own = Own(twin.kind, {field: getattr(twin, field) for field in maps}, twin.stamps)
        self._own[id] = own
        return own


@lru_cache(4096)
def _places(kind: Kind, paths: tuple[Path, ...]) -> tuple[tuple[Path, str, str], ...] | None:
    """Each path with the map and the key that it leads to; None if one leads elsewhere."""
    split = [segments(path) for path in paths]
    maps = MAPS.get(kind, frozenset())
    if not all(len(parts) == 2 and parts[0] in maps for parts in split):
        return None
    return tuple((path, field, key) for path, (field, key) in zip(paths, split, strict=True))
