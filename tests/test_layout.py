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
    "events/damage.py",
    "events/database.py",
    "events/late.py",
    "events/migrations.py",
    "events/flushing.py",
    "events/new_file.py",
    "events/sqlite_beside.py",
    "events/sqlite_blocks.py",
    "events/sqlite_cache.py",
    "events/sqlite_file.py",
    "events/sqlite_heads.py",
    "events/sqlite_log.py",
    "events/sqlite_read.py",
    "events/sqlite_runs.py",
    "events/sqlite_search.py",
    "events/sqlite_schema.py",
    "events/sqlite_upkeep.py",
    "events/sqlite_write.py",
}
"""The modules of `events` that carry bytes, and what a process sets up first; all others are plain functions."""

SANS_IO = ("protocol.py", "hub.py", "deciding/authority.py", "reading/paging.py")
"""The modules of `sync` that decide, and carry no bytes."""

CORES = [
    *(p for p in MODULES if p.parent.name == "events" and f"events/{p.name}" not in SHELLS),
    *(ROOT / "sync" / name for name in SANS_IO),
    *(ROOT / "client" / f"{name}.py" for name in ("replica", "rebase")),
]

IO = {"aiosqlite", "anyio", "asyncio", "os", "random", "socket", "sqlite3", "threading", "time"}

ALLOWED_FOLDERS = {"events", "sync", "client", "tests", "benchmarks"}


def imported(path: Path) -> Iterator[str]:
    """Every module that the file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
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
