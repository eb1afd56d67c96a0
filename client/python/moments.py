"""Moments of a profile's history in the Python API: a seq, a tag or time as text, or a datetime."""

from datetime import datetime
from typing import TypeAlias

from stackroom.client.errors import NotFound
from stackroom.client.history import when
from stackroom.client.profile_copy import ProfileCopy
from stackroom.client.python.reading import Past

Moment: TypeAlias = int | str | datetime


def past_of(copy: ProfileCopy, moment: Moment) -> Past:
    """The profile as it was; ValueError for text that is no moment, NotFound for one that is not here."""
    seq = when.seq_of(_place(moment), copy.log, copy.id, copy.view)
    if seq == 0 and not isinstance(moment, int):
        raise NotFound(f"{moment} is before the first commit", hint="stackroom log")
    return Past(copy.at(seq))


def _place(moment: Moment) -> when.Place:
    match moment:
        case int():
            return when.Seq(moment)
        case str():
            return when.parse(moment, datetime.now().astimezone())
        case datetime():
            return when.Moment(int(moment.timestamp() * 1_000))
