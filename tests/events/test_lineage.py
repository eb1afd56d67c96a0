"""The values that an entity had: at every seq the lineage says what the history folds to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from stackroom.events.codec import seal
from stackroom.events.fold import fold
from stackroom.events.history.history import leaves
from stackroom.events.history.lineage import lineage
from stackroom.events.model import (
    Change,
    Commit,
    ComponentDeleted,
    ComponentRegistered,
    ComponentRenamed,
    ComponentUpdated,
    ProfileCreated,
)
from stackroom.events.sqlite.log import LogFile
from stackroom.events.state import State
from tests.events.commits import PROFILE, Chain
from tests.events.test_fold import allowed
from tests.events.world import K8S, S3, SALT, uid

TEAM = uid(1)
REGISTER = ComponentRegistered("k8s", "orchestrator", "kubernetes", {"a": 1})
changes: st.SearchStrategy[Change] = st.one_of(
    st.just(REGISTER),
    st.just(ComponentDeleted()),
    st.builds(ComponentRenamed, st.sampled_from(["x", "y"])),
    st.builds(
        ComponentUpdated,
        st.dictionaries(
            st.sampled_from(["/config/a", "/config/b", "/config/b/c", "/labels/l"]),
            st.sampled_from([1, 1.0, True, "x", {}, {"c": 2}]),
            max_size=2,
        ),
        st.lists(st.sampled_from(["/config/a", "/config/b"]), max_size=1).map(tuple),
    ),
)
histories = st.lists(
    st.lists(st.tuples(st.sampled_from([K8S, K8S, S3]), changes), min_size=1, max_size=2),
    max_size=10,
)


@given(histories)
def test_at_every_seq_it_says_what_stood(
    tmp_path_factory: pytest.TempPathFactory, history: list[list[tuple[str, Change]]]
) -> None:
    chain = Chain()
    taken = [
        chain.commit(*(seal(id, change, SALT) for id, change in commit))
        for commit in allowed([[(TEAM, ProfileCreated("team"))], [(K8S, REGISTER)], *history])
    ]
    commits: list[Commit] = [each.commit for each in taken]
    file = LogFile.open(tmp_path_factory.mktemp("log") / "a.db", new_id="x", synchronous="OFF")
    with file.writing() as log:
        log.append(PROFILE, taken, chain.frontier)
    now = fold(State(), *commits)
    with file.reading() as log:
        found = lineage(log, PROFILE, now, K8S, len(commits))
    file.close()
    for seq in range(len(commits) + 1):
        entity = fold(State(), *commits[:seq]).entities.get(K8S)
        stood = leaves(entity) if entity is not None else {}
        told = {
            path: next((each.value for each in wrote if each.commit.seq <= seq), UNSET)
            for path, wrote in found.items()
        }
        assert {path: value for path, value in told.items() if value is not UNSET} == stood
    for wrote in found.values():
        seqs = [each.commit.seq for each in wrote]
        assert seqs == sorted(set(seqs), reverse=True)
