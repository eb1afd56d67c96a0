"""Places in history as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.client.errors import NotFound
from stackroom.client.history.when import Moment, Place, Seq, Tagged, parse, seq_before, seq_of
from stackroom.events.deciding.rules import refuse_tag_name
from stackroom.events.log import LogReader
from stackroom.events.state import State, Tag

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 23, 15, 30, 20, tzinfo=ZONE)


def at(*parts: int, zone: timezone = ZONE, begin: tuple[int, ...] | None = None) -> Moment:
    time = int(datetime(*parts, tzinfo=zone).timestamp() * 1_000)  # type: ignore[arg-type, misc]
    return Moment(time, at(*begin).time if begin is not None else None)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("43", Seq(43)),
        ("#43", Seq(43)),
        (" 43 ", Seq(43)),
        ("2026", Seq(2026)),
        ("2026-11-20", at(2026, 11, 21, begin=(2026, 11, 20))),
        ("2026-11", at(2026, 12, 1, begin=(2026, 11, 1))),
        ("2026-12", at(2027, 1, 1, begin=(2026, 12, 1))),
        ("2026-W47", at(2026, 11, 23, begin=(2026, 11, 16))),
        ("2026-w01", at(2026, 1, 5, begin=(2025, 12, 29))),
        ("2026-11-20 14:30", at(2026, 11, 20, 14, 30)),
        ("2026-11-20T14:30:05", at(2026, 11, 20, 14, 30, 5)),
        ("2026-11-20T14:30Z", at(2026, 11, 20, 14, 30, zone=UTC)),
        ("2026-11-20 14:30-05:00", at(2026, 11, 20, 14, 30, zone=timezone(-timedelta(hours=5)))),
        ("yesterday", at(2026, 11, 23, begin=(2026, 11, 22))),
        ("Yesterday", at(2026, 11, 23, begin=(2026, 11, 22))),
        ("today", at(2026, 11, 23, 15, 30, 20, begin=(2026, 11, 23))),
        ("now", at(2026, 11, 23, 15, 30, 20)),
        ("2h", at(2026, 11, 23, 13, 30, 20)),
        ("1h30m", at(2026, 11, 23, 14, 0, 20)),
        ("1 day 2 hours ago", at(2026, 11, 22, 13, 30, 20)),
        ("release-2026-11", Tagged("release-2026-11")),
        ("v1.0+gpu", Tagged("v1.0+gpu")),
        ("Größe", Tagged("Größe")),
        ("90s ago", at(2026, 11, 23, 15, 28, 50)),
        ("2h ago", at(2026, 11, 23, 13, 30, 20)),
        ("2 hours ago", at(2026, 11, 23, 13, 30, 20)),
        ("1 minute ago", at(2026, 11, 23, 15, 29, 20)),
        ("3 days ago", at(2026, 11, 20, 15, 30, 20)),
        ("1w ago", at(2026, 11, 16, 15, 30, 20)),
    ],
)
def test_what_people_write(text: str, place: Place) -> None:
    assert parse(text, NOW) == place


@pytest.mark.parametrize(
    "text",
    ["", "#", "-1", "tomorrow", "2026-13-01", "2026-11-31", "2026-13", "2026-W60", "ago", "Monday", "2 months ago", "1.5h ago", "2h later", "1h ago 2h", "a/b", "-v1", "1.0",
     "999999w ago", "9" * 30, "4 3", "2026-11-20 25:00", "x" * 10_000],
)  # fmt: skip
def test_what_means_nothing_is_told_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither a commit .* nor a tag nor a time") as caught:
        parse(text, NOW)
    assert len(str(caught.value)) < 200


@given(st.text())
def test_no_tag_can_be_taken_for_a_number_or_a_time(text: str) -> None:
    if refuse_tag_name(text) is None:
        assert parse(text, NOW) == Tagged(text)


class Log:
    """As much of a log as is asked, with the hub's times of commits 1, 2, 3 …"""

    def __init__(self, *accepted: int) -> None:
        self.accepted = accepted

    def until(self, profile: str, time: int) -> int:
        return max((n for n, each in enumerate(self.accepted, 1) if each <= time), default=0)


def state(**tags: int) -> State:
    now = State()
    for name, seq in tags.items():
        now.put(name, Tag(name, {"": (seq, 0)}, seq))
    return now


LOG: LogReader = Log(10, 20, 30)  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("place", "seq", "before"),
    [
        (Seq(2), 2, 2),
        (Tagged("v1"), 2, 2),
        (Moment(9), 0, 0),
        (Moment(10), 1, 0),
        (Moment(29), 2, 2),
        (Moment(30), 3, 2),
        (Moment(25, 15), 2, 1),
        (Moment(25, 20), 2, 1),
        (Moment(99, 5), 3, 0),
    ],
)
def test_where_a_place_is_and_what_is_since(place: Place, seq: int, before: int) -> None:
    assert seq_of(place, LOG, "p", state(v1=2)) == seq
    assert seq_before(place, LOG, "p", state(v1=2)) == before


def test_the_nearest_tag() -> None:
    with pytest.raises(NotFound, match="there is no tag 'relaese'") as caught:
        seq_of(Tagged("relaese"), LOG, "p", state(release=2))
    assert caught.value.hint == "did you mean 'release'?"
    with pytest.raises(NotFound) as caught:
        seq_of(Tagged("v1"), LOG, "p", state())
    assert caught.value.hint == "stackroom tag list"
