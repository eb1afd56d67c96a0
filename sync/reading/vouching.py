"""Commits as they are stored, with what proves them. Plain functions, on the log's reading thread.

What a proof costs is reading leaves, 32 bytes each, once for all that are asked for together: a few thousand
at the most, as roots of subtrees are kept; who asks is held to that as to any history that is read
(`read_second`).
"""

from stackroom.events.history.tree import effort, prove_consistency, prove_inclusions
from stackroom.events.log import LogReader
from stackroom.sync.effects import ENVELOPE_BYTES, Vouch, Vouched
from stackroom.sync.messages.proofs import Proven
from stackroom.sync.settings import Settings


def read_proofs(vouch: Vouch, settings: Settings, log: LogReader) -> Vouched:
    """What `vouch` asks for, up to the commit that brings it to `page_bytes` of bodies."""
    profile, seen = vouch.asked.profile, vouch.asked.seen
    head = log.head(profile)
    weight = 0
    commits = []
    for seq in vouch.asked.seqs:
        if not 1 <= seq <= head.seq or weight >= settings.page_bytes:
            continue
        (commit,) = log.commits(profile, seq - 1, 1)
        commits.append(commit)
        weight += ENVELOPE_BYTES + sum(len(event.body) for event in commit.events)
    paths = []
    if commits:
        seqs = [commit.seq for commit in commits]
        paths = prove_inclusions(log, profile, seqs, head.seq)
        weight += effort(min(seqs), head.seq) * ENVELOPE_BYTES
    consistency: tuple[bytes, ...] = ()
    if 0 < seen < head.seq:
        consistency = prove_consistency(log, profile, seen, head.seq)
        weight += effort(seen, head.seq) * ENVELOPE_BYTES
    proven = tuple(Proven(commit, path) for commit, path in zip(commits, paths, strict=True))
    return Vouched(head, proven, consistency, weight)
