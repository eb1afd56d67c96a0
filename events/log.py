"""The log: what keeps the commits of every profile, whatever it is made of.

A form of it implements `EventLog`; `tests/events/log_conformance.py` is its specification in tests.
Work is a plain function that is handed over whole: it runs in one transaction, with nothing awaited
inside, so that cancelling the caller can never leave a transaction open. The function either runs to
its end and is durable when `write` returns, or leaves no trace.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from stackroom.events.carriers import Commit, Millis
from stackroom.events.frontier import EMPTY_ROOT, Frontier

T = TypeVar("T")

REWRITTEN: Final = "rewritten"
"""The kind of fact that says where a profile's head was when values were last taken out of its history."""

Taking: TypeAlias = Literal["accepted", "merged", "converged", "conflict", "requested"]
"""How a proposal came into the log."""


class Answer(Struct, frozen=True, omit_defaults=True):
    """What became of one proposal; the same however often it is asked.

    `seq` is that of its commit; a rejected one has none, but a reason: `code` and `sentence`.
    """

    id: str
    outcome: Literal["accepted", "merged", "converged", "conflict", "requested", "rejected"]
    seq: int | None = None
    code: str = ""
    sentence: str = ""


class Taken(Struct, frozen=True):
    """A commit, how it came about, and the hash of its Merkle leaf (32 bytes)."""

    commit: Commit
    outcome: Taking
    leaf: bytes


class Refused(Struct, frozen=True):
    """A rejected proposal as it is remembered."""

    answer: Answer
    profile: str
    replica: str
    number: int
    time: Millis


class Proposed(Struct, frozen=True):
    """In which profile a proposal was made, and by which replica."""

    profile: str
    replica: str


class Head(Struct, frozen=True):
    """Where a profile stands: its last seq and the Merkle tree over its commits."""

    seq: int = 0
    root: bytes = EMPTY_ROOT
    frontier: Frontier = Frontier()


class Listed(Struct, frozen=True):
    """One profile in the log's catalogue; `deleted` ones keep their history."""

    id: str
    name: str
    seq: int
    root: bytes
    deleted: bool = False


class RunsWanted(Struct, frozen=True):
    """Which runs are looked for; None is any. `stacks` are ids, `ending` is how the run's id ends.

    Their first reports have a seq above `after`, and up to `upto`; `limit` is how many at most. `behind` is
    the place of a run, its first report and its id: only those that come after it, which are older.
    """

    stacks: tuple[str, ...] | None = None
    pipeline: str | None = None
    status: str | None = None
    ending: str | None = None
    after: int = 0
    upto: int | None = None
    limit: int | None = None
    behind: tuple[int, str] | None = None


class RunFound(Struct, frozen=True):
    """A run by the index: `first` and `last` are the seqs of its reports.

    `at` is the seq of the commit whose state it ran on; None where the log has no such commit.
    """

    id: str
    pipeline: str
    stack: str
    status: str
    first: int
    last: int
    at: int | None


class Snapshot(Struct, frozen=True):
    """The state at `seq` as `state.encode` wrote it, with the tree at that commit. A cache."""

    seq: int
    frontier: Frontier
    state: bytes


class Weighed(Struct, frozen=True):
    """How many events some commits hold; and of a profile how many snapshots there are, of how many bytes."""

    events: int
    snapshots: int
    snapshot_bytes: int


class Identity(Struct, frozen=True):
    """Which log this is: `id` for ever; `epoch` rises each time that a restored log is healed."""

    id: str
    epoch: int


class LogReader(Protocol):
    """What can be read in one transaction; all reads see the same moment."""

    def identity(self) -> Identity:
        """Which log this is."""

    def profiles(self) -> list[Listed]:
        """Every profile, deleted ones too, by name."""

    def head(self, profile: str) -> Head:
        """Where the profile stands; an unknown one stands at 0."""

    def commits(
        self, profile: str, after: int, limit: int, max_bytes: int | None = None
    ) -> list[Commit]:
        """Commits with a seq above `after` in order, at most `limit`.

        With `max_bytes`, ends once the bodies add up to that; at least one commit is given if there is one.
        """

    def recent(self, profile: str, before: int | None, limit: int) -> list[Commit]:
        """Commits with a seq below `before` (or the newest), newest first, at most `limit`."""

    def until(self, profile: str, time: Millis) -> int:
        """The seq of the last commit accepted at `time` or before, 0 if there is none.

        The last in the order of seqs: clocks order nothing, and a hub's may have gone back.
        """

    def root(self, profile: str, seq: int) -> bytes | None:
        """The Merkle root after commit `seq`: of nothing at 0, None for a commit that is not there."""

    def leaves(self, profile: str, after: int, limit: int) -> list[bytes]:
        """The leaf hashes (32 bytes) of the `limit` commits after seq `after`: of those that are there."""

    def subtrees(self, profile: str, count: int) -> list[bytes]:
        """The roots of the first perfect subtrees of `subtrees.LEAVES` leaves; none, if not all are kept."""

    def touching(self, profile: str, entities: Sequence[str], upto: int) -> list[Commit]:
        """Commits up to seq `upto` with an event of one of `entities`, in order."""

    def runs(self, profile: str, wanted: RunsWanted) -> list[RunFound]:
        """The runs that are wanted, the one whose first report is newest first."""

    def answers(self, proposals: Sequence[str]) -> dict[str, Answer]:
        """What became of those of the proposals that were answered before, by id."""

    def proposed(self, proposals: Sequence[str]) -> dict[str, Proposed]:
        """Where those of the proposals were made that were answered before, by id."""

    def last_number(self, profile: str, replica: str) -> int:
        """The largest number of an answered proposal of `replica` in `profile`; 0 if there is none."""

    def number_used(self, profile: str, replica: str, number: int) -> bool:
        """Whether a proposal that `replica` gave `number` in `profile` was answered."""

    def facts(self, kind: str) -> dict[str, bytes]:
        """The facts of that kind, by key."""

    def snapshot(self, profile: str, upto: int | None = None) -> Snapshot | None:
        """The newest snapshot at or below seq `upto` (of all, if None)."""

    def weighed(self, profile: str, after: int, limit: int) -> Weighed:
        """The events in the `limit` commits after seq `after`: in those that are there; and all snapshots."""


class LogWriter(LogReader, Protocol):
    """What can be done in one writing transaction."""

    def append(self, profile: str, taken: Sequence[Taken], frontier: Frontier) -> None:
        """Adds commits that follow the head; `frontier` is the tree after the last of them.

        Raises Gap if the first does not follow the head or one does not follow the one before.
        """

    def refuse(self, refused: Refused) -> None:
        """Remembers a rejection, so that the proposal is answered alike if it comes again."""

    def list_profile(self, profile: str, name: str, *, deleted: bool = False) -> None:
        """Sets how the catalogue lists a profile that has commits."""

    def redact(self, profile: str, commits: Sequence[Commit]) -> None:
        """Puts redacted commits in the places of those that stand there, and drops all snapshots.

        The fact REWRITTEN of the profile is another one then.
        Raises IntegrityError for one that would have another leaf than the commit that stands there.
        """

    def put_fact(self, kind: str, key: str, value: bytes | None) -> None:
        """Keeps a fact beside the log: one that may change, and is no history; None forgets it."""

    def put_epoch(self, epoch: int) -> None:
        """Has the log be in this epoch from now on: what it had lost was taken back, or given up."""

    def put_snapshot(self, profile: str, snapshot: Snapshot) -> None:
        """Keeps a snapshot."""

    def drop_snapshots(self, profile: str, keep: Sequence[int]) -> None:
        """Drops the profile's snapshots but those at the seqs in `keep`."""


class EventLog(Protocol):
    """The log of a hub, and of a replica's confirmed commits.

    Both calls raise LogCorrupt for a damaged file; `write` raises LogFull when there is no room.
    Cancelling the caller does not cancel the work: it ends whole or leaves no trace.
    """

    async def read(self, work: Callable[[LogReader], T]) -> T:
        """Runs `work` in one reading transaction."""

    async def write(self, work: Callable[[LogWriter], T]) -> T:
        """Runs `work` in one writing transaction; what it did is durable on return."""

    async def scrub(self) -> None:
        """Leaves no trace, in what the log is made of, of what was redacted or forgotten."""

    async def aclose(self) -> None:
        """Ends the work under way and closes the file."""
