"""What an audit looks at beside the hashes: what the hub has signed, and what authors have.

Both are shown each commit by the `Verifier`, and raise HistoryFault at the first that does not fit.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from stackroom.events.errors import HistoryFault, UnknownEvent
from stackroom.events.log import Taken
from stackroom.events.proofs import checkpoint
from stackroom.events.proofs.authors import AuthorFinding, AuthorResult, KnownKey, author_finding
from stackroom.events.proofs.checkpoint import Checkpoint
from stackroom.events.proofs.merkle import Growing
from stackroom.events.proofs.signed_note import BadNote


class Promised:
    """Holds a history against checkpoints, whose signatures were verified: its own, or kept elsewhere."""

    def __init__(self, profile: str, checkpoints: Iterable[Checkpoint] = ()) -> None:
        self.upto = 0
        """The last commit that a checkpoint covers, of those that were looked at."""
        self._profile = profile
        self._roots: dict[int, set[bytes]] = {}
        for each in checkpoints:
            self._roots.setdefault(each.size, set()).add(each.root)

    def take(self, taken: Taken, tree: Growing) -> None:
        """Takes the next commit, with the tree after it."""
        if (roots := self._roots.get(tree.size)) is not None:
            self._compare(tree.size, roots, tree.root())

    def meet(self, note: Checkpoint, tree: Growing) -> None:
        """Takes a checkpoint that covers the tree as it stands."""
        if note.size > tree.size:
            raise self._cut(note.size, tree.size)
        self._compare(note.size, {note.root}, tree.root() if note.size == tree.size else b"")

    def end(self, last: int) -> None:
        """Says that commit `last` was the last one."""
        if (signed := max(self._roots, default=0)) > last:
            raise self._cut(signed, last)

    def _compare(self, seq: int, roots: set[bytes], root: bytes) -> None:
        if roots != {root}:
            raise HistoryFault(
                self._profile,
                seq,
                "hub_signature",
                f"the hub has signed another history of profile {self._profile}: it parts from this one at "
                f"#{seq}" + (f", or after #{self.upto}" if seq > self.upto + 1 else ""),
            )
        self.upto = seq

    def _cut(self, signed: int, last: int) -> HistoryFault:
        return HistoryFault(
            self._profile,
            signed,
            "hub_signature",
            f"the hub has signed #{signed} of profile {self._profile}, and #{last} is the last one here",
        )


Each: TypeAlias = Callable[[Taken, AuthorFinding], None]
"""Is told of every commit that fits, with what was found about its author."""


def nobody(taken: Taken, finding: AuthorFinding) -> None:
    """Nobody wants to be told of every commit."""


class Authors:
    """Holds each commit against its author's signature, and tells `each` of it.

    `keys` and `complete` are as `author_finding` takes them. A proposal that is held in an event newer than
    this program counts as `unbound`.
    """

    def __init__(
        self,
        profile: str,
        keys: Mapping[bytes, KnownKey] | None,
        *,
        complete: bool = True,
        each: Each = nobody,
    ) -> None:
        self.found: Counter[AuthorResult] = Counter()
        """How many commits there are of each finding."""
        self._profile = profile
        self._keys = keys
        self._complete = complete
        self._each = each

    def take(self, taken: Taken, tree: Growing) -> None:
        """Takes the next commit."""
        commit = taken.commit
        try:
            finding = author_finding(self._profile, commit, self._keys, complete=self._complete)
        except UnknownEvent:
            finding = AuthorFinding("unbound")
        if finding.result == "invalid":
            raise self._fault(commit.seq, "is not what its author has signed")
        if finding.result == "unregistered":
            sentence = f"is signed by a key that was none of {commit.author}'s when it was accepted"
            raise self._fault(commit.seq, sentence)
        self.found[finding.result] += 1
        self._each(taken, finding)

    def end(self, last: int) -> None:
        """Says that there are no more."""

    def _fault(self, seq: int, what: str) -> HistoryFault:
        sentence = f"commit #{seq} of profile {self._profile} {what}"
        return HistoryFault(self._profile, seq, "author_signature", sentence)


def signed_by(profile: str, note: str, hub: str, keys: Sequence[bytes]) -> Checkpoint:
    """What a note states that is a checkpoint of `profile` by one of the hub's `keys`; HistoryFault."""
    why = "the hub has no key"
    for key in keys:
        try:
            found = checkpoint.verify(note, hub, key)
        except BadNote as error:
            why = str(error)
        else:
            if found.profile == profile:
                return found
            why = f"it is one of profile {found.profile}"
    try:
        seq = checkpoint.parse(note).size
    except BadNote:
        seq = 0
    sentence = f"a checkpoint of profile {profile} at #{seq} is not signed by its hub: {why}"
    raise HistoryFault(profile, seq, "hub_signature", sentence)
