"""A place in history as people write it: a seq, a tag, a date, a time, or so long ago.

43, #43                      the state after commit 43
release-2026-11              the state that a tag names
2026-11-20                   as it was when that day ended
2026-11, 2026-W47            … when that month, that week (ISO 8601) ended
2026-11-20 14:30, …T14:30    at that time; with +02:00 or Z in that zone, otherwise in the reader's
90s, 2h, 3 days, 1h30m       so long before now (seconds, minutes, hours, days, weeks); `ago` may follow
yesterday, today, now        as it was when yesterday ended; now

Days, weeks and months have a beginning, too: what happened since one happened from there on.
"""

import re
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from msgspec import Struct

from stackroom.client.errors import missing
from stackroom.events.deciding.rules import refuse_tag_name
from stackroom.events.log import LogReader
from stackroom.events.model import Millis
from stackroom.events.state import State, Tag

UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}

EXAMPLES: Final = "2026-11-20, '2026-11-20 14:30', '2h ago', yesterday"

_SPAN: Final = re.compile(
    r"(\d{1,6})\s*(?:([smhdw])|(second|minute|hour|day|week)s?)(?![a-z])", re.IGNORECASE
)
_SEQ: Final = re.compile(r"#?(\d{1,18})")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})")
_WEEK: Final = re.compile(r"(\d{4})-W(\d{2})", re.IGNORECASE)
_DAY: Final = timedelta(days=1)


class Seq(Struct, frozen=True):
    """After the commit of that seq."""

    seq: int


class Tagged(Struct, frozen=True):
    """What a tag of that name names."""

    name: str


class Moment(Struct, frozen=True):
    """At that time, by the hub's clock; of a day, week or month, `time` is its end.

    `begin` is its first millisecond; None for a point in time.
    """

    time: Millis
    begin: Millis | None = None


Place: TypeAlias = Seq | Tagged | Moment


def parse(text: str, now: datetime) -> Place:
    """The place that `text` means; ValueError with a sentence if it means none.

    `now` has a time zone; times without one are in it.
    """
    text = text.strip()
    if found := _SEQ.fullmatch(text):
        return Seq(int(found[1]))
    try:
        if (moment := _moment(text, now)) is not None:
            return moment
    except (ValueError, OverflowError):
        pass  # It has the form of a time, and is none: 2026-13-01.
    else:
        if refuse_tag_name(text) is None:
            return Tagged(text)
    raise ValueError(f"{text[:40]!r} is neither a commit (43) nor a tag nor a time ({EXAMPLES})")


def seq_of(place: Place, log: LogReader, profile: str, now: State) -> int:
    """The seq of the commit after which the profile was as `place` says; 0 if that is before the first.

    `now` is the state that has the tags. Raises NotFound for a tag that is not there.
    """
    match place:
        case Seq(seq):
            return seq
        case Tagged(name):
            return _tagged(name, now)
        case Moment(time):
            return log.until(profile, time)


def seq_before(place: Place, log: LogReader, profile: str, now: State) -> int:
    """The seq of the last commit that does not count as `since` that place: what followed a commit or tag,
    or from a time on, from the beginning of a day, week or month on. Raises as `seq_of`.
    """
    if isinstance(place, Moment):
        begin = place.time if place.begin is None else place.begin
        return log.until(profile, begin - 1)
    return seq_of(place, log, profile, now)


def _tagged(name: str, now: State) -> int:
    found = now.find(Tag, name)
    if found is None:
        names = [tag.name for _, tag in now.all(Tag)]
        raise missing(f"tag {name!r}", name, names, "stackroom tag list")
    return found[1].seq


def _moment(text: str, now: datetime) -> Moment | None:
    """The time that `text` is, or None if it does not look like one; ValueError where it is impossible."""
    match text.casefold():
        case "now":
            return Moment(_millis(now))
        case "today":
            return Moment(_millis(now), _millis(_midnight(now)))
        case "yesterday":
            return _between(_midnight(now) - _DAY, _midnight(now))
    if not text[:1].isdigit():
        return None
    if not _SPAN.sub("", text.casefold().removesuffix("ago")).strip():
        spans = [
            (int(n), UNITS[(short or long[0]).lower()]) for n, short, long in _SPAN.findall(text)
        ]
        return Moment(_millis(now - sum((n * unit for n, unit in spans), timedelta())))
    if _DATE.fullmatch(text):
        day = _local(datetime.fromisoformat(text), now)
        return _between(day, day + _DAY)
    if found := _WEEK.fullmatch(text):
        monday = _local(datetime.fromisocalendar(int(found[1]), int(found[2]), 1), now)
        return _between(monday, monday + 7 * _DAY)
    if found := _MONTH.fullmatch(text):
        first = _local(datetime(int(found[1]), int(found[2]), 1), now)
        return _between(first, (first + 31 * _DAY).replace(day=1))
    return Moment(_millis(_local(datetime.fromisoformat(text), now)))


def _between(begin: datetime, end: datetime) -> Moment:
    return Moment(_millis(end), _millis(begin))


def _local(time: datetime, now: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=now.tzinfo)


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _millis(time: datetime) -> Millis:
    return int(time.timestamp() * 1_000)
