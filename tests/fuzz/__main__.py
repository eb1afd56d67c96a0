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

FOUND = Path("build/fuzz").absolute()
HASHED = 40
"""Characters of the name that libFuzzer gives an input; what has another name is kept for ever."""

LONGEST = 2_048
"""Bytes of an input: the corpus stays small, and each of its files is soon run."""


def libfuzzer(target: str, arguments: list[str]) -> None:
    """Runs libFuzzer in this process, which ends with it; the first argument is its own command."""
    import atheris

    with atheris.instrument_imports(include=["stackroom"]):
        one = importlib.import_module(f"tests.fuzz.{target}").one
    atheris.Setup(arguments, one)
    atheris.Fuzz()


def command(folder: str, target: str) -> str:
    """A command that libFuzzer can run itself again, as it does to merge."""
    path = Path(folder) / target
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.fuzz {target} --raw "$0" "$@"\n')
    path.chmod(0o700)
    return str(path)


def fuzz(target: str, seconds: int, keep: bool) -> int:
    """Fuzzes one target in a process of its own; its exit code."""
    found, corpus = FOUND / target, CORPUS / target
    for folder in (found, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scripts, tempfile.TemporaryDirectory() as fresh:
        run = command(scripts, target)
        options = [
            f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=20",
            f"-artifact_prefix={FOUND / target}-", "-print_final_stats=1", "-verbosity=0",
        ]  # fmt: skip
        done = subprocess.run([run, *options, str(found), str(corpus)], check=False).returncode
        if keep and not done:
            merge = [run, "-merge=1", f"-max_len={LONGEST}", fresh, str(found), str(corpus)]
            subprocess.run(merge, check=True, stderr=subprocess.DEVNULL)
            for path in corpus.iterdir():
                if len(path.name) == HASHED:
                    path.unlink()
            shutil.copytree(fresh, corpus, dirs_exist_ok=True)
            print(f"{target}: {len(list(corpus.iterdir()))} inputs kept", flush=True)
    return done


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--keep", action="store_true", help="make the corpus anew")
    parser.add_argument("--raw", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.raw:
        libfuzzer(options.targets[0], options.raw)
    failed = 0
    for target in options.targets or TARGETS:
        print(f"{target}: {options.seconds} s", flush=True)
        failed |= fuzz(target, options.seconds, options.keep)
    return failed


if __name__ == "__main__":
    sys.exit(main())
