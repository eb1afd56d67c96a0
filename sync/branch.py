"""A profile as the authority knows it between its transactions, and while one is under way."""

from stackroom.events import merkle
from stackroom.events.log import Taken
from stackroom.events.model import Commit
from stackroom.events.state import State, listing


class Branch:
    """The state, the tree over its commits, and what this transaction adds."""

    __slots__ = ("added", "fresh", "listed", "numbers", "state", "stored", "tree")

    def __init__(self, state: State, frontier: merkle.Frontier, stored: int) -> None:
        self.state = state
        self.tree = merkle.Growing(frontier)
        self.listed = listing(state)
        self.stored = stored
        self.fresh: list[Taken] = []
        self.added: list[Commit] = []
        self.numbers: dict[str, int] = {}
        """The largest number that was answered, by replica."""

    @property
    def frontier(self) -> merkle.Frontier:
        """The tree over all commits, with those that this transaction adds."""
        return self.tree.frontier()

    def answered(self, replica: str, number: int) -> None:
        """A proposal of `replica` with this number has its answer."""
        if number > self.numbers.get(replica, 0):
            self.numbers[replica] = number
