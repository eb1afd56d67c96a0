"""Runs `stackroom` as one person would: a home of their own, in this process or in one of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner

from stackroom.client.commands.app import root


class Ran(msgspec.Struct, frozen=True):
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stdout holds, as JSON."""
        return msgspec.json.decode(self.out)

    def ok(self) -> "Ran":
        """This, if the run ended with 0."""
        assert self.code == 0, f"exit {self.code}\n{self.out}{self.err}"
        return self

    def failed(self, code: int, *said: str) -> "Ran":
        """This, if the run ended with `code` and stderr has each of `said`."""
        assert self.code == code, f"exit {self.code} instead of {code}\n{self.out}{self.err}"
        assert "Traceback" not in self.err
        for text in said:
            assert text in self.err, f"{text!r} is not in {self.err!r}"
        return self


class Person:
    """Someone with a home; `stackroom(...)` runs the command line in this process."""

    def __init__(self, home: Path, user: str) -> None:
        self.home = home
        self.env: dict[str, str | None] = {
            "STACKROOM_HOME": str(home),
            "STACKROOM_USER": user,
            "STACKROOM_PROFILE": None,
            "STACKROOM_STACK": None,
            "STACKROOM_OFFLINE": None,
            "STACKROOM_OUTPUT": None,
            "STACKROOM_TOKEN": None,
            "STACKROOM_DEBUG": None,
            "NO_COLOR": None,
            "FORCE_COLOR": None,
            "CLICOLOR_FORCE": None,
            "TERM": None,
            "COLUMNS": None,
        }

    def stackroom(self, *args: str, input: str | None = None, **env: str) -> Ran:
        """Runs the command line in this process."""
        result = CliRunner().invoke(root, args, input=input, env={**self.env, **env})
        return Ran(result.exit_code, result.stdout, result.stderr)

    def data(self, *args: str) -> Any:
        """Runs it with `--output json`, which must end with 0, and gives what it printed."""
        return self.stackroom(*args, "--output", "json").ok().json

    def credentials(self) -> dict[str, str]:
        """The tokens in this home, by the hub's address."""
        kept = (self.home / "credentials.json").read_bytes()
        return msgspec.json.decode(kept, type=dict[str, str])

    def process(self, *args: str, python: tuple[str, ...] = (), **env: str) -> Ran:
        """Runs the command line as a process of its own."""
        done = subprocess.run(
            command(*args, python=python),
            env=self.environment(env),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def environment(self, more: Mapping[str, str] = {}) -> dict[str, str]:
        """The environment of such a process."""
        mine = {k: v for k, v in self.env.items() if v is not None}
        kept = {k: v for k, v in os.environ.items() if k not in self.env}
        return {**kept, **mine, **more}


def command(*args: str, python: tuple[str, ...] = ()) -> list[str]:
    """The command line as the arguments of a process; `python` are options of the interpreter."""
    code = "from stackroom.client.commands import main; main()"
    return [sys.executable, *python, "-c", code, *args]
