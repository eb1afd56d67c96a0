"""Looking for damage in a log: what SQLite says of its pages, and the first commit that does not fit.

Reads only. A damaged page may stop SQLite in the middle of anything; here that is an answer, not an error.
"""

import sqlite3
from typing import Final

from msgspec import Struct

from stackroom.events import codec
from stackroom.events.audit.verify import verify
from stackroom.events.errors import IntegrityError, LogCorrupt
from stackroom.events.history.history import PAGE
from stackroom.events.log import Head
from stackroom.events.proofs import merkle
from stackroom.events.sqlite.read import SqliteReader

MOST: Final = 20
"""Faults of pages that are told: one broken page can have thousands."""

UNREADABLE: Final = (sqlite3.DatabaseError, LogCorrupt)
"""What reading a damaged page or row ends in."""


class Misfit(Struct, frozen=True):
    """A profile whose history does not add up, from where it does not, and why; seq 0 for its head."""

    profile: str
    name: str
    seq: int
    sentence: str


def page_faults(conn: sqlite3.Connection, table: str = "") -> list[str]:
    """What is wrong with the file's pages, tables and indexes, or with one table and those of its own.

    By `PRAGMA integrity_check`.
    """
    try:
        said = [str(line) for (line,) in conn.execute(f"PRAGMA integrity_check({table or MOST})")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if said == ["ok"] else said


def misfits(log: SqliteReader) -> tuple[dict[str, Head], list[Misfit]]:
    """The head of each profile whose whole history leads there, and where the others part from it.

    Raises LogCorrupt where not even the profiles can be read.
    """
    heads: dict[str, Head] = {}
    found: list[Misfit] = []
    for profile, name in _profiles(log):
        try:
            heads[profile] = verify(log, profile)
        except IntegrityError as error:
            seq = getattr(error, "seq", 0) or _first_wrong(log, profile)
            found.append(Misfit(profile, name, seq, str(error)))
        except UNREADABLE as error:
            seq = _first_wrong(log, profile)
            found.append(Misfit(profile, name, seq, f"commit #{seq} cannot be read: {error}"))
    return heads, found


def newest_fit(log: SqliteReader, most: int) -> bool:
    """Whether the newest commits, `most` of all profiles together, are what their leaves say.

    A quick look, which finds what a crash or a broken disk did to what was written last; `misfits` is the
    thorough one.
    """
    try:
        profiles = _profiles(log)
        share = max(1, most // max(1, len(profiles)))
        return all(_newest_fits(log, profile, share) for profile, _ in profiles)
    except UNREADABLE:
        return False


def _newest_fits(log: SqliteReader, profile: str, most: int) -> bool:
    head = log.head(profile)
    if merkle.root(head.frontier) != head.root:
        return False
    after = max(0, head.seq - most)
    last = merkle.EMPTY_ROOT
    while after < head.seq:
        commits = log.commits(profile, after, PAGE)
        leaves = log.leaves(profile, after, PAGE)
        for commit, leaf in zip(commits, leaves, strict=True):
            after += 1
            if commit.seq != after or merkle.leaf_hash(codec.leaf(profile, commit)) != leaf:
                return False
            last = commit.root
        if not commits:
            return False
    return last == head.root


def _profiles(log: SqliteReader) -> list[tuple[str, str]]:
    try:
        return [(listed.id, listed.name) for listed in log.profiles()]
    except sqlite3.DatabaseError as error:
        raise LogCorrupt(f"the list of profiles cannot be read: {error}") from error


def _first_wrong(log: SqliteReader, profile: str) -> int:
    """The seq of the first commit that cannot be read, or is not what its leaf and root say."""
    tree, seq = merkle.Frontier(), 0
    while True:
        try:
            commits, leaves = log.commits(profile, seq, 1), log.leaves(profile, seq, 1)
        except UNREADABLE:
            return seq + 1
        if not commits:
            return 0
        (commit,), (leaf,) = commits, leaves
        seq += 1
        tree = merkle.grow(tree, leaf)
        fits = merkle.leaf_hash(codec.leaf(profile, commit)) == leaf
        if commit.seq != seq or not fits or merkle.root(tree) != commit.root:
            return seq
