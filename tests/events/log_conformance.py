"""The specification of an `EventLog`, in tests that any form of it can run.

A test module of a form subclasses `LogConformance` and gives `new_log`, which opens the same empty log
each time it is called within a test.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, get_args

import pytest
from msgspec import structs

from stackroom.events.codec import seal
from stackroom.events.errors import Gap, IntegrityError, LogError
from stackroom.events.log import (
    Answer,
    EventLog,
    Head,
    Identity,
    Listed,
    LogReader,
    LogWriter,
    Proposed,
    Refused,
    RunFound,
    RunsWanted,
    Snapshot,
    Taken,
    Taking,
    Weighed,
)
from stackroom.events.model import Change, Commit, ComponentUpdated, RunRecorded, RunUpdated
from stackroom.events.proofs import merkle
from stackroom.events.proofs.merkle import EMPTY_ROOT, Frontier
from stackroom.events.proofs.signing import Signer
from stackroom.events.proofs.subtrees import LEAVES
from stackroom.events.secrets.redaction import redacted
from tests.events.commits import LOG_ID, NOON, OTHER, PROFILE, Chain, event
from tests.events.world import uid

Open = Callable[[], Coroutine[Any, Any, EventLog]]
Play = Callable[[EventLog], Coroutine[Any, Any, None]]

REFUSED = Refused(
    Answer("r-1", "rejected", None, "in_use", "it is used"), PROFILE, "replica-1", 7, NOON
)


async def append(log: EventLog, chain: Chain, *taken: Taken) -> None:
    await log.write(lambda w: w.append(chain.profile, taken, chain.frontier))


async def refuse(log: EventLog, refused: Refused) -> None:
    await log.write(lambda w: w.refuse(refused))


async def keep(log: EventLog, snapshot: Snapshot) -> None:
    await log.write(lambda w: w.put_snapshot(PROFILE, snapshot))


def redact(commit: Commit, log: LogWriter) -> None:
    log.redact(PROFILE, [commit])


async def all_of(log: EventLog, profile: str) -> list[Commit]:
    return await log.read(lambda r: r.commits(profile, 0, 10_000))


async def head(log: EventLog, profile: str = PROFILE) -> Head:
    return await log.read(lambda r: r.head(profile))


def seqs_of(commits: list[Commit]) -> list[int]:
    return [commit.seq for commit in commits]


class LogConformance:
    """Each test plays against a fresh log."""

    def new_log(self, request: pytest.FixtureRequest) -> Open:
        """How to open the log of this test; its identity is `LOG_ID`."""
        raise NotImplementedError

    @pytest.fixture
    def opened(self, request: pytest.FixtureRequest) -> Open:
        return self.new_log(request)

    @pytest.fixture
    def play(self, opened: Open) -> Callable[[Play], None]:
        """Runs a test's coroutine with a log that is closed afterwards."""

        async def whole(test: Play) -> None:
            log = await opened()
            try:
                await test(log)
            finally:
                await log.aclose()

        return lambda test: asyncio.run(whole(test))

    def test_new_log_is_empty(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            def look(r: LogReader) -> None:
                assert r.identity() == Identity(LOG_ID, 1)
                assert r.profiles() == []
                assert r.head(PROFILE) == Head(0, EMPTY_ROOT, Frontier())
                assert r.commits(PROFILE, 0, 10) == []
                assert r.recent(PROFILE, None, 10) == []
                assert r.touching(PROFILE, ["e1"], 10) == []
                assert r.answers(["a-1"]) == {}
                assert not r.number_used(PROFILE, "replica-1", 1)
                assert r.snapshot(PROFILE) is None

            await log.read(look)

        play(test)

    def test_leaves_are_those_of_the_commits(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            taken = [chain.commit(event(f"e{n}")) for n in range(3)]
            await append(log, chain, *taken)

            def look(r: LogReader) -> None:
                hashes = [one.leaf for one in taken]
                assert r.leaves(PROFILE, 0, 10) == hashes
                assert r.leaves(PROFILE, 1, 1) == hashes[1:2]
                assert r.leaves(PROFILE, 3, 10) == r.leaves(OTHER, 0, 10) == []
                roots = [EMPTY_ROOT, *(one.commit.root for one in taken), None]
                assert [r.root(PROFILE, seq) for seq in range(5)] == roots
                assert r.root(OTHER, 1) is None

            await log.read(look)

        play(test)

    def test_roots_of_whole_subtrees_are_kept(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            taken = chain.commits(2 * LEAVES + 2)
            for some in (taken[: LEAVES - 1], taken[LEAVES - 1 : LEAVES + 5], taken[LEAVES + 5 :]):
                tree = merkle.extended(Frontier(), (t.leaf for t in taken[: some[-1].commit.seq]))
                await log.write(lambda w, s=some, t=tree: w.append(PROFILE, s, t))  # type: ignore[misc]

            def look(r: LogReader) -> None:
                roots = [
                    merkle.root(merkle.extended(Frontier(), (t.leaf for t in some)))
                    for some in (taken[:LEAVES], taken[LEAVES : 2 * LEAVES])
                ]
                assert [r.subtrees(PROFILE, n) for n in range(4)] == [[], roots[:1], roots, []]
                assert r.subtrees(OTHER, 1) == []

            await log.read(look)

        play(test)

    def test_commits_come_back_as_they_were(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            texts = ['{"name":"ü\\u0000☃"}', '{"name": "spaced" }', "{}"]
            taken = [
                chain.commit(),
                chain.commit(*(event(f"e{n}", text) for n, text in enumerate(texts))),
                chain.commit(event("e2"), outcome="conflict"),
                chain.commit(event("e3"), signer=Signer(bytes(32))),
            ]
            await append(log, chain, *taken)
            assert await log.read(lambda r: r.commits(PROFILE, 0, 10)) == [t.commit for t in taken]
            newest_first = [t.commit for t in reversed(taken)]
            assert await log.read(lambda r: r.recent(PROFILE, None, 10)) == newest_first
            assert await log.read(lambda r: r.touching(PROFILE, ["e3"], 9)) == [taken[-1].commit]
            assert await head(log) == Head(4, taken[-1].commit.root, chain.frontier)

        play(test)

    def test_appends_follow_each_other(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            for size in (1, 5, 2):
                await append(log, chain, *chain.commits(size))
            seqs = [c.seq for c in await log.read(lambda r: r.commits(PROFILE, 0, 100))]
            assert seqs == list(range(1, 9))
            assert (await head(log)).frontier == chain.frontier

        play(test)

    def test_nothing_appended_changes_nothing(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            await append(log, Chain())
            assert await log.read(lambda r: r.profiles()) == []

        play(test)

    def test_gap_is_refused(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            one, two, three, four = chain.commits(4)
            with pytest.raises(Gap) as caught:
                await append(log, chain, two)
            assert (caught.value.head, caught.value.seq) == (0, 2)
            with pytest.raises(Gap):
                await append(log, chain, one, three)
            await append(log, chain, one, two, three, four)
            with pytest.raises(Gap):
                await append(log, chain, four)
            assert (await head(log)).seq == 4

        play(test)

    def test_frontier_of_another_size_is_refused(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            one, _ = chain.commits(2)
            with pytest.raises(Gap):
                await append(log, chain, one)
            assert (await head(log)).seq == 0

        play(test)

    def test_failed_work_leaves_no_trace(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            first = chain.commit()
            await append(log, chain, first)

            def fail(w: LogWriter) -> None:
                second = chain.commit()
                w.append(PROFILE, [second], chain.frontier)
                w.refuse(REFUSED)
                w.list_profile(PROFILE, "team")
                w.put_snapshot(PROFILE, Snapshot(2, chain.frontier, b"{}"))
                assert w.head(PROFILE).seq == 2
                raise RuntimeError("in the middle")

            with pytest.raises(RuntimeError, match="in the middle"):
                await log.write(fail)

            def look(r: LogReader) -> None:
                assert r.head(PROFILE).seq == 1
                assert r.commits(PROFILE, 0, 10) == [first.commit]
                assert r.answers(["r-1"]) == {}
                assert r.profiles()[0].name == ""
                assert r.snapshot(PROFILE) is None

            await log.read(look)

        play(test)

    def test_work_that_raises_stop_iteration_ends(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            with pytest.raises(RuntimeError, match="StopIteration"):
                await log.write(lambda w: next(iter(w.profiles())))
            assert await log.read(lambda r: r.profiles()) == []

        play(test)

    def test_all_is_there_when_opened_again(self, opened: Open) -> None:
        chain = Chain()
        taken = chain.commits(3)

        async def write() -> None:
            log = await opened()
            await append(log, chain, *taken)
            await refuse(log, REFUSED)
            await log.write(lambda w: w.list_profile(PROFILE, "team"))
            await log.aclose()

        async def read() -> None:
            log = await opened()
            assert await log.read(lambda r: r.commits(PROFILE, 0, 10)) == [t.commit for t in taken]
            assert await head(log) == Head(3, taken[-1].commit.root, chain.frontier)
            assert await log.read(lambda r: r.answers(["r-1"])) == {"r-1": REFUSED.answer}
            assert [p.name for p in await log.read(lambda r: r.profiles())] == ["team"]
            assert await log.read(lambda r: r.identity()) == Identity(LOG_ID, 1)
            await log.aclose()

        asyncio.run(write())
        asyncio.run(read())

    def test_pages(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain, other = Chain(), Chain(OTHER)
            await append(log, chain, *chain.commits(4))
            await append(log, other, *other.commits(2))
            await append(log, chain, *chain.commits(3))

            def look(r: LogReader) -> None:
                assert seqs_of(r.commits(PROFILE, 0, 3)) == [1, 2, 3]
                assert seqs_of(r.commits(PROFILE, 3, 3)) == [4, 5, 6]
                assert seqs_of(r.commits(PROFILE, 6, 3)) == [7]
                assert seqs_of(r.commits(PROFILE, 7, 3)) == []
                assert seqs_of(r.commits(OTHER, 0, 9)) == [1, 2]
                assert seqs_of(r.recent(PROFILE, None, 3)) == [7, 6, 5]
                assert seqs_of(r.recent(PROFILE, 5, 3)) == [4, 3, 2]
                assert seqs_of(r.recent(PROFILE, 2, 3)) == [1]
                assert seqs_of(r.recent(PROFILE, 1, 3)) == []
                assert r.recent(PROFILE, None, 7)[::-1] == r.commits(PROFILE, 0, 7)

            await log.read(look)

        play(test)

    def test_pages_by_bytes(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            body = '{"name":"' + "é" * 45 + '"}'  # 101 bytes
            await append(log, chain, *(chain.commit(event("e", body)) for _ in range(5)))

            def count(limit: int, max_bytes: int) -> Callable[[LogReader], int]:
                return lambda r: len(r.commits(PROFILE, 0, limit, max_bytes))

            assert await log.read(count(5, 1)) == 1
            assert await log.read(count(5, 101)) == 1
            assert await log.read(count(5, 102)) == 2
            assert await log.read(count(5, 10_000)) == 5
            assert await log.read(count(2, 10_000)) == 2

        play(test)

    def test_until(self, play: Callable[[Play], None]) -> None:
        """The last that was accepted by then, in the order of seqs, also where a clock went back."""

        async def test(log: EventLog) -> None:
            chain = Chain()
            await append(log, chain, *(chain.commit(accepted=time) for time in (10, 50, 20, 30)))

            def look(r: LogReader) -> None:
                times = (0, 9, 10, 19, 20, 29, 30, 49, 50, 2**70)
                found = [r.until(PROFILE, time) for time in times]
                assert found == [0, 0, 1, 1, 3, 3, 4, 4, 4, 4]
                assert r.until(OTHER, 50) == 0

            await log.read(look)

        play(test)

    def test_touching(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            touched = [("a",), ("b",), ("a", "c"), ("c", "a", "a"), ("d",), ("a",)]
            taken = [chain.commit(*map(event, entities)) for entities in touched]
            await append(log, chain, *taken)

            def look(r: LogReader) -> None:
                def seqs(entities: list[str], upto: int) -> list[int]:
                    return seqs_of(r.touching(PROFILE, entities, upto))

                assert seqs(["a"], 6) == [1, 3, 4, 6]
                assert seqs(["a"], 5) == [1, 3, 4]
                assert seqs(["b", "c"], 6) == [2, 3, 4]
                assert seqs(["nobody"], 6) == []
                assert seqs([], 6) == []
                assert r.touching(PROFILE, ["c"], 3) == [taken[2].commit]
                assert r.touching(OTHER, ["a"], 6) == []

            await log.read(look)

        play(test)

    def test_touching_in_a_long_history(self, play: Callable[[Play], None]) -> None:
        """Ids alike in their ends are not confused, wherever in the history they are."""

        async def test(log: EventLog) -> None:
            chain = Chain()
            a, b = "a-00000000000000", "b-00000000000000"
            for _ in range(17):
                await append(
                    log, chain, *(chain.commit(event((a, b)[n % 2])) for n in range(1_000))
                )
            for id, first in ((a, 1), (b, 2)):
                found = await log.read(lambda r, id=id: r.touching(PROFILE, [id], 16_500))
                assert seqs_of(found) == list(range(first, 16_501, 2))

        play(test)

    def test_touching_takes_many_entities(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            await append(log, chain, chain.commit(event('odd "] name')))
            names = [f"e{n}" for n in range(40_000)] + ['odd "] name']
            assert len(await log.read(lambda r: r.touching(PROFILE, names, 1))) == 1

        play(test)

    def test_runs(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            a, b, c = (uid(n) for n in (1, 2, 3))
            one, two = uid(11), uid(12)
            running = RunRecorded("training", one, status="running")
            reports: list[tuple[str, Change]] = [
                (c, RunUpdated("failed")),
                (a, running),
                (b, RunRecorded("scoring", two, f"{PROFILE[-1]}-1")),
                (a, RunUpdated("failed")),
                (a, RunUpdated(url="https://x")),
            ]
            for some in (reports[:2], reports[2:]):
                events = [seal(id, change, bytes(16)) for id, change in some]
                await append(log, chain, *map(chain.commit, events))
            found = {
                a: RunFound(a, "training", one, "failed", 2, 5, 1),
                b: RunFound(b, "scoring", two, "completed", 3, 3, 1),
            }
            wanted: list[tuple[RunsWanted, list[str]]] = [
                (RunsWanted(), [b, a]),
                (RunsWanted(limit=1), [b]),
                (RunsWanted(stacks=(one, uid(13))), [a]),
                (RunsWanted(stacks=()), []),
                (RunsWanted(pipeline="training"), [a]),
                (RunsWanted(status="failed"), [a]),
                (RunsWanted(status="running"), []),
                (RunsWanted(ending=b[-6:]), [b]),
                (RunsWanted(after=2), [b]),
                (RunsWanted(upto=2), [a]),
            ]
            for each, ids in wanted:
                assert await log.read(lambda r, e=each: r.runs(PROFILE, e)) == [
                    found[i] for i in ids
                ]
            assert await log.read(lambda r: r.runs(OTHER, RunsWanted())) == []

        play(test)

    def test_a_run_that_is_recorded_again(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            told = [
                RunRecorded("a", uid(11), uid(99)),
                RunUpdated("failed"),
                RunRecorded("b", uid(12)),
            ]
            events = [seal(uid(1), change, bytes(16)) for change in told]
            await append(log, chain, chain.commit(*events[:2]), chain.commit())
            first = RunFound(uid(1), "a", uid(11), "failed", 1, 1, None)
            assert await log.read(lambda r: r.runs(PROFILE, RunsWanted())) == [first]
            await append(log, chain, chain.commit(events[2]))
            again = RunFound(uid(1), "b", uid(12), "completed", 1, 3, 2)
            assert await log.read(lambda r: r.runs(PROFILE, RunsWanted())) == [again]

        play(test)

    def test_answers(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            taken = [chain.commit(outcome=o) for o in get_args(Taking)]
            await append(log, chain, *taken)
            await refuse(log, REFUSED)

            def look(r: LogReader) -> None:
                known = {t.commit.id: Answer(t.commit.id, t.outcome, t.commit.seq) for t in taken}
                known["r-1"] = REFUSED.answer
                assert r.answers([*known, "nobody's"]) == known
                assert r.answers(["r-1"]) == {"r-1": REFUSED.answer}
                assert r.answers([]) == {}
                places = r.proposed([*known, "nobody's"])
                replicas = {t.commit.id: t.commit.replica for t in taken}
                replicas["r-1"] = REFUSED.replica
                assert places == {id: Proposed(PROFILE, replicas[id]) for id in known}
                assert r.proposed([]) == {}

            await log.read(look)

        play(test)

    def test_numbers(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            await append(log, chain, *chain.commits(2))
            await append(log, chain, chain.commit(number=5), chain.commit(number=4))
            far = 2**62, 9, 2**62 + 1
            await append(log, chain, *(chain.commit(number=n, replica="replica-3") for n in far))
            await refuse(log, REFUSED)

            def look(r: LogReader) -> None:
                used = [n for n in range(10) if r.number_used(PROFILE, "replica-1", n)]
                assert used == [1, 2, 4, 5, 7]
                assert all(r.number_used(PROFILE, "replica-3", n) for n in far)
                assert not any(r.number_used(PROFILE, "replica-3", n + 2) for n in far)
                assert not r.number_used(PROFILE, "replica-2", 2)
                assert not r.number_used(OTHER, "replica-1", 7)
                assert not r.number_used(PROFILE, "replica-1", 2**64)
                assert r.last_number(PROFILE, "replica-1") == 7
                assert r.last_number(PROFILE, "replica-2") == 0
                assert r.last_number(OTHER, "replica-1") == 0

            await log.read(look)

        play(test)

    def test_proposal_is_answered_once(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            first = chain.commit(id="p-1")
            await append(log, chain, first)
            await refuse(log, REFUSED)
            before = chain.frontier
            for id in ("p-1", "r-1"):
                chain.frontier = before
                again = chain.commit(id=id)
                with pytest.raises(LogError):
                    await append(log, chain, again)
            elsewhere = Chain(OTHER)
            with pytest.raises(LogError):
                await append(log, elsewhere, elsewhere.commit(id="p-1"))
            for id in ("p-1", "r-1"):
                refused = Refused(Answer(id, "rejected", None, "x", "y"), PROFILE, "z", 1, NOON)
                with pytest.raises(LogError):
                    await refuse(log, refused)
            assert await log.read(lambda r: r.commits(PROFILE, 0, 9)) == [first.commit]
            assert await log.read(lambda r: r.answers(["r-1"])) == {"r-1": REFUSED.answer}

        play(test)

    def test_catalogue(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain, other = Chain(), Chain(OTHER)

            def create(w: LogWriter) -> None:
                for c, name in ((chain, "zebra"), (other, "ant")):
                    w.append(c.profile, c.commits(2), c.frontier)
                    w.list_profile(c.profile, name)

            await log.write(create)
            roots = {p: (await head(log, p)).root for p in (PROFILE, OTHER)}
            listed = [
                Listed(OTHER, "ant", 2, roots[OTHER]),
                Listed(PROFILE, "zebra", 2, roots[PROFILE]),
            ]
            assert await log.read(lambda r: r.profiles()) == listed
            await log.write(lambda w: w.list_profile(OTHER, "bee", deleted=True))
            listed[0] = Listed(OTHER, "bee", 2, roots[OTHER], deleted=True)
            assert await log.read(lambda r: r.profiles()) == listed
            assert len(await log.read(lambda r: r.commits(OTHER, 0, 9))) == 2

        play(test)

    def test_what_is_kept_is_weighed(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            await append(log, chain, chain.commit(event("e1"), event("e2")), *chain.commits(3))
            await keep(log, Snapshot(2, chain.frontier, b"{}"))

            async def weighed(after: int, limit: int) -> Weighed:
                return await log.read(lambda r: r.weighed(PROFILE, after, limit))

            assert await weighed(0, 10) == Weighed(5, 1, 2)
            assert await weighed(1, 2) == Weighed(2, 1, 2)
            assert await weighed(9, 5) == Weighed(0, 1, 2)
            nowhere = await log.read(lambda r: r.weighed(OTHER, 0, 5))
            assert nowhere == Weighed(0, 0, 0)

        play(test)

    def test_snapshots(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            kept = {}
            for seq in range(1, 7):
                await append(log, chain, chain.commit())
                kept[seq] = Snapshot(seq, chain.frontier, b'{"seq":%d}' % seq)
            for seq in (2, 4, 6):
                await keep(log, kept[seq])

            async def at(upto: int | None = None) -> Snapshot | None:
                return await log.read(lambda r: r.snapshot(PROFILE, upto))

            assert [await at(1), await at(2), await at(5)] == [None, kept[2], kept[4]]
            assert await at() == kept[6]
            again = Snapshot(4, kept[4].frontier, b"again")
            await keep(log, again)
            assert await at(5) == again
            await log.write(lambda w: w.drop_snapshots(PROFILE, [2]))
            assert await at() == kept[2]
            await log.write(lambda w: w.drop_snapshots(PROFILE, []))
            assert await at() is None
            assert (await head(log)).seq == 6

        play(test)

    def test_redacting(self, play: Callable[[Play], None]) -> None:
        """Events may lose a value; the leaf, the root and all else of the commit stay."""

        async def game(log: EventLog) -> None:
            chain = Chain()
            body = ComponentUpdated({"/config/key": "secret"})
            taken = [chain.commit(seal(PROFILE, body, bytes(16))), *chain.commits(2)]
            await append(log, chain, *taken)
            await keep(log, Snapshot(2, chain.frontier, b"secret"))
            was, before = await head(log), await all_of(log, PROFILE)
            after, _ = redacted(before[0], {"secret": "[redacted in #4]"}, lambda: bytes(16))
            await log.write(lambda w: w.redact(PROFILE, [after]))
            assert await head(log) == was
            assert await all_of(log, PROFILE) == [after, *before[1:]]
            assert await log.read(lambda r: r.snapshot(PROFILE)) is None
            again, _ = redacted(after, {"[redacted in #4]": "[redacted in #5]"}, lambda: bytes(16))
            await log.write(lambda w: w.redact(PROFILE, [again]))
            assert (await all_of(log, PROFILE))[0] == again
            for other in (
                structs.replace(again, message="other"),
                structs.replace(again, events=before[1].events),
                structs.replace(again, seq=9),
                structs.replace(again, signature=bytes(64)),
            ):
                with pytest.raises(IntegrityError, match="would change commit"):
                    await log.write(partial(redact, other))
            assert (await all_of(log, PROFILE))[0] == again
            await log.scrub()
            assert await all_of(log, PROFILE) == [again, *before[1:]]

        play(game)

    def test_reads_see_one_moment(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            chain = Chain()
            await append(log, chain, chain.commit())
            loop = asyncio.get_running_loop()

            def look(r: LogReader) -> tuple[int, int]:
                before = r.head(PROFILE).seq
                asyncio.run_coroutine_threadsafe(append(log, chain, chain.commit()), loop).result()
                return before, r.head(PROFILE).seq

            assert await log.read(look) == (1, 1)
            assert (await head(log)).seq == 2

        play(test)

    def test_many_writers_at_once(self, play: Callable[[Play], None]) -> None:
        async def test(log: EventLog) -> None:
            profiles = [PROFILE, OTHER]

            def add(profile: str, w: LogWriter) -> int:
                chain = Chain(profile, w.head(profile))
                taken = chain.commit()
                w.append(profile, [taken], chain.frontier)
                return taken.commit.seq

            async def writer(n: int) -> list[int]:
                profile = profiles[n % 2]
                return [await log.write(partial(add, profile)) for _ in range(10)]

            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(writer(n)) for n in range(20)]
            for half in range(2):
                seqs = sorted(s for task in tasks[half::2] for s in task.result())
                assert seqs == list(range(1, 101))
                commits = await all_of(log, profiles[half])
                assert [c.seq for c in commits] == seqs

        play(test)

    def test_cancelled_anywhere_it_stays_usable(self, opened: Open) -> None:
        """Cancels a writer and a reader after every number of steps of the loop until they get through."""

        async def interrupted(steps: int) -> bool:
            log = await opened()
            try:
                start = (await head(log)).seq

                def add(w: LogWriter) -> None:
                    chain = Chain(PROFILE, w.head(PROFILE))
                    w.append(PROFILE, [chain.commit()], chain.frontier)

                async def work() -> None:
                    await log.write(add)
                    await log.read(lambda r: r.head(PROFILE))
                    await log.write(add)

                task = asyncio.create_task(work())
                for _ in range(steps):
                    await asyncio.sleep(0)
                through = task.done()
                task.cancel()
                await asyncio.wait([task])
                await asyncio.wait_for(log.write(add), 10)
                seq = (await head(log)).seq
                assert start < seq <= start + 3
                commits = await log.read(lambda r: r.commits(PROFILE, 0, 10_000))
                assert [c.seq for c in commits] == list(range(1, seq + 1))
                return through
            finally:
                await log.aclose()

        steps = 0
        while not asyncio.run(interrupted(steps)):
            steps = steps + 1 if steps < 20 else steps * 2

    def test_cancelled_while_opening_or_closing(self, opened: Open) -> None:
        async def interrupted(steps: int) -> bool:
            async def visit() -> None:
                log = await opened()
                await log.aclose()

            task = asyncio.create_task(visit())
            for _ in range(steps):
                await asyncio.sleep(0)
            through = task.done()
            task.cancel()
            await asyncio.wait([task])
            log = await opened()
            await append(log, chain := Chain(PROFILE, await head(log)), chain.commit())
            await log.aclose()
            return through

        steps = 0
        while not asyncio.run(interrupted(steps)):
            steps = steps + 1 if steps < 20 else steps * 2

    def test_closing_ends_the_work_under_way(self, opened: Open) -> None:
        async def test() -> None:
            log = await opened()
            chain = Chain()
            writing = asyncio.create_task(append(log, chain, *chain.commits(5)))
            await asyncio.sleep(0)
            await log.aclose()
            await writing
            log = await opened()
            assert (await head(log)).seq == 5
            await log.aclose()

        asyncio.run(test())

    def test_closed_log_says_so(self, opened: Open) -> None:
        async def test() -> None:
            log = await opened()
            await log.aclose()
            await log.aclose()
            with pytest.raises(LogError, match="closed"):
                await head(log)

        asyncio.run(test())
