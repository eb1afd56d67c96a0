"""The simulation sees what it is meant to see: each core is broken on purpose, and it must be caught.

A check that cannot fail proves nothing.
"""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from stackroom.client.home.store import Store
from stackroom.client.replica.replica import Replica, Settle
from stackroom.events import fold
from stackroom.events.deciding import approval, check, checking
from stackroom.events.deciding.checking import Checking
from stackroom.events.errors import LogError
from stackroom.events.log import Answer
from stackroom.events.model import Millis
from stackroom.events.sqlite.read import SqliteReader
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.deciding.authority import Authority, Decision
from stackroom.sync.deciding.submission import Party
from stackroom.sync.hub import Hub
from stackroom.sync.people.access import PeopleAccess, Principal
from stackroom.sync.protocol import Commits, Hello, Results
from tests.simulation.promises import Broken
from tests.simulation.world import simulate

SEEDS = 250


def never(*_: Any, **__: Any) -> None:
    """In the place of something that matters."""


def forgets_conflicts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Checking, "foreign", lambda self, stamp: False)


def forgets_answers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SqliteReader, "answers", lambda self, proposals: {})


def answers_differently(patch: pytest.MonkeyPatch) -> None:
    decide = Authority.decide
    asked: set[str] = set()

    def moody(self: Authority, submissions: Any, *rest: Any) -> Decision:
        decision = decide(self, submissions, *rest)
        again = {answer.id for answer in decision.answers} & asked
        asked.update(answer.id for answer in decision.answers)
        answers = (
            Answer(a.id, "rejected", None, "mood", "not today") if a.id in again else a
            for a in decision.answers
        )
        return Decision(tuple(answers), decision.commits)

    patch.setattr(Authority, "decide", moody)


def folds_by_the_clock(patch: pytest.MonkeyPatch) -> None:
    placed, calls = fold.placed, iter(range(10**9))

    def moody(map: Any, keys: Any, value: Any, own: Any) -> Any:
        changed = isinstance(value, str) and next(calls) % 97 == 0
        return placed(map, keys, f"{value}!" if changed else value, own)

    patch.setattr(fold, "placed", moody)


def drops_what_was_refused(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Store, "park", lambda self, id, code, sentence: self.drop(id))


def settles_too_early(patch: pytest.MonkeyPatch) -> None:
    push = Replica._push

    def push_and_forget(self: Replica, copy: Any) -> None:
        push(self, copy)
        copy.pending = [p for p in copy.pending if p.id not in copy.sent]

    patch.setattr(Replica, "_push", push_and_forget)


def believes_the_message(patch: pytest.MonkeyPatch) -> None:
    authenticate = PeopleAccess.authenticate

    def named(self: PeopleAccess, hello: Hello, now: int) -> Any:
        principal = authenticate(self, hello, now)
        return (
            structs.replace(principal, name="user0")
            if isinstance(principal, Principal)
            else principal
        )

    patch.setattr(PeopleAccess, "authenticate", named)


def lets_live_connections_be(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Hub, "_people_changed", lambda self, commits, now: self.access.follow(commits))


def asks_rights_at_the_door_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Authority, "_party", lambda self, submission, log: Party(submission.who))


def drops_what_is_closed(patch: pytest.MonkeyPatch) -> None:
    def close(self: Replica, copy: Any, problem: Any) -> None:
        self._effects.append(Settle(copy.profile, tuple(p.id for p in copy.pending)))
        copy.pending = []

    patch.setattr(Replica, "_close", close)


def refuses_at_the_door(patch: pytest.MonkeyPatch) -> None:
    push = Hub._push

    def quick(self: Hub, session: Any, principal: Any, message: Any) -> None:
        if "profile.write" in self._rights(principal, message.profile):
            push(self, session, principal, message)
        else:
            no = tuple(Answer(p.id, "rejected", None, "no", "no") for p in message.proposals)
            self._send(session, Results(message.profile, no))

    patch.setattr(Hub, "_push", quick)


def lets_everybody_read(patch: pytest.MonkeyPatch) -> None:
    announce = Hub._announce

    def to_all(self: Hub, profile: str, commits: Any, now: Millis) -> None:
        announce(self, profile, commits, now)
        for session in self.sessions.values():
            if session.principal is not None:
                self._send(session, Commits(profile, commits))

    patch.setattr(Hub, "_announce", to_all)


def forgets_who_reads_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Hub, "lagging", never)


def protects_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(checking, "protected_in", lambda state: frozenset())


def lets_authors_approve(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(approval, "is_author", lambda held, who: False)


def signs_another_history(patch: pytest.MonkeyPatch) -> None:
    """The hub signs what it has not sent: every replica is a witness of that."""
    sign = Notary.checkpoint

    def other(self: Notary, profile: str, seq: int, root: bytes, now: Millis) -> str:
        return sign(self, profile, seq, root if seq < 3 else bytes(32), now)

    patch.setattr(Notary, "checkpoint", other)


def weighs_no_approval(patch: pytest.MonkeyPatch) -> None:
    """What a request holds is carried out upon whatever stands."""
    patch.setattr(check, "_weigh", lambda *_: approval.Accepted())


def loses_signatures(patch: pytest.MonkeyPatch) -> None:
    take = Authority._take

    def bare(self: Authority, submission: Any, *rest: Any) -> Any:
        unsigned = structs.replace(submission.proposal, key=b"", signature=b"")
        return take(self, structs.replace(submission, proposal=unsigned), *rest)

    patch.setattr(Authority, "_take", bare)


FAULTS: list[tuple[Callable[[pytest.MonkeyPatch], None], set[int]]] = [
    (forgets_conflicts, {4}),
    (forgets_answers, {1, 2, 5, 7}),
    (answers_differently, {1, 2}),
    (folds_by_the_clock, {3, 4}),
    (drops_what_was_refused, {5}),
    (settles_too_early, {5, 7}),
    (believes_the_message, {6}),
    (lets_everybody_read, {3, 6}),
    (lets_live_connections_be, {6, 7}),
    (asks_rights_at_the_door_alone, {6}),
    (drops_what_is_closed, {5, 7}),
    (refuses_at_the_door, {2, 1}),
    (forgets_who_reads_on, {3, 7}),
    (protects_nothing, {6}),
    (lets_authors_approve, {6}),
    (weighs_no_approval, {4}),
    (signs_another_history, {1}),
    (loses_signatures, {6}),
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("fault", "promises"), FAULTS, ids=[f.__name__ for f, _ in FAULTS])
def test_a_fault_is_caught(
    fault: Callable[[pytest.MonkeyPatch], None],
    promises: set[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    for seed in range(SEEDS):
        try:
            simulate(seed)
        except Broken as broken:
            assert broken.promise in promises, broken
            return
        except LogError as error:
            assert fault is forgets_answers, error  # The log itself answers nothing twice.
            return
    pytest.fail(f"{SEEDS} seeds saw nothing")
