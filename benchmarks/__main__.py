"""`python -m benchmarks [--quick] [--reference-hub COMMAND] [CASE …]`."""

import argparse
import os
import shlex
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.bench import FULL, QUICK, Bench
from benchmarks.outcome import Outcome, markdown, table
from stackroom.sync.settings import Settings

ROOT: Final = Path(__file__).parent.parent
RESULTS: Final = Path(__file__).with_name("RESULTS.md")
CASES: Final = {
    "limits": "what the disk, SQLite and the interpreter give by themselves",
    "commits": "durable acknowledged commits a second, beside a bare reference hub",
    "newcomer": "a cold client: history rebuilt, or usable from a snapshot",
    "audience": "commit to the last of many subscribers",
    "idle": "what connections cost that say nothing",
    "abuse": "what 50 honest clients notice of one abuser",
    "audit": "a long history verified from its first commit",
    "footprint": "a hub's memory, and its cold start",
    "commands": "commands as whole processes",
    "past": "states of the past, and the log of a million commits",
    "activity": "runs of pipelines and reports, on a long history",
    "proofs": "what a signature costs, and a proof",
    "dashboard": "what somebody at the dashboard waits for, in a real browser",
}
SETTINGS: Final = ("batch_proposals", "page_commits", "page_bytes", "snapshot_every")


def main() -> int:
    """Runs the cases that were named, or all; 1 if one of them could not be measured."""
    options = _options()
    cases = options.cases or list(CASES)
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
    bench = Bench(
        QUICK if options.quick else FULL,
        scratch,
        tuple(shlex.split(options.reference_hub)),
        lambda line: print(f"  {line}", flush=True),
    )
    started = time.monotonic()
    sections = [_heading(options.quick, scratch)]
    print(sections[0], flush=True)
    failed = []
    try:
        for case in cases:
            print(f"{case}: {CASES[case]}", flush=True)
            try:
                for outcome in _case(case)(bench):
                    sections.append(markdown(outcome))
                    print(f"\n{sections[-1]}", flush=True)
            except Exception:
                traceback.print_exc()
                failed.append(case)
                sections.append(f"## {case}\n\nThis case failed: it could not be measured.\n")
    finally:
        if not options.keep:
            shutil.rmtree(scratch)
    sections.append(f"Machine at the end: {machine.load()}.\n")
    print(f"{sections[-1]}\n{time.monotonic() - started:.0f} s in all")
    if not options.quick and not options.cases and not failed:
        RESULTS.write_text("\n".join(sections))
        print(f"written: {RESULTS}")
    return 1 if failed else 0


def _case(name: str) -> Callable[[Bench], list[Outcome]]:
    run: Callable[[Bench], list[Outcome]] = import_module(f"benchmarks.{name}").run
    return run


def _heading(quick: bool, folder: Path) -> str:
    settings = Settings()
    facts = [
        *machine.facts(),
        ("disk", machine.file_system(folder)),
        ("durability", "SQLite WAL, synchronous=FULL, in every hub"),
        ("hub settings", ", ".join(f"{name} {getattr(settings, name):,}" for name in SETTINGS)),
        ("before", machine.load()),
    ]
    what = "a quick run" if quick else "a full run"
    day = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    head = f"# Results\n\nWritten by `python -m benchmarks`, {what}, {day}. README.md says how to read it."
    return f"{head}\n\n{table(('what', 'value'), facts)}\n"


def _options() -> argparse.Namespace:
    described = "\n".join(f"  {name:10} {text}" for name, text in CASES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Measures Stackroom on this machine. Cases:\n{described}",
        epilog="A full run over all cases writes RESULTS.md.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all, if none is named")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: under three minutes")
    parser.add_argument(
        "--reference-hub",
        default=os.environ.get("REFERENCE_HUB", ""),
        metavar="COMMAND",
        help="another reference hub to measure beside; it is given PORT DATABASE full uvloop, takes "
        "events at /ROOM and answers K<count> (also: REFERENCE_HUB)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=ROOT / "build" / "benchmarks",
        help="where files are kept while measuring: on the disk that is to be measured",
    )
    parser.add_argument("--keep", action="store_true", help="leave the files there")
    options = parser.parse_args()
    if unknown := [case for case in options.cases if case not in CASES]:
        parser.error(f"no such case: {', '.join(unknown)} (there are {', '.join(CASES)})")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
