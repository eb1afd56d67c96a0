"""Folding a long history: what `fold` does, for a state that nobody else holds meanwhile.

Most of what a long history writes is overwritten later, and putting each value into its entity costs more
than all else. So updates wait here that write nothing but values one level below the maps of an entity: as
the bytes that came, since values that are kept cost more than to decode a few of them twice. Each is decoded
as it comes, for what it writes, and that it fits its type. An entity gets what waits for it at once: when
somebody takes the state, when something else happens to it, or when enough waits. Of updates that
write the same paths, only the last two are then looked at, unless a value was written twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat, tee
from operator import eq, is_not
from typing import Final, TypeAlias, cast

from msgspec import UNSET, Struct, structs

from stackroom.events.codec import CHANGES, Kinds, all_opened, kinds_of, known, opened
from stackroom.events.entity import Stamp
from stackroom.events.fold import advance, apply_change, entity_of, register_plain, writes
from stackroom.events.history.block import Columns, columns_of
from stackroom.events.model import Change, Commit, Kind, Registered, RunReport, Updated
from stackroom.events.state import AnyEntity, Places, State, places_of
from stackroom.events.values import WHOLE, Maybe, Path, is_below, same

WAITING: Final = 32 << 20
"""Bytes of updates that wait at most, before a block that brings more."""

BESIDE: Final = 150
"""Bytes that an update takes beside its body while it waits, about."""

Written: TypeAlias = tuple[dict[Path, Maybe], dict[Path, Stamp]]
"""Values by their paths, and the stamps of those that were written."""


class Waiting(Struct):
    """Where updates of one kind of entity stand that wait, by the entity's id."""

    kind: Kind
    updates: dict[str, list[int]] = {}


class _Leading(dict[tuple[Path, ...], Places | None]):
    """Where paths lead, as `places_of` has it: most writes of a block go the same way."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind

    def __missing__(self, paths: tuple[Path, ...]) -> Places | None:
        found = self[paths] = places_of(self._kind, paths)
        return found


class Folding:
    """Folds what comes into `state`, which is whole again after `settle`."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._begin()

    def _begin(self) -> None:
        self._waiting: dict[type[Change], Waiting] = {}
        self._bytes = 0
        self._texts: dict[str, str] = {}
        # Of each event since then.
        self._seqs: list[int] = []
        self._replicas: list[str] = []
        self._types: list[str] = []
        self._versions: list[int] = []
        self._bodies: list[bytes] = []
        self._places: list[Places] = []

    def take(self, commits: Sequence[Commit]) -> None:
        """Folds `commits`, a block of them or a page.

        Raises UnknownEvent where one holds an event newer than this program: the state stays before that.
        After a MalformedEvent, it is of no use.
        """
        state, c = self.state, columns_of(commits)
        if not known(kinds := kinds_of(c.types, c.versions)):
            self.settle()
            advance(state, commits)
            return
        begun = len(self._bodies)
        self._add(c)
        if not self._wait_all(begun, c, kinds):
            self._take_each(begun, c, kinds)
        state.seq = c.first + len(c.ids) - 1
        if self._bytes > WAITING:
            self.settle()

    def settle(self) -> None:
        """Puts all that waits into the entities."""
        for waiting in self._waiting.values():
            for id, updates in waiting.updates.items():
                self._put(id, updates)
        self._begin()

    def _add(self, c: Columns) -> None:
        seqs: Iterable[int] = range(c.first, c.first + len(c.ids))
        replicas: Iterable[str] = c.replicas
        if not c.one_each:
            seqs, replicas = c.of_events(seqs), c.of_events(replicas)
        self._seqs += seqs
        # The text of a block is let go with it: of what comes again and again, one copy waits.
        self._replicas += map(self._texts.setdefault, *tee(replicas))
        self._types += map(self._texts.setdefault, c.types, c.types)
        self._versions += c.versions
        self._bodies += c.bodies
        self._bytes += sum(map(len, c.bodies)) + BESIDE * len(c.bodies)

    def _wait_all(self, begun: int, c: Columns, kinds: Kinds) -> bool:
        """Has all events wait, if they are updates of one kind that may; of many, calls cost the most."""
        if len(kinds) != 1 or not issubclass(change := CHANGES[c.types[0]], Updated):
            return False
        waiting, aliases = self._waiting_for(change), self.state.aliases
        ids = [aliases.get(id, id) for id in c.entities] if aliases else c.entities
        changes = cast(Iterator[Updated], all_opened(kinds, c.types, c.versions, c.bodies))
        leading = _Leading(waiting.kind)
        places = [leading[(*one.set, *one.unset) if one.unset else (*one.set,)] for one in changes]
        if None in leading.values():
            return False
        for id in {*ids}.difference(waiting.updates):
            if self._updates(waiting, id) is None:
                return False
        for replica in dict.fromkeys(self._replicas[begun:]):
            self.state.writer(replica)
        updates = map(waiting.updates.__getitem__, ids)
        for n, those in enumerate(updates, begun):
            those.append(n)
        self._places += cast(list[Places], places)
        return True

    def _take_each(self, begun: int, c: Columns, kinds: Kinds) -> None:
        """Has those events wait that may, and applies the others."""
        state = self.state
        self._places += repeat((), len(c.bodies))
        changes = all_opened(kinds, c.types, c.versions, c.bodies)
        seq, stamps = 0, dict[Path, Stamp]()
        for n, (id, change) in enumerate(zip(c.entities, changes, strict=True), begun):
            if isinstance(change, Registered):
                # Of a commit that registers thousands, all share what says who wrote them.
                if seq != self._seqs[n]:
                    seq, stamps = self._seqs[n], {WHOLE: self._stamp(n)}
                if register_plain(state, stamps, id, change):
                    continue
            elif isinstance(change, RunReport):
                continue
            elif self._replicas[n] not in state.writers:
                state.writer(self._replicas[n])
            if not (isinstance(change, Updated) and self._wait(n, id, change)):
                self._apply(n, id, change)

    def _wait(self, n: int, id: str, change: Updated) -> bool:
        """Has an update wait; False if it is more than values one level below maps."""
        waiting = self._waiting_for(type(change))
        places = places_of(waiting.kind, (*change.set, *change.unset))
        updates = self._updates(waiting, self.state.aliases.get(id, id))
        if places is None or updates is None:
            return False
        updates.append(n)
        self._places[n] = places
        return True

    def _waiting_for(self, change: type[Updated]) -> Waiting:
        if change not in self._waiting:
            self._waiting[change] = Waiting(change.kind)
        return self._waiting[change]

    def _updates(self, waiting: Waiting, id: str) -> list[int] | None:
        """Those that wait for an entity; None if there is none of that kind."""
        updates = waiting.updates.get(id)
        if updates is None:
            entity = self.state.entities.get(id)
            if entity is None or entity.kind != waiting.kind:
                return None
            updates = waiting.updates[id] = []
        return updates

    def _apply(self, n: int, id: str, change: Change) -> None:
        """Applies what does not wait, to entities as they are by now."""
        state, stamp = self.state, self._stamp(n)
        if self._waiting:
            self._settle(state.resolve(id))
            if isinstance(change, Registered):
                # Who has the name already is compared with what is registered.
                key = entity_of(state, change, stamp).key()
                if key is not None and (holder := state.names.get(key)) is not None:
                    self._settle(holder)
        apply_change(state, stamp, id, change)

    def _settle(self, id: str) -> None:
        for waiting in self._waiting.values():
            if (updates := waiting.updates.pop(id, None)) is not None:
                self._put(id, updates)

    def _put(self, id: str, updates: Sequence[int]) -> None:
        """Puts what waits for an entity into it."""
        entity = self.state.entities[id]
        values, stamps = self._overwritten(updates) or self._written(entity, updates)
        if not stamps:
            return
        # Below what was written there is nothing any more that somebody else wrote.
        kept = {path: by for path, by in entity.stamps.items() if not is_below(path, stamps)}
        twin = structs.replace(entity, stamps=kept | stamps)
        for path, field, key in places_of(entity.kind, tuple(stamps)) or ():
            if (map := getattr(twin, field)) is getattr(entity, field):
                map = map.copy()
                setattr(twin, field, map)
            if (value := values[path]) is UNSET:
                map.pop(key, None)
            else:
                map[key] = value
        self.state.entities[id] = twin

    def _overwritten(self, updates: Sequence[int]) -> Written | None:
        """What the last update wrote, if nothing that was written before is left; None if something is."""
        if len(updates) < 2:
            return None
        *_, before, last = updates
        places = self._places[last]
        if any(map(partial(is_not, places), map(self._places.__getitem__, updates))):
            return None
        values, old = self._values(last), self._values(before)
        # What `==` takes for equal may be 1 and true: `_written` looks closer.
        if any(map(eq, values.values(), map(old.__getitem__, values))):
            return None
        return values, dict.fromkeys(values, self._stamp(last))

    def _written(self, entity: AnyEntity, updates: Sequence[int]) -> Written:
        """What the updates wrote into the entity, one after the other."""
        values: dict[Path, Maybe] = {}
        stamps: dict[Path, Stamp] = {}
        for n in updates:
            for path, field, key in self._places[n]:
                if path not in values:
                    values[path] = getattr(entity, field).get(key, UNSET)
            for path, value in writes(self._update(n)):
                before = values[path]
                if not (before == value and same(before, value)):
                    values[path] = value
                    stamps[path] = self._stamp(n)
        return values, stamps

    def _values(self, n: int) -> dict[Path, Maybe]:
        """What an update wrote, where each path is written once."""
        change = self._update(n)
        return dict(writes(change)) if change.unset else dict[Path, Maybe](change.set)

    def _update(self, n: int) -> Updated:
        return cast(Updated, opened(self._types[n], self._versions[n], self._bodies[n]))

    def _stamp(self, n: int) -> Stamp:
        return self._seqs[n], self.state.writer(self._replicas[n])
