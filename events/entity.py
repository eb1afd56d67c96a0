"""What every entity is: a name, and for each of its paths which commit wrote it last."""

from typing import ClassVar, TypeAlias

from msgspec import Struct

from stackroom.events.carriers import Kind
from stackroom.events.values import Path, prefixes

Stamp: TypeAlias = tuple[int, int]
"""Who wrote a path last: the seq of the commit, and the index of its replica in `State.writers`."""

Key: TypeAlias = tuple[str, str, str]
"""What must be unique in a stream: kind, what it is named within (a component type, a user), name."""


class Entity(Struct, tag_field="kind", omit_defaults=True):
    """Base of the entities; `stamps` has the empty path from registration on, and what was written since."""

    kind: ClassVar[Kind]
    leaves: ClassVar[frozenset[str]] = frozenset()
    """Fields that an update may write whole."""
    maps: ClassVar[frozenset[str]] = frozenset()
    """Fields that an update may write inside."""

    name: str
    stamps: dict[Path, Stamp]

    def key(self) -> Key | None:
        """What no other entity of the stream may share, or None."""
        return None

    def written(self, path: Path) -> Stamp:
        """Who wrote the value at `path` last."""
        stamps = self.stamps
        return next(stamps[p] for p in prefixes(path) if p in stamps)
