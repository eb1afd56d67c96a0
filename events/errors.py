"""Errors of the event model and its log.

StackroomError
├── ModelError
│   ├── UnknownEvent        an event newer than this program
│   └── MalformedEvent      bytes that are not the event they claim to be
├── LogError
│   ├── LogNewer            the file was written by a newer program
│   ├── LogCorrupt          stored bytes do not add up
│   ├── LogFull             the disk, or the file's own bound, is full
│   └── Gap                 a commit that does not follow the head
└── IntegrityError          a hash, a root or an order that must match does not
    └── HistoryFault        … in a history: which commit, and which part of it does not fit
        └── Unvouched       a redacted event is not what a redaction says of it
"""

from typing import Literal, TypeAlias

Part: TypeAlias = Literal[
    "place",
    "event_body",
    "envelope",
    "commit",
    "leaf",
    "root",
    "tree_head",
    "hub_signature",
    "author_signature",
    "derived",
]
"""What of a history does not fit."""


class StackroomError(Exception):
    """Base of every error that Stackroom raises: one sentence, and a hint on what to do next."""

    hint: str = ""

    def __init__(self, sentence: str, *, hint: str = "") -> None:
        super().__init__(sentence)
        if hint:
            self.hint = hint


class ModelError(StackroomError):
    """An event cannot be read."""


class UnknownEvent(ModelError):
    """An event of a type or version that this program does not know."""

    def __init__(self, type: str, version: int) -> None:
        self.type, self.version = type, version
        super().__init__(
            f"event {type} version {version} is newer than this program",
            hint="update stackroom; nothing is lost meanwhile",
        )


class MalformedEvent(ModelError):
    """An event whose body does not fit its type."""

    def __init__(self, type: str, why: str) -> None:
        self.type, self.why = type, why
        super().__init__(f"event {type} is malformed: {why}")


class LogError(StackroomError):
    """The log cannot do what was asked."""


class LogNewer(LogError):
    """The file was written by a newer program."""

    def __init__(self, path: str, found: int, known: int) -> None:
        self.path, self.found, self.known = path, found, known
        super().__init__(
            f"{path} has schema {found}, and this program knows {known}",
            hint="update stackroom, or restore the backup that the newer version made",
        )


class LogCorrupt(LogError):
    """Stored bytes do not add up."""


class LogFull(LogError):
    """There is no room for another commit; nothing of the batch was stored."""


class Gap(LogError):
    """A commit that does not follow the head of its profile."""

    def __init__(self, profile: str, head: int, seq: int) -> None:
        self.profile, self.head, self.seq = profile, head, seq
        super().__init__(f"profile {profile} is at #{head}: #{seq} cannot follow")


class IntegrityError(StackroomError):
    """A hash, a root or an order that must match does not."""


class HistoryFault(IntegrityError):
    """The first place where a history does not fit what was said of it; `docs/audit.md` lists the parts."""

    def __init__(
        self, profile: str, seq: int, part: Part, sentence: str, *, hint: str = ""
    ) -> None:
        self.profile, self.seq, self.part = profile, seq, part
        super().__init__(sentence, hint=hint)


class Unvouched(HistoryFault):
    """A redacted event is not what the last redaction of it says: changed since, or never redacted."""

    def __init__(self, profile: str, seq: int, event: int) -> None:
        self.event = event
        super().__init__(
            profile,
            seq,
            "event_body",
            f"commit #{seq} of profile {profile} was changed: no redaction vouches for its event {event}",
        )
