"""A profile as the authority knows it between its transactions, and while one is under way."""

from msgspec import Struct

from stackroom.events import codec
from stackroom.events.deciding.owning import Owner
from stackroom.events.log import LogWriter, Taken, Taking
from stackroom.events.model import Commit, Event
from stackroom.events.proofs import merkle
from stackroom.events.state import State, listing


class Fresh(Struct, frozen=True):
    """A commit that was taken, and has no root yet: those of many are worked out together."""

    head: codec.Head
    events: tuple[Event, ...]
    taking: Taking
    key: bytes
    signature: bytes


class Branch:
    """The state, the tree over its commits, and what this transaction adds."""

    __slots__ = (
        "added",
        "fresh",
        "held",
        "listed",
        "numbers",
        "owner",
        "relisted",
        "state",
        "stored",
        "tree",
    )

    def __init__(self, state: State, frontier: merkle.Frontier, stored: int) -> None:
        self.state = state
        self.owner = Owner(state)
        self.tree = merkle.Growing(frontier)
        self.listed = listing(state)
        self.relisted = False
        self.stored = stored
        """The seq of the last snapshot."""
        self.held = len(state.entities)
        """The entities in it, or those that were there when it was read."""
        self.fresh: list[Fresh] = []
        self.added: list[Commit] = []
        self.numbers: dict[str, int] = {}
        """The largest number that was answered, by replica."""

    @property
    def frontier(self) -> merkle.Frontier:
        """The tree over all commits, with those that this transaction added."""
        return self.tree.frontier()

    def answered(self, replica: str, number: int) -> None:
        """A proposal of `replica` with this number has its answer."""
        if number > self.numbers.get(replica, 0):
            self.numbers[replica] = number

    def flush(self, profile: str, log: LogWriter) -> None:
        """Appends what was taken so far, so that the log can be asked about it."""
        if self.fresh:
            fresh, self.fresh = self.fresh, []
            taken = self._grown(profile, fresh)
            log.append(profile, taken, self.frontier)
            self.added += [one.commit for one in taken]
        listed = listing(self.state)
        if listed != self.listed and listed is not None:
            name, deleted = listed
            log.list_profile(profile, name, deleted=deleted)
            self.listed = listed
            self.relisted = True

    def end(self) -> bool:
        """Ends what a transaction adds; whether it changed how the catalogue lists the profile."""
        relisted, self.relisted, self.added = self.relisted, False, []
        return relisted

    def _grown(self, profile: str, fresh: list[Fresh]) -> list[Taken]:
        """The commits, each with its leaf and the root after it."""
        said = [codec.envelope(profile, f.head, f.events, f.key, f.signature) for f in fresh]
        leaves = merkle.leaf_hashes(codec.lines(said))
        roots = self.tree.grown(leaves)
        return [
            Taken(Commit(*f.head, f.events, root, f.key, f.signature), f.taking, leaf)
            for f, leaf, root in zip(fresh, leaves, roots, strict=True)
        ]
