"""What the log answers to the hub's reads: plain functions, run inside a reading transaction."""

from stackroom.events.log import LogReader
from stackroom.events.merkle import EMPTY_ROOT
from stackroom.sync.effects import Page, Read
from stackroom.sync.settings import Settings


def read_page(read: Read, settings: Settings, log: LogReader) -> Page:
    """The page that `read` asks for: at most `page_commits` commits and `page_bytes` of bodies."""
    head = log.head(read.profile)
    after = read.after
    root_there = None if read.root is None else root_at(log, read.profile, after)
    if read.root is not None and root_there != read.root:
        return Page(head, (), root_there)
    snapshot = None
    if read.snapshot and head.seq - after >= settings.snapshot_worth:
        snapshot = log.snapshot(read.profile)
        if snapshot is not None and snapshot.seq > after:
            after = snapshot.seq
        else:
            snapshot = None
    commits = log.commits(read.profile, after, settings.page_commits, settings.page_bytes)
    return Page(head, tuple(commits), root_there, snapshot)


def root_at(log: LogReader, profile: str, seq: int) -> bytes | None:
    """The Merkle root after commit `seq`; None beyond the head."""
    if seq == 0:
        return EMPTY_ROOT
    commits = log.commits(profile, seq - 1, 1)
    return commits[0].root if commits else None
