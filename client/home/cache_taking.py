"""What a hub sent, taken into a copy: held against what another process may have put there meanwhile.

For one writing transaction of `cache` each. Who only reads does not import this.
"""

from collections.abc import Iterable, Sequence

from stackroom.client.home.cache_redacted import REDACTED, began_before, left_as_before
from stackroom.events import codec
from stackroom.events.carriers import Commit
from stackroom.events.errors import Gap, IntegrityError
from stackroom.events.frontier import Frontier
from stackroom.events.history.block import Block
from stackroom.events.log import Taken
from stackroom.events.outcomes import taking
from stackroom.events.proofs import merkle
from stackroom.events.secrets.redaction import rewritten_by
from stackroom.events.sqlite.cache import SqliteCacheWriter


def append(
    log: SqliteCacheWriter,
    profile: str,
    commits: Sequence[Commit],
    frontier: Frontier,
    leaves: Sequence[bytes],
    since: Frontier | None,
) -> int:
    """`Cache.save`; gives how many bytes were kept packed."""
    head = log.head(profile)
    if isinstance(commits, Block) and commits.plain and commits.first == head.seq + 1:
        if head.frontier != since:
            _compare(merkle.extended(head.frontier, leaves), frontier)
        log.append_block(profile, commits, frontier)
        return len(commits.data)
    hashed = leaves or [_leaf(profile, commit) for commit in commits]
    both = zip(commits, hashed, strict=True)
    fresh = [Taken(commit, taking(commit), leaf) for commit, leaf in both]
    known = sum(commit.seq <= head.seq for commit in commits)
    if known and not _is_kept(log, profile, commits[known - 1]):
        raise IntegrityError(f"two histories of one profile meet at #{commits[known - 1].seq}")
    del fresh[:known]
    if not fresh:
        return 0
    taken = tuple(rewritten_by(one.commit for one in fresh))
    if taken and (began_before(log, profile, taken) or left_as_before(log, profile, taken)):
        raise Gap(profile, head.seq, fresh[0].commit.seq)
    if fresh[0].commit.seq == head.seq + 1 and head.frontier != since:
        _compare(merkle.extended(head.frontier, (one.leaf for one in fresh)), frontier)
    log.append(profile, fresh, frontier)
    _note_redacted(log, profile, fresh)
    return 0


def fill(
    log: SqliteCacheWriter, profile: str, commits: Iterable[Commit], frontier: Frontier
) -> None:
    """`Cache.backfill`; raises IntegrityError where the whole is not what the snapshot came with."""
    missing = log.missing(profile)
    if missing is None:
        return
    if frontier.size < missing.stop - 1 or not _leads_through(log, profile, frontier):
        raise Gap(profile, log.head(profile).seq, frontier.size)
    if isinstance(commits, Block) and _fills(commits, missing):
        log.backfill_block(profile, commits)
    else:
        fresh = [Taken(c, taking(c), _leaf(profile, c)) for c in commits if c.seq in missing]
        if not fresh or fresh[0].commit.seq != missing.start:
            return
        log.backfill(profile, fresh)
        _note_redacted(log, profile, fresh)
    if log.missing(profile) is None:
        # Late: most histories come whole.
        from stackroom.events.audit.verify import verify

        verify(log, profile)


def _compare(tree: Frontier, told: Frontier) -> None:
    if tree != told:
        raise IntegrityError(f"two histories of one profile part before #{tree.size}")


def _fills(block: Block, missing: range) -> bool:
    """Whether the block is the next of what is missing, with nothing in it to look at."""
    return block.plain and block.first == missing.start and block.last < missing.stop


def _note_redacted(log: SqliteCacheWriter, profile: str, taken: Iterable[Taken]) -> None:
    if any(event.digest for one in taken for event in one.commit.events):
        log.put_fact(REDACTED, profile, b"")


def _is_kept(log: SqliteCacheWriter, profile: str, commit: Commit) -> bool:
    """Whether `commit` is the one that is here at its seq; True where that is not here to compare."""
    kept = log.commits(profile, commit.seq - 1, 1)
    return not kept or kept[0].seq != commit.seq or kept[0].root == commit.root


def _leads_through(log: SqliteCacheWriter, profile: str, frontier: Frontier) -> bool:
    """Whether the commits that are here lead through `frontier`; False where that cannot be told."""
    head = log.head(profile)
    root = head.root if head.seq == frontier.size else log.root(profile, frontier.size)
    return root == merkle.root(frontier)


def _leaf(profile: str, commit: Commit) -> bytes:
    return merkle.leaf_hash(codec.leaf(profile, commit))
