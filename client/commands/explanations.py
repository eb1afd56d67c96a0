"""What exit codes and the codes of errors mean: `explanations.toml`, and `docs/errors.md` made from it.

`python -m stackroom.client.commands.explanations` writes the page.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import click
import msgspec
from msgspec import Struct

_INTRODUCTION = """\
# Errors

Made from `client/commands/explanations.toml` by `make generate`; do not edit. `stackroom explain CODE` says
the same on the command line.

An error has a code: `code` in the JSON that `--output json` writes to stderr. Where a rule refuses
something, `reason` is that rule's own code; it is also the `code` of a parked change in `pending list`. The
process ends with an [exit code](exit-codes.md), which is a number.
"""


class Explanation(Struct, frozen=True, forbid_unknown_fields=True):
    """What a code means; `exit` is the exit code of the errors that have it, if it is an error's."""

    means: str
    why: str
    next: str
    example: str
    exit: int | None = None


class Explanations(Struct, frozen=True, forbid_unknown_fields=True):
    """Exit codes (by their number, as text), and the codes of errors and refusals."""

    exits: dict[str, Explanation]
    codes: dict[str, Explanation]

    def find(self, code: str) -> Explanation | None:
        """What is said on a code or a number."""
        return self.exits.get(code) or self.codes.get(code)


@cache
def explanations() -> Explanations:
    """All of them, in the order in which they are shown."""
    text = files("stackroom.client.commands").joinpath("explanations.toml").read_bytes()
    return msgspec.toml.decode(text, type=Explanations)


def page() -> str:
    """`docs/errors.md`."""
    known = explanations()
    parts = [_INTRODUCTION, "## Exit codes\n"]
    for number, said in known.exits.items():
        parts += _section(number, said)
    parts.append("## Codes\n")
    for code, said in sorted(known.codes.items()):
        parts += _section(f"`{code}`", said)
    return "\n".join(parts)


def _section(title: str, said: Explanation) -> Iterator[str]:
    yield f"### {title}\n"
    ends = f" The process ends with {said.exit}." if said.exit is not None else ""
    yield f"{said.means} {said.why}{ends}\n"
    yield f"**Next:** {said.next}\n"
    yield f"```\n{said.example.strip()}\n```\n"


if __name__ == "__main__":
    click.echo(page(), nl=False)
