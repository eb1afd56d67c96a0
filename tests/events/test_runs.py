"""Runs: what becomes of a report, what reports add up to, and that the state knows nothing of them."""

from typing import Any

import pytest
from msgspec import structs

from stackroom.events.codec import seal
from stackroom.events.deciding.check import Accepted, Outcome, Rejected, check_changes
from stackroom.events.fold import fold
from stackroom.events.history.runs import Gathering, Run
from stackroom.events.model import (
    Change,
    Proposal,
    RunRecorded,
    RunUpdated,
    StackDeleted,
    StackRegistered,
    StackRenamed,
    StackUpdated,
)
from stackroom.events.people.permissions import Who
from stackroom.events.state import encode
from tests.events.commits import Chain
from tests.events.world import K8S, LOCAL, PROD, SALT, started, uid

RUN, OTHER, NEW = uid(71), uid(72), uid(31)
COMMIT = uid(5)
RAN = RunRecorded("training", PROD, COMMIT)


def ran(**fields: Any) -> RunRecorded:
    return structs.replace(RAN, **fields)


def told(outcome: Outcome) -> str:
    match outcome:
        case Accepted(False, ()):
            return "accepted"
        case Rejected(refusal):
            assert refusal.sentence
            return f"rejected {refusal.code}"
    raise AssertionError(outcome)


CASES: list[tuple[str, list[tuple[str, Change]], list[tuple[str, Change]], str]] = [
    # what bob committed since ann's base, what ann proposes, the outcome
    ("nobody else", [], [(RUN, RAN)], "accepted"),
    ("its stack changed", [(PROD, StackUpdated({"/description": "x"}))], [(RUN, RAN)], "accepted"),
    ("its stack renamed", [(PROD, StackRenamed("x"))], [(RUN, RAN)], "accepted"),
    ("its stack deleted", [(PROD, StackDeleted())], [(RUN, RAN)], "accepted"),
    ("the same run twice", [(RUN, RAN)], [(RUN, ran(status="failed"))], "accepted"),
    ("it goes on", [(RUN, RAN)], [(RUN, RunUpdated("failed"))], "accepted"),
    ("it goes on, and was never begun", [], [(RUN, RunUpdated("failed"))], "accepted"),
    ("several", [], [(RUN, RAN), (OTHER, RAN), (RUN, RunUpdated(url="https://x"))], "accepted"),
    ("a commit at the base", [], [(RUN, ran(commit=""))], "accepted"),
    ("unknown stack", [], [(RUN, ran(stack=NEW))], "rejected unknown_reference"),
    ("a component for a stack", [], [(RUN, ran(stack=K8S))], "rejected wrong_type"),
    ("with an edit", [], [(RUN, RAN), (PROD, StackRenamed("x"))], "rejected run_with_edits"),
    ("behind an edit", [], [(PROD, StackRenamed("x")), (RUN, RAN)], "rejected run_with_edits"),
    ("an id in use", [], [(PROD, RAN)], "rejected id_in_use"),
    ("no such status", [], [(RUN, ran(status="done"))], "rejected invalid_value"),
    ("no such status later", [], [(RUN, RunUpdated("done"))], "rejected invalid_value"),
    ("an address of a script", [], [(RUN, ran(url="javascript:alert(1)"))], "rejected invalid_value"),
    ("a pipeline without a name", [], [(RUN, ran(pipeline=" "))], "rejected invalid_name"),
    ("a run of an odd name", [], [(RUN, ran(name="a\nb"))], "rejected invalid_name"),
    ("a commit that is no id", [], [(RUN, ran(commit="43"))], "rejected invalid_id"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("bob", "ann", "wanted"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_outcome(bob: list[tuple[str, Change]], ann: list[tuple[str, Change]], wanted: str) -> None:
    world = started()
    base = world.state.seq
    if bob:
        assert isinstance(world.do("bob", *bob), Accepted)
    assert told(world.do("ann", *ann, base=base)) == wanted


def test_a_run_on_a_stack_that_waits_in_a_conflict_is_taken() -> None:
    world = started()
    base = world.state.seq
    world.do("bob", (OTHER, StackRegistered("eu", {"orchestrator": [K8S]})))
    world.do("ann", (NEW, StackRegistered("eu", {"orchestrator": [LOCAL]})), base=base)
    assert world.state.conflicts
    assert told(world.do("ann", (RUN, ran(stack=NEW)), base=base)) == "accepted"


def test_a_run_needs_its_own_right_alone() -> None:
    world = started()
    for rights, wanted in (
        ({"run.record"}, "accepted"),
        ({"profile.read", "profile.write"}, "rejected not_allowed"),
    ):
        who = Who("ci", "ci", frozenset(rights))
        outcome = check_changes(world.state, world.state.seq, [(RUN, RAN)], who)
        assert told(outcome) == wanted


def test_text_that_is_none_is_refused() -> None:
    world = started()
    changes = [(RUN, ran(labels={"a": "\ud800"}))]
    assert told(check_changes(world.state, 5, changes, Who("ci"))) == "rejected invalid_value"


def test_a_run_of_a_protected_stack_needs_no_approval() -> None:
    world = started(frozenset({"profile.create", "profile.write", "profile.protect", "run.record"}))
    world.do("ann", (PROD, StackUpdated({"/protected": True})))
    assert told(world.do("bob", (RUN, RAN))) == "accepted"


def test_a_password_in_an_address_is_refused_where_the_profile_says_so() -> None:
    world = started()
    world.state.profile.settings["secrets"] = "refuse"  # type: ignore[union-attr]
    outcome = world.do("ann", (RUN, ran(url="https://me:hunter2xyz@ci.example/1")))
    assert told(outcome) == "rejected plaintext_secret"


def test_the_state_keeps_nothing_of_a_run_nor_of_who_reported_it() -> None:
    chain = Chain()
    world = started()
    before = encode(world.state)
    for n in range(50):
        event = seal(uid(100 + n), RAN, SALT)
        commit = chain.commit(event, replica=f"ci-{n}").commit
        world.state = fold(world.state, commit)
    world.state.seq = 5
    assert encode(world.state) == before


def gathered(*reports: Change, pending: int = 0) -> Run | None:
    """The run of these reports, #6 on, the last `pending` of them waiting."""
    gathering = Gathering()
    chain = Chain()
    chain.commits(5)
    taken = reports[: len(reports) - pending]
    gathering.commits(chain.commit(seal(RUN, change, SALT)).commit for change in taken)
    waiting = [
        Proposal(uid(n), n, 9, "", 0, (seal(RUN, change, SALT),))
        for n, change in enumerate(reports[len(taken) :], 1)
    ]
    gathering.proposals(waiting, "ann")
    return gathering.runs().get(RUN)


def test_the_last_report_counts() -> None:
    run = gathered(
        ran(status="running", labels={"a": "1"}, url="https://x"),
        RunUpdated("failed", labels={"b": "2"}),
        RunUpdated(labels={"b": "3"}),
    )
    assert run is not None
    assert (run.status, run.url, run.labels) == ("failed", "https://x", {"a": "1", "b": "3"})
    assert [(r.seq, r.status) for r in run.reports] == [(6, "running"), (7, "failed"), (8, None)]
    assert (run.commit, run.base, run.pending) == (COMMIT, 5, False)


def test_recording_it_again_says_all_of_it_anew() -> None:
    run = gathered(RunUpdated("failed"), RAN, ran(commit="", url="https://y"))
    assert run is not None
    assert (run.status, run.commit, run.base, run.url) == ("completed", "", 7, "https://y")


def test_what_waits_counts_and_is_told() -> None:
    run = gathered(ran(status="running"), RunUpdated("completed"), pending=1)
    assert run is not None
    assert (run.status, run.pending, run.reports[-1].seq) == ("completed", True, None)


def test_a_run_that_was_never_recorded_is_none() -> None:
    assert gathered(RunUpdated("failed")) is None
