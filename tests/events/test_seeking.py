"""What is sought in a history: what `matches` says, and that SQLite finds the same."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.events.codec import seal
from stackroom.events.history.seeking import matches
from stackroom.events.history.sought import Sought
from stackroom.events.log import Taken
from stackroom.events.model import (
    Change,
    Commit,
    ComponentDeleted,
    ComponentRegistered,
    ComponentRenamed,
    ComponentUpdated,
    DefaultStackSet,
    Event,
    StackRegistered,
    StackUpdated,
)
from stackroom.events.sqlite import write as sqlite_write
from stackroom.events.sqlite.log import LogFile
from tests.events.commits import PROFILE, Chain
from tests.events.world import K8S, PROD, S3, SALT

UPDATED = ComponentUpdated({"/config/ns": "a"}, ("/config/region",))
REGISTERED = ComponentRegistered("k8s", "orchestrator", "k", {"ns": {"in": 1}}, {"team": "ml"})
STACK = StackRegistered("prod", {"orchestrator": [K8S]})


def commit(*changes: tuple[str, Change], author: str = "ann", message: str = "why") -> Commit:
    events = tuple(seal(id, change, SALT) for id, change in changes)
    return Commit(7, "", "", 1, 0, author, message, 0, 0, events, b"")


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        (Sought(), True),
        (Sought(after=6), True),
        (Sought(after=7), False),
        (Sought(upto=7), True),
        (Sought(upto=6), False),
        (Sought(authors=("bob", "ann")), True),
        (Sought(authors=("an",)), False),
        (Sought(message="MOVE"), True),
        (Sought(message="zone 1%"), True),
        (Sought(message="zone 1_"), False),
        (Sought(message="ÜBER"), False),
        (Sought(message="über"), True),
        (Sought(entities=frozenset({K8S})), True),
        (Sought(entities=frozenset({S3})), False),
        (Sought(entities=frozenset()), False),
        (Sought(types=frozenset({"ComponentUpdated"})), True),
        (Sought(types=frozenset({"StackUpdated"})), False),
        (Sought(entities=frozenset({PROD}), types=frozenset({"ComponentUpdated"})), False),
        (Sought(paths=("/config/ns",)), True),
        (Sought(paths=("/config/ns/deeper",)), True),
        (Sought(paths=("/config",)), True),
        (Sought(paths=("/config/region",)), True),
        (Sought(paths=("/config/n",)), False),
        (Sought(paths=("/labels", "/config/ns")), True),
        (Sought(paths=("/name",), entities=frozenset({K8S})), False),
    ],
)
def test_one_commit(sought: Sought, found: bool) -> None:
    made = commit(
        (K8S, UPDATED), (PROD, STACK), message="Move über zone 1%: a"
    )  # fmt: skip
    assert matches(sought, made) is found


@pytest.mark.parametrize(
    ("change", "path", "found"),
    [
        (REGISTERED, "/config/ns", True),
        (REGISTERED, "/config/ns/in", True),
        (REGISTERED, "/config/other", False),
        (REGISTERED, "/labels/team", True),
        (REGISTERED, "/name", True),
        (REGISTERED, "/protected", False),
        (STACK, "/components/orchestrator", True),
        (STACK, f"/components/orchestrator/{K8S}", True),
        (STACK, f"/components/orchestrator/{S3}", False),
        (STACK, f"/components/alerter/{S3}", False),
        (StackUpdated({f"/components/orchestrator/{K8S}": True}), "/components", True),
        (ComponentRenamed("x"), "/name", True),
        (ComponentDeleted(), "/name", False),
        (DefaultStackSet(PROD), "/default_stack", True),
    ],
)
def test_paths_that_changes_write(change: Change, path: str, found: bool) -> None:
    assert matches(Sought(paths=(path,)), commit((K8S, change))) is found


def test_an_event_newer_than_this_program_has_a_type_and_no_paths() -> None:
    strange = Event("Dreamt", 1, K8S, SALT, '{"config": {"ns": 1}}')
    made = Commit(7, "", "", 1, 0, "ann", "", 0, 0, (strange,), b"")
    assert matches(Sought(types=frozenset({"Dreamt"})), made)
    assert not matches(Sought(paths=("/config/ns",)), made)


ENTITIES = (K8S, S3, PROD)
CHANGES: tuple[Change, ...] = (
    UPDATED,
    REGISTERED,
    STACK,
    ComponentRenamed("config"),
    ComponentDeleted(),
    DefaultStackSet(PROD),
    ComponentUpdated({"/config/a~1b": "ns"}),
    ComponentUpdated({'/labels/"q"': "x"}),
)
PATHS = ("/config", "/config/ns", "/config/a~1b", "/labels/\"q\"", "/name", "/default_stack",
         "/components/orchestrator", f"/components/orchestrator/{K8S}")  # fmt: skip
MESSAGES = ("", "Move", "move it", "100%", "a_b", "a\\b", "ÄB")

commits = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(ENTITIES), st.sampled_from(CHANGES)), min_size=1, max_size=2),
        st.sampled_from(["ann", "bob"]),
        st.sampled_from(MESSAGES),
    ),
    max_size=12,
)  # fmt: skip
soughts = st.builds(
    Sought,
    after=st.integers(0, 5),
    upto=st.none() | st.integers(0, 12),
    authors=st.lists(st.sampled_from(["ann", "bob", "cy"]), max_size=2).map(tuple),
    message=st.sampled_from(("", "m", "MOVE", "%", "_", "\\", "ä", "Ä")),
    entities=st.none() | st.frozensets(st.sampled_from(ENTITIES)),
    types=st.frozensets(st.sampled_from([type(change).__name__ for change in CHANGES]), max_size=2),
    paths=st.lists(st.sampled_from(PATHS), max_size=2).map(tuple),
)


@given(
    made=commits,
    sought=soughts,
    before=st.none() | st.integers(1, 13),
    limit=st.integers(1, 12),
    indexed=st.integers(1, 12),
)
def test_sqlite_finds_what_matches(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[tuple[list[tuple[str, Change]], str, str]],
    sought: Sought,
    before: int | None,
    limit: int,
    indexed: int,
) -> None:
    chain = Chain()
    taken: list[Taken] = []
    path = tmp_path_factory.mktemp("log") / "replica.db"
    file = LogFile.open(path, new_id="cache", synchronous="OFF", use="cache")
    with pytest.MonkeyPatch.context() as patched, file.writing() as log:
        patched.setattr(sqlite_write, "INDEXED_EVERY", indexed)
        for changes, author, message in made:
            events = [seal(id, change, SALT) for id, change in changes]
            one = chain.commit(*events, author=author, message=message)
            log.append(PROFILE, [one], chain.frontier)
            taken.append(one)
    wanted = [t.commit for t in reversed(taken) if matches(sought, t.commit)]
    wanted = [each for each in wanted if before is None or each.seq < before]
    with file.reading() as reader:
        assert reader.found(PROFILE, sought, before, limit) == wanted[:limit]
    file.close()


def test_many_commits_and_entities(tmp_path: Path) -> None:
    """More than are looked at together, and more than are bound one by one."""
    chain = Chain()
    ids = [f"00000000-0000-7000-8000-{n:012d}" for n in range(700)]
    taken = [chain.commit(seal(id, UPDATED, SALT)) for id in ids]
    file = LogFile.open(tmp_path / "r.db", new_id="cache", synchronous="OFF", use="cache")
    with file.writing() as log:
        log.append(PROFILE, taken, chain.frontier)
    with file.reading() as reader:
        found = reader.found(PROFILE, Sought(entities=frozenset(ids[:600])), None, 1_000)
        assert [each.seq for each in found] == list(range(600, 0, -1))
        assert reader.found("another", Sought(), None, 5) == []
    file.close()
