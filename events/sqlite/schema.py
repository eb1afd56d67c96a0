"""The schema of a log in SQLite: its steps, the first being in `schema.sql`.

Big tables name a profile by a short number (`profiles.number`): its id would stand in every row and
every index. They are WITHOUT ROWID, so that a profile's history lies in its order on the disk, and
each index leads straight to its row. The views show text.
"""

import sqlite3
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeAlias

from stackroom.events.limits import KEY_BYTES, SIGNATURE_BYTES
from stackroom.events.sqlite.migrations import Step, statements
from stackroom.events.sqlite.rows import BUCKET

APPLICATION_ID: Final = int.from_bytes(b"Strm", "big")
"""Marks the file as ours (`PRAGMA application_id`)."""

NEW_CACHE: Final = Path(__file__).with_name("cache_new.sql")
"""What a new cache gets at once: the schema that all steps come to (`make generate`)."""

Use: TypeAlias = Literal["log", "cache"]
"""What a file is for: the log of a hub, for ever, or a replica's copy, which may be thrown away."""


def steps(new_id: str, use: Use) -> tuple[Step, ...]:
    """Every step of the schema; a file that they create gets the identity `new_id`, for ever."""
    return (
        Step("create", partial(_create, new_id=new_id, use=use)),
        Step("facts", _add_facts),
        Step("redactions", partial(_add_redactions, use=use)),
        Step("requests", _allow_requests),
        Step("milestones", _add_milestones),
        Step("signatures", partial(_add_signatures, use=use)),
        Step("runs", _add_runs),
        Step("lines", partial(_add_lines, use=use)),
        Step("typed", partial(_add_typed, use=use)),
        Step("subtrees", _add_subtrees),
        Step("blocks", _add_blocks),
        Step("buckets", _order_by_buckets),
    )


def _create(conn: sqlite3.Connection, new_id: str, use: Use) -> None:
    here = Path(__file__)
    scripts = [here.with_name("schema.sql")]
    if use == "log":
        scripts.append(here.with_name("guards.sql"))
    for script in scripts:
        for statement in statements(script.read_text("utf-8")):
            conn.execute(statement)
    identify(conn, new_id, use)


def identify(conn: sqlite3.Connection, new_id: str, use: Use) -> None:
    """Writes into a new file what it is, and whose."""
    meta = {"id": new_id, "epoch": "1", "use": use}
    conn.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())


def _add_facts(conn: sqlite3.Connection) -> None:
    """Facts may change and be forgotten: the hashes of tokens, when one was used last."""
    conn.execute(
        "CREATE TABLE facts (kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, "
        "PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID"
    )


def _add_redactions(conn: sqlite3.Connection, use: Use) -> None:
    """A commit's events may be rewritten, and nothing else of it, once a row here says so."""
    conn.execute(
        "CREATE TABLE redactions (profile INTEGER NOT NULL, seq INTEGER NOT NULL, "
        "PRIMARY KEY (profile, seq)) STRICT, WITHOUT ROWID"
    )
    if use == "log":
        script = Path(__file__).with_name("redactions.sql")
        for statement in statements(script.read_text("utf-8")):
            conn.execute(statement)


def _allow_requests(conn: sqlite3.Connection) -> None:
    """Commits may have the outcome `requested`: a CHECK changes only with its table, which is copied.

    The views and triggers that speak of the table go before it and come back behind it.
    """
    schema = "SELECT type, name, sql FROM sqlite_schema WHERE sql LIKE '%commits%'"
    rows = conn.execute(schema).fetchall()
    ((_, _, table),) = (row for row in rows if row[:2] == ("table", "commits"))
    around = [row for row in rows if row[0] in ("view", "trigger")]
    for type, name, _ in around:
        conn.execute(f"DROP {type} {name}")
    wider = table.replace("'conflict')", "'conflict', 'requested')")
    conn.execute(wider.replace("TABLE commits", "TABLE wider", 1))
    conn.execute("INSERT INTO wider SELECT * FROM commits")
    conn.execute("DROP TABLE commits")
    conn.execute("ALTER TABLE wider RENAME TO commits")
    for _, _, sql in around:
        conn.execute(sql)


def _add_milestones(conn: sqlite3.Connection) -> None:
    """States along the way of a history, for questions about the past: a replica keeps them, a hub none."""
    conn.execute(
        "CREATE TABLE milestones (profile INTEGER NOT NULL REFERENCES profiles (number), "
        "seq INTEGER NOT NULL, state BLOB NOT NULL, PRIMARY KEY (profile, seq)) STRICT"
    )


def _add_signatures(conn: sqlite3.Connection, use: Use) -> None:
    """The author's key and signature of a commit; empty where it is not signed."""
    for column, size in (("key", KEY_BYTES), ("signature", SIGNATURE_BYTES)):
        conn.execute(
            f"ALTER TABLE commits ADD COLUMN {column} BLOB NOT NULL DEFAULT x'' "
            f"CHECK (length({column}) IN (0, {size}))"
        )
    if use == "log":
        script = Path(__file__).with_name("signatures.sql")
        for statement in statements(script.read_text("utf-8")):
            conn.execute(statement)


def _add_runs(conn: sqlite3.Connection) -> None:
    """The index of runs."""
    # Here, because a file that is of today's schema is opened without it.
    from stackroom.events.sqlite import runs as sqlite_runs

    sqlite_runs.create(conn)


def _add_lines(conn: sqlite3.Connection, use: Use) -> None:
    """Who wrote what message when, in an index: a replica seeks in it and leaves the events unread."""
    if use == "cache":
        conn.execute("CREATE INDEX lines ON commits (profile, seq, author, accepted, message)")


def _add_typed(conn: sqlite3.Connection, use: Use) -> None:
    """Which commits have an event of a type, up to where `touched` reaches; and who made which.

    A replica seeks in them; the table is in a hub's file, too, and stays empty there.
    """
    conn.execute(
        "CREATE TABLE typed (profile INTEGER NOT NULL, type TEXT NOT NULL, seq INTEGER NOT NULL, "
        "PRIMARY KEY (profile, type, seq)) STRICT, WITHOUT ROWID"
    )
    if use == "cache":
        conn.execute("CREATE INDEX authors ON commits (profile, author, seq)")
        conn.execute(
            "INSERT OR IGNORE INTO typed SELECT c.profile, json_extract(e.value, '$.type') AS type, c.seq "
            "FROM profiles p JOIN commits c ON c.profile = p.number AND c.seq <= p.indexed "
            "JOIN json_each(c.events) e ORDER BY 1, 2, 3"
        )


def _add_subtrees(conn: sqlite3.Connection) -> None:
    """Roots of perfect subtrees of the Merkle tree, for proofs; filled in for histories that are whole."""
    # Here, as in `_add_runs`.
    from stackroom.events.proofs.merkle import Frontier
    from stackroom.events.proofs.subtrees import completed

    conn.execute(
        "CREATE TABLE subtrees (profile INTEGER NOT NULL, subtree INTEGER NOT NULL, "
        "root BLOB NOT NULL CHECK (length(root) = 32), PRIMARY KEY (profile, subtree)) STRICT, WITHOUT ROWID"
    )
    leaves = "SELECT leaf FROM commits WHERE profile = ? ORDER BY seq"
    for (number,) in conn.execute("SELECT number FROM profiles WHERE begun = 0").fetchall():
        found = completed(Frontier(), (leaf for (leaf,) in conn.execute(leaves, (number,))))
        rows = [(number, subtree, root) for subtree, root in found]
        conn.executemany("INSERT INTO subtrees VALUES (?, ?, ?)", rows)


def _add_blocks(conn: sqlite3.Connection) -> None:
    """Commits that a replica keeps packed, in place of rows; the table stays empty in a hub's file."""
    conn.execute(
        "CREATE TABLE blocks (profile INTEGER NOT NULL REFERENCES profiles (number), "
        "last INTEGER NOT NULL, first INTEGER NOT NULL CHECK (first <= last), "
        "least INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (profile, last)) STRICT"
    )


def _order_by_buckets(conn: sqlite3.Connection) -> None:
    """The index of commits by entity, in buckets of commits that follow each other.

    In one order for the whole history, what is added falls on as many pages as there are rows.
    """
    conn.execute("ALTER TABLE touched RENAME TO unordered")
    conn.execute(
        "CREATE TABLE touched (profile INTEGER NOT NULL, bucket INTEGER NOT NULL, entity TEXT NOT NULL, "
        "seq INTEGER NOT NULL, PRIMARY KEY (profile, bucket, entity, seq)) STRICT, WITHOUT ROWID"
    )
    conn.execute(
        f"INSERT INTO touched SELECT profile, seq / {BUCKET} AS bucket, entity, seq FROM unordered "
        "ORDER BY profile, bucket, entity, seq"
    )
    conn.execute("DROP TABLE unordered")
