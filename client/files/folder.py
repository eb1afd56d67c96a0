"""A folder of entity files: what it holds, and how it comes to hold what a profile says."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from stackroom.client.errors import ClientError, NotASource
from stackroom.client.files import text
from stackroom.client.files.shape import (
    KINDS,
    ComponentFile,
    File,
    FlavorFile,
    ProfileFile,
    StackFile,
)
from stackroom.client.zenml.errors import StackFileError
from stackroom.client.zenml.limits import DOCUMENT_BYTES
from stackroom.client.zenml.load import load

SUFFIXES: Final = (".yaml", ".yml")
"""What the names of files end with that are looked into."""

_UNSAFE: Final = re.compile(r"[^\w.+@ -]|^[. ]|\.$")
"""What would be hidden, or refused, by some file system."""

_OURS: Final = re.compile(
    rb"^\W{0,3}[\"']?kind[\"']?\s*:\s*[\"']?(?:" + "|".join(KINDS).encode() + rb")\b", re.MULTILINE
)
"""The line by which a file of ours says what it defines."""

_LONGEST_STEM: Final = 120
"""Characters of a name that a file's name keeps; a digest of the whole takes the place of the rest."""


class Held(Struct, frozen=True):
    """A file of ours, as it lies in the folder."""

    path: Path
    content: str
    file: File


class Change(Struct, frozen=True):
    """What becomes of one file: `content` is the new one, None where the file goes."""

    path: Path
    content: str | None
    new: bool


class NotOneProfile(ClientError):
    """The folder has two files for one entity."""


def yaml_files(folder: Path) -> Iterator[Path]:
    """The YAML files in a folder and in the folders in it, hidden ones left out, in a stable order."""
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from yaml_files(path)
        elif path.suffix in SUFFIXES:
            yield path


def count(folder: Path) -> int:
    """How many files `held` looks into."""
    return sum(1 for _ in yaml_files(folder)) if folder.is_dir() else 0


def held(folder: Path, done: Callable[[], None] = lambda: None) -> list[Held]:
    """Our own files in the folder; others are passed over, whatever is in them.

    `done` is called after each file. Raises NotASource, OSError.
    """
    found = []
    for path in yaml_files(folder) if folder.is_dir() else ():
        with path.open("rb") as stream:
            data = stream.read(DOCUMENT_BYTES + 1)
        done()
        if _OURS.search(data) is None:
            continue
        try:
            root, _ = load(data, str(path))
            content = data.decode("utf-8").removeprefix("\ufeff")
            found.append(Held(path, content, text.shaped(root, str(path))))
        except StackFileError as error:
            raise NotASource(str(error), hint=error.hint) from error
    return found


def changes(folder: Path, standing: Iterable[Held], wanted: Iterable[File]) -> list[Change]:
    """What brings the folder from what it holds to what is wanted.

    A file stays where its reader has put it, with its comments. Raises NotOneProfile.
    """
    kept: dict[tuple[str, str, str], Held] = {}
    for each in standing:
        other = kept.setdefault(_entity(each.file), each)
        if other is not each:
            raise NotOneProfile(
                f"{other.path} and {each.path} define the same entity",
                hint="delete one of them, or give it another name",
            )
    found = []
    taken = {str(each.path).casefold() for each in kept.values()}
    for file in wanted:
        before = kept.pop(_entity(file), None)
        if before is None:
            path = _free(folder, place(file), taken)
            found.append(Change(path, text.render(file), True))
            continue
        content = text.revised(before.content, file, str(before.path))
        if content != before.content:
            found.append(Change(before.path, content, False))
    return found + [Change(each.path, None, False) for each in kept.values()]


def carry_out(changes: Iterable[Change]) -> None:
    """Writes and removes files, each whole or not at all, and folders that are empty then."""
    for change in changes:
        if change.content is None:
            change.path.unlink()
            _tidy(change.path.parent)
            continue
        change.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = change.path.with_name(f".{change.path.name}.unfinished")
        unfinished.write_text(change.content, encoding="utf-8", newline="\n")
        unfinished.replace(change.path)


def _tidy(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _entity(file: File) -> tuple[str, str, str]:
    match file:
        case ProfileFile():
            return "profile", "", ""
        case StackFile():
            return "stack", "", file.name
        case FlavorFile():
            return "flavor", file.type, file.name
        case ComponentFile():
            return "component", file.type, file.name


def place(file: File) -> PurePosixPath:
    """Where a new file goes, in the folder."""
    kind, type, name = _entity(file)
    if kind == "profile":
        return PurePosixPath("profile.yaml")
    return PurePosixPath(f"{kind}s", type, f"{_stem(name)}.yaml")


def _stem(name: str) -> str:
    """A file's name for an entity's: `%` and two digits stand for what a file system may refuse."""
    safe = _UNSAFE.sub(lambda m: "".join(f"%{b:02X}" for b in m[0].encode()), name)
    if len(safe) <= _LONGEST_STEM:
        return safe
    return f"{safe[:_LONGEST_STEM]}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _free(folder: Path, place: PurePosixPath, taken: set[str]) -> Path:
    """The path for a new file; with a number where another differs by capitals alone."""
    path, n = folder / place, 1
    while str(path).casefold() in taken or path.exists():
        n += 1
        path = folder / place.with_stem(f"{place.stem}~{n}")
    taken.add(str(path).casefold())
    return path
