"""One profile of a replica, in memory: what its core works on."""

from collections.abc import Sequence

from stackroom.client.replica.effects import Problem
from stackroom.client.replica.witness import Seen
from stackroom.events.errors import UnknownEvent
from stackroom.events.history.folding import Folding
from stackroom.events.model import Proposal
from stackroom.events.proofs.merkle import Frontier
from stackroom.events.state import State


class Copy:
    """One profile of a replica, in memory: what is confirmed, and what is pending.

    `newer` is set where the log holds an event that this program does not know: `state` stays before
    it, the commits are kept, and nothing can be proposed.
    """

    def __init__(
        self,
        profile: str,
        state: State,
        frontier: Frontier,
        pending: Sequence[Proposal] = (),
        newer: UnknownEvent | None = None,
        seen: Seen | None = None,
    ) -> None:
        self.profile = profile
        self._state = state
        self._folding: Folding | None = None
        self.frontier = frontier
        self.pending = list(pending)
        self.newer = newer
        self.seen = seen
        """The last checkpoint of the hub's, which it is held to."""
        self.live = False
        self.closed = False
        """The hub lets us read it no more; what is pending is still pushed, to learn what became of it."""
        self.problem: Problem | None = None
        """That it is closed: told once everything pending has its answer."""
        self.clean_upto = 0
        """Redactions up to this seq have been looked for in what is kept of the profile."""
        self.gap_allowed = False
        """Whether commits may still arrive that were sent before the profile was subscribed to anew."""
        self.sent: set[str] = set()
        self.answered: dict[str, int] = {}
        """Own proposals known to be in the log at a seq that has not arrived yet."""

    @property
    def state(self) -> State:
        """The state, for somebody who may keep what is in it: what is folded next changes none of that."""
        if self._folding is not None:
            self._folding.settle()
            self._folding = None
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._folding, self._state = None, state

    @property
    def folding(self) -> Folding:
        """Folds a long history into the state, until somebody takes that."""
        if self._folding is None:
            self._folding = Folding(self._state)
        return self._folding

    @property
    def seq(self) -> int:
        """The last confirmed commit."""
        return self.frontier.size
