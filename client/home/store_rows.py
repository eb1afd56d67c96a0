"""Rows of proposals.db, inside a transaction: how a proposal is written there, read, and numbered."""

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from stackroom.events.carriers import Event, Proposal

COLUMNS: Final = "id, number, base, message, time, events, key, signature"
WIDTH: Final = 8
"""Columns of a proposal."""

decode_rotations: Final = msgspec.json.Decoder(tuple[str, ...]).decode
decode_events: Final = msgspec.json.Decoder(tuple[Event, ...]).decode
encode_events: Final = msgspec.json.Encoder().encode


def put_profile(conn: sqlite3.Connection, id: str, name: str, hub: str | None) -> None:
    """Adds a profile, or sets its name and hub."""
    conn.execute(
        "INSERT INTO profiles (id, name, hub) VALUES (?1, ?2, ?3) ON CONFLICT (id)"
        " DO UPDATE SET name = ?2, hub = ?3",
        (id, name, hub),
    )


def next_number(conn: sqlite3.Connection, profile: str) -> int:
    """Takes the next number of a profile; KeyError for one that is not in the registry."""
    row = conn.execute(
        "INSERT INTO numbers SELECT id, 1 FROM profiles WHERE id = ?"
        " ON CONFLICT (profile) DO UPDATE SET last = last + 1 RETURNING last",
        (profile,),
    ).fetchone()
    if row is None:
        raise KeyError(profile)
    return int(row[0])


def insert(
    conn: sqlite3.Connection,
    profile: str,
    proposal: Proposal,
    author: str,
    state: str,
) -> None:
    """Adds a proposal."""
    conn.execute(
        "INSERT INTO proposals"
        " (profile, number, id, base, author, message, time, events, state, key, signature)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            profile,
            proposal.number,
            proposal.id,
            proposal.base,
            author,
            proposal.message,
            proposal.time,
            encode_events(proposal.events).decode(),
            state,
            proposal.key,
            proposal.signature,
        ),
    )


def proposal_of(row: Sequence[Any]) -> Proposal:
    """The proposal of a row with `COLUMNS`."""
    id, number, base, message, time, events, key, signature = row
    return Proposal(id, number, base, message, time, decode_events(events), key, signature)
