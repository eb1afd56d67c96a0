"""ZenML's own stores: everything in them arrives, and nothing in their folders changes."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    StackDefinition,
)
from stackroom.client.errors import NotASource, NotFound
from stackroom.client.stores.database import opened, tables
from stackroom.client.stores.store import read

STORES = Path(__file__).parents[1] / "zenml" / "stores"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The configuration folder of a 0.12 user."""
    return Path(shutil.copytree(STORES / "zenml-0.12", tmp_path / "zenml"))


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """The database of a 0.98 user."""
    file = tmp_path / "zenml.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((STORES / "zenml-0.98.sql").read_text())
    return file


def component(defined: Definitions, name: str) -> ComponentDefinition:
    (found,) = (c for c in defined.components if c.name == name)
    return found


def stack(defined: Definitions, name: str) -> StackDefinition:
    (found,) = (s for s in defined.stacks if s.name == name)
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


class TestYaml:
    def test_all_of_it_arrives(self, old: Path) -> None:
        before = contents(old)
        store = read(old)
        assert store.what == "YAML store of ZenML 0.12.0, profile 'default'"
        defined = store.definitions
        assert {s.name for s in defined.stacks} == {
            "aws_prod", "aws_sagemaker", "azure_prod", "custom_batch", "default", "gcp_prod",
        }  # fmt: skip
        assert len(defined.components) == 24
        k8s = component(defined, "k8s_prod")
        assert (k8s.flavor, k8s.config) == (
            "kubernetes",
            {
                "kubernetes_context": "eks-prod",
                "kubernetes_namespace": "zenml",
                "skip_config_loading": False,
                "synchronous": True,
            },
        )
        assert k8s.extra["zenml"] == {
            "store": "yaml",
            "version": "0.12.0",
            "id": "cc76c597-4492-4e9e-bed0-1cbef74abbc3",
        }
        assert stack(defined, "aws_sagemaker").components["step_operator"] == ["sagemaker_gpu"]
        (flavor,) = defined.flavors
        assert (flavor.type, flavor.name, flavor.source) == (
            "orchestrator", "my_batch", "flavors.my_orchestrator.MyOrchestrator",
        )  # fmt: skip
        assert defined.profile is not None
        assert defined.profile.default_stack == "default"
        assert contents(old) == before

    def test_a_profiles_folder_alone(self, old: Path) -> None:
        store = read(old / "profiles" / "default")
        assert len(store.definitions.stacks) == 6
        with pytest.raises(NotASource, match="no configuration folder"):
            read(old / "profiles" / "default", "research")

    def test_which_profile(self, old: Path) -> None:
        config = old / "config.yaml"
        text = config.read_text()
        rest = "profiles:\n  hub:\n    store_type: rest\n    store_url: http://zenml.example\n"
        config.write_text(text.replace("profiles:\n", rest))
        assert "not read: hub" in read(old).what
        with pytest.raises(NotASource, match=r"on a server, http://zenml\.example"):
            read(old, "hub")
        with pytest.raises(NotFound, match="there are default, hub") as raised:
            read(old, "hubb")
        assert "hub" in raised.value.hint

    @pytest.mark.parametrize(
        ("file", "text", "said"),
        [
            ("stacks.yaml", "stacks: [", "stacks.yaml:1"),
            ("stacks.yaml", "- a\n", "holds no map"),
            ("stacks.yaml", "stacks: {a: [b]}\n", "stacks is not what ZenML writes"),
            ("stacks.yaml", "stack_component_flavors: [a]\n", "flavor without name"),
            ("orchestrators/default.yaml", None, "store is not complete"),
            (
                "stacks.yaml",
                "stack_components: {orchestrator: {../x: local}}\n",
                "'../x' is no name",
            ),
        ],
    )
    def test_what_is_broken_is_told(
        self, old: Path, file: str, text: str | None, said: str
    ) -> None:
        path = old / "profiles" / "default" / file
        path.unlink()
        if text is not None:
            path.write_text(text)
        with pytest.raises(NotASource) as raised:
            read(old)
        assert said in str(raised.value)


class TestSql:
    def test_all_of_it_arrives(self, new: Path) -> None:
        before = contents(new.parent)
        store = read(new)
        assert store.what == "SQL store of ZenML 0.98"
        defined = store.definitions
        prod = stack(defined, "prod")
        assert prod.components["experiment_tracker"] == ["two", "one"]
        assert (prod.description, prod.labels) == ("all that is real", {"env": "prod"})
        k8s = component(defined, "k8s")
        assert k8s.labels == {"team": "ml", "tier": "gold"}
        assert k8s.config == {"kubernetes_namespace": "ml", "synchronous": False}
        came = k8s.extra["zenml"]
        assert isinstance(came, dict)
        assert (came["store"], came["version"], came["user"]) == ("sql", "0.98.0", "default")
        assert len(came["id"]) == 36
        assert came["created"].startswith("2026-11-23")
        registry = component(defined, "reg")
        assert registry.extra["connector"] == "docker-con"
        assert registry.extra["connector_resource_id"] == "registry.acme.example"
        assert contents(new.parent) == before

    def test_the_active_stack_of_a_configuration_folder(self, new: Path, tmp_path: Path) -> None:
        with closing(sqlite3.connect(new)) as connection:
            (id,) = connection.execute("SELECT id FROM stack WHERE name = 'prod'").fetchone()
        folder = tmp_path / "config"
        (folder / "local_stores" / "default_zen_store").mkdir(parents=True)
        shutil.copy(new, folder / "local_stores" / "default_zen_store" / "zenml.db")
        dashed = f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}"
        (folder / "config.yaml").write_text(f"version: 0.98.0\nactive_stack_id: {dashed}\n")
        store = read(folder)
        assert store.what == "SQL store of ZenML 0.98.0"
        assert store.definitions.profile is not None
        assert store.definitions.profile.default_stack == "prod"

    def test_what_is_still_in_the_write_ahead_log_counts(self, new: Path) -> None:
        with closing(sqlite3.connect(new)) as writer:
            writer.execute("PRAGMA journal_mode = WAL")
            writer.execute("UPDATE stack SET description = 'newer' WHERE name = 'prod'")
            writer.commit()
            before = contents(new.parent)
            assert "zenml.db-wal" in before
            assert stack(read(new).definitions, "prod").description == "newer"
            assert contents(new.parent) == before

    def test_what_a_crash_left_half_done_is_undone(self, new: Path, tmp_path: Path) -> None:
        crashed = tmp_path / "crashed" / "zenml.db"
        crashed.parent.mkdir()
        with closing(sqlite3.connect(new, isolation_level=None)) as writer:
            writer.execute("PRAGMA cache_size = 1")
            writer.execute("BEGIN")
            writer.execute("UPDATE stack SET description = 'never committed'")
            # More than the cache holds: SQLite writes it into the file before there is a commit.
            writer.execute("CREATE TABLE filling AS SELECT randomblob(200000) AS filling")
            for file in new.parent.glob("zenml.db*"):
                shutil.copy(file, crashed.parent)
        before = contents(crashed.parent)
        assert "zenml.db-journal" in before
        assert b"never committed" in before["zenml.db"]
        assert stack(read(crashed).definitions, "prod").description == "all that is real"
        assert contents(crashed.parent) == before

    def test_what_is_written_meanwhile_is_noticed(self, new: Path) -> None:
        with (
            pytest.raises(NotASource, match="written to while it was read"),
            opened(new) as connection,
        ):
            assert "stack" in tables(connection)
            with closing(sqlite3.connect(new)) as writer:
                writer.execute("CREATE TABLE newer (id TEXT)")
                writer.commit()

    @pytest.mark.parametrize(
        ("sql", "said"),
        [
            ("UPDATE stack_component SET configuration = 'e30x'", "not base64 of JSON"),
            ("UPDATE stack_component SET configuration = 'WzFd'", "is no map"),
            ("DROP TABLE stack", "no store of ZenML"),
            ("ALTER TABLE stack_component RENAME COLUMN flavor TO taste", "flavor"),
        ],
    )
    def test_what_is_broken_is_told(self, new: Path, sql: str, said: str) -> None:
        with closing(sqlite3.connect(new)) as connection:
            connection.execute(sql)
            connection.commit()
        with pytest.raises(NotASource, match=said):
            read(new)


class TestSqlProfile:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Path:
        """The configuration folder of a 0.12 user with a `sql` profile."""
        folder = tmp_path / "zenml"
        (folder / "profiles" / "research").mkdir(parents=True)
        (folder / "config.yaml").write_text(
            "activated_profile: research\nprofiles:\n  research:\n    active_stack: prod\n"
            "    store_type: sql\n    store_url: sqlite:////gone/zenml.db\nversion: 0.12.0\n"
        )
        with closing(sqlite3.connect(folder / "profiles" / "research" / "zenml.db")) as connection:
            connection.executescript((STORES / "zenml-0.12.sql").read_text())
        return folder

    def test_all_of_it_arrives(self, config: Path) -> None:
        before = contents(config)
        store = read(config)
        assert store.what == "SQL store of ZenML 0.12.0, profile 'research'"
        defined = store.definitions
        prod = stack(defined, "prod")
        assert prod.components == {
            "orchestrator": ["k8s"],
            "metadata_store": ["db"],
            "artifact_store": ["local2"],
            "container_registry": ["reg"],
        }
        came = prod.extra["zenml"]
        assert isinstance(came, dict)
        assert came["created"].startswith("2026-11-23")
        database = component(defined, "db")
        assert database.config == {
            "database": "zenml",
            "host": "db.acme.example",
            "port": 3307,
            "upgrade_migration_enabled": True,
        }
        assert defined.profile is not None
        assert defined.profile.default_stack == "prod"
        assert contents(config) == before

    def test_the_file_that_the_profile_names(self, config: Path, tmp_path: Path) -> None:
        moved = tmp_path / "elsewhere.db"
        (config / "profiles" / "research" / "zenml.db").rename(moved)
        file = config / "config.yaml"
        file.write_text(file.read_text().replace("/gone/zenml.db", str(moved)))
        assert read(config).path == moved
        file.write_text(file.read_text().replace("sqlite", "mysql"))
        with pytest.raises(NotASource, match="database server, mysql"):
            read(config)

    @pytest.mark.parametrize(
        ("sql", "said"),
        [
            ("UPDATE zenstackcomponent SET configuration = '?'", "configuration of default"),
            ("UPDATE zenstackcomponent SET configuration = 'W10='", "is no map"),
            ("ALTER TABLE zenstack RENAME COLUMN name TO title", "name"),
        ],
    )
    def test_what_is_broken_is_told(self, config: Path, sql: str, said: str) -> None:
        with closing(sqlite3.connect(config / "profiles" / "research" / "zenml.db")) as connection:
            connection.execute(sql)
            connection.commit()
        with pytest.raises(NotASource, match=said):
            read(config)


def test_what_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read(tmp_path / "nope")
    with pytest.raises(NotASource, match="no store of ZenML") as raised:
        read(tmp_path)
    assert "config.yaml" in raised.value.hint
    (tmp_path / "zenml.db").write_text("not a database, though it is called so")
    with pytest.raises(NotASource, match="cannot be read"):
        read(tmp_path)
    (tmp_path / "config.yaml").write_text("version: 0.98.0\n")
    (tmp_path / "zenml.db").unlink()
    with pytest.raises(NotASource, match="no local store"):
        read(tmp_path)
