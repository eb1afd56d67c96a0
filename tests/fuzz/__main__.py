"""`python -m tests.fuzz [TARGET …] [--seconds 60] [--keep]`: fuzzes, under atheris; see `make fuzz`.

Inputs that reach new code gather in `build/fuzz/TARGET`. With `--keep`, the fewest that reach all of it
become the corpus. An input that breaks something is written to `build/fuzz/TARGET-crash-…`: give it a
name, put it into the corpus, and mend what it broke.
"""

import argparse
import importlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz import CORPUS, TARGETS

FOUND = Path("build/fuzz")
LONGEST = 2_048
"""Bytes of an input: the corpus stays small, and each of its files is soon run."""


def fuzz(target: str, seconds: int, *more: str) -> None:
    """Fuzzes in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["stackroom"]):
        one = importlib.import_module(f"tests.fuzz.{target}").one
    found = FOUND / target
    found.mkdir(parents=True, exist_ok=True)
    arguments = [
        sys.argv[0], f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=20",
        f"-artifact_prefix={FOUND / target}-", "-print_final_stats=1", "-verbosity=0", *more,
    ]  # fmt: skip
    if not more:
        arguments += [str(found), str(CORPUS / target)]
    atheris.Setup(arguments, one)
    atheris.Fuzz()


def keep(target: str) -> None:
    """Makes the corpus of the fewest inputs that reach what all of them reach."""
    with tempfile.TemporaryDirectory() as fresh:
        here = [str(FOUND / target), str(CORPUS / target)]
        run(target, "--merge", fresh, *here)
        shutil.rmtree(CORPUS / target, ignore_errors=True)
        shutil.copytree(fresh, CORPUS / target)
    print(f"{target}: {len(list((CORPUS / target).iterdir()))} inputs kept")


def run(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "tests.fuzz", *arguments], check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--keep", action="store_true", help="make the corpus anew")
    parser.add_argument("--merge", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.merge:
        fuzz(options.targets[0], 0, "-merge=1", *options.merge)
    if options.here:
        fuzz(options.targets[0], options.seconds)
    failed = 0
    for target in options.targets or TARGETS:
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
        print(f"{target}: {options.seconds} s", flush=True)
        failed |= run(target, "--here", "--seconds", str(options.seconds))
        if options.keep:
            keep(target)
    return failed


if __name__ == "__main__":
    sys.exit(main())
