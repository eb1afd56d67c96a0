"""A history as JSON lines, with all that is needed to check it: written, and read again.

`docs/audit.md` is the description of the format, with test vectors; nothing of Stackroom is needed to check
an export. Lines are made and read one at a time, so that a history of any length takes no more memory.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Struct

from stackroom.events import codec
from stackroom.events.errors import HistoryFault, IntegrityError, LogError, Part
from stackroom.events.frontier import HASH_BYTES
from stackroom.events.history.history import PAGE
from stackroom.events.log import Taken, Taking
from stackroom.events.model import Commit, Count, Event, Millis
from stackroom.events.proofs.signed_note import from_base64
from stackroom.events.sqlite.read import SqliteReader

FORMAT: Final = "stackroom/history/1"


class Heading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line: of which profile the history is, where it ends, and who signs for it.

    `root` is in hexadecimal; `deleted` says that the profile has ended. `key` is a public key of the hub's,
    as people pass it on (`signed_note.verifier_key`), and `rotations` the statements by which it came to
    others (`rotation`), oldest first. A profile without a hub has no `hub`, and no key.
    """

    format: str = FORMAT
    profile: str
    name: str
    deleted: bool = False
    seq: Count
    root: str
    hub: str = ""
    key: str = ""
    rotations: tuple[str, ...] = ()


class Digested(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An event as a leaf covers it; the digest is that of its salt and body, in hexadecimal."""

    type: str
    version: Count
    entity: str
    digest: str


class Leaf(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the Merkle leaf of a commit covers (`docs/log.md`); that of an unsigned one ends with `events`."""

    format: str
    profile: str
    seq: Count
    id: str
    replica: str
    number: Count
    base: Count
    author: str
    message: str
    time: Millis
    accepted: Millis
    events: tuple[Digested, ...]
    key: str = ""
    signature: str = ""


class Sealed(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the digest of an event was made of; of a `redacted` one, what the redaction has left.

    `salt` is base64 (RFC 4648, section 4).
    """

    salt: str
    body: str
    redacted: bool = False


class Line(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A line after the first: a commit, or a checkpoint of the hub as the note that it signed.

    A checkpoint stands behind the last commit that it covers.

    `hash` is that of the leaf, `root` that of the tree with it, both in hexadecimal.
    """

    leaf: Leaf | None = None
    hash: str = ""
    root: str = ""
    outcome: Taking = "accepted"
    events: tuple[Sealed, ...] = ()
    checkpoint: str = ""


_encoder = msgspec.json.Encoder()
_headings = msgspec.json.Decoder(Heading)
_lines = msgspec.json.Decoder(Line)


def lines(
    log: SqliteReader, heading: Heading, notes: Iterable[tuple[int, str]] = ()
) -> Iterator[bytes]:
    """The export of a profile, line by line; `notes` are its checkpoints, each with the seq it covers.

    Raises LogError where a commit is not there.
    """
    profile, seq = heading.profile, 0
    due = sorted(notes, reverse=True)
    yield heading_line(heading)
    while seq < heading.seq:
        page = log.taken(profile, seq, min(PAGE, heading.seq - seq))
        if not page or page[-1].commit.seq != seq + len(page):
            raise LogError(
                f"profile {profile} lacks commits after #{seq} here",
                hint="fetch the history first: stackroom sync",
            )
        for taken in page:
            seq = taken.commit.seq
            yield commit_line(profile, taken)
            while due and due[-1][0] <= seq:
                yield checkpoint_line(due.pop()[1])


def heading_line(heading: Heading) -> bytes:
    """The first line, with its end."""
    return _encoder.encode(heading) + b"\n"


def commit_line(profile: str, taken: Taken) -> bytes:
    """The line of a commit, with its end."""
    commit = taken.commit
    line = {
        "leaf": msgspec.Raw(codec.leaf(profile, commit)),
        "hash": taken.leaf.hex(),
        "root": commit.root.hex(),
        "outcome": taken.outcome,
        "events": sealed(commit),
    }
    return _encoder.encode(line) + b"\n"


def checkpoint_line(note: str) -> bytes:
    """The line of a checkpoint, with its end."""
    return _encoder.encode(Line(checkpoint=note)) + b"\n"


def sealed(commit: Commit) -> list[Sealed]:
    """What the digests of a commit's events were made of."""
    return [
        Sealed(b64encode(event.salt).decode(), event.body, bool(event.digest))
        for event in commit.events
    ]


class Reader:
    """Reads an export line by line; the heading is there from the start.

    Raises IntegrityError for what is no export, and HistoryFault for a line that is not what it should be.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self.heading = _heading(next(self._lines, b""))

    def entries(self) -> Iterator[Taken | str]:
        """The commits in their order, each with the bodies that its leaf says; checkpoints as they come."""
        profile, seq = self.heading.profile, 1
        for text in self._lines:
            try:
                line = _lines.decode(text)
                if line.leaf is not None and not line.checkpoint:
                    yield _taken(profile, line, line.leaf)
                    seq += 1
                elif line.leaf is None and line.checkpoint:
                    yield line.checkpoint
                else:
                    raise ValueError("its line is neither a commit nor a checkpoint")
            except (msgspec.DecodeError, ValueError) as error:
                what = f"commit #{seq} of profile {profile} cannot be read: {error}"
                raise HistoryFault(profile, seq, "commit", what) from error


def rebuilt(profile: str, leaf: Leaf, events: Iterable[Sealed], root: bytes) -> Commit:
    """The commit that a leaf and its bodies were made of; HistoryFault where they do not fit each other.

    ValueError for hexadecimal or base64 that is none.
    """
    bodies = list(events)
    if len(bodies) != len(leaf.events):
        raise _fault(profile, leaf, "event_body", "has more or fewer events than its leaf says")
    own = tuple(_event(*both) for both in zip(leaf.events, bodies, strict=True))
    for number, (said, event) in enumerate(zip(leaf.events, own, strict=True)):
        if codec.digest(event) != said.digest:
            sentence = f"was changed: the body of its event {number} is not what its leaf says"
            raise _fault(profile, leaf, "event_body", sentence)
    key, signature = unhex(leaf.key), unhex(leaf.signature)
    commit = Commit(
        leaf.seq,
        leaf.id,
        leaf.replica,
        leaf.number,
        leaf.base,
        leaf.author,
        leaf.message,
        leaf.time,
        leaf.accepted,
        own,
        root,
        key,
        signature,
    )
    form = codec.SIGNED_LEAF_FORMAT if key or signature else codec.LEAF_FORMAT
    if (leaf.format, leaf.profile) != (form, profile):
        raise _fault(profile, leaf, "envelope", f"is one of profile {leaf.profile} ({leaf.format})")
    return commit


def _event(said: Digested, kept: Sealed) -> Event:
    salt = from_base64(kept.salt) if kept.salt else b""
    digest = said.digest if kept.redacted else ""
    return Event(said.type, said.version, said.entity, salt, kept.body, digest)


def _taken(profile: str, line: Line, leaf: Leaf) -> Taken:
    commit = rebuilt(profile, leaf, line.events, hash_of(line.root))
    return Taken(commit, line.outcome, hash_of(line.hash))


def _heading(line: bytes) -> Heading:
    try:
        heading = _headings.decode(line)
        hash_of(heading.root)
    except (msgspec.DecodeError, ValueError) as error:
        raise IntegrityError(f"this is no exported history: {error}") from error
    if heading.format != FORMAT:
        raise IntegrityError(
            f"this is {heading.format!r}, and this program reads {FORMAT!r}",
            hint="update stackroom",
        )
    return heading


def hash_of(text: str) -> bytes:
    """A hash (32 bytes) from its hexadecimal digits; ValueError for anything else."""
    if len(hashed := unhex(text)) != HASH_BYTES:
        raise ValueError(f"a hash is {HASH_BYTES} bytes")
    return hashed


def unhex(text: str) -> bytes:
    """Bytes from lower-case hexadecimal digits; ValueError for anything else."""
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise ValueError("hexadecimal digits are written in lower case")
    return data


def _fault(profile: str, leaf: Leaf, part: Part, sentence: str) -> HistoryFault:
    return HistoryFault(
        profile, leaf.seq, part, f"commit #{leaf.seq} of profile {profile} {sentence}"
    )
