"""Seeking in a log in SQLite, newest first: as little is read as is needed for the commits that are asked.

Of a cache, the index `lines` has who wrote what message when beside the seqs; `authors`, `touched` and
`typed` have the seqs of an author, an entity, a type of event. What SQL cannot say exactly, it says
generously; `seeking.matches` decides on each commit.
"""

import heapq
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

import msgspec

from stackroom.events.history.seeking import Sought, matches
from stackroom.events.model import Commit
from stackroom.events.sqlite.rows import BUCKET, COLUMNS, INTEGER_MAX, commit_of
from stackroom.events.values import Path, segments

Condition: TypeAlias = tuple[str, list[Any]]
"""SQL, and what is bound in it."""

AT_ONCE: Final = 200
"""Commits that are looked at together."""

MOST_BOUND: Final = 500
"""Entities that are bound one by one; more go as one JSON text."""

PROFILE = "SELECT number, indexed FROM profiles WHERE id = ?"
BY_LINES = """
    SELECT c.seq FROM commits c INDEXED BY lines
    WHERE c.profile = ? AND c.seq BETWEEN ? AND ? AND {0} ORDER BY c.seq DESC
"""
BY_EVENTS = """
    SELECT c.seq FROM commits c
    WHERE c.profile = ? AND c.seq BETWEEN ? AND ? AND {0} ORDER BY c.seq DESC
"""
BY_AUTHOR = """
    SELECT c.seq FROM commits c INDEXED BY authors
    WHERE c.profile = ? AND c.seq BETWEEN ? AND ? AND c.author = ? ORDER BY c.seq DESC
"""
BY_TYPE = """
    SELECT seq FROM typed
    WHERE profile = ? AND seq BETWEEN ? AND ? AND type = ? ORDER BY seq DESC
"""
BY_ENTITY = f"""
    WITH RECURSIVE buckets(n) AS (
        SELECT ?3 / {BUCKET} UNION ALL SELECT n - 1 FROM buckets WHERE n > ?2 / {BUCKET}
    )
    SELECT DISTINCT t.seq FROM buckets b CROSS JOIN touched t ON t.bucket = b.n
    WHERE t.profile = ?1 AND t.seq BETWEEN ?2 AND ?3 AND t.entity IN ({{0}}) ORDER BY t.seq DESC
"""
NOT_INDEXED = """
    SELECT DISTINCT c.seq FROM commits c JOIN json_each(c.events) e
    WHERE c.profile = ? AND c.seq BETWEEN ? AND ?
    AND json_extract(e.value, '$.entity') IN (SELECT value FROM json_each(?)) ORDER BY c.seq DESC
"""
CHOSEN = f"""
    SELECT {COLUMNS} FROM commits c
    WHERE c.profile = ? AND c.seq IN (SELECT value FROM json_each(?)) AND {{0}} ORDER BY c.seq DESC
"""

_PLAIN: Final = re.compile(r"[\w.+-]+", re.ASCII)
_WILD: Final = re.compile(r"([%_\\])")
_ESCAPED: Final = r"\\\1"
_UNSAID: Final = "default_stack"
"""A field whose change names it nowhere in its body."""


def found(
    conn: sqlite3.Connection, profile: str, sought: Sought, before: int | None, limit: int
) -> list[Commit]:
    """The newest commits that are sought, newest first, at most `limit`; below seq `before`, if given."""
    row = conn.execute(PROFILE, (profile,)).fetchone()
    if row is None:
        return []
    number, indexed = row
    last = min(INTEGER_MAX if n is None else n for n in (before and before - 1, sought.upto))
    within = (number, sought.after + 1, last)
    lines, events = _of_lines(sought), _of_events(sought)
    if sought.entities is not None:
        seqs = _touching(conn, within, sorted(sought.entities), indexed)
    elif sought.message or not (sought.authors or sought.asks_of_events):
        seqs = _seqs(conn, BY_LINES.format(lines[0]), (*within, *lines[1]))
    elif sought.authors:
        authors = sorted(set(sought.authors))
        seqs = _merged(_seqs(conn, BY_AUTHOR, (*within, author)) for author in authors)
    elif sought.types:
        seqs = _of_types(conn, within, sorted(sought.types), indexed)
    else:
        seqs = _seqs(conn, BY_EVENTS.format(events[0]), (*within, *events[1]))
    sql, bound = _both(lines, events)
    chosen = CHOSEN.format(sql)
    commits: list[Commit] = []
    while len(commits) < limit and (some := list(islice(seqs, AT_ONCE))):
        rows = conn.execute(chosen, (number, _json(some), *bound))
        commits += (c for c in map(commit_of, rows) if matches(sought, c))
    return commits[:limit]


def _seqs(conn: sqlite3.Connection, query: str, bound: Sequence[object]) -> Iterator[int]:
    """The seqs that a query gives, read as far as they are asked for."""
    return (seq for (seq,) in conn.execute(query, bound))


def _merged(each: Iterable[Iterator[int]]) -> Iterator[int]:
    """Seqs that come newest first from several sides, each seq once."""
    last = None
    for seq in heapq.merge(*each, reverse=True):
        if seq != last:
            yield seq
        last = seq


def _of_types(
    conn: sqlite3.Connection, within: tuple[int, int, int], types: list[str], indexed: int
) -> Iterator[int]:
    """The seqs of commits that have an event of one of the types, newest first."""
    number, first, last = within
    sql, bound = _of_events(Sought(types=frozenset(types)))
    recent = (number, max(first, indexed + 1), last, *bound)
    yield from _seqs(conn, BY_EVENTS.format(sql), recent)
    upto = min(last, indexed)
    yield from _merged(_seqs(conn, BY_TYPE, (number, first, upto, type)) for type in types)


def _touching(
    conn: sqlite3.Connection, within: tuple[int, int, int], entities: list[str], indexed: int
) -> Iterator[int]:
    """The seqs of commits that touch the entities, newest first, as far as an id's end tells."""
    number, first, last = within
    recent = (number, max(first, indexed + 1), last, _json(entities))
    yield from _seqs(conn, NOT_INDEXED, recent)
    ends = [id[-12:] for id in entities]
    places = ",".join("?" * len(ends))
    if len(ends) > MOST_BOUND:
        places, ends = "SELECT value FROM json_each(?)", [_json(ends)]
    yield from _seqs(conn, BY_ENTITY.format(places), (number, first, min(last, indexed), *ends))


def _of_lines(sought: Sought) -> Condition:
    """What is said by who wrote what message."""
    parts, bound = ["1"], list[Any]()
    if sought.authors:
        parts.append(f"c.author IN ({','.join('?' * len(sought.authors))})")
        bound += sought.authors
    if sought.message:
        parts.append("c.message LIKE ? ESCAPE '\\'")
        bound.append(f"%{_WILD.sub(_ESCAPED, sought.message)}%")
    return " AND ".join(parts), bound


def _of_events(sought: Sought) -> Condition:
    """What must be in the text of the events."""
    parts, bound = ["1"], list[Any]()
    if sought.types:
        parts.append("(" + " OR ".join(["instr(c.events, ?)"] * len(sought.types)) + ")")
        bound += [f'"type":"{type}"' for type in sorted(sought.types)]
    if sought.paths:
        ways = [_words(path) for path in sought.paths]
        if all(ways):
            each = (" AND ".join(["instr(c.events, ?)"] * len(words)) for words in ways)
            parts.append("(" + " OR ".join(f"({one})" for one in each) + ")")
            bound += [word for words in ways for word in words]
    return " AND ".join(parts), bound


def _words(path: Path) -> list[str]:
    """What a body must contain that writes at `path`, below or above: no update writes a map whole."""
    return [word for word in segments(path)[:2] if word != _UNSAID and _PLAIN.fullmatch(word)]


def _both(a: Condition, b: Condition) -> Condition:
    return f"{a[0]} AND {b[0]}", [*a[1], *b[1]]


def _json(values: Sequence[int] | Sequence[str]) -> str:
    """A list, for `json_each`."""
    return msgspec.json.encode(values).decode()
