"""Whether the disk has room for what comes next."""

from stackroom.client.doctor.finding import Finding
from stackroom.client.doctor.limits import DISK_FULL, DISK_LOW


def room(what: str, free: int, needed: int) -> list[Finding]:
    """`needed` is the size of the largest file: migrations and redactions make a copy of it."""
    facts = {"free": free, "needed": needed}
    megabytes = free >> 20
    if free < DISK_FULL:
        said = f"the disk of the {what} is full: {megabytes} MiB are left"
        return [Finding("disk", "error", said, "df -h", facts)]
    if free < max(DISK_LOW, needed):
        said = f"the disk of the {what} has {megabytes} MiB left: a copy of its files may not fit"
        return [Finding("disk", "warning", said, "df -h", facts)]
    return [Finding("disk", "ok", f"the disk of the {what} has {megabytes} MiB left", "", facts)]
