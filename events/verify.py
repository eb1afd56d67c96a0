"""Verifying a log: every leaf and root is computed again from what is stored.

Of a redacted event its old digest stands in the leaf, and a later commit must vouch for what it says.
"""

from stackroom.events import codec, merkle
from stackroom.events.errors import IntegrityError, Unvouched
from stackroom.events.history import PAGE
from stackroom.events.log import Head
from stackroom.events.redaction import Vouchers
from stackroom.events.sqlite_read import SqliteReader


def verify(log: SqliteReader, profile: str) -> Head:
    """The head of `profile`, once its whole history was found to lead there.

    Raises IntegrityError that names the first commit that does not fit.
    """
    if (missing := log.missing(profile)) is not None:
        raise IntegrityError(
            f"profile {profile} has no commits #{missing.start} to #{missing.stop - 1} here",
            hint="fetch the history first: stackroom sync",
        )
    head, tree, vouchers = log.head(profile), merkle.Frontier(), Vouchers()
    while commits := log.commits(profile, tree.size, PAGE):
        leaves = log.leaves(profile, tree.size, PAGE)
        for commit, stored in zip(commits, leaves, strict=True):
            hashed = merkle.leaf_hash(codec.leaf(profile, commit))
            tree = merkle.grow(tree, hashed)
            vouchers.look(commit)
            if commit.seq != tree.size:
                raise IntegrityError(f"profile {profile} lacks commit #{tree.size}")
            if hashed != stored or merkle.root(tree) != commit.root:
                raise IntegrityError(f"commit #{commit.seq} of profile {profile} was changed")
    if head != Head(tree.size, merkle.root(tree), tree):
        raise IntegrityError(f"the head of profile {profile} is not where its commits lead")
    if (at := vouchers.fault()) is not None:
        raise Unvouched(profile, *at)
    return head
