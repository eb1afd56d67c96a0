"""Owning a state: who alone holds it writes into it in place, and sees at one look that a change can stand.

Nearly all that people and pipelines do is to set some values of something that nobody else has written
since they saw it. Where there is nothing that could stand against such an update, `plain` finds that out by
looking at each value once; `write` puts the values where they belong. Whatever is not surely so goes through
`check` and `fold`, and `tests/events/test_owning.py` holds both ways to the same outcome and the same bytes.
"""

from collections.abc import Iterable, Sequence, Set
from typing import Final, TypeAlias

from msgspec import UNSET, Struct, structs
from msgspec.json import Encoder

from stackroom.events import fold
from stackroom.events.deciding.protection import protected_in
from stackroom.events.deciding.rules import refuse_change
from stackroom.events.entity import Key
from stackroom.events.model import (
    Change,
    ComponentRegistered,
    ComponentUpdated,
    FlavorUpdated,
    StackUpdated,
)
from stackroom.events.people.permissions import Who
from stackroom.events.state import (
    MAPS,
    AnyEntity,
    Component,
    Holding,
    Places,
    State,
    places_of,
)
from stackroom.events.values import Path, Value, depth, fault, same

UPDATES: Final = (ComponentUpdated, StackUpdated, FlavorUpdated)
PLAIN_BYTES: Final = 4 << 10
"""JSON text of an update above which it is not plain: the places of those below are remembered."""
OWNED_MOST: Final = 10_000
"""Entities of which something is known, about."""
LEVELS_COUNTED: Final = 8
"""Brackets in the JSON text of a configuration up to which they are taken for its levels of nesting."""


class Owned(Struct):
    """What is known of an entity; since the `era` it is a copy that nobody else holds.

    `seq` and `writer` are its newest stamp, and no other writer has a stamp above `others`. `below` are the
    places of its maps in which something was written deeper. Its configuration has at most so many `bytes`
    as JSON, and `levels` of nesting.
    """

    id: str
    entity: AnyEntity
    era: int
    below: frozenset[Path]
    seq: int
    writer: int
    others: int
    bytes: int
    levels: int


Write: TypeAlias = tuple[Owned, Places, dict[Path, Value], int, int]
"""Values for an entity, where they lead to, and the most bytes and levels that its configuration then has."""


class Plain(Struct):
    """Changes that stand, and against which nothing else does: what is written where, and what is `made`.

    `bytes` and `levels` are the most that one of the configurations then has.
    """

    writes: list[Write]
    made: dict[str, ComponentRegistered]
    bytes: int
    levels: int


class Ground(Struct, frozen=True):
    """What of a state matters to every update, and none that is plain changes; if it is `open` to such.

    `waiting` is when something of a replica was last held for a decision, as the seq of that commit.
    """

    open: bool
    waiting: dict[str, int] = {}
    protected: Set[str] = frozenset()


class Owner:
    """The one who holds `state`: whoever else wants to keep it, or what is in it, is given `shared`."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._owned: dict[str, Owned] = {}
        self._ground: Ground | None = None
        self._era = 0

    def shared(self) -> State:
        """The state, for somebody who keeps what is in it: of that, nothing is written in place any more."""
        self._era += 1
        return self.state

    def apply(self, replica: str, changes: Sequence[tuple[str, Change]]) -> None:
        """Applies the next commit, whatever it says."""
        state = self.state
        fold.apply(state, state.seq + 1, replica, changes)
        for id, change in changes:
            if not isinstance(change, ComponentRegistered) or change.protected:
                self._ground = None
            self._owned.pop(id, None)
            self._owned.pop(state.resolve(id), None)

    def plain(
        self, base: int, changes: Iterable[tuple[str, Change]], who: Who, id: str
    ) -> Plain | None:
        """What the proposal of that `id` writes, if `check` accepts it and nobody wrote there since `base`.

        None says nothing but that this cannot be seen at one look.
        """
        state, rights, replica = self.state, who.rights, who.replica
        ground = self._ground or self._looked()
        if (
            not ground.open
            or (rights is not None and "profile.write" not in rights)
            or base > state.seq
            or ground.waiting.get(replica, 0) > base
            or id in state.entities
            or id in state.aliases
            or id in state.gone
        ):
            return None
        if len(self._owned) > OWNED_MOST:
            self._owned.clear()
        me = state.writers.get(replica, -1)
        writes: list[Write] = []
        made: dict[str, ComponentRegistered] = {}
        names: set[Key] = set()
        sizes: dict[str, int] = {}
        most, deepest = 0, 1
        for entity, change in changes:
            if isinstance(change, ComponentRegistered):
                text, key = self._free(entity, change), _key(change)
                if text is None or entity in made or key in names:
                    return None
                made[entity] = change
                names.add(key)
                most = max(most, len(text))
                deepest = max(deepest, _brackets(text))
                continue
            if not isinstance(change, UPDATES) or not change.set or change.unset:
                return None
            written = change.set
            text = _text(written)
            if text is None:
                return None
            entity = state.aliases.get(entity, entity)
            own = self._owned.get(entity) or self._known(entity)
            places = places_of(change.kind, tuple(written))
            if (
                own is None
                or places is None
                or own.entity.kind != change.kind
                or (own.seq > base and (own.writer != me or own.others > base))
                or entity in ground.protected
                or (own.below and not own.below.isdisjoint(written))
            ):
                return None
            for (_, field, _), value in zip(places, written.values(), strict=True):
                # All text in it was encoded.
                if type(value) is not str and (field == "labels" or fault(value) is not None):
                    return None
            size = sizes[entity] = sizes.get(entity, own.bytes) + len(text)
            levels = max(own.levels, _brackets(text))
            writes.append((own, places, written, size, levels))
            most = max(most, size)
            deepest = max(deepest, levels)
        return Plain(writes, made, most, deepest)

    def write(self, replica: str, plain: Plain) -> None:
        """Applies the next commit, which is `plain` as the state stands."""
        state = self.state
        state.seq = seq = state.seq + 1
        writer = state.writer(replica)
        stamp = seq, writer
        for id, change in plain.made.items():
            state.put(id, fold.entity_of(state, change, stamp))
        for own, places, written, size, levels in plain.writes:
            entity = own.entity if own.era == self._era else self._copied(own)
            stamps = entity.stamps
            for (path, field, key), value in zip(places, written.values(), strict=True):
                values = getattr(entity, field)
                before = values.get(key, UNSET)
                # Most values differ, which `==` sees at once; what it takes for equal may be 1 and true.
                if before == value and same(before, value):
                    continue
                values[key] = value
                stamps[path] = stamp
            if own.writer != writer:
                own.writer, own.others = writer, own.seq
            own.seq, own.bytes, own.levels = seq, size, max(own.levels, levels)

    def _free(self, id: str, change: ComponentRegistered) -> bytes | None:
        """The JSON text of a registration, if nothing in the state stands against it."""
        state = self.state
        if (
            change.protected
            or id in state.entities
            or id in state.aliases
            or id in state.gone
            or _key(change) in state.names
            or refuse_change(change) is not None
        ):
            return None
        return _text(change)

    def _looked(self) -> Ground:
        """Looks at what all updates meet."""
        state = self.state
        profile = state.profile
        if profile is None or profile.settings.get("secrets") == "refuse":
            self._ground = Ground(open=False)
        else:
            held = (state.entities[id] for id in state.conflicts | state.requests)
            opened = sorted((h.opened, h.held[0].replica) for h in held if isinstance(h, Holding))
            waiting = {replica: seq for seq, replica in opened}
            self._ground = Ground(True, waiting, protected_in(state))
        return self._ground

    def _known(self, id: str) -> Owned | None:
        """Looks at an entity; None if there is none with such maps."""
        entity = self.state.entities.get(id)
        if entity is None or entity.kind not in MAPS:
            return None
        stamps = entity.stamps
        seq, writer = max(stamps.values())
        others = max([s for s, w in stamps.values() if w != writer], default=0)
        below = frozenset([_place(path) for path in stamps if path.count("/") > 2])
        config = entity.config if isinstance(entity, Component) else {}
        text = _encode(config)
        levels = _brackets(text)
        if levels > LEVELS_COUNTED:
            levels = depth(config)
        own = Owned(id, entity, -1, below, seq, writer, others, len(text), levels)
        self._owned[id] = own
        return own

    def _copied(self, own: Owned) -> AnyEntity:
        """Puts a copy of an entity in its place."""
        entity = own.entity
        maps = {field: getattr(entity, field).copy() for field in MAPS[entity.kind]}
        twin = structs.replace(entity, stamps=entity.stamps.copy(), **maps)
        self.state.entities[own.id] = own.entity = twin
        own.era = self._era
        return twin


def _key(change: ComponentRegistered) -> Key:
    """What no other entity may share with what is registered."""
    return ("component", change.component_type, change.name)


def _text(said: object) -> bytes | None:
    """The JSON text of what is said, which is valid Unicode then; None if there is none, or too much."""
    try:
        text = _encode(said)
    except (UnicodeEncodeError, TypeError, RecursionError):
        return None
    return text if len(text) <= PLAIN_BYTES else None


def _brackets(text: bytes) -> int:
    """How many levels of nesting there are at the most in a JSON text."""
    return text.count(b"{") + text.count(b"[")


def _place(path: Path) -> Path:
    """The place in a map, with all below it, to which `path` leads."""
    return "/".join(path.split("/", 3)[:3])


_encode: Final = Encoder().encode
