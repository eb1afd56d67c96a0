"""Whether the disk has room for what comes next."""

from typing import Final

from stackroom.client.doctor.finding import Finding

LITTLE: Final = 512 << 20
"""Free bytes below which it is time to make room."""

HARDLY_ANY: Final = 32 << 20
"""Free bytes below which commits may be refused soon: a write-ahead log takes as much."""


def room(what: str, free: int, needed: int) -> list[Finding]:
    """`needed` is the size of the largest file: migrations and redactions make a copy of it."""
    facts = {"free": free, "needed": needed}
    megabytes = free >> 20
    if free < HARDLY_ANY:
        said = f"the disk of the {what} is full: {megabytes} MiB are left"
        return [Finding("disk", "error", said, "df -h", facts)]
    if free < max(LITTLE, needed):
        said = f"the disk of the {what} has {megabytes} MiB left: a copy of its files may not fit"
        return [Finding("disk", "warning", said, "df -h", facts)]
    return [Finding("disk", "ok", f"the disk of the {what} has {megabytes} MiB left", "", facts)]
