"""Which of ZenML's stores a path is, and what it defines."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from stackroom.client.definitions.definitions import Definitions
from stackroom.client.errors import NotASource, NotFound, missing
from stackroom.client.stores import sql_profile, sql_store, yaml_tree
from stackroom.client.stores.database import opened, tables

CONFIG: Final = "config.yaml"
DATABASE: Final = "zenml.db"


class ZenmlStore(Struct, frozen=True):
    """A store that was read: what it is in words, and what it defines."""

    path: Path
    what: str
    definitions: Definitions


def read(path: Path, profile: str = "") -> ZenmlStore:
    """The store at `path`: a configuration folder, a profile's folder, or a database.

    Of a configuration folder with profiles, the one called `profile`, or else the active one. Raises
    NotFound, and NotASource for what is none of these.
    """
    if not path.exists():
        raise NotFound(f"there is no {path}")
    if profile and not (path / CONFIG).is_file():
        raise NotASource(
            f"{path} is no configuration folder, so it has no profile {profile!r}",
            hint="leave out --from, or give the folder that has config.yaml and profiles/",
        )
    if path.is_file():
        return _database(path, None, None)
    if (path / yaml_tree.INDEX).is_file():
        return _tree(path, None, None)
    if (path / CONFIG).is_file():
        return _configured(path, profile)
    if (path / DATABASE).is_file():
        return _database(path / DATABASE, None, None)
    raise NotASource(
        f"{path} is no store of ZenML",
        hint=f"it has {CONFIG} (a configuration folder), {yaml_tree.INDEX} (a profile) or {DATABASE}",
    )


def _configured(folder: Path, profile: str) -> ZenmlStore:
    """The store that a configuration folder leads to."""
    config = yaml_tree.mapping(folder / CONFIG, "it is no configuration folder")
    version = config.get("version")
    profiles = config.get("profiles")
    if isinstance(profiles, dict):
        return _profile(folder, profiles, profile or str(config.get("activated_profile")), version)
    if profile:
        raise NotFound(f"{folder} is of ZenML {version}, which has no profiles")
    for path in (folder / "local_stores" / "default_zen_store" / DATABASE, folder / DATABASE):
        if path.is_file():
            return _database(path, config.get("active_stack_id"), version)
    raise NotASource(
        f"{folder} has no local store",
        hint="it may point at a server: stackroom zenml pull URL",
    )


def _profile(folder: Path, profiles: dict[str, Any], name: str, version: Any) -> ZenmlStore:
    if name not in profiles:
        listed = ", ".join(sorted(profiles)) or "none"
        raise missing(f"profile {name!r} in {folder}: there are {listed}", name, profiles, "--from")
    of = profiles[name] if isinstance(profiles[name], dict) else {}
    where = folder / "profiles" / name
    stack = of.get("active_stack")
    match of.get("store_type"):
        case "rest":
            raise NotASource(
                f"profile {name!r} is on a server, {of.get('store_url')}: there is no store to read"
            )
        case "sql":
            file = _file(of.get("store_url"), where / DATABASE)
            return _database(file, stack, version, _among(name, profiles))
        case _:
            return _tree(where, stack, version, _among(name, profiles))


def _file(url: str | None, otherwise: Path) -> Path:
    """The file that a store's address names; the profile's own, if the folder was moved."""
    if url is None:
        return otherwise
    if not url.startswith("sqlite:///"):
        raise NotASource(
            f"the profile is in a database server, {url.partition('://')[0]}: there is no file to read"
        )
    file = Path(url.removeprefix("sqlite:///"))
    return file if file.is_file() else otherwise


def _among(name: str, profiles: Iterable[str]) -> str:
    others = sorted(set(profiles) - {name})
    return f", profile {name!r}" + (f" (not read: {', '.join(others)})" if others else "")


def _tree(folder: Path, stack: str | None, version: str | None, said: str = "") -> ZenmlStore:
    what = f"YAML store of ZenML {version or '0.10 to 0.13'}{said}"
    return ZenmlStore(folder, what, yaml_tree.read(folder, stack, version))


def _database(file: Path, stack: str | None, version: str | None, said: str = "") -> ZenmlStore:
    with opened(file) as connection:
        found = tables(connection)
        if found >= sql_store.TABLES:
            defined = sql_store.read(connection, str(file), stack)
            return ZenmlStore(file, f"SQL store of ZenML {version or '0.98'}{said}", defined)
        if found >= sql_profile.TABLES:
            defined = sql_profile.read(connection, str(file), stack, version)
            return ZenmlStore(
                file, f"SQL store of ZenML {version or '0.10 to 0.13'}{said}", defined
            )
    raise NotASource(f"{file} is a database, but no store of ZenML")
