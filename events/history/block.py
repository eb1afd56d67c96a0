"""Blocks: commits that follow one another, packed column by column and compressed.

History travels and rests in blocks: whoever wants it takes it from its first commit on, and a thousand
commits cost less together than a hundred one by one. Of a block, leaves and states are computed straight
from its columns; its commits are made only for whoever asks for them.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, chain, islice, pairwise, repeat
from typing import Any, Final, TypeVar, overload

import msgspec
from msgspec import Struct

from stackroom.events.carriers import REDACTED, Commit, Event
from stackroom.events.errors import IntegrityError

T = TypeVar("T")

LEVEL: Final = 1
"""zlib's quickest: the slower ones save a few bytes in a hundred."""

UNPACKED_MOST: Final = 64 << 20
"""Bytes that a block may unpack to: no few bytes fill a memory."""

AT_ONCE: Final = 100
"""Bodies that are looked at together, for being text: of many, new memory would cost more than the look."""


class Columns(Struct, frozen=True, array_like=True):
    """What a block says, field by field; what no commit (or event) of it has is an empty column.

    `counts` are the events of each commit, and the columns of events follow one another in that order.
    """

    first: int
    ids: list[str]
    replicas: list[str]
    numbers: list[int]
    bases: list[int]
    authors: list[str]
    messages: list[str]
    times: list[int]
    accepted: list[int]
    roots: list[bytes]
    keys: list[bytes]
    signatures: list[bytes]
    counts: list[int]
    types: list[str]
    versions: list[int]
    entities: list[str]
    salts: list[bytes]
    bodies: list[bytes]
    digests: list[str]

    @property
    def before_events(self) -> tuple[list[Any], ...]:
        """What is said of each commit before its events, in the order of a commit and of its envelope."""
        return (
            self.ids,
            self.replicas,
            self.numbers,
            self.bases,
            self.authors,
            self.messages,
            self.times,
            self.accepted,
        )

    @property
    def one_each(self) -> bool:
        """Whether each commit has one event: then the columns of both stand side by side."""
        return len(self.types) == len(self.ids) and 0 not in self.counts

    def of_events(self, values: Iterable[T]) -> Iterator[T]:
        """What is said of each commit, for each of its events."""
        return chain.from_iterable(map(repeat, values, self.counts))


class Block(Sequence[Commit]):
    """Commits that follow one another, at least one, made anew each time one is asked for.

    `data` is how the block is sent and kept.
    """

    def __init__(self, data: bytes, columns: Columns) -> None:
        self.data = data
        self.columns = columns
        self.first = columns.first
        self.last = columns.first + len(columns.ids) - 1

    def __len__(self) -> int:
        return len(self.columns.ids)

    @overload
    def __getitem__(self, at: int) -> Commit: ...

    @overload
    def __getitem__(self, at: slice) -> list[Commit]: ...

    def __getitem__(self, at: int | slice) -> Commit | list[Commit]:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            if step != 1:
                return list(self)[at]
            return list(self._commits(start, stop))
        place = range(len(self))[at]
        return next(self._commits(place, place + 1))

    def __iter__(self) -> Iterator[Commit]:
        return self._commits(0, len(self))

    @property
    def root(self) -> bytes:
        """The Merkle root after the last commit, as the block says."""
        return self.columns.roots[-1]

    @cached_property
    def plain(self) -> bool:
        """Whether no value was taken out of its events, nor out of others by one of them."""
        return not self.columns.digests and REDACTED not in self.columns.types

    def leaves(self, profile: str) -> list[bytes]:
        """The leaf hash of each commit, computed from all that the block says of it."""
        # Late: who only reads a block hashes nothing, and is spared OpenSSL.
        from hashlib import sha256

        from stackroom.events import codec
        from stackroom.events.proofs import merkle

        def envelope(said: tuple[Any, ...]) -> tuple[Any, ...]:
            *unsigned, key, signature = said
            if key or signature:
                return (codec.SIGNED_LEAF_FORMAT, *unsigned, key.hex(), signature.hex())
            return (codec.LEAF_FORMAT, *unsigned)

        c = self.columns
        digests = [
            sha256(salt + body).hexdigest() for salt, body in zip(c.salts, c.bodies, strict=True)
        ]
        if c.digests:
            digests = [said or now for said, now in zip(c.digests, digests, strict=True)]
        events = zip(c.types, c.versions, c.entities, digests, strict=True)
        unsigned = (
            repeat(profile),
            range(c.first, self.last + 1),
            *c.before_events,
            zip(events) if c.one_each else (tuple(islice(events, n)) for n in c.counts),
        )
        if not (c.keys or c.signatures):
            envelopes = zip(repeat(codec.LEAF_FORMAT), *unsigned, strict=False)
            return merkle.leaf_hashes(codec.lines(envelopes))
        nothing = repeat(b"")
        signed = zip(*unsigned, c.keys or nothing, c.signatures or nothing, strict=False)
        return merkle.leaf_hashes(codec.lines(map(envelope, signed)))

    def _commits(self, start: int, stop: int) -> Iterator[Commit]:
        c = self.columns
        nothing = repeat(b"")
        rows = zip(
            *c.before_events,
            pairwise(accumulate(c.counts, initial=0)),
            c.roots,
            c.keys or nothing,
            c.signatures or nothing,
            strict=False,
        )
        for seq, row in enumerate(islice(rows, start, stop), c.first + start):
            id, replica, number, base, author, message, time, accepted, (begin, end), *rest = row
            events = self._events(begin, end)
            yield Commit(
                seq, id, replica, number, base, author, message, time, accepted, events, *rest
            )

    def _events(self, begin: int, end: int) -> tuple[Event, ...]:
        c = self.columns
        return tuple(
            Event(
                c.types[n],
                c.versions[n],
                c.entities[n],
                c.salts[n],
                c.bodies[n].decode(),
                c.digests[n] if c.digests else "",
            )
            for n in range(begin, end)
        )


def pack(commits: Sequence[Commit]) -> bytes:
    """The block of `commits`, which follow one another, as it is sent and kept."""
    return zlib.compress(_encoder.encode(columns_of(commits)), LEVEL)


def columns_of(commits: Sequence[Commit]) -> Columns:
    """What `commits`, which follow one another, say, field by field."""
    if isinstance(commits, Block):
        return commits.columns
    events = [event for commit in commits for event in commit.events]
    return Columns(
        commits[0].seq,
        [c.id for c in commits],
        [c.replica for c in commits],
        [c.number for c in commits],
        [c.base for c in commits],
        [c.author for c in commits],
        [c.message for c in commits],
        [c.time for c in commits],
        [c.accepted for c in commits],
        [c.root for c in commits],
        _some([c.key for c in commits]),
        _some([c.signature for c in commits]),
        [len(c.events) for c in commits],
        [e.type for e in events],
        [e.version for e in events],
        [e.entity for e in events],
        [e.salt for e in events],
        [e.body.encode() for e in events],
        [e.digest for e in events] if any(e.digest for e in events) else [],
    )


def unpack(data: bytes) -> Block:
    """The block that `pack` made; IntegrityError for bytes that are none."""
    unpacking = zlib.decompressobj()
    try:
        columns = _decoder.decode(unpacking.decompress(data, UNPACKED_MOST))
        if not unpacking.eof or not _fit(columns):
            raise ValueError("its columns do not fit each other")
        # With something between them, no body ends within a letter that the next one completes.
        for n in range(0, len(columns.bodies), AT_ONCE):
            b"\n".join(columns.bodies[n : n + AT_ONCE]).decode()
    except (zlib.error, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise IntegrityError(f"a block of commits cannot be read: {error}") from error
    return Block(data, columns)


def _some(column: list[bytes]) -> list[bytes]:
    return column if any(column) else []


def _fit(c: Columns) -> bool:
    """Whether each column has what belongs to every commit, or event."""
    commits, events = len(c.ids), len(c.types)
    of_events = (c.versions, c.entities, c.salts, c.bodies)
    return (
        commits > 0
        and c.first > 0
        and all(len(column) == commits for column in (*c.before_events, c.roots, c.counts))
        and all(len(column) in (0, commits) for column in (c.keys, c.signatures))
        and all(len(column) == events for column in of_events)
        and len(c.digests) in (0, events)
        and min(c.counts) >= 0
        and sum(c.counts) == events
    )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Columns)
