"""Long histories, which take minutes to make: kept between runs beside the folders of the runs.

What one is made of is in its name; change that, and it is made anew. `make clean` deletes them.
"""

import shutil
import time
from hashlib import sha256
from itertools import islice
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.workload import Shape, Team, build
from stackroom.events.sqlite.log import LogFile
from stackroom.sync.settings import Settings


def team_of(shape: Shape) -> Team:
    """The team whose profile such a history is."""
    return Team("team", shape, seed=11, space=11)


def copy_of(bench: Bench, shape: Shape, path: Path) -> None:
    """Puts a hub's log at `path` with one profile of that shape: a copy of the one that is kept."""
    begins = list(islice(team_of(shape).history(), 3))
    known = (shape, begins, Settings().snapshot_every)
    key = sha256(repr(known).encode()).hexdigest()[:16]
    kept = bench.folder.parent / "histories" / f"{shape.commits}-{key}.db"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        begun = time.monotonic()
        made = bench.folder / kept.name
        build(made, [team_of(shape)])
        made.rename(kept)
        took = time.monotonic() - begun
        bench.say(f"a history of {shape.commits:,} commits made in {took:.0f} s, and kept")
    shutil.copyfile(kept, path)
    # It may have been made before the schema of today.
    LogFile.open(path, new_id="", synchronous="OFF").close()
    for backup in path.parent.glob(f"{path.name}.*.backup"):
        backup.unlink()
