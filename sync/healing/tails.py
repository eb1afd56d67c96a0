"""The tail of a history that a hub has lost, as a client gives it back: whether it is what it was.

Plain functions. What they look at came from somebody: nothing of it is believed but what follows from
hashes that lead to a signature of this hub's, or from an administrator's word.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from stackroom.events import codec
from stackroom.events.deciding.rules import ID, Refusal
from stackroom.events.errors import MalformedEvent, UnknownEvent
from stackroom.events.log import LogReader
from stackroom.events.model import Commit, Event, Millis
from stackroom.events.proofs import merkle
from stackroom.events.proofs.authors import KnownKey, author_finding
from stackroom.events.proofs.merkle import Frontier
from stackroom.events.secrets.redaction import rewritten_by


class Proven(Struct, frozen=True):
    """What the hub itself has signed once: the Merkle root of a profile at `seq`."""

    seq: int
    root: bytes


class Tail(Struct, frozen=True):
    """The commits after `common`; and `redacted`, earlier ones as redactions among them left them."""

    profile: str
    common: int
    commits: tuple[Commit, ...]
    redacted: tuple[Commit, ...] = ()


class Grown(Struct, frozen=True):
    """A tail that was found to be whole: its commits, their leaves, and the tree after the last."""

    commits: tuple[Commit, ...]
    leaves: tuple[bytes, ...]
    frontier: Frontier


def frontier_at(log: LogReader, profile: str, seq: int) -> Frontier:
    """The Merkle tree after commit `seq`."""
    head = log.head(profile)
    if head.seq == seq:
        return head.frontier
    snapshot = log.snapshot(profile, seq)
    frontier = snapshot.frontier if snapshot is not None else Frontier()
    while frontier.size < seq:
        page = log.commits(profile, frontier.size, min(1_000, seq - frontier.size))
        frontier = merkle.extended(frontier, (_leaf(profile, commit) for commit in page))
    return frontier


def examine(
    tail: Tail, ground: Frontier, proven: Proven | None, *, unproven: bool
) -> Grown | Refusal:
    """The tail, grown upon the tree at its beginning, or why it is not taken.

    It ends with what is `proven`, unless an administrator takes what is `unproven`, too.
    """
    if proven is None and not unproven:
        return Refusal(
            "unproven",
            "this hub's signature is on none of it: nobody but the client says that it was so",
        )
    commits = tail.commits
    if not unproven and proven is not None:
        commits = tuple(commit for commit in commits if commit.seq <= proven.seq)
    leaves: list[bytes] = []
    frontier = ground
    for commit in commits:
        if refusal := _refuse_form(commit, frontier.size + 1):
            return refusal
        leaves.append(_leaf(tail.profile, commit))
        frontier = merkle.grow(frontier, leaves[-1])
        root = merkle.root(frontier)
        if root != commit.root:
            return _broken(commit.seq, "it does not lead from this hub's history to its root")
        if proven is not None and commit.seq == proven.seq and root != proven.root:
            return _broken(commit.seq, "this hub has signed another root there")
    if not unproven and proven is not None and frontier.size != proven.seq:
        return _broken(proven.seq, "it is not there, and this hub has signed it")
    if (at := _unvouched(tail, commits)) is not None:
        return _broken(at, "it is not what a redaction left of it")
    return Grown(commits, tuple(leaves), frontier)


def refuse_authors(
    tail: Tail, grown: Grown, keys: Mapping[bytes, KnownKey], since: Millis, *, unproven: bool
) -> Refusal | None:
    """Why a commit is not its author's, by `keys`, which are all that were registered on the hub.

    No signature may be false. Where nothing of the hub's stands for the commits, whoever had a key when
    the hub took its last commit before them (`since`) must have signed them by it.
    """
    held = {(known.author, known.replica): known for known in keys.values() if known.ended is None}
    for commit in grown.commits:
        finding = author_finding(tail.profile, commit, keys)
        if finding.result == "invalid":
            return _broken(commit.seq, f"{commit.author} has not signed this")
        known = held.get((commit.author, commit.replica))
        had_one = known is not None and known.registered <= max(since, commit.accepted)
        if unproven and had_one and finding.result != "valid":
            return _broken(commit.seq, f"{commit.author} signs what they propose, and not this")
    return None


def redacted_before(common: int, commits: Iterable[Commit]) -> list[int]:
    """The seqs up to `common` of which redactions among `commits` took something, in order.

    Raises MalformedEvent or UnknownEvent for what is none.
    """
    return sorted({each.seq for each in rewritten_by(commits) if each.seq <= common})


def _refuse_form(commit: Commit, seq: int) -> Refusal | None:
    if commit.seq != seq:
        return _broken(commit.seq, f"it stands in the place of #{seq}")
    if not commit.events or commit.number < 1:
        return _broken(seq, "it is no commit")
    ids = (commit.id, commit.replica, *(event.entity for event in commit.events))
    if not all(ID.fullmatch(id) for id in ids):
        return _broken(seq, "it has an id that is none")
    try:
        for event in commit.events:
            codec.unseal(event)
    except (MalformedEvent, UnknownEvent) as error:
        return _broken(seq, str(error))
    return None


def _unvouched(tail: Tail, commits: tuple[Commit, ...]) -> int | None:
    """The first commit with a redacted event that no redaction of the tail vouches for, or a missing one."""
    given = {commit.seq: commit.events for commit in (*tail.redacted, *commits)}
    vouched = {
        (each.seq, each.event): each.digest
        for commit in commits
        for each in rewritten_by((commit,))
        if each.seq < commit.seq
    }
    wrong = [seq for (seq, n), said in vouched.items() if not _is_left(given.get(seq, ()), n, said)]
    wrong += [
        commit.seq
        for commit in commits
        for n, event in enumerate(commit.events)
        if event.digest and (commit.seq, n) not in vouched
    ]
    return min(wrong, default=None)


def _is_left(events: tuple[Event, ...], number: int, digest: str) -> bool:
    if number >= len(events) or not events[number].digest:
        return False
    return codec.digest_now(events[number]) == digest


def _broken(seq: int, why: str) -> Refusal:
    return Refusal("tail_broken", f"#{seq} of what was offered cannot be taken back: {why}")


def _leaf(profile: str, commit: Commit) -> bytes:
    return merkle.leaf_hash(codec.leaf(profile, commit))
