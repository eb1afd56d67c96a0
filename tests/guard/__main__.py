"""`python -m tests.guard [--set | --json]`: counts, shows, and with `--set` writes the ceilings anew."""

import argparse
import json
import tempfile
from pathlib import Path

from tests.guard import ceilings
from tests.guard.paths import measured


def main() -> int:
    """1 if something is above its ceiling."""
    parser = argparse.ArgumentParser(prog="python -m tests.guard", description=__doc__)
    parser.add_argument("--set", action="store_true", help="write the ceilings anew")
    parser.add_argument("--json", action="store_true", help="show the counts as JSON, and no more")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = measured(Path(folder))
    if options.json:
        print(json.dumps(counts))
        return 0
    if options.set:
        ceilings.hold(counts)
    held = ceilings.held() or {}
    for name, count in counts.items():
        ceiling = f"{held[name]:,}" if name in held else "none"
        print(f"{count:>9,}  (ceiling {ceiling:>9})  {name}")
    return 1 if ceilings.exceeded(counts, held) else 0


if __name__ == "__main__":
    raise SystemExit(main())
