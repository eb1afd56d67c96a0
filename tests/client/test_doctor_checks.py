"""The checks of doctor as plain functions: facts in, findings out."""

import pytest

from stackroom.client.doctor import files, meeting, room, waiting
from stackroom.client.doctor.configuration import of_client
from stackroom.client.doctor.finding import Finding, worst_first
from stackroom.events.sqlite.file import WAL_BYTES

NOON = 1_800_000_000_000
DAY = 86_400_000
URL = "wss://hub.example:8765"


def levels(findings: list[Finding]) -> list[str]:
    return [f.level for f in findings]


@pytest.mark.parametrize(
    ("faults", "refusal", "schema", "level"),
    [
        ((), "", 2, "ok"),
        ((), "", 1, "note"),
        (("page 3 is odd",), "", 2, "error"),
        ((), "it belongs to another program", 0, "error"),
    ],
)
def test_whole(faults: tuple[str, ...], refusal: str, schema: int, level: str) -> None:
    seen = files.Looked("replica.db", 4096, 0, schema, 2, faults, refusal)
    (found,) = files.whole("cache", seen, "mend it")
    assert found.level == level
    assert found.integrity == bool(faults)
    assert found.command == ("mend it" if faults else "")
    assert files.whole("cache", None, "mend it") == []


def test_a_long_write_ahead_log() -> None:
    assert files.short_log(files.Looked("a.db", 1, WAL_BYTES)) == []
    (found,) = files.short_log(files.Looked("a.db", 1, WAL_BYTES + 1))
    assert (found.level, found.command) == ("warning", "stackroom doctor --repair")


@pytest.mark.parametrize(
    ("free", "needed", "level"),
    [(1 << 40, 0, "ok"), (1 << 40, 1 << 41, "warning"), (400 << 20, 0, "warning"), (9, 0, "error")],
)
def test_room(free: int, needed: int, level: str) -> None:
    assert levels(room.room("home", free, needed)) == [level]


@pytest.mark.parametrize(
    ("expires", "level"),
    [
        (None, "ok"),
        (NOON + 30 * DAY, "ok"),
        (NOON + 3 * DAY, "warning"),
        (NOON, "error"),
        (NOON - DAY, "error"),
    ],
)
def test_token(expires: int | None, level: str) -> None:
    assert levels(meeting.token(URL, True, expires, NOON)) == [level]
    assert levels(meeting.token(URL, False, expires, NOON)) == ["note"]


@pytest.mark.parametrize(("days", "said"), [(1, " in 1 day,"), (3, " in 3 days,")])
def test_days_of_a_token(days: int, said: str) -> None:
    (finding,) = meeting.token(URL, True, NOON + days * DAY, NOON)
    assert said in finding.sentence


@pytest.mark.parametrize(
    ("time", "asked", "answered", "said"),
    [
        (NOON, NOON, NOON + 20, "agrees"),
        (NOON, NOON - 29_000, NOON - 29_000, "agrees"),
        (NOON, NOON + 40_000, NOON + 120_000, "ahead of"),
        (NOON, NOON - 1_000, NOON + 90_000, "agrees"),
        (NOON + DAY, NOON, NOON, "86400 s behind"),
    ],
)
def test_clock(time: int, asked: int, answered: int, said: str) -> None:
    met = meeting.Met(URL, "ann", "stackroom/1", time, asked, answered)
    (found,) = meeting.clock(met)
    assert said in found.sentence
    assert (found.level == "ok") == ("agrees" in said)


@pytest.mark.parametrize(
    ("failure", "level", "integrity"),
    [
        ("", "ok", False),
        ("Unreachable", "warning", False),
        ("NotAuthorised", "error", False),
        ("OtherHub", "error", True),
        ("NotTrusted", "error", True),
    ],
)
def test_connection(failure: str, level: str, integrity: bool) -> None:
    met = meeting.Met(URL, "ann", failure=failure, sentence="it does not", hint="try")
    (found,) = meeting.connection(met)
    assert (found.level, found.integrity) == (level, integrity)
    if failure:
        assert meeting.clock(met) == meeting.versions(met, "1") == []


def test_versions() -> None:
    met = meeting.Met(URL, "ann", "stackroom/0.2.0")
    assert levels(meeting.versions(met, "0.2.0")) == ["ok"]
    assert levels(meeting.versions(met, "0.1.0")) == ["note"]


def test_waiting() -> None:
    found = waiting.waiting(waiting.Waits("our team", True, 2, 1, 40, "newer than this program"))
    assert levels(found) == ["note", "warning", "note", "error"]
    assert found[1].command == "stackroom --profile 'our team' pending list"
    assert waiting.waiting(waiting.Waits("mine", False)) == []


def test_a_flag_goes_before_the_environment_before_what_is_kept() -> None:
    environment = {"STACKROOM_PROFILE": "b", "STACKROOM_TOKEN": "srp_secret", "HOME": "x"}
    kept = {"profile": ("c", "setting"), "user": ("ann", "hub")}
    said = {s.name: (s.value, s.source) for s in of_client(environment, {"profile": "a"}, kept)}
    assert said["profile"] == ("a", "flag")
    assert said["user"] == ("ann", "hub")
    assert said["token"] == ("(set)", "STACKROOM_TOKEN")
    assert said["offline"] == ("no", "default")
    said = {s.name: (s.value, s.source) for s in of_client(environment, {}, kept)}
    assert said["profile"] == ("b", "STACKROOM_PROFILE")


def test_the_worst_comes_first() -> None:
    found = [Finding("a", level, "") for level in ("ok", "warning", "note", "error")]
    assert levels(worst_first(found)) == ["error", "warning", "note", "ok"]
