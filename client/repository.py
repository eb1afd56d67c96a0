"""The repository: a folder whose work belongs to one profile and stack, as `.stackroom/config.yaml` says.

It is found from any folder inside it, as git finds its own.
"""

import re
from pathlib import Path
from typing import Final

from msgspec import Struct, structs

from stackroom.client.errors import NotASource

FOLDER: Final = ".stackroom"
FILE: Final = "config.yaml"

_SIMPLE: Final = r"(profile|stack): ([A-Za-z_][\w.@:/+-]*)"
"""A line that every YAML reader takes for the same: most files hold no other, and are read at once."""

_WORDS: Final = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

_HEAD: Final = (
    "# Which profile and stack stackroom works on in this folder; see `stackroom init --help`.\n"
)


class Repository(Struct, frozen=True):
    """A repository at `root`; `profile` and `stack` are names, None where the file does not say."""

    root: Path
    profile: str | None = None
    stack: str | None = None

    @property
    def file(self) -> Path:
        """Where it is kept."""
        return self.root / FOLDER / FILE

    @classmethod
    def find(cls, start: Path) -> "Repository | None":
        """The repository that `start` is in; None outside of any. NotASource for a file that is none."""
        for root in (start, *start.parents):
            file = root / FOLDER / FILE
            try:
                content = file.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                continue
            return _parsed(root, content)
        return None

    def write(self, *, profile: str | None = None, stack: str | None = None) -> "Repository":
        """The repository with another profile or stack, written; comment lines in the file stay."""
        changed = structs.replace(self, profile=profile or self.profile, stack=stack or self.stack)
        if profile is not None and profile != self.profile and stack is None:
            changed = structs.replace(changed, stack=None)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.file.with_suffix(".unfinished")
        unfinished.write_text(changed.render(), encoding="utf-8")
        unfinished.replace(self.file)
        return changed

    def render(self) -> str:
        """The file's text: what is there, with the lines that say the profile and the stack renewed."""
        from stackroom.client.zenml.emit import dump

        try:
            kept = self.file.read_text(encoding="utf-8")
        except FileNotFoundError:
            kept = _HEAD
        for key in ("profile", "stack"):
            value = getattr(self, key)
            line = re.compile(rf"^{key}:.*\n?", re.MULTILINE)
            new = "" if value is None else dump({key: value})
            if line.search(kept):
                kept = line.sub(lambda _, new=new: new, kept, count=1)  # type: ignore[misc]
            else:
                kept = kept.rstrip("\n") + "\n" + new
        return kept


def _parsed(root: Path, content: bytes) -> Repository:
    lines = content.decode("utf-8", "replace").splitlines()
    found: dict[str, str] = {}
    for line in lines:
        if not line or line.startswith("#"):
            continue
        simple = re.fullmatch(_SIMPLE, line)
        if simple is None or simple[1] in found or simple[2].lower() in _WORDS:
            return _loaded(root, content)
        found[simple[1]] = simple[2]
    return Repository(root, found.get("profile"), found.get("stack"))


def _loaded(root: Path, content: bytes) -> Repository:
    # The YAML reader takes longer to import than most commands to run.
    from stackroom.client.zenml.errors import StackFileError
    from stackroom.client.zenml.load import load

    file = root / FOLDER / FILE
    hint = "it holds 'profile: NAME' and 'stack: NAME'; stackroom init writes it anew"
    try:
        node, _ = load(content, str(file))
    except StackFileError as error:
        raise NotASource(str(error), hint=hint) from error
    held = node.plain()
    if not isinstance(held, dict) or not held.keys() <= {"profile", "stack"}:
        raise NotASource(f"{file} holds something else than a profile and a stack", hint=hint)
    if not all(value is None or isinstance(value, str) for value in held.values()):
        raise NotASource(f"{file}: names are text: put them in quotes", hint=hint)
    return Repository(root, held.get("profile"), held.get("stack"))
