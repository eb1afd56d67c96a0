"""What a signature costs, and a proof: processor time in this process, since both are nothing else."""

import time
from collections.abc import Callable
from random import Random
from typing import Final

from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Target
from benchmarks.series import Series
from stackroom.events.proofs import checkpoint, merkle, merkle_proofs
from stackroom.events.proofs.checkpoint import Checkpoint
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.merkle import Frontier

HUB: Final = "018f2f6e-0000-4000-8000-000000000001"
PROFILE: Final = "018f2f6e-0000-7000-8000-000000000002"
TIMES: Final = 300
"""Of each in each round."""
LEAVES: Final = 100_000


def run(bench: Bench) -> list[Outcome]:
    """Measures each in turn, round by round."""
    key = PrivateKey(bytes(32))
    stated = Checkpoint(HUB, PROFILE, LEAVES, bytes(32), 1, 1_796_817_600_000)
    note = checkpoint.sign(stated, key)
    random = Random(1)
    leaves = [random.randbytes(32) for _ in range(LEAVES)]
    before = merkle.extended(Frontier(), leaves[:1])
    measures: dict[str, tuple[Callable[[], object], int]] = {
        "signing a checkpoint": (lambda: checkpoint.sign(stated, key), TIMES),
        "verifying one": (lambda: checkpoint.verify(note, HUB, key.public), TIMES),
        f"a consistency proof over {LEAVES:,} leaves": (
            lambda: merkle_proofs.consistency(before, LEAVES, lambda a, b: leaves[a:b]),
            1,
        ),
    }
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(bench.scale.limit_rounds):
        for name, (work, times) in measures.items():
            found[name].append(_microseconds(work, times))
    shown = {name: Series(tuple(values)) for name, values in found.items()}
    rows = tuple((name, series.shown()) for name, series in shown.items())
    targets = (
        Target("signing", shown["signing a checkpoint"].median, "at most", 100, "µs"),
        Target("verifying", shown["verifying one"].median, "at most", 500, "µs"),
    )
    notes = (
        f"medians (least–most) of {bench.scale.limit_rounds} rounds, processor time of this process",
        f"a checkpoint is {len(note.encode())} bytes",
    )
    return [Outcome("Signatures and proofs", ("what", "µs"), rows, targets, notes)]


def _microseconds(work: Callable[[], object], times: int) -> float:
    started = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - started) / times * 1e6
