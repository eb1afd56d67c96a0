"""The state of a stream: its entities, and for every path which commit wrote it last.

A stream is a profile, or the people of a hub.

Entities are values: `fold` replaces them and never changes one in place, so a copy of a state shares
all that has not changed since.
"""

from collections.abc import Iterable, Iterator, Set
from functools import lru_cache
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Struct

from stackroom.events.carriers import Held, Kind, Overlap
from stackroom.events.entity import Entity, Key, Stamp
from stackroom.events.errors import IntegrityError
from stackroom.events.people.entities import PEOPLE, Hub
from stackroom.events.values import WHOLE, Maybe, Path, Value, segments


class Profile(Entity, tag="profile"):
    kind = "profile"
    leaves = frozenset({"description"})
    maps = frozenset({"settings"})
    description: str = ""
    settings: dict[str, Value] = {}
    default_stack: str | None = None


class Flavor(Entity, tag="flavor"):
    kind = "flavor"
    leaves = frozenset({"source", "integration", "config_schema"})
    maps = frozenset({"extra"})
    component_type: str = ""
    source: str = ""
    integration: str | None = None
    config_schema: dict[str, Value] | None = None
    extra: dict[str, Value] = {}

    def key(self) -> Key:
        return ("flavor", self.component_type, self.name)


class Component(Entity, tag="component"):
    kind = "component"
    leaves = frozenset({"flavor", "protected"})
    maps = frozenset({"config", "labels", "extra"})
    component_type: str = ""
    flavor: str = ""
    config: dict[str, Value] = {}
    labels: dict[str, str] = {}
    extra: dict[str, Value] = {}
    protected: bool = False

    def key(self) -> Key:
        return ("component", self.component_type, self.name)


class Stack(Entity, tag="stack"):
    """`components` maps a component type to ids, the first being that type's default."""

    kind = "stack"
    leaves = frozenset({"description", "protected"})
    maps = frozenset({"components", "labels", "extra"})
    components: dict[str, list[str]] = {}
    labels: dict[str, str] = {}
    description: str = ""
    extra: dict[str, Value] = {}
    protected: bool = False

    def key(self) -> Key:
        return ("stack", "", self.name)

    def members(self) -> Iterator[tuple[str, str]]:
        """(component type, component id) of each member, in the order of the stack."""
        return ((type, id) for type, ids in self.components.items() for id in ids)


class Tag(Entity, tag="tag"):
    """A name for the state after commit `seq`."""

    kind = "tag"
    leaves = frozenset({"seq"})
    seq: int = 0

    def key(self) -> Key:
        return ("tag", "", self.name)


class Holding(Entity):
    """Base of what holds proposals that wait for a decision."""

    held: tuple[Held, ...] = ()

    @property
    def opened(self) -> int:
        """The seq of the commit that opened it; people name it by that."""
        return self.stamps[WHOLE][0]


class Conflict(Holding, tag="conflict"):
    """An open conflict: the proposals that it holds, and where they overlap with what stands."""

    kind = "conflict"
    overlaps: tuple[Overlap, ...] = ()


class Request(Holding, tag="request"):
    """An open change request: the proposals that it holds, and the protected entities they touch."""

    kind = "request"
    protected: tuple[str, ...] = ()


class Gone(Struct, omit_defaults=True):
    """What is left of an entity that ended; `choice` is how a conflict or request did."""

    kind: Kind
    name: str
    stamp: Stamp
    component_type: str = ""
    choice: Maybe = UNSET


AnyEntity: TypeAlias = Profile | Flavor | Component | Stack | Tag | Conflict | Request | PEOPLE
E = TypeVar("E", bound=Entity)


class Encoded(Struct, omit_defaults=True):
    """A state as it is encoded: everything but the indexes that follow from it."""

    seq: int = 0
    writers: list[str] = []
    entities: dict[str, AnyEntity] = {}
    gone: dict[str, Gone] = {}
    aliases: dict[str, str] = {}


MAPS: Final[dict[Kind, Set[str]]] = {
    cls.kind: cls.maps - {"components"} for cls in (Profile, Flavor, Component, Stack)
}
"""The maps of plain values, by the kind of entity."""

Places: TypeAlias = tuple[tuple[Path, str, str], ...]
"""Paths, each with the map and the key in it to which it leads."""

_PROTECTABLE: Final = (Stack, Component)

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Encoded)


class State:
    """A profile at `seq`.

    `aliases` maps an id to the entity that stands for it, since two people registered the same thing;
    `writers` are the replicas in the order in which they first committed. `protected` are the stacks and
    components that are marked so themselves.
    """

    __slots__ = (
        "aliases",
        "conflicts",
        "entities",
        "gone",
        "names",
        "profile_id",
        "protected",
        "requests",
        "seq",
        "writers",
    )

    def __init__(self, encoded: Encoded | None = None) -> None:
        encoded = encoded or Encoded()
        self.seq = encoded.seq
        self.writers = {replica: i for i, replica in enumerate(encoded.writers)}
        self.entities: dict[str, AnyEntity] = encoded.entities
        self.gone = encoded.gone
        self.aliases = encoded.aliases
        self.names: dict[Key, str] = {}
        self.conflicts: set[str] = set()
        self.requests: set[str] = set()
        self.protected: set[str] = set()
        # A profile that was deleted is still the one that this state is about.
        self.profile_id = next((id for id, g in self.gone.items() if g.kind == "profile"), "")
        for id, entity in self.entities.items():
            # As `_index` and `_mark` have it, for thousands at once.
            if (key := entity.key()) is not None:
                self.names[key] = id
            else:
                self._index(id, entity)
            if isinstance(entity, _PROTECTABLE) and entity.protected:
                self.protected.add(id)

    def copy(self) -> "State":
        """A state that can be folded further without touching this one."""
        twin = State.__new__(State)
        twin.seq = self.seq
        twin.profile_id = self.profile_id
        twin.writers = self.writers.copy()
        twin.entities = self.entities.copy()
        twin.gone = self.gone.copy()
        twin.aliases = self.aliases.copy()
        twin.names = self.names.copy()
        twin.conflicts = self.conflicts.copy()
        twin.requests = self.requests.copy()
        twin.protected = self.protected.copy()
        return twin

    @property
    def profile(self) -> Profile | None:
        """The profile itself, or None before its first event and after its last."""
        entity = self.entities.get(self.profile_id)
        return entity if type(entity) is Profile else None

    @property
    def root(self) -> Profile | Hub | None:
        """What the stream is about: its first event registered it."""
        entity = self.entities.get(self.profile_id)
        return entity if type(entity) is Profile or type(entity) is Hub else None

    def resolve(self, id: str) -> str:
        """The id that stands for `id`."""
        return self.aliases.get(id, id)

    def spoken_of(self, ids: Iterable[str]) -> set[str]:
        """The ids under which these entities were ever spoken of: `ids`, and those that they stand for."""
        standing = set(ids)
        return standing | {alias for alias, id in self.aliases.items() if id in standing}

    def get(self, id: str) -> AnyEntity | None:
        """The entity that stands for `id`, if there is one."""
        return self.entities.get(self.aliases.get(id, id))

    def find(self, kind: type[E], name: str, component_type: str = "") -> tuple[str, E] | None:
        """The id and entity of that kind and name, if there is one."""
        id = self.names.get((kind.kind, component_type, name))
        entity = self.entities.get(id) if id is not None else None
        return (id, entity) if id is not None and isinstance(entity, kind) else None

    def all(self, kind: type[E]) -> Iterator[tuple[str, E]]:
        """(id, entity) of each entity of that kind, in the order of registration."""
        return ((id, e) for id, e in self.entities.items() if isinstance(e, kind))

    def add(self, id: str, key: Key | None, entity: AnyEntity) -> None:
        """Sets the entity of an id that has none, which has this key, and keeps the indexes."""
        self.entities[id] = entity
        if key is not None:
            self.names[key] = id
        else:
            self._index(id, entity)
        if isinstance(entity, _PROTECTABLE) and entity.protected:
            self.protected.add(id)

    def put(self, id: str, entity: AnyEntity) -> None:
        """Sets the entity of `id` and keeps the indexes; of its key, only the name ever changes."""
        before = self.entities.get(id)
        self.entities[id] = entity
        if before is None:
            self._index(id, entity)
        elif before.name != entity.name:
            self._unindex(id, before)
            self._index(id, entity)
        self._mark(id, entity)

    def remove(self, id: str, gone: Gone) -> None:
        """Ends the entity of `id` and keeps what is left of it."""
        self._unindex(id, self.entities.pop(id))
        for index in (self.conflicts, self.requests, self.protected):
            index.discard(id)
        self.gone[id] = gone

    def writer(self, replica: str) -> int:
        """The index of `replica` among the writers; a new one is added."""
        return self.writers.setdefault(replica, len(self.writers))

    def _index(self, id: str, entity: AnyEntity) -> None:
        if (key := entity.key()) is not None:
            self.names[key] = id
        elif isinstance(entity, Conflict):
            self.conflicts.add(id)
        elif isinstance(entity, Request):
            self.requests.add(id)
        else:
            self.profile_id = id

    def _mark(self, id: str, entity: AnyEntity) -> None:
        if isinstance(entity, _PROTECTABLE):
            (self.protected.add if entity.protected else self.protected.discard)(id)

    def _unindex(self, id: str, entity: AnyEntity) -> None:
        key = entity.key()
        if key is not None and self.names.get(key) == id:
            del self.names[key]


def encode(state: State) -> bytes:
    """The state as canonical JSON: equal states give equal bytes."""
    return _encoder.encode(
        Encoded(state.seq, list(state.writers), state.entities, state.gone, state.aliases)
    )


def pieces(state: State, at_once: int) -> Iterator[bytes]:
    """What `encode` gives, in pieces of so many entities: making one takes a moment, whatever the state."""
    fields = {
        "aliases": state.aliases,
        "entities": state.entities,
        "gone": state.gone,
        "seq": state.seq,
        "writers": list(state.writers),
    }
    before = b"{"
    for name, value in fields.items():
        if not value:
            continue
        yield before + b'"%s":' % name.encode()
        if isinstance(value, dict):
            yield from _pieces_of(value, at_once)
        else:
            yield _encoder.encode(value)
        before = b","
    yield b"}" if before == b"," else b"{}"


def _pieces_of(values: dict[str, Any], at_once: int) -> Iterator[bytes]:
    """A map as canonical JSON."""
    ids = sorted(values)
    for first in range(0, len(ids), at_once):
        some = _encoder.encode({id: values[id] for id in ids[first : first + at_once]})
        yield (b"," if first else b"{") + some[1:-1]
    yield b"}"


def decode(data: bytes) -> State:
    """The state that `encode` wrote; IntegrityError if it is not one."""
    try:
        return State(_decoder.decode(data))
    except (msgspec.DecodeError, UnicodeError) as error:
        raise IntegrityError(f"a stored state cannot be read: {error}") from error


def listing(state: State) -> tuple[str, bool] | None:
    """How the catalogue lists the profile: its name, and whether it was deleted."""
    if (profile := state.profile) is not None:
        return profile.name, False
    gone = state.gone.get(state.profile_id)
    return (gone.name, True) if gone is not None else None


@lru_cache(1024)
def places_of(kind: Kind, paths: tuple[Path, ...]) -> Places | None:
    """Where paths lead that go one level below a map of plain values, as those of nearly all writes do.

    None if one leads elsewhere, or to nothing.
    """
    try:
        split = [segments(path) for path in paths]
    except ValueError:
        return None
    maps = MAPS.get(kind, frozenset())
    if not all(len(parts) == 2 and parts[0] in maps for parts in split):
        return None
    return tuple((path, field, key) for path, (field, key) in zip(paths, split, strict=True))
