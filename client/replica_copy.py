"""One profile of a replica, in memory: what its core works on."""

from collections.abc import Sequence

from stackroom.client.effects import Problem
from stackroom.client.witness import Seen
from stackroom.events.errors import UnknownEvent
from stackroom.events.merkle import Frontier
from stackroom.events.model import Proposal
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
        self.state = state
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
    def seq(self) -> int:
        """The last confirmed commit."""
        return self.frontier.size
