"""The package that people install holds every module of the three rooms, and the command."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("events", "sync", "client")
PACKAGED = (
    *(".py", ".typed", ".yaml", ".sql", ".toml", ".bash", ".zsh", ".fish"),
    *(".html", ".css", ".js", ".json", ".svg", ".txt"),
)


@pytest.mark.timeout(300)
def test_the_wheel_holds_every_module(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(tmp_path), str(copied(tmp_path))]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = next(n for n in names if n.endswith("entry_points.txt"))
        assert b"stackroom = stackroom.client.commands:main" in archive.read(entry_points)
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.suffix in PACKAGED and ".ruff_cache" not in path.parts:
                assert f"stackroom/{path.relative_to(ROOT)}" in names


def copied(tmp_path: Path) -> Path:
    """The sources, where a build may leave its traces."""
    source = tmp_path / "source"
    source.mkdir()
    for name in (*ROOMS, "pyproject.toml", "README.md"):
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source / name)
    return source


def test_what_runs_is_pinned() -> None:
    """Every dependency has a pin, so that a fresh environment is the one that was tested."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
    }
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for requirement in wanted:
        name = requirement.split(">")[0].split("<")[0].strip().lower().replace("_", "-")
        assert name in pinned | {"setuptools"}, f"{name} is not in constraints.txt: run make lock"
