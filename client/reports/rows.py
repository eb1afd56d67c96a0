"""What happened, a row a change, for other tools: CSV (RFC 4180) and JSON lines."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import UNSET, Struct

from stackroom.client.reports.acts import Act
from stackroom.events.values import Maybe

_FORMULA: Final = re.compile(r"[=+\-@\t\r\n|%]")
"""How a cell begins that a spreadsheet may take for a formula, or for a command."""

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")

_encode = msgspec.json.Encoder(order="deterministic").encode


class Row(Struct, frozen=True, omit_defaults=True):
    """One change; `docs/reports.md` has the columns. `time` is the hub's (UTC, ISO 8601)."""

    profile: str
    seq: int
    time: str
    author: str
    kind: str
    action: str
    entity: str
    what: str
    type: str
    name: str
    stacks: tuple[str, ...]
    path: str
    message: str
    commit: str
    before: Maybe = UNSET
    after: Maybe = UNSET


COLUMNS: Final = Row.__struct_fields__


def row(act: Act) -> Row:
    """An act as other tools have it."""
    time = datetime.fromtimestamp(act.accepted / 1_000, UTC).isoformat(timespec="milliseconds")
    return Row(
        act.profile,
        act.seq,
        time.replace("+00:00", "Z"),
        act.author,
        act.kind,
        act.action,
        act.entity,
        act.what,
        act.type,
        act.name,
        act.stacks,
        act.path,
        act.message,
        act.commit,
        act.before,
        act.after,
    )


def json_lines(acts: Iterable[Act]) -> Iterator[str]:
    """A JSON object a line; `before` and `after` are missing where there is no value."""
    for act in acts:
        yield _encode(row(act)).decode() + "\n"


def csv_lines(acts: Iterable[Act]) -> Iterator[str]:
    """The heading, and a line a change; texts as they are, other values as JSON, names of stacks by `;`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for act in acts:
        each = row(act)
        writer.writerow([_cell(getattr(each, column)) for column in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula: such a cell begins with `'`. Numbers stay numbers."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _cell(value: Maybe | tuple[str, ...]) -> str:
    match value:
        case str():
            return safe(value)
        case tuple():
            return safe("; ".join(value))
        case _:
            return "" if value is UNSET else safe(_encode(value).decode())
