"""Changes of a draft made as few, and as small, as they can be."""

from msgspec import UNSET

from stackroom.events.composing.compose import updates
from stackroom.events.fold import read, standing
from stackroom.events.model import Change, Updated
from stackroom.events.state import State
from stackroom.events.values import Maybe, Path, overlap, same


def real(view: State, id: str, change: Change) -> list[Change]:
    """The change without those writes that leave everything as it is in `view`: one change, or none."""
    entity = view.get(id)
    if entity is None or not isinstance(change, Updated):
        return [change]
    written: dict[Path, Maybe] = {**change.set, **dict.fromkeys(change.unset, UNSET)}
    left = {
        path: value
        for path, value in written.items()
        if not same(read(view, entity, path), standing(view, path, value)[1])
        or any(overlap(path, other) for other in written if other != path)
    }
    return updates(entity.kind, left)


def mergeable(a: Change, b: Change) -> bool:
    """Whether two updates can be one: what they write must not depend on their order."""
    if not isinstance(a, Updated) or type(a) is not type(b) or not isinstance(b, Updated):
        return False
    earlier, later = {*a.set, *a.unset}, {*b.set, *b.unset}
    return not any(p != q and overlap(p, q) for p in earlier for q in later)


def merged_updates(a: Change, b: Change) -> Change:
    """One update in the place of two that are mergeable."""
    assert isinstance(a, Updated)
    assert isinstance(b, Updated)
    both = {**a.set, **dict.fromkeys(a.unset, UNSET), **b.set, **dict.fromkeys(b.unset, UNSET)}
    (merged,) = updates(a.kind, both)
    return merged
