"""What of one's own work waits for a decision that its author had not in view, and what builds on it.

A proposal may build on an earlier one of the same replica whose author did not know yet that a
conflict or a change request holds it. It joins what holds that one.
"""

from collections.abc import Iterator

from stackroom.events.codec import unseal
from stackroom.events.deciding.since import Since
from stackroom.events.fold import writes
from stackroom.events.model import Change, Event
from stackroom.events.state import Holding, State
from stackroom.events.values import Maybe, Path


class Waiting:
    """The open conflicts and requests of `replica` in `state` that were opened after `base`, up to `until`.

    Of what they hold, proposals with a number below `number` count (all, if None): no work builds on
    what came after it. A state may have many, and a proposal many changes: they are looked through once.
    """

    def __init__(
        self, state: State, base: int, until: int, replica: str, number: int | None = None
    ) -> None:
        self._held: dict[str, list[tuple[str, Event]]] = {}
        for id, holding in _own(state, base, until, replica):
            for proposal in (held.proposal for held in holding.held):
                if number is None or proposal.number < number:
                    for event in proposal.events:
                        self._held.setdefault(state.resolve(event.entity), []).append((id, event))

    def speaking_of(self, id: str) -> str | None:
        """What holds a change of the entity `id`, if anything does."""
        return next((holding for holding, _ in self._held.get(id, ())), None)

    def built_on(self, id: str, change: Change) -> str | None:
        """What holds a change of the entity `id` upon which `change` builds, if anything does."""
        later = writes(change)
        for holding, event in self._held.get(id, ()):
            earlier = writes(unseal(event))
            if not earlier or not later or _touch(earlier, later):
                return holding
        return None


def _own(state: State, base: int, until: int, replica: str) -> Iterator[tuple[str, Holding]]:
    """Conflicts first: what is in conflict and in a request, too, waits for the conflict."""
    for id in (*sorted(state.conflicts), *sorted(state.requests)):
        holding = state.entities[id]
        if isinstance(holding, Holding) and base < holding.opened <= until:
            if holding.held[0].replica == replica:
                yield id, holding


def _touch(earlier: list[tuple[Path, Maybe]], later: list[tuple[Path, Maybe]]) -> bool:
    before = Since({path: (0, 0) for path, _ in earlier})
    return any(before.overlapping(path) is not None for path, _ in later)
