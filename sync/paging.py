"""What the log answers to the hub's reads: plain functions, run inside a reading transaction."""

from stackroom.events.log import LogReader
from stackroom.events.merkle import EMPTY_ROOT
from stackroom.events.tree import prove_consistency
from stackroom.sync.effects import FetchRoots, Page, Read, RootsThere
from stackroom.sync.settings import Settings


def read_page(read: Read, settings: Settings, log: LogReader) -> Page:
    """The page that `read` asks for: at most `page_commits` commits and `page_bytes` of bodies."""
    head = log.head(read.profile)
    after = read.after
    root_there = None if read.root is None else root_at(log, read.profile, after)
    if read.root is not None and root_there != read.root:
        return Page(head, (), root_there)
    snapshot, proof, leaves = None, tuple[bytes, ...](), 0
    if read.snapshot and head.seq - after >= settings.snapshot_worth:
        snapshot = log.snapshot(read.profile)
        if snapshot is not None and snapshot.seq > after:
            after = snapshot.seq
            if 0 < read.seen < after:
                proof = prove_consistency(log, read.profile, read.seen, after)
                leaves = after - read.seen
        else:
            snapshot = None
    commits = log.commits(read.profile, after, settings.page_commits, settings.page_bytes)
    return Page(head, tuple(commits), root_there, snapshot, proof, leaves)


def read_roots(asked: FetchRoots, log: LogReader) -> RootsThere:
    """The roots that `asked` names."""
    roots = (root_at(log, asked.profile, seq) for seq in asked.seqs)
    return RootsThere(log.head(asked.profile), tuple(roots))


def root_at(log: LogReader, profile: str, seq: int) -> bytes | None:
    """The Merkle root after commit `seq`; None beyond the head."""
    if seq == 0:
        return EMPTY_ROOT
    commits = log.commits(profile, seq - 1, 1)
    return commits[0].root if commits else None
