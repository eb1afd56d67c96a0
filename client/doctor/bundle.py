"""A file for a bug report: what may leave the machine, and nothing else.

Versions, findings by their facts, sizes, schemas, rows counted, and which settings were said where. No names,
paths or values that somebody chose, no tokens: what goes in is picked, not what stays out.
"""

import os
import platform
import re
import sqlite3
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from stackroom.client.doctor.configuration import Said
from stackroom.client.doctor.files import Looked
from stackroom.client.doctor.finding import Finding
from stackroom.client.doctor.repairing import Repaired
from stackroom.events.sqlite.migrations import Step
from stackroom.events.version import VERSION

LIBRARIES: Final = (
    "aiosqlite",
    "anyio",
    "click",
    "cryptography",
    "msgspec",
    "rich",
    "ruamel.yaml",
    "uvloop",
    "websockets",
)

WORDS: Final = re.compile(r"[a-z0-9_.+-]{1,40}", re.IGNORECASE)


class Schema(Struct, frozen=True):
    """What a SQLite file of ours has in it: sizes in bytes, rows by table, and SQL that is ours."""

    file: str
    bytes: int
    wal_bytes: int
    schema: int
    known: int
    faults: int
    rows: Mapping[str, int]
    sql: Sequence[str]


def write(
    target: Path,
    findings: Iterable[Finding],
    configuration: Iterable[Said],
    repaired: Iterable[Repaired],
    schemas: Iterable[Schema],
) -> None:
    """Writes the bundle, readable by its owner alone. Raises FileExistsError, OSError."""
    parts: dict[str, Any] = {
        "versions.json": versions(),
        "findings.json": [
            {"check": f.check, "level": f.level, "facts": _words(f.facts)} for f in findings
        ],
        "configuration.json": [_redacted(said) for said in configuration],
        "repaired.json": [{"check": each.check, "done": each.done} for each in repaired],
        "files.json": list(schemas),
    }
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w") as bundle:
        for name, part in parts.items():
            bundle.writestr(name, msgspec.json.format(msgspec.json.encode(part), indent=2))


def schema(seen: Looked, steps: Sequence[Step]) -> Schema:
    """What a bundle has of a file, by the steps of its schema: tables of other names are not told of."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        for step in steps:
            step.run(conn)
        listed = conn.execute(
            "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
        ).fetchall()
    ours = {name for name, _ in listed}
    rows = {name: count for name, count in seen.rows.items() if name in ours}
    return Schema(
        seen.name,
        seen.bytes,
        seen.wal_bytes,
        seen.schema,
        seen.known,
        len(seen.faults),
        rows,
        [sql for _, sql in listed],
    )


def versions() -> dict[str, str]:
    """This program, what it runs on, and the libraries that it uses."""
    found = {
        "stackroom": VERSION,
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "sqlite": sqlite3.sqlite_version,
    }
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found


def _words(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts are numbers and words of our own; a text that looks like more than a word is none of them."""
    return {
        name: value if not isinstance(value, str) or WORDS.fullmatch(value) else "(a text)"
        for name, value in facts.items()
    }


def _redacted(said: Said) -> dict[str, Any]:
    shown = said.value if isinstance(said.value, bool | int | float) else "(set)"
    return {
        "of": said.of,
        "name": said.name,
        "source": said.source,
        "value": "(default)" if said.source == "default" else shown,
    }
