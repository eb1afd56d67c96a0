"""Times as people read them. The core orders nothing by clocks; these are for the eye alone."""

from datetime import datetime

from stackroom.events.carriers import Millis

_STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"))


def ago(time: Millis, now: Millis) -> str:
    """How long before `now` something was: `12 s ago`, `2 min ago`, `3 days ago`."""
    seconds = max(0, now - time) // 1000
    for below, unit, name in _STEPS:
        if seconds < below:
            return f"{seconds // unit} {name} ago"
    days = seconds // 86_400
    from stackroom.events.counting import counted

    return f"{counted(days, 'day')} ago"


def local(time: Millis) -> str:
    """The time in the reader's own time zone, to the second, with its offset."""
    moment = datetime.fromtimestamp(time / 1000).astimezone()
    return moment.isoformat(sep=" ", timespec="seconds")
