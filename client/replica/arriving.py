"""Commits as they come from a hub, one by one or in a block: what a replica's core does with either."""

from collections.abc import Iterable, Sequence

from stackroom.client.replica.replica_copy import Copy
from stackroom.events import codec
from stackroom.events.errors import IntegrityError
from stackroom.events.fold import advance
from stackroom.events.history.block import Block
from stackroom.events.model import Commit
from stackroom.events.proofs import merkle


def fresh(copy: Copy, commits: Sequence[Commit]) -> Sequence[Commit]:
    """Those of `commits` that are not here; a block that follows stays one, if nothing is redacted in it."""
    if isinstance(commits, Block) and commits.plain and commits.first == copy.seq + 1:
        return commits
    return tuple(commit for commit in commits if commit.seq > copy.seq)


def leaves(copy: Copy, commits: Sequence[Commit]) -> list[bytes]:
    """The leaf hashes of fresh commits; IntegrityError if they do not follow our head."""
    if isinstance(commits, Block):
        return commits.leaves(copy.profile)
    in_order(commits, copy.seq, "#{came} came after #{before}")
    return merkle.leaf_hashes(codec.leaves(copy.profile, commits))


def first(commits: Sequence[Commit]) -> int:
    """The seq of the first of them; of a block, no commit is made for that."""
    return commits.first if isinstance(commits, Block) else commits[0].seq


def root(commits: Sequence[Commit]) -> bytes:
    """The Merkle root that the last of them comes with."""
    return commits.root if isinstance(commits, Block) else commits[-1].root


def in_order(commits: Iterable[Commit], after: int, said: str) -> None:
    """Raises IntegrityError, as `said`, unless the commits follow one another after seq `after`."""
    if isinstance(commits, Block):
        if commits.first != after + 1:
            raise IntegrityError(said.format(came=commits.first, place=after + 1, before=after))
        return
    for seq, commit in enumerate(commits, after + 1):
        if commit.seq != seq:
            raise IntegrityError(said.format(came=commit.seq, place=seq, before=seq - 1))


def settled(copy: Copy, commits: Sequence[Commit]) -> tuple[str, ...]:
    """The proposals that wait here and are among the commits."""
    if not copy.pending:
        return ()
    mine = {proposal.id for proposal in copy.pending}
    ids = commits.columns.ids if isinstance(commits, Block) else (c.id for c in commits)
    return tuple(id for id in ids if id in mine)


def fold(copy: Copy, commits: Sequence[Commit]) -> None:
    """Folds fresh commits into the state; UnknownEvent for what is newer than this program."""
    if isinstance(commits, Block) or (len(commits) > 1 and not copy.live):
        copy.folding.take(commits)
        return
    # One by one, as somebody takes the state after each.
    advance(copy.state, commits)
