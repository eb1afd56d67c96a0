"""Exit codes, and how an error is told: `docs/exit-codes.md` lists them for people.

Exit codes are a contract: scripts rely on them, so a number never changes its meaning.
"""

import os
import re
import sys
from enum import IntEnum

import click
from msgspec import Struct, json, to_builtins

from stackroom.client.commands.terminal import screen
from stackroom.events.errors import IntegrityError, StackroomError


class Exit(IntEnum):
    """What the process ends with."""

    DONE = 0
    """Done, also when the change is saved here and waits for the hub."""
    ERROR = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_AUTHORISED = 4
    CONFLICTS = 5
    """There are open conflicts: from `sync` and `conflicts list --exit-code`."""
    UNREACHABLE = 6
    """The command needs the hub, and it cannot be reached."""
    VERSION = 8
    """Hub and client do not speak the same version."""
    INTEGRITY = 9
    """What is stored or was received does not add up."""
    INTERRUPTED = 130


class Failure(Struct, frozen=True):
    """An error as it is told; `hint` is the command to run next, or empty.

    `reason` is the code of the rule that refuses something, or empty. `stackroom explain` knows both codes.
    """

    code: str
    sentence: str
    hint: str
    exit: int
    reason: str = ""


class Refused(StackroomError):
    """A command was not carried out: by its user's choice, for want of it, or as the hub refused it.

    `reason` is the code of the rule by which the hub did.
    """

    exit_code = Exit.ERROR

    def __init__(self, sentence: str, *, hint: str = "", reason: str = "") -> None:
        self.reason = reason
        super().__init__(sentence, hint=hint)


def failure(error: BaseException) -> Failure:
    """How `error` is told, and what the process ends with."""
    match error:
        case click.exceptions.Abort() | KeyboardInterrupt():
            return Failure("interrupted", "Interrupted.", "", Exit.INTERRUPTED)
        case click.UsageError():
            return Failure("usage", _sentence(error.format_message()), _usage(error), Exit.USAGE)
        case click.ClickException():
            return Failure("error", _sentence(error.format_message()), "", Exit.ERROR)
        case IntegrityError():
            return Failure("integrity_error", _sentence(str(error)), error.hint, Exit.INTEGRITY)
        case StackroomError():
            reason = str(getattr(error, "reason", ""))
            code = int(getattr(error, "exit_code", Exit.ERROR))
            if reason == "not_allowed":
                code = Exit.NOT_AUTHORISED
            return Failure(code_of(type(error)), _sentence(str(error)), error.hint, code, reason)
        case OSError() if error.filename is not None:
            return Failure("file", f"{error.filename}: {error.strerror}.", "", Exit.ERROR)
        case _:
            sentence = f"{type(error).__name__}: {error}. This is a fault of stackroom."
            hint = "please report it with the output of the same command under STACKROOM_DEBUG=1"
            return Failure("unexpected", sentence, hint, Exit.ERROR)


def report(error: BaseException, *, as_json: bool) -> int:
    """Tells `error` on stderr and returns the exit code."""
    told = failure(error)
    if os.environ.get("STACKROOM_DEBUG") == "1":
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    if as_json:
        click.echo(json.encode({"error": to_builtins(told)}).decode(), err=True)
    elif told.exit == Exit.INTERRUPTED:
        click.echo(told.sentence, err=True)
    else:
        where = screen(sys.stderr)
        lines = [where.paint("Error:", "bad") + f" {told.sentence}"]
        if told.hint:
            lines.append(where.paint("Hint:", "quiet") + f" {told.hint}")
        if told.reason:
            lines.append(where.paint("More:", "quiet") + f" stackroom explain {told.reason}")
        click.echo("\n".join(lines), err=True, color=where.colours)
    return told.exit


def _usage(error: click.UsageError) -> str:
    hint = getattr(error, "hint", "")
    if hint or error.ctx is None:
        return hint
    return f"{error.ctx.command_path} --help"


def code_of(kind: type[StackroomError]) -> str:
    """The name of an error's class in snake case: `NotFound` is `not_found`."""
    name = kind.__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _sentence(text: str) -> str:
    """`text` as a sentence: a capital at its start, unless that is a file's name; a full stop at its end."""
    text = text.strip()
    if re.match(r"[^\W\d_A-Z]+[\s,;]", text):
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
