"""What a replica must not lose: its identity, the registry of hubs and profiles, and every proposal.

One SQLite file, durable at every return, used by several processes at once. Not for two threads.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from stackroom.events.migrations import Step, migrate, schema_of, statements
from stackroom.events.model import Event, Millis, Proposal
from stackroom.events.sqlite_file import Durability, connect, explained, make_durable, transaction

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]

APPLICATION_ID: Final = int.from_bytes(b"Strp", "big")

ProposalState: TypeAlias = Literal["pending", "parked", "local"]
"""Waiting for the hub; refused, waiting for its author; of a profile without a hub, taken here."""

COLUMNS: Final = "id, number, base, message, time, events"
_decode_events = msgspec.json.Decoder(tuple[Event, ...]).decode
_encode_events = msgspec.json.Encoder().encode


class HubEntry(Struct, frozen=True):
    """A hub that was joined: its address, its identity when last met, and who we are there."""

    url: str
    hub: str
    epoch: int
    user: str


class ProfileEntry(Struct, frozen=True):
    """A profile in the registry; without a `hub` it is local. `synced_at` is the last contact."""

    id: str
    name: str
    hub: str | None
    synced_at: Millis | None
    deleted: bool = False


class Parked(Struct, frozen=True):
    """A proposal that was refused, and why."""

    proposal: Proposal
    code: str
    sentence: str


class Saved(Struct, frozen=True):
    """A proposal as it is kept, with its author."""

    proposal: Proposal
    author: str


class Counts(Struct, frozen=True):
    """How many proposals of a profile wait, and how many were refused."""

    pending: int = 0
    parked: int = 0


class Store:
    """The precious file of a home."""

    def __init__(self, conn: sqlite3.Connection, path: Path) -> None:
        self._conn = conn
        self.path = path
        replica = self.setting("replica")
        assert replica is not None, "the first step of the schema sets it"
        self.replica = replica

    @classmethod
    def open(
        cls, path: Path, *, new_replica_id: str, now: Millis = 0, synchronous: Durability = "FULL"
    ) -> "Store":
        """Opens the file, or makes it with the replica id that is given. Raises as LogFile.open."""
        with explained(path):
            conn = connect(path, create=True)
            try:
                steps = (Step("create", partial(_create, replica=new_replica_id)),)
                found = schema_of(conn, path, APPLICATION_ID, len(steps))
                make_durable(conn, synchronous)
                if found < len(steps):
                    migrate(conn, path, APPLICATION_ID, steps, now=now)
                return cls(conn, path)
            except BaseException:
                conn.close()
                raise

    def close(self) -> None:
        """Closes the file."""
        self._conn.close()

    def data_version(self) -> int:
        """A number that changes when another process has changed the file (`PRAGMA data_version`)."""
        ((version,),) = self._all("PRAGMA data_version")
        return int(version)

    # Settings, hubs, profiles

    def setting(self, key: str) -> str | None:
        """A setting's value."""
        row = self._one("SELECT value FROM settings WHERE key = ?", key)
        return None if row is None else str(row[0])

    def set_setting(self, key: str, value: str | None) -> None:
        """Sets a setting; None removes it."""
        if value is None:
            self._write("DELETE FROM settings WHERE key = ?", key)
        else:
            self._write("INSERT OR REPLACE INTO settings VALUES (?, ?)", key, value)

    def hubs(self) -> list[HubEntry]:
        """The hubs that were joined."""
        return [
            HubEntry(*r) for r in self._all("SELECT url, hub, epoch, user FROM hubs ORDER BY url")
        ]

    def put_hub(self, url: str, hub: str, epoch: int, user: str) -> None:
        """Sets what is known of the hub at `url`."""
        self._write(
            "INSERT INTO hubs VALUES (?1, ?2, ?3, ?4) ON CONFLICT (url)"
            " DO UPDATE SET hub = ?2, epoch = ?3, user = ?4",
            url,
            hub,
            epoch,
            user,
        )

    def profiles(self) -> list[ProfileEntry]:
        """Every profile of the registry, by name."""
        rows = self._all("SELECT id, name, hub, synced_at, deleted FROM profiles ORDER BY name, id")
        return [ProfileEntry(id, name, hub, at, bool(gone)) for id, name, hub, at, gone in rows]

    def put_profile(self, id: str, name: str, hub: str | None) -> None:
        """Adds a profile, or sets its name and hub."""
        self._write(
            "INSERT INTO profiles (id, name, hub) VALUES (?1, ?2, ?3) ON CONFLICT (id)"
            " DO UPDATE SET name = ?2, hub = ?3",
            id,
            name,
            hub,
        )

    def rename_profile(self, id: str, name: str) -> None:
        """Sets under which name the profile is known here."""
        self._write("UPDATE profiles SET name = ? WHERE id = ?", name, id)

    def mark_deleted(self, id: str) -> None:
        """Remembers that the profile was deleted; its history stays."""
        self._write("UPDATE profiles SET deleted = 1 WHERE id = ?", id)

    def forget_profile(self, id: str) -> bool:
        """Takes the profile out of the registry, unless proposals of it are kept; says whether."""
        return (
            self._write(
                "DELETE FROM profiles WHERE id = ?1"
                " AND NOT EXISTS (SELECT 1 FROM proposals WHERE profile = ?1)",
                id,
            )
            > 0
        )

    def synced(self, profile: str, time: Millis) -> None:
        """Remembers when the profile was last known to hold all that its hub had."""
        self._write("UPDATE profiles SET synced_at = ? WHERE id = ?", time, profile)

    # Proposals

    def propose(
        self,
        profile: str,
        *,
        id: str,
        base: int,
        author: str,
        message: str,
        time: Millis,
        events: Sequence[Event],
        state: ProposalState = "pending",
    ) -> Proposal:
        """Saves what its author typed, with the next number; durable on return."""

        def insert() -> Proposal:
            number = self._next_number(profile)
            proposal = Proposal(id, number, base, message, time, tuple(events))
            self._insert(profile, proposal, author, state)
            return proposal

        return self._transact(insert)

    def pending(self, profile: str) -> list[Proposal]:
        """What waits for the hub, in the order of its making."""
        return [saved.proposal for saved in self._in_state(profile, "pending")]

    def local(self, profile: str) -> list[Saved]:
        """The proposals of a profile without a hub, all that there ever were."""
        return self._in_state(profile, "local")

    def parked(self, profile: str) -> list[Parked]:
        """What was refused."""
        rows = self._all(
            f"SELECT {COLUMNS}, code, sentence FROM proposals"
            " WHERE profile = ? AND state = 'parked' ORDER BY number",
            profile,
        )
        return [Parked(_proposal(row[:6]), *row[6:]) for row in rows]

    def settle(self, ids: Iterable[str]) -> None:
        """These are in the log, and need not be kept; local ones stay, since they are the history."""
        self._many("DELETE FROM proposals WHERE id = ? AND state != 'local'", [(i,) for i in ids])

    def park(self, id: str, code: str, sentence: str) -> None:
        """The hub refused a proposal."""
        self._write(
            "UPDATE proposals SET state = 'parked', code = ?, sentence = ? WHERE id = ?",
            code,
            sentence,
            id,
        )

    def drop(self, id: str) -> None:
        """Its author gives a pending or parked proposal up."""
        self._write("DELETE FROM proposals WHERE id = ? AND state != 'local'", id)

    def retry(self, old: str, *, id: str, base: int) -> Proposal:
        """A refused proposal, made again: the same events, a new id, number and base. KeyError."""

        def replace() -> Proposal:
            row = self._one(
                f"SELECT {COLUMNS}, profile, author FROM proposals"
                " WHERE id = ? AND state = 'parked'",
                old,
            )
            if row is None:
                raise KeyError(old)
            was, profile, author = _proposal(row[:6]), row[6], row[7]
            number = self._next_number(profile)
            proposal = Proposal(id, number, base, was.message, was.time, was.events)
            self._conn.execute("DELETE FROM proposals WHERE id = ?", (old,))
            self._insert(profile, proposal, author, "pending")
            return proposal

        return self._transact(replace)

    def publish(self, profile: str, hub: str, first: Proposal | None = None) -> None:
        """Gives a local profile to a hub: all its proposals wait to be pushed.

        `first` takes the place of the first proposal, which creates the profile, under another name.
        """

        def change() -> None:
            self._conn.execute("UPDATE profiles SET hub = ? WHERE id = ?", (hub, profile))
            if first is not None:
                events = _encode_events(first.events).decode()
                self._conn.execute(
                    "UPDATE proposals SET events = ? WHERE id = ?", (events, first.id)
                )
            self._conn.execute(
                "UPDATE proposals SET state = 'pending' WHERE profile = ? AND state = 'local'",
                (profile,),
            )

        self._transact(change)

    def counts(self) -> dict[str, Counts]:
        """How many proposals each profile has that are not in its log."""
        rows = self._all(
            "SELECT profile, sum(state = 'pending'), sum(state = 'parked')"
            " FROM proposals GROUP BY profile"
        )
        return {profile: Counts(pending, parked) for profile, pending, parked in rows}

    # How

    def _next_number(self, profile: str) -> int:
        row = self._one(
            "UPDATE profiles SET last_number = last_number + 1 WHERE id = ? RETURNING last_number",
            profile,
        )
        if row is None:
            raise KeyError(profile)
        return int(row[0])

    def _insert(self, profile: str, proposal: Proposal, author: str, state: ProposalState) -> None:
        self._conn.execute(
            "INSERT INTO proposals (profile, number, id, base, author, message, time, events, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                profile,
                proposal.number,
                proposal.id,
                proposal.base,
                author,
                proposal.message,
                proposal.time,
                _encode_events(proposal.events).decode(),
                state,
            ),
        )

    def _in_state(self, profile: str, state: ProposalState) -> list[Saved]:
        rows = self._all(
            f"SELECT {COLUMNS}, author FROM proposals"
            " WHERE profile = ? AND state = ? ORDER BY number",
            profile,
            state,
        )
        return [Saved(_proposal(row[:6]), row[6]) for row in rows]

    def _one(self, sql: str, *values: object) -> Row | None:
        with explained(self.path):
            row: Row | None = self._conn.execute(sql, values).fetchone()
            return row

    def _all(self, sql: str, *values: object) -> list[Row]:
        with explained(self.path):
            return self._conn.execute(sql, values).fetchall()

    def _write(self, sql: str, *values: object) -> int:
        return self._transact(lambda: self._conn.execute(sql, values).rowcount)

    def _many(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._transact(lambda: self._conn.executemany(sql, rows))

    def _transact(self, work: Callable[[], T]) -> T:
        with explained(self.path), transaction(self._conn, "BEGIN IMMEDIATE"):
            return work()


def _proposal(row: Row) -> Proposal:
    id, number, base, message, time, events = row
    return Proposal(id, number, base, message, time, _decode_events(events))


def _create(conn: sqlite3.Connection, replica: str) -> None:
    script = Path(__file__).with_name("store.sql").read_text("utf-8")
    for statement in statements(script):
        conn.execute(statement)
    conn.execute("INSERT INTO settings VALUES ('replica', ?)", (replica,))
