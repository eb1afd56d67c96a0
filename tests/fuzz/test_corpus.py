"""What fuzzing found worth keeping, once more, and without the fuzzer."""

import importlib
from pathlib import Path

import pytest

from stackroom.events.deciding import rules
from stackroom.sync.hub import Hub
from stackroom.sync.people.access import PeopleAccess, Principal
from stackroom.sync.protocol import Hello
from tests.fuzz import CORPUS, TARGETS

MOST_BYTES = 300_000


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_breaks_nothing(target: str) -> None:
    one = importlib.import_module(f"tests.fuzz.{target}").one
    inputs = sorted((CORPUS / target).iterdir())
    assert len(inputs) > 10
    for path in inputs:
        try:
            one(path.read_bytes())
        except BaseException as error:
            error.add_note(f"the input: {path.relative_to(Path.cwd())}")
            raise


def test_the_corpus_is_small() -> None:
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < MOST_BYTES


def replay(target: str) -> None:
    one = importlib.import_module(f"tests.fuzz.{target}").one
    for path in sorted((CORPUS / target).iterdir()):
        one(path.read_bytes())


def everything(self: Hub, principal: Principal, profile: str) -> bool:
    return True


def anybody(self: PeopleAccess, hello: Hello, now: int) -> Principal:
    name, user = next(iter(self.directory.users.items()))
    return Principal(name, user, next(iter(self.directory.tokens.values())))


def nothing_is_counted(value: object, depth: int = 0) -> None:
    return None


@pytest.mark.parametrize(
    ("target", "where", "name", "broken"),
    [
        ("session", Hub, "_reads", everything),
        ("session", PeopleAccess, "authenticate", anybody),
        ("values", rules, "fault", nothing_is_counted),
    ],
)
def test_the_corpus_sees_what_is_broken(
    monkeypatch: pytest.MonkeyPatch, target: str, where: object, name: str, broken: object
) -> None:
    monkeypatch.setattr(where, name, broken)
    with pytest.raises((AssertionError, ValueError, TypeError, OverflowError, UnicodeError)):
        replay(target)
