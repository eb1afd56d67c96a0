"""The shape of the house: who imports whom, which modules are without I/O, how long a file may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("events", "sync", "client")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))

MAY_IMPORT = {
    "events": {"events"},
    "sync": {"events", "sync"},
    "client": {"events", "sync", "client"},
}

SHELLS = {
    "events/audit/damage.py",
    "events/sqlite/database.py",
    "events/late.py",
    "events/sqlite/migrations.py",
    "events/sqlite/flushing.py",
    "events/sqlite/new_file.py",
    "events/sqlite/beside.py",
    "events/sqlite/blocks.py",
    "events/sqlite/cache.py",
    "events/sqlite/file.py",
    "events/sqlite/heads.py",
    "events/sqlite/log.py",
    "events/sqlite/read.py",
    "events/sqlite/runs.py",
    "events/sqlite/search.py",
    "events/sqlite/schema.py",
    "events/sqlite/upkeep.py",
    "events/sqlite/write.py",
}
"""The modules of `events` that carry bytes, and what a process sets up first; all others are plain functions."""

SANS_IO = ("protocol.py", "hub.py", "deciding/authority.py", "reading/paging.py")
"""The modules of `sync` that decide, and carry no bytes."""

CORES = [
    *(
        p
        for p in MODULES
        if p.is_relative_to(ROOT / "events") and str(p.relative_to(ROOT)) not in SHELLS
    ),
    *(ROOT / "sync" / name for name in SANS_IO),
    *sorted((ROOT / "client" / "replica").glob("*.py")),
    ROOT / "client" / "rebase.py",
]

FOLDERS = {
    "events": (
        *("people", "proofs", "secrets", "deciding"),
        *("history", "composing", "sqlite", "audit"),
    ),
    "client": (
        *("zenml", "definitions", "files", "stores", "zenml_server", "replica", "home"),
        *("transport", "history", "drafting", "connection", "rescue", "python", "doctor"),
    ),
}
"""Folders of a room, each of which imports only those before it, and what stands at the top."""

IO = {"aiosqlite", "anyio", "asyncio", "os", "random", "socket", "sqlite3", "threading", "time"}

ALLOWED_FOLDERS = {"events", "sync", "client", "tests", "benchmarks"}


def imported(path: Path, *, types: bool = True) -> Iterator[str]:
    """Every module that the file imports, inside functions too; without `types`, not for types alone."""
    tree = ast.parse(path.read_text())
    checked = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    left_out = set() if types else {id(each) for node in checked for each in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} imports relatively"
            yield node.module


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    for name in imported(path):
        first, _, rest = name.partition(".")
        if first == "stackroom":
            assert rest.split(".")[0] in MAY_IMPORT[room], f"{path} imports {name}"


@pytest.mark.parametrize("room", FOLDERS)
def test_folders_import_one_way(room: str) -> None:
    order = FOLDERS[room]
    for number, folder in enumerate(order):
        after = {f"stackroom.{room}.{each}" for each in order[number + 1 :]}
        for path in (ROOT / room / folder).rglob("*.py"):
            for name in imported(path, types=False):
                found = ".".join(name.split(".")[:3])
                assert found not in after, f"{path} imports {name}"


@pytest.mark.parametrize("path", CORES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_core_is_without_io(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & IO


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 500


def test_code_lives_in_five_folders() -> None:
    folders = {p.parts[len(ROOT.parts)] for p in ROOT.glob("*/**/*.py")}
    hidden = {f for f in folders if f.startswith(".")} | {"build"}
    assert folders - hidden <= ALLOWED_FOLDERS
