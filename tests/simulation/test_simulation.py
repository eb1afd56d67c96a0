"""The seven promises of `docs/promises.md`, over 300 seeds; more with `make sim SEEDS=…`."""

from pathlib import Path

import pytest

from tests.simulation.world import Simulation, simulate

SEEDS = 300
CHUNK = 25


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_all_promises_hold(first: int) -> None:
    for seed in range(first, first + CHUNK):
        simulate(seed)


@pytest.mark.parametrize("seed", [3, 11])
def test_a_seed_replays_alike(seed: int, tmp_path: Path) -> None:
    """What a seed did it does again, to the last byte that anybody was told."""
    runs = []
    for name in ("first", "again"):
        folder = tmp_path / name
        folder.mkdir()
        simulation = Simulation(seed, folder)
        simulation.run()
        runs.append(simulation.witness)
    assert runs[0].commits
    assert runs[0].commits == runs[1].commits
    assert runs[0].states == runs[1].states
    assert runs[0].acknowledged == runs[1].acknowledged
