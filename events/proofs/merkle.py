"""The Merkle tree of a log, as RFC 6962 section 2.1 has it, grown one leaf at a time."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from stackroom.events.frontier import EMPTY_ROOT as EMPTY_ROOT
from stackroom.events.frontier import Frontier as Frontier
from stackroom.events.frontier import pack as pack
from stackroom.events.frontier import unpack as unpack


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of a leaf (RFC 6962: prefix 0x00)."""
    return sha256(b"\x00" + data).digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """`leaf_hash` of each."""
    return [sha256(b"\x00" + data).digest() for data in leaves]


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of an inner node (RFC 6962: prefix 0x01)."""
    return sha256(b"\x01" + left + right).digest()


class Growing:
    """A tree that grows in place: for those who ask for the root after each leaf, of many."""

    def __init__(self, frontier: Frontier | None = None) -> None:
        self.size = frontier.size if frontier is not None else 0
        self._peaks = list(frontier.peaks) if frontier is not None else []

    def add(self, hashed: bytes) -> None:
        """One more leaf, given by its leaf hash."""
        below, peaks = self.size, self._peaks
        while below & 1:
            hashed = sha256(b"\x01" + peaks.pop() + hashed).digest()
            below >>= 1
        peaks.append(hashed)
        self.size += 1

    def grown(self, hashes: Iterable[bytes]) -> list[bytes]:
        """More leaves, given by their leaf hashes; the root after each of them."""
        # Written out, as in `add` and `_folded`: of a batch, calls cost as much as hashes.
        peaks, size = self._peaks, self.size
        roots = []
        for leaf in hashes:
            hashed, below = leaf, size
            while below & 1:
                hashed = sha256(b"\x01" + peaks.pop() + hashed).digest()
                below >>= 1
            peaks.append(hashed)
            size += 1
            for peak in peaks[-2::-1]:
                hashed = sha256(b"\x01" + peak + hashed).digest()
            roots.append(hashed)
        self.size = size
        return roots

    def root(self) -> bytes:
        """The Merkle tree hash as it stands."""
        return _folded(self._peaks)

    def frontier(self) -> Frontier:
        """The tree as it stands, for keeping."""
        return Frontier(self.size, tuple(self._peaks))


def grow(frontier: Frontier, hashed: bytes) -> Frontier:
    """The tree with one more leaf, given by its leaf hash."""
    tree = Growing(frontier)
    tree.add(hashed)
    return tree.frontier()


def extended(frontier: Frontier, hashes: Iterable[bytes]) -> Frontier:
    """The tree with more leaves, given by their leaf hashes."""
    level, left, peaks = list(hashes), frontier.size, list(frontier.peaks)
    size, over = left + len(level), list[bytes]()
    # Level by level, as of many leaves calls cost as much as hashes: nodes side by side make those above.
    while level:
        if left & 1:
            level.insert(0, peaks.pop())
        if len(level) & 1:
            over.append(level.pop())
        pairs = iter(level)
        level = [
            sha256(b"\x01" + one + other).digest() for one, other in zip(pairs, pairs, strict=True)
        ]
        left >>= 1
    return Frontier(size, (*peaks, *reversed(over)))


def root(frontier: Frontier) -> bytes:
    """The Merkle tree hash; of no leaves, the hash of nothing."""
    return _folded(frontier.peaks)


def _folded(peaks: Sequence[bytes]) -> bytes:
    # Here and in `Growing.add` the hash is written out: over a long history, calls cost as much as hashes.
    if not peaks:
        return EMPTY_ROOT
    hashed = peaks[-1]
    for peak in peaks[-2::-1]:
        hashed = sha256(b"\x01" + peak + hashed).digest()
    return hashed
