"""Each account in turn: nobody starves, nobody's own order changes, nothing is lost or done twice."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from stackroom.events.model import Proposal
from stackroom.events.people.permissions import Who
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Submission
from stackroom.sync.deciding.turns import Turns, Work, account_of
from stackroom.sync.effects import Ordered, Submit
from stackroom.sync.people.access import Principal
from tests.events.world import PROFILE, uid


def push(account: str, size: int, session: int = 1) -> Submit:
    proposal = Proposal(uid(5), 1, 0, "", 0, ())
    one = Submission(PROFILE, Who(uid(7), account), proposal, account)
    return Submit(session, (one,) * size)


def order(account: str, session: int = 1) -> Ordered:
    sender = Principal(account, account) if account else None
    return Ordered(session, sender, wire.Ask(1, wire.ListTokens()))


def all_of(turns: Turns) -> list[list[Work]]:
    done: list[list[Work]] = []
    while turns:
        work = turns.next()
        done.append([work] if isinstance(work, Ordered) else list(work))
    return done


def test_a_flood_does_not_stand_before_others() -> None:
    turns = Turns(batch=2_000, share=250)
    for _ in range(100):
        turns.put(push("eve", 100))
    for n in range(50):
        turns.put(push(f"ann{n}", 1))
    first = turns.next()
    assert isinstance(first, list)
    accounts = [account_of(work) for work in first]
    assert {f"ann{n}" for n in range(50)} <= set(accounts)
    assert sum(len(w.submissions) for w in first if account_of(w) == "eve") == 300


def test_a_full_batch_takes_the_others_first_next_time() -> None:
    turns = Turns(batch=2, share=10)
    for name in "abc":
        for _ in range(2):
            turns.put(push(name, 1))
    done = [[account_of(work) for work in batch] for batch in all_of(turns)]
    assert done == [["a", "b"], ["c", "a"], ["b", "c"]]


def test_a_push_larger_than_everything_is_done_whole() -> None:
    turns = Turns(batch=10, share=5)
    turns.put(push("a", 100))
    turns.put(push("b", 1))
    assert [len(batch) for batch in all_of(turns)] == [1, 1]


def test_orders_wait_for_what_their_account_pushed_before() -> None:
    turns = Turns(batch=100, share=100)
    works = [push("a", 1), order("a"), push("a", 2), push("b", 1), order(""), order("b")]
    for work in works:
        turns.put(work)
    mine = [work for batch in all_of(turns) for work in batch if account_of(work) == "a"]
    assert mine == works[:3]


WORK = st.tuples(st.sampled_from("abcd"), st.integers(0, 6))


@given(st.lists(st.one_of(WORK, st.none()), max_size=80), st.integers(1, 12), st.integers(1, 6))
def test_everything_is_done_once_in_its_accounts_order(
    steps: list[tuple[str, int] | None], batch: int, share: int
) -> None:
    turns = Turns(batch=batch, share=share)
    given_, done = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)

    def do() -> None:
        work = turns.next()
        works: list[Work] = [work] if isinstance(work, Ordered) else list(work)
        assert works
        for each in works:
            done[account_of(each)].append(each.session)
        if not isinstance(work, Ordered):
            for account in {account_of(w) for w in work}:
                sizes = [len(w.submissions) for w in work if account_of(w) == account]
                assert sum(sizes[:-1]) < share

    for number, step in enumerate(steps):
        if step is not None:
            account, size = step
            turns.put(push(account, size, number) if size else order(account, number))
            given_[account].append(number)
        elif turns:
            do()
    waits = len(turns)
    assert waits == sum(map(len, given_.values())) - sum(map(len, done.values()))
    while turns:
        do()
    assert done == given_
