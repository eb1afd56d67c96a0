"""Files as sources of definitions: our own, and stacks that ZenML exported. Each says which it is."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from stackroom.client.definitions import importing
from stackroom.client.definitions.definitions import Definitions
from stackroom.client.definitions.flavors import marked
from stackroom.client.errors import NotASource, NotFound
from stackroom.client.files import shape, text
from stackroom.client.files.folder import SUFFIXES, yaml_files
from stackroom.client.zenml import StackFileError, StackWarning, limits, warnings_for
from stackroom.client.zenml.load import load
from stackroom.client.zenml.read import stack_of

if TYPE_CHECKING:
    from stackroom.client.zenml import StackFile

STDIN: Final = "-"

FORMS: Final = {
    "A": "ZenML 0.10 to 0.13",
    "B": "ZenML 0.20",
    "C": "ZenML 0.23 to 0.94",
    "D": "ZenML 0.98",
    "E": "a Terraform recipe",
}
"""Who writes each of ZenML's forms."""


class Source(Struct, frozen=True):
    """A file that was read: its form (a letter of `docs/yaml.md`, or `stackroom`) and what it says.

    `stack` and `profile` are the names of what it is the file of, or empty.
    """

    path: str
    form: str
    stack: str
    definitions: Definitions
    warnings: tuple[StackWarning, ...] = ()
    profile: str = ""

    @property
    def recognised(self) -> str:
        """What the file is, in words."""
        if self.form == "stackroom":
            return "a file of stackroom"
        return f"a stack of {FORMS[self.form]} (form {self.form})"


def paths(given: Iterable[str]) -> list[str]:
    """The files that are meant: each once, folders with all YAML files in them.

    Raises NotFound for what is not there, and for a folder with no YAML file in it.
    """
    found: dict[str, None] = {}
    for name in given:
        path = Path(name)
        if name == STDIN or path.is_file() or path.is_char_device() or path.is_fifo():
            found[name] = None
        elif path.is_dir():
            inside = [str(each) for each in yaml_files(path)]
            if not inside:
                raise NotFound(f"{name} has no file that ends in {' or '.join(SUFFIXES)}")
            found |= dict.fromkeys(inside)
        else:
            raise NotFound(f"there is no file {name!r}")
    return list(found)


def read_all(
    files: Iterable[str], *, name: str = "", done: Callable[[], None] = lambda: None
) -> Iterator[Source]:
    """Each file, read; `name` is the stack's instead of the file's. `done` is called after each.

    Raises NotASource with the place of what is wrong, and OSError.
    """
    for file in files:
        yield read(file, name=name)
        done()


def read(file: str, *, name: str = "") -> Source:
    """One file, or stdin for `-`; as `read_all`."""
    shown = "<stdin>" if file == STDIN else file
    if file == STDIN:
        data = sys.stdin.buffer.read(limits.DOCUMENT_BYTES + 1)
    else:
        with Path(file).open("rb") as stream:
            data = stream.read(limits.DOCUMENT_BYTES + 1)
    try:
        return parse(data, shown, name=name)
    except StackFileError as error:
        raise NotASource(str(error), hint=error.hint) from error


def parse(data: bytes, source: str, *, name: str = "") -> Source:
    """The source in `data`; StackFileError."""
    root, ambiguous = load(data, source)
    if text.is_ours(root):
        ours = text.shaped(root, source)
        stack = ours.name if isinstance(ours, shape.StackFile) else ""
        profile = ours.name if isinstance(ours, shape.ProfileFile) else ""
        defined = shape.definitions(ours, source)
        return Source(source, "stackroom", stack, defined, ambiguous, profile)
    file = stack_of(root, ambiguous, source)
    return zenml(file, source, name=name)


def zenml(file: "StackFile", source: str, *, name: str = "") -> Source:
    """A stack of ZenML's as a source."""
    defined = importing.definitions(file, name=name, origin=source)
    warned = tuple(warnings_for(file, marked))
    return Source(source, str(file.form), name or file.name, defined, warned)
