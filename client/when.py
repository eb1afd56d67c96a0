"""A place in history as people write it: a seq, a date, a time, or so long ago.

43, #43                      the state after commit 43
2026-11-20                   as it was when that day ended
2026-11-20 14:30, …T14:30    at that time; with +02:00 or Z in that zone, otherwise in the reader's
90s ago, 2h ago, 3 days ago  so long before now (seconds, minutes, hours, days, weeks)
yesterday                    as it was when yesterday ended
"""

import re
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from msgspec import Struct

from stackroom.events.log import LogReader
from stackroom.events.model import Millis

PAGE: Final = 1_000
"""Commits read at once while looking for a time."""

UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}

_AGO: Final = re.compile(
    r"(\d{1,6})\s*(?:([smhdw])|(second|minute|hour|day|week)s?)\s+ago", re.IGNORECASE
)
_SEQ: Final = re.compile(r"#?(\d{1,18})")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY: Final = timedelta(days=1)


class Seq(Struct, frozen=True):
    """After the commit of that seq."""

    seq: int


class Moment(Struct, frozen=True):
    """At that time, by the hub's clock."""

    time: Millis


Place: TypeAlias = Seq | Moment


def parse(text: str, now: datetime) -> Place:
    """The place that `text` means; ValueError with a sentence if it means none.

    `now` has a time zone; times without one are in it.
    """
    text = text.strip()
    if found := _SEQ.fullmatch(text):
        return Seq(int(found[1]))
    try:
        if found := _AGO.fullmatch(text):
            unit = (found[2] or found[3][0]).lower()
            return _moment(now - int(found[1]) * UNITS[unit])
        if text.lower() == "yesterday":
            return _moment(_midnight(now))
        if _DATE.fullmatch(text):
            day = datetime.fromisoformat(text).replace(tzinfo=now.tzinfo)
            return _moment(day + _DAY)
        time = datetime.fromisoformat(text)
        return Moment(_millis(time if time.tzinfo else time.replace(tzinfo=now.tzinfo)))
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text[:40]!r} is neither a commit (43) nor a time "
            "(2026-11-20, '2026-11-20 14:30', '2h ago', yesterday)"
        ) from None


def seq_at(log: LogReader, profile: str, time: Millis) -> int:
    """The seq of the last commit that was accepted at `time` or before; 0 if there was none yet.

    Looks from the newest back, since clocks order nothing: a hub's clock may have gone back.
    """
    before: int | None = None
    while commits := log.recent(profile, before, PAGE):
        for commit in commits:
            if commit.accepted <= time:
                return commit.seq
        before = commits[-1].seq
    return 0


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _moment(end: datetime) -> Moment:
    return Moment(_millis(end))


def _millis(time: datetime) -> Millis:
    return int(time.timestamp() * 1_000)
