"""The scripts by which new files get their schema: `python -m tests.new_files` writes them from its steps."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from stackroom.client.home import store_file
from stackroom.events.sqlite import schema as sqlite_schema
from stackroom.events.sqlite.migrations import Step, migrate
from stackroom.events.sqlite.new_file import script_of

HEAD = "-- Written by `make generate` from the steps of the schema, which is this after all of them.\n\n"


def cache() -> str:
    """The script of a replica's copy."""
    return _script(sqlite_schema.APPLICATION_ID, sqlite_schema.steps("cache", "cache"))


def store() -> str:
    """The script of the precious file."""
    return _script(store_file.APPLICATION_ID, store_file.steps("replica"))


def _script(application_id: int, steps: Sequence[Step]) -> str:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        migrate(conn, Path("memory"), application_id, steps, now=0)
        return HEAD + script_of(conn)


if __name__ == "__main__":
    sqlite_schema.NEW_CACHE.write_text(cache(), "utf-8")
    store_file.NEW.write_text(store(), "utf-8")
