"""A file's text to its struct and back. What a person wrote around the values stays: comments, order."""

import io
import re
from typing import Any, Final

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import SingleQuotedScalarString

from stackroom.client.files.shape import KINDS, File
from stackroom.client.zenml.emit import dump
from stackroom.client.zenml.errors import StackFileError
from stackroom.client.zenml.limits import LINE_WIDTH
from stackroom.client.zenml.load import Node, load
from stackroom.client.zenml.scalars import meaning_to_zenml
from stackroom.events.values import Value, same

_WHERE: Final = re.compile(r" - at `(?:key in )?\$(.*)`$")
_INDENTED_LIST: Final = re.compile(r"^( *)[^ #-][^\n]*:\n\1 +- ", re.MULTILINE)
"""A list that stands further right than its key: some people write them so, and others do not."""

_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


def is_ours(root: Node) -> bool:
    """Whether a document is one of our files: its `kind` says so."""
    return isinstance(root.value, dict) and "kind" in root.value


def parse(text: str | bytes, source: str) -> File:
    """The entity that the text defines; StackFileError, with the line where there is one."""
    root, _ = load(text, source)
    return shaped(root, source)


def shaped(root: Node, source: str) -> File:
    """The entity that a loaded document defines; StackFileError as `parse`."""
    kind = root.value.get("kind") if isinstance(root.value, dict) else None
    if kind is None or kind.value not in KINDS:
        at = kind or root
        raise StackFileError(
            f"kind is none of {', '.join(KINDS)}",
            hint="the first line of a file says what it defines, for example 'kind: component'",
            source=source,
            line=at.line,
            column=at.column,
        )
    try:
        file: File = msgspec.convert(root.plain(), File)
        return file
    except msgspec.ValidationError as error:
        said = str(error)
        where = _WHERE.search(said)
        at = _place(root, where[1] if where else "")
        what = said[: where.start()] if where else said
        place = f"{where[1].lstrip('.')}: " if where and where[1] else ""
        raise StackFileError(
            f"{place}{what[:1].lower()}{what[1:]}",
            hint=f"stackroom profile export writes a {kind.value} as it should be",
            source=source,
            line=at.line,
            column=at.column,
        ) from None


def render(file: File) -> str:
    """The text of a new file: fields in their order, everything inside them sorted."""
    return "".join(dump({key: value}) for key, value in _fields(file).items())


def revised(text: str, file: File, source: str) -> str:
    """`text` changed so that it defines `file`, and otherwise left as it is.

    Comments stay with what they stand before or beside; those beside a value that goes, go with it.
    Raises StackFileError if `text` is not one of our files.
    """
    if parse(text, source) == file:
        return text
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = LINE_WIDTH
    if _INDENTED_LIST.search(text):
        yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        document = yaml.load(text)
    except (ValueError, IndexError):
        return render(file)  # It takes a text such as `.` or `_` for a number, and fails at it.
    _revise(document, _fields(file))
    stream = io.StringIO()
    yaml.dump(document, stream)
    written = stream.getvalue()
    # The YAML library could mean something else by a scalar than our own reader, which decides.
    return written if parse(written, source) == file else render(file)


def _fields(file: File) -> dict[str, Value]:
    fields: dict[str, Value] = msgspec.to_builtins(file)
    return fields


def _revise(document: Any, wanted: dict[str, Value]) -> None:
    """Brings a mapping in line, key by key, so that what does not change keeps its comments."""
    for key in [key for key in document if key not in wanted]:
        _remove(document, key)
    for key, value in wanted.items():
        standing = document.get(key)
        if isinstance(standing, CommentedMap) and isinstance(value, dict) and value:
            _revise(standing, value)
        elif key not in document or not same(_plain(standing), value):
            document[key] = _styled(value)


def _remove(document: Any, key: str) -> None:
    """Removes a key; comment lines that follow it stay, since they are about what comes next."""
    keys = list(document)
    at = keys.index(key)
    tokens = document.ca.items.get(key)
    following = tokens[2] if tokens is not None and len(tokens) > 2 else None
    del document[key]
    if following is None or "\n" not in following.value.rstrip("\n"):
        return
    _, _, lines = following.value.partition("\n")
    if at + 1 < len(keys):
        said = "\n".join(
            line.strip().removeprefix("#").removeprefix(" ") for line in lines.splitlines()
        )
        document.yaml_set_comment_before_after_key(keys[at + 1], said, document.lc.col)
    elif at > 0:
        before = document.ca.items.setdefault(keys[at - 1], [None, None, None, None])
        following.value = (before[2].value.rstrip("\n") if before[2] else "") + "\n" + lines
        before[2] = following


def _plain(value: Any) -> Value:
    """A value of the YAML library as our own reader would give it."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return None


def _styled(value: Value) -> Any:
    """A value for the YAML library, with quotes where a reader might take text for something else."""
    match value:
        case dict():
            return CommentedMap((key, _styled(inner)) for key, inner in value.items())
        case list():
            return CommentedSeq(_styled(inner) for inner in value)
        case str() if meaning_to_zenml(value) is not None:
            return SingleQuotedScalarString(value)
        case _:
            return value


def _place(root: Node, path: str) -> Node:
    """The node at a path such as `.config.namespace[0]`, or the last one on the way that there is."""
    node = root
    for key, index in _STEP.findall(path):
        inner: Node | None = None
        if isinstance(node.value, dict):
            inner = node.value.get(key)
        elif isinstance(node.value, list) and index.isdigit() and int(index) < len(node.value):
            inner = node.value[int(index)]
        if inner is None:
            break
        node = inner
    return node
