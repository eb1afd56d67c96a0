"""Places in history as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from stackroom.client.when import Moment, Seq, parse, seq_at
from stackroom.events.model import Commit

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 23, 15, 30, 20, tzinfo=ZONE)


def at(*parts: int, zone: timezone = ZONE) -> Moment:
    return Moment(int(datetime(*parts, tzinfo=zone).timestamp() * 1_000))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("43", Seq(43)),
        ("#43", Seq(43)),
        (" 43 ", Seq(43)),
        ("2026", Seq(2026)),
        ("2026-11-20", at(2026, 11, 21)),
        ("2026-11-20 14:30", at(2026, 11, 20, 14, 30)),
        ("2026-11-20T14:30:05", at(2026, 11, 20, 14, 30, 5)),
        ("2026-11-20T14:30Z", at(2026, 11, 20, 14, 30, zone=UTC)),
        ("2026-11-20 14:30-05:00", at(2026, 11, 20, 14, 30, zone=timezone(-timedelta(hours=5)))),
        ("yesterday", at(2026, 11, 23)),
        ("Yesterday", at(2026, 11, 23)),
        ("90s ago", at(2026, 11, 23, 15, 28, 50)),
        ("2h ago", at(2026, 11, 23, 13, 30, 20)),
        ("2 hours ago", at(2026, 11, 23, 13, 30, 20)),
        ("1 minute ago", at(2026, 11, 23, 15, 29, 20)),
        ("3 days ago", at(2026, 11, 20, 15, 30, 20)),
        ("1w ago", at(2026, 11, 16, 15, 30, 20)),
    ],
)
def test_what_people_write(text: str, place: Seq | Moment) -> None:
    assert parse(text, NOW) == place


@pytest.mark.parametrize(
    "text",
    ["", "#", "-1", "tomorrow", "2026-13-01", "2026-11-31", "2h", "ago", "2 months ago", "1.5h ago",
     "999999w ago", "9" * 30, "4 3", "2026-11-20 25:00", "x" * 10_000],
)  # fmt: skip
def test_what_means_nothing_is_told_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither a commit .* nor a time") as caught:
        parse(text, NOW)
    assert len(str(caught.value)) < 200


class Log:
    """As much of a log as `seq_at` reads, with the hub's times of commits 1, 2, 3 …"""

    def __init__(self, *accepted: int) -> None:
        self.accepted = accepted

    def recent(self, profile: str, before: int | None, limit: int) -> list[Commit]:
        last = len(self.accepted) if before is None else before - 1
        first = max(1, last - limit + 1)
        return [
            Commit(seq, "", "", seq, 0, "", "", 0, self.accepted[seq - 1], (), b"")
            for seq in range(last, first - 1, -1)
        ]


@pytest.mark.parametrize(("time", "seq"), [(9, 0), (10, 1), (15, 1), (20, 2), (29, 2), (99, 3)])
def test_the_last_commit_until_then(time: int, seq: int) -> None:
    assert seq_at(Log(10, 20, 30), "p", time) == seq  # type: ignore[arg-type]


def test_far_back() -> None:
    log = Log(*range(0, 50_000, 10))
    assert seq_at(log, "p", 105) == 11  # type: ignore[arg-type]


def test_an_empty_log() -> None:
    assert seq_at(Log(), "p", 105) == 0  # type: ignore[arg-type]


def test_a_clock_that_went_back() -> None:
    assert seq_at(Log(10, 50, 20), "p", 30) == 3  # type: ignore[arg-type]
