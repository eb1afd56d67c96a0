"""`python -m tests.simulation --seeds 1000 [--first 0] [--jobs 2]`, or `--seed N` to replay one."""

import argparse
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation.world import simulate

CHUNK = 50


def chunk(seeds: range) -> list[tuple[int, str]]:
    """Runs `seeds`; the failing ones, each with its traceback."""
    failed = []
    for seed in seeds:
        try:
            simulate(seed)
        except Exception:
            failed.append((seed, traceback.format_exc()))
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seed", type=int, help="replay this one, and nothing else")
    options = parser.parse_args()
    if options.seed is not None:
        simulate(options.seed)
        print(f"seed {options.seed}: all promises hold")
        return 0
    last = options.first + options.seeds
    chunks = [range(a, min(a + CHUNK, last)) for a in range(options.first, last, CHUNK)]
    begun, failures, done = time.monotonic(), 0, 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for future in as_completed([pool.submit(chunk, seeds) for seeds in chunks]):
            done += 1
            for seed, trace in future.result():
                failures += 1
                print(f"seed {seed} failed\n{trace}", flush=True)
    seconds = time.monotonic() - begun
    print(f"{options.seeds} seeds, {failures} failed, in {seconds:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
