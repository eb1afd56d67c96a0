"""`python -m benchmarks [--quick] [CASE …]`."""

import argparse
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.bench import FULL, QUICK, Bench
from benchmarks.cases import CASES
from benchmarks.outcome import Outcome
from benchmarks.peers import roster
from benchmarks.report import Report, Section, chapter, write
from stackroom.sync.settings import Settings

HERE: Final = Path(__file__).parent
BUILD: Final = HERE.parent / "build" / "benchmarks"
SETTINGS: Final = ("batch_proposals", "page_commits", "page_bytes", "snapshot_every")


def main() -> int:
    """Runs the cases that were named, or all; 1 if one of them could not be measured."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # So that all servers are ended, too.
    whole = not options.quick and not options.cases
    options.folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="run-", dir=options.folder))
    scratch.chmod(0o711)  # PostgreSQL, which root must not run, keeps its files there, too.
    scale = QUICK if options.quick else FULL
    bench = Bench(scale, scratch, lambda line: print(f"  {line}", flush=True))
    started, day = time.monotonic(), time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    facts = _facts(scratch)
    try:
        sections = []
        for case in options.cases or _all(options.quick):
            sections.append(_measured(bench, case))
            _settle(scratch, options.keep)
    finally:
        if not options.keep:
            shutil.rmtree(scratch)
    took = time.monotonic() - started
    kind = "a quick run" if options.quick else "a full run"
    report = Report(kind, day, facts, tuple(sections), took)
    place = options.report or (HERE if whole else BUILD / "report")
    failed = [section.case for section in sections if section.outcomes is None]
    if failed and place == HERE:
        place = BUILD / "report"
    write(report, place)
    met = sum(target.met for _, target in report.targets)
    print(
        f"{met} of {len(report.targets)} targets met; {took:.0f} s in all; see {place}/RESULTS.md"
    )
    if failed:
        print(f"could not be measured: {', '.join(failed)}")
    return 1 if failed else 0


def _settle(scratch: Path, keep: bool) -> None:
    """Leaves the next case nothing of the last."""
    for path in () if keep else scratch.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    machine.settle()


def _all(quick: bool) -> list[str]:
    return [name for name, case in CASES.items() if not (quick and case.slow)]


def _measured(bench: Bench, name: str) -> Section:
    """Runs one case, and shows what it found."""
    print(f"{name}: {CASES[name].measures}", flush=True)
    before, started = machine.pace(), time.monotonic()
    run: Callable[[Bench], list[Outcome]] = import_module(CASES[name].module).run
    outcomes: tuple[Outcome, ...] | None = None
    try:
        outcomes = tuple(run(bench))
    except Exception:
        traceback.print_exc()
    took = time.monotonic() - started
    section = Section(name, before, machine.pace(), took, outcomes)
    print("\n" + "\n".join(chapter(section)), flush=True)
    return section


def _facts(folder: Path) -> tuple[tuple[str, str], ...]:
    settings = Settings()
    return (
        *machine.facts(),
        ("peers", ", ".join(roster.versions())),
        ("disk", machine.file_system(folder)),
        ("durability", "SQLite WAL, synchronous=FULL, in our hub and the reference hub"),
        ("hub settings", ", ".join(f"{name} {getattr(settings, name):,}" for name in SETTINGS)),
        ("before", str(machine.pace())),
    )


def _options() -> argparse.Namespace:
    described = "\n".join(f"  {name:10} {case.measures}" for name, case in CASES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Measures Stackroom on this machine. Cases:\n{described}",
        epilog="A full run over all cases writes RESULTS.md, results.json and plots/ beside this program.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all, if none is named")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: under three minutes")
    parser.add_argument(
        "--folder",
        type=Path,
        default=BUILD,
        help="where files are kept while measuring: on the disk that is to be measured",
    )
    parser.add_argument(
        "--report",
        type=Path,
        help="where the report is written (default: here for a full run over all cases, "
        "build/benchmarks/report for others)",
    )
    parser.add_argument("--keep", action="store_true", help="leave the files in the folder")
    options = parser.parse_args()
    if unknown := [case for case in options.cases if case not in CASES]:
        parser.error(f"no such case: {', '.join(unknown)} (there are {', '.join(CASES)})")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
