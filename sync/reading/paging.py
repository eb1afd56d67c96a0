"""What the log answers to the hub's reads: plain functions, run inside a reading transaction."""

from stackroom.events.history.tree import effort, prove_consistency
from stackroom.events.log import LogReader
from stackroom.sync.effects import FetchRoots, Page, Read, RootsThere
from stackroom.sync.healing.mending import GIVEN_UP_FACT
from stackroom.sync.messages.healing import Compare, Compared
from stackroom.sync.reading.blocks import Blocks
from stackroom.sync.settings import Settings


def read_page(read: Read, settings: Settings, blocks: Blocks, log: LogReader) -> Page:
    """The page that `read` asks for: at most `page_commits` commits and `page_bytes` of bodies.

    Where the reader takes `blocks`, one of them if that is complete; until one begins, fewer commits. The
    newest that somebody subscribes to, after which none begins, are one as well, if they are many.
    """
    head = log.head(read.profile)
    after = read.after
    root_there = None if read.root is None else log.root(read.profile, after)
    if read.root is not None and root_there != read.root:
        return Page(head, (), root_there)
    snapshot, proof, leaves = None, tuple[bytes, ...](), 0
    if read.snapshot and head.seq - after >= settings.snapshot_worth:
        snapshot = log.snapshot(read.profile)
        if snapshot is not None and snapshot.seq > after:
            after = snapshot.seq
            if 0 < read.seen < after:
                proof = prove_consistency(log, read.profile, read.seen, after)
                leaves = effort(read.seen, after)
        else:
            snapshot = None
    most, newest = settings.page_commits, False
    if read.blocks:
        newest = not read.history and head.seq - after <= most
        block = blocks.after(log, read.profile, after, head.seq)
        if block is None and newest:
            block = blocks.newest(log, read.profile, after, head.seq)
        if block is not None:
            return Page(head, (), root_there, snapshot, proof, leaves, block)
        most = most if newest else blocks.span_end(after) - after
    commits = log.commits(read.profile, after, most, settings.page_bytes)
    if newest and (block := blocks.of_newest(log, read.profile, commits)) is not None:
        return Page(head, (), root_there, snapshot, proof, leaves, block)
    return Page(head, tuple(commits), root_there, snapshot, proof, leaves)


def read_roots(asked: FetchRoots, log: LogReader) -> RootsThere:
    """The roots that `asked` names."""
    roots = (log.root(asked.profile, seq) for seq in asked.seqs)
    return RootsThere(log.head(asked.profile), tuple(roots))


def compared(compare: Compare, log: LogReader) -> Compared:
    """What the log has in common with another history of a profile."""
    profile = compare.profile
    common = (p.seq for p in compare.points if log.root(profile, p.seq) == p.root)
    given_up = log.facts(GIVEN_UP_FACT).get(profile)
    known = {id for id, at in log.proposed(compare.proposals).items() if at.profile == profile}
    return Compared(
        profile,
        log.head(profile).seq,
        max(common, default=0),
        -1 if given_up is None else int(given_up),
        tuple(id for id in compare.proposals if id not in known),
    )
