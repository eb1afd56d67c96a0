"""The cases beside the peers, on a tiny scale: our hub and the reference hub, which need nothing else."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from msgspec import structs

from benchmarks import catch_up, commits, delivery
from benchmarks.bench import QUICK, Bench
from benchmarks.outcome import Outcome
from benchmarks.peers import field, roster
from benchmarks.peers.ours import AT_ONCE, Ours, OursSigned, OurWriter
from benchmarks.peers.peer import Peer
from benchmarks.peers.reference import Reference
from benchmarks.peers.workload import Supply, marks, team
from benchmarks.speaker import Speaker
from stackroom.client import chance
from stackroom.events.log import Answer
from stackroom.sync import protocol as wire

TINY = structs.replace(
    QUICK,
    commit_rounds=1,
    commit_seconds=0.05,
    audiences=(3,),
    delivery_rounds=1,
    delivery_seconds=0.2,
    delivery_flat_out=0.1,
    peers_history=300,
    catch_ups=1,
)


class Absent(Reference):
    """A peer that is not installed."""

    name = "absent"

    def missing(self) -> str:
        return "it is not installed (apt install absent)"


class Broken(Reference):
    """A peer that does not start."""

    name = "broken"

    def serving(self, folder: Path) -> "object":  # type: ignore[override]
        raise OSError("no such thing")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    peers: tuple[Peer, ...] = (Ours(), OursSigned(), Reference(), Absent(), Broken())
    monkeypatch.setattr(roster, "ALL", peers)
    return Bench(TINY, tmp_path, lambda line: None)


@pytest.mark.parametrize("run", [commits.run, delivery.run, catch_up.run])
def test_ours_and_the_reference_do_the_same_work(
    bench: Bench, run: Callable[[Bench], list[Outcome]]
) -> None:
    first, *rest = run(bench)
    names = {cell for row in first.rows for cell in row}
    said = "\n".join(note for outcome in (first, *rest) for note in outcome.notes)
    assert {"stackroom", "reference hub"} <= names, said
    assert first.targets
    assert first.plots
    assert "broken is left out: it did not start (no such thing)" in said
    assert "absent is left out: it is not installed (apt install absent)" in said


@pytest.mark.parametrize("run", [commits.run, delivery.run])
def test_a_round_that_is_over_at_once_has_something_to_tell(
    bench: Bench, run: Callable[[Bench], list[Outcome]]
) -> None:
    """A busy machine may stand still for as long as a short round lasts."""
    over = structs.replace(TINY, commit_seconds=1e-9, delivery_flat_out=1e-4)
    first, *rest = run(structs.replace(bench, scale=over))
    names = {cell for row in first.rows for cell in row}
    said = "\n".join(note for outcome in (first, *rest) for note in outcome.notes)
    assert {"stackroom", "reference hub"} <= names, said


class Recorder:
    """A connection whose hub accepts all, and remembers how it came."""

    def __init__(self) -> None:
        self.pushes: asyncio.Queue[wire.Push] = asyncio.Queue()
        self.sizes: list[int] = []

    @property
    def socket(self) -> "Recorder":
        return self

    async def send(self, data: bytes) -> None:
        push = wire.decode_from_replica(data, wire.MSGPACK)
        assert isinstance(push, wire.Push)
        self.sizes.append(len(push.proposals))
        await self.pushes.put(push)

    async def receive(self) -> wire.Results:
        push = await self.pushes.get()
        answers = [Answer(each.id, "accepted", each.number) for each in push.proposals]
        return wire.Results(push.profile, tuple(answers))


@pytest.mark.anyio
async def test_what_our_writer_has_waiting_goes_in_one_push() -> None:
    line, profile = Recorder(), team("room", 1).profile
    writer = OurWriter(cast("Speaker", line), chance.new_id(), profile, 1)
    events = Supply("room", 10).take(AT_ONCE + 8)
    for made in events[:2]:
        await writer.append(writer.message([made]))
    assert line.sizes == [1, 1]
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        for made in events[2:7]:
            tasks.create_task(writer.append(writer.message([made])))
    assert line.sizes == [1, 1, 5]
    await writer.append(writer.message(events[7:]))
    assert line.sizes == [1, 1, 5, AT_ONCE, 1]
    assert writer.head == len(events)
    assert writer._reading is not None
    writer._reading.cancel()


def test_all_are_given_the_same_events() -> None:
    one, other = Supply("room", 10), Supply("room", 10)
    made = one.take(5)
    assert made == other.take(5)
    assert [marks(each.json) for each in made] == [[n] for n in range(1, 6)]
    assert [marks(each.event.body.encode()) for each in made] == [[n] for n in range(1, 6)]
    assert len({each.event.entity for each in made}) == 5


def test_who_fails_is_dropped_but_never_ours() -> None:
    from typing import Any, cast

    server = cast(Any, None)
    ours = field.Entrant(Ours(), server, 0.0)
    peer = field.Entrant(Reference(), server, 0.0)
    both = field.Field((ours, peer), ())
    alone = both.drop(peer, ValueError("no"))
    assert alone.entrants == (ours,)
    assert alone.left_out == ("reference hub is left out: it failed (ValueError: no)",)
    with pytest.raises(ValueError):
        both.drop(ours, ValueError("no"))
