"""Seeking in a log in SQLite, newest first: as little is read as is needed for the commits that are asked.

Of a cache, the index `lines` has who wrote what message when beside the seqs; `authors`, `touched` and
`typed` have the seqs of an author, an entity, a type of event. What SQL cannot say exactly, it says
generously; `seeking.matches` decides on each commit.
"""

import heapq
import re
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeAlias

import msgspec

from stackroom.events.history.seeking import matches
from stackroom.events.history.sought import Sought
from stackroom.events.model import Commit
from stackroom.events.sqlite.read import INDEXED_UPTO, seqs_of, seqs_touching
from stackroom.events.sqlite.rows import COLUMNS, INTEGER_MAX, commit_of
from stackroom.events.values import Path, segments

Condition: TypeAlias = tuple[str, list[Any]]
"""SQL, and what is bound in it."""

AT_ONCE: Final = 200
"""Commits that are looked at together."""

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
    row = conn.execute(INDEXED_UPTO, (profile,)).fetchone()
    if row is None:
        return []
    number, indexed = row
    last = min(INTEGER_MAX if n is None else n for n in (before and before - 1, sought.upto))
    within = (number, sought.after + 1, last)
    lines, events = _of_lines(sought), _of_events(sought)
    if sought.entities is not None:
        seqs = seqs_touching(conn, within, indexed, sorted(sought.entities))
    elif sought.message or not (sought.authors or sought.asks_of_events):
        seqs = seqs_of(conn, BY_LINES.format(lines[0]), (*within, *lines[1]))
    elif sought.authors:
        authors = sorted(set(sought.authors))
        seqs = _merged(seqs_of(conn, BY_AUTHOR, (*within, author)) for author in authors)
    elif sought.types:
        seqs = _of_types(conn, within, sorted(sought.types), indexed)
    else:
        seqs = seqs_of(conn, BY_EVENTS.format(events[0]), (*within, *events[1]))
    sql, bound = _both(lines, events)
    chosen = CHOSEN.format(sql)
    commits: list[Commit] = []
    while len(commits) < limit and (some := list(islice(seqs, AT_ONCE))):
        rows = conn.execute(chosen, (number, msgspec.json.encode(some).decode(), *bound))
        commits += (c for c in map(commit_of, rows) if matches(sought, c))
    return commits[:limit]


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
    yield from seqs_of(conn, BY_EVENTS.format(sql), recent)
    upto = min(last, indexed)
    yield from _merged(seqs_of(conn, BY_TYPE, (number, first, upto, type)) for type in types)


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
