"""What a replica core wants done, in order; a shell carries it out.

Everything that `Store` names must be on disk before the next effect is carried out.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from stackroom.events.log import Answer, Listed
from stackroom.events.model import Commit, Rewritten
from stackroom.events.proofs.merkle import Frontier
from stackroom.sync import protocol as wire


class Send(Struct, frozen=True):
    """Send a message to the hub."""

    message: wire.FromReplica


class Store(Struct, frozen=True):
    """Keep confirmed commits; `settled` are own proposals that are among them.

    The tree grew from `since` to `frontier` by `leaves`, the hashes of the commits.
    """

    profile: str
    commits: Sequence[Commit]
    frontier: Frontier
    settled: tuple[str, ...]
    leaves: tuple[bytes, ...]
    since: Frontier


class Restart(Struct, frozen=True):
    """Begin the profile anew at a snapshot; history before it is missing for now."""

    profile: str
    seq: int
    frontier: Frontier
    state: bytes


class Clean(Struct, frozen=True):
    """Commit `seq` took values out of these events, which this replica had: it must not have them any more.

    What is kept of the profile is to be cleaned, and `refetch` called with what is left of it; the commits
    that came with this one are not kept, and come again.
    """

    profile: str
    seq: int
    rewritten: tuple[Rewritten, ...]


class Backfill(Struct, frozen=True):
    """Keep commits from before the snapshot; none means that there are no more.

    They are of the hub's history, of which this replica has the tree up to `frontier`.
    """

    profile: str
    commits: Sequence[Commit]
    frontier: Frontier


class Settle(Struct, frozen=True):
    """These own proposals are in the log, in commits that this replica has or had."""

    profile: str
    ids: tuple[str, ...]


class Park(Struct, frozen=True):
    """The hub refused a proposal: it waits for its author."""

    profile: str
    answer: Answer


class Catalogue(Struct, frozen=True):
    """The hub's profiles."""

    profiles: tuple[Listed, ...]


class Welcomed(Struct, frozen=True):
    """The hub let the replica in."""

    welcome: wire.Welcome


class Granted(Struct, frozen=True):
    """What the hub lets the replica's user do has changed, or is told for the first time."""

    rights: wire.Rights


class Replied(Struct, frozen=True):
    """The hub answered an order."""

    reply: wire.Reply


class Apart(Struct, frozen=True):
    """The hub says something about a profile in which the histories have parted; see `healing`."""

    message: wire.Compared | wire.Recall | wire.Healed


class Present(Struct, frozen=True):
    """Who came and who left."""

    presence: wire.Presence


class Renew(Struct, frozen=True):
    """This home is to become another replica, with another key, and `become` to be called: it was copied.

    Or its key has ended; `code` and `sentence` are the hub's. What waits is kept, signed anew, and pushed
    on another connection: nothing more is on this one.
    """

    code: str
    sentence: str


class Reached(Struct, frozen=True):
    """The profile holds all that the hub had, and nothing of ours waits for an answer."""

    profile: str
    seq: int


ProblemCode: TypeAlias = wire.ErrorCode | Literal["integrity", "too_new"]


class Problem(Struct, frozen=True):
    """Something went wrong, for one profile or (empty) for the whole connection.

    `retry`: the hub could not take proposals now; push them again later with `push_again`. `head` is that
    of the hub, where histories have parted and it can be asked where.
    """

    code: ProblemCode
    sentence: str
    hint: str = ""
    profile: str = ""
    retry: bool = False
    head: int | None = None


class Parted(Struct, frozen=True):
    """The hub's history of a profile is not the one that was seen here: they differ at `seq`, or before.

    `ours` is the last checkpoint that was seen, and `theirs` what contradicts it; each is empty where there
    is none. `problem` says so as far as it is known; where they part can be asked for (`fetch_roots`).
    """

    problem: Problem
    seq: int
    ours: str = ""
    theirs: str = ""


class Compared(Struct, frozen=True):
    """The hub told the roots that were asked for."""

    roots: wire.Roots


Effect: TypeAlias = (
    Send
    | Store
    | Restart
    | Backfill
    | Clean
    | Settle
    | Park
    | Catalogue
    | Welcomed
    | Granted
    | Renew
    | Replied
    | Apart
    | Present
    | Reached
    | Problem
    | Parted
    | Compared
)
