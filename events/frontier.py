"""What is kept of a Merkle tree: its size and peaks. Without `merkle`, which hashes: a reader needs not."""

from typing import Final

from msgspec import Struct

HASH_BYTES: Final = 32

EMPTY_ROOT: Final = bytes.fromhex(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)
"""SHA-256 of nothing: the root of a tree without leaves (RFC 6962 section 2.1)."""


class Frontier(Struct, frozen=True):
    """A tree of `size` leaves as the roots of its perfect subtrees, largest first.

    One peak for each bit set in `size`, so a log of a million commits is 20 hashes at the most.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()


def pack(frontier: Frontier) -> bytes:
    """The peaks, one after the other; the size must be kept beside them."""
    return b"".join(frontier.peaks)


def unpack(size: int, packed: bytes) -> Frontier:
    """The frontier of `size` leaves from what `pack` made; ValueError if they do not fit."""
    if len(packed) != size.bit_count() * HASH_BYTES:
        raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks")
    peaks = range(0, len(packed), HASH_BYTES)
    return Frontier(size, tuple(packed[i : i + HASH_BYTES] for i in peaks))
