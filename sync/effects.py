"""What the hub wants done: a shell carries these out, in order, and reports what came of them."""

from typing import Final, TypeAlias

from msgspec import Struct

from stackroom.events.log import Head, Snapshot
from stackroom.events.model import Commit
from stackroom.events.people.permissions import Who
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Submission
from stackroom.sync.healing.mending import Mending
from stackroom.sync.hosting.security_log import Kind, Wanted
from stackroom.sync.people import tokens
from stackroom.sync.people.access import Fact, Principal
from stackroom.sync.people.proofs import Proof
from stackroom.sync.reading.blocks import Packed

ENVELOPE_BYTES: Final = 256
"""What a commit takes beside the bodies of its events, about."""


class Send(Struct, frozen=True):
    """Send `message` to each of `sessions`; `live` ones may be moved to reading instead."""

    sessions: tuple[int, ...]
    message: wire.FromHub
    live: bool = False


class SendEach(Struct, frozen=True):
    """Send sessions what became of what they pushed: to each what is its own, in this order."""

    messages: tuple[tuple[int, wire.Results], ...]


class Close(Struct, frozen=True):
    """Close the connection with a code and a reason."""

    session: int
    code: int
    reason: str


class Submit(Struct, frozen=True):
    """Have these decided, in this order after all that were submitted before."""

    session: int
    submissions: tuple[Submission, ...]


class Read(Struct, frozen=True):
    """Read the next page for a subscriber, once what was sent to it has gone out.

    With `root`, also the root at `after`, to be held against it; with `snapshot`, a snapshot where
    that is the shorter way, and the proof that its tree begins with the one over the first `seen` commits.
    `history` marks a page that was asked for by `fetch`; with `blocks`, complete pages come packed.
    """

    session: int
    profile: str
    after: int
    root: bytes | None = None
    snapshot: bool = False
    history: bool = False
    seen: int = 0
    blocks: bool = False


class FetchRoots(Struct, frozen=True):
    """Read the roots of a profile after these commits for `session`."""

    session: int
    profile: str
    seqs: tuple[int, ...]


class Show(Struct, frozen=True):
    """Tell a watcher what it was not told yet, once what was sent to it has gone out (`Watchers.show`).

    Where the hub has no state of the profile (`Watchers.must_fold`), read it before.
    """

    session: int
    profile: str


class LookBack(Struct, frozen=True):
    """Read a page of a past state, from its entity number `after` on."""

    session: int
    look: wire.Look
    after: int = 0


class Recount(Struct, frozen=True):
    """Read what commits changed."""

    session: int
    asked: wire.ReadLog


class Contrast(Struct, frozen=True):
    """Read what differs between two moments, from entity number `skip` of those that do."""

    session: int
    asked: wire.Diff
    skip: int = 0


class Vouch(Struct, frozen=True):
    """Read commits, and what proves them."""

    session: int
    asked: wire.Prove


class WorkOut(Struct, frozen=True):
    """Work out what `who` would propose, and what would become of it."""

    session: int
    asked: wire.Draft
    who: Who


class Forget(Struct, frozen=True):
    """Keep no state of the profile's past: values were taken out of its history, or it was healed."""

    profile: str


class ListAll(Struct, frozen=True):
    """Read the catalogue for `session`."""

    session: int


class Look(Struct, frozen=True):
    """Find what the log has in common with a `session` of another history."""

    session: int
    compare: wire.Compare


class Survey(Struct, frozen=True):
    """Read every head, for the order `id` of `session`."""

    session: int
    id: int


class FindRuns(Struct, frozen=True):
    """Find which pipelines ran on something."""

    session: int
    asked: wire.ListRuns


class Inspecting(Struct, frozen=True):
    """Read what the hub's files and counters say, for `session`, which asked how it fares."""

    session: int
    asked: wire.Inspect


class ReadNotes(Struct, frozen=True):
    """Read the security log for `session`, whose order `ask` asked for it."""

    session: int
    ask: int
    wanted: Wanted


class Ordered(Struct, frozen=True):
    """Have an order carried out, after all that were submitted before; see `orders`.

    `proof` is what came of the secret in it, where there is one that `Prove` was asked about.
    """

    session: int
    sender: Principal | None
    ask: wire.Ask | wire.SigningIn
    proof: Proof | None = None


class Prove(Struct, frozen=True):
    """Have the secret in an order looked at, which takes a while; see `proving`."""

    ordered: Ordered


def needs_proof(ask: wire.Ask | wire.SigningIn) -> bool:
    """Whether there is something in it that must be looked at before."""
    match ask:
        case wire.Redeem(code):
            return tokens.kind_of(code) == tokens.LOGIN
        case wire.Ask(_, wire.SetPassword(text) | wire.LinkIdentity(text)):
            return bool(text)
        case wire.Ask():
            return False
        case _:
            return True


def ends_own_token(ordered: Ordered) -> bool:
    """Whether somebody revokes the very token by which they came."""
    match ordered:
        case Ordered(sender=Principal(token=own), ask=wire.Ask(_, wire.RevokeToken(id))):
            return id == own
        case _:
            return False


class Keep(Struct, frozen=True):
    """Keep these facts, before anything that is submitted later."""

    facts: tuple[Fact, ...]


class Noted(Struct, frozen=True):
    """Have this noted in the security log; `session` 0 is nobody's."""

    session: int
    kind: Kind
    fields: dict[str, str | int]


Asked: TypeAlias = (
    Read
    | FetchRoots
    | Show
    | LookBack
    | Recount
    | Contrast
    | Vouch
    | WorkOut
    | ListAll
    | ReadNotes
    | Look
    | Survey
    | FindRuns
    | Inspecting
)
"""What is read for one connection, in the order in which it was asked for."""

Effect: TypeAlias = (
    Send | SendEach | Close | Submit | Asked | Forget | Prove | Ordered | Keep | Noted | Mending
)


class Page(Struct, frozen=True):
    """What the log says to a `Read`: the head, commits after `after`, and what was asked beside.

    `leaves` were read to make the proof. The commits may be packed, in a `block`.
    """

    head: Head
    commits: tuple[Commit, ...] = ()
    root_there: bytes | None = None
    snapshot: Snapshot | None = None
    proof: tuple[bytes, ...] = ()
    leaves: int = 0
    block: Packed | None = None

    @property
    def weight(self) -> int:
        """About how many bytes were read for it, most of which are sent."""
        bodies = sum(len(event.body) for commit in self.commits for event in commit.events)
        state = len(self.snapshot.state) if self.snapshot is not None else 0
        commits = len(self.commits) + self.leaves
        packed = self.block.weight if self.block is not None else 0
        return state + bodies + commits * ENVELOPE_BYTES + packed


class Vouched(Struct, frozen=True):
    """What the log says to a `Vouch`: the head, commits with their proofs, and that of the tree seen.

    `weight` is about how many bytes were read for it.
    """

    head: Head
    proven: tuple[wire.Proven, ...]
    consistency: tuple[bytes, ...]
    weight: int


class RootsThere(Struct, frozen=True):
    """What the log says to a `FetchRoots`: the head, and each root that was asked for, None beyond it."""

    head: Head
    roots: tuple[bytes | None, ...]
