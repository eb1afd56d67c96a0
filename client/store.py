"""What a replica must not lose: its identity, the registry of hubs and profiles, and every proposal.

One SQLite file, durable at every return, used by several processes at once. Not for two threads.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

import msgspec
from msgspec import Struct

from stackroom.client.store_file import StoreFile
from stackroom.events.model import Event, Millis, Proposal
from stackroom.events.signing import Signer
from stackroom.events.sqlite_file import Durability

ProposalState: TypeAlias = Literal["pending", "parked", "local"]
"""Waiting for the hub; refused, waiting for its author; of a profile without a hub, taken here."""

COLUMNS: Final = "id, number, base, message, time, events, key, signature"
WIDTH: Final = 8
"""Columns of a proposal."""

_decode_events = msgspec.json.Decoder(tuple[Event, ...]).decode
_encode_events = msgspec.json.Encoder().encode


class HubEntry(Struct, frozen=True):
    """A hub that was joined: its address, its identity when last met, and who we are there."""

    url: str
    hub: str
    epoch: int
    user: str
    rights: str = ""


class ProfileEntry(Struct, frozen=True):
    """A profile in the registry; without a `hub` it is local. `synced_at` is the last contact."""

    id: str
    name: str
    hub: str | None
    synced_at: Millis | None = None
    deleted: bool = False


class Parked(Struct, frozen=True):
    """A proposal that was refused, and why."""

    proposal: Proposal
    code: str
    sentence: str


class Authored(Struct, frozen=True):
    """A proposal as it is kept, with its author."""

    proposal: Proposal
    author: str


class Counts(Struct, frozen=True):
    """How many proposals of a profile wait, and how many were refused."""

    pending: int = 0
    parked: int = 0


class Keys(Protocol):
    """The keys of a home's replicas; called while the file is locked."""

    def signer(self, replica: str) -> Signer:
        """The key of the replica, made and kept if it has none."""

    def forget(self, replica: str) -> None:
        """Forgets the key of a replica that this home is no more."""


class Identity(Struct, frozen=True):
    """Which replica a home is, and the key by which it signs, if it does."""

    replica: str
    signer: Signer | None


class Renewal(Struct, frozen=True):
    """That this home took a new identity at `time`: which replica it `was`, and the hub's `code` for why."""

    was: str
    code: str
    time: Millis


class Store:
    """The precious file of a home. What is proposed is signed by the replica's key, if there are `keys`."""

    def __init__(self, file: StoreFile, keys: Keys | None = None) -> None:
        self._file = file
        self._keys = keys
        self.path = file.path

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        new_replica_id: str,
        now: Millis = 0,
        synchronous: Durability = "FULL",
        keys: Keys | None = None,
    ) -> "Store":
        """Opens the file, or makes it with the replica id that is given. Raises as LogFile.open."""
        file = StoreFile.open(path, new_replica_id=new_replica_id, now=now, synchronous=synchronous)
        return cls(file, keys)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def data_version(self) -> int:
        """A number that changes when another process has changed the file (`PRAGMA data_version`)."""
        ((version,),) = self._file.all("PRAGMA data_version")
        return int(version)

    def scrub(self) -> None:
        """Leaves no trace in the file of proposals that are in it no more."""
        self._file.scrub()

    # Which replica this is

    @property
    def replica(self) -> str:
        """Which replica this home is now; another process may have it take a new identity."""
        replica = self.setting("replica")
        assert replica is not None, "the first step of the schema sets it"
        return replica

    def identity(self) -> Identity:
        """Which replica this is, with its key; what waits for a hub is signed by that on return.

        It may not be: older programs did not sign.
        """
        if self._keys is None:
            return Identity(self.replica, None)
        with self._file.writing() as conn:
            identity = Identity(self.replica, self._keys.signer(self.replica))
            self._sign_anew(conn, "pending")
        return identity

    def take_new_identity(self, new: str, renewal: Renewal) -> None:
        """Makes this the replica `new`, with all that is kept signed by its key.

        Nothing is done if it is not the replica `renewal.was` any more: another process was before.
        """
        with self._file.writing() as conn:
            if self.replica != renewal.was:
                return
            told = msgspec.json.encode(renewal).decode()
            conn.execute("UPDATE settings SET value = ? WHERE key = 'replica'", (new,))
            conn.execute("INSERT OR REPLACE INTO settings VALUES ('renewal', ?)", (told,))
            self._sign_anew(conn, "pending")
            self._sign_anew(conn, "local")
        if self._keys is not None:
            # Only now, that the file says so for good: it was the key of this home until then.
            with self._file.writing():
                self._keys.forget(renewal.was)

    def renewal(self) -> Renewal | None:
        """When and why this home took the identity that it has, if that is not its first."""
        told = self.setting("renewal")
        return None if told is None else msgspec.json.decode(told, type=Renewal)

    def _signed(self, profile: str, proposal: Proposal) -> Proposal:
        """The proposal, signed by the replica that this is while the file is locked."""
        if self._keys is None:
            return proposal
        replica = self.replica
        return self._keys.signer(replica).sign(profile, replica, proposal)

    def _sign_anew(self, conn: sqlite3.Connection, state: ProposalState) -> None:
        """Signs what is in that state and bears no signature of the key of now."""
        if self._keys is None:
            return
        key = self._keys.signer(self.replica).key
        rows = conn.execute(
            f"SELECT {COLUMNS}, profile FROM proposals WHERE state = ? AND key <> ?", (state, key)
        )
        for *row, profile in rows.fetchall():
            signed = self._signed(profile, _proposal(row))
            conn.execute(
                "UPDATE proposals SET key = ?, signature = ? WHERE id = ?",
                (signed.key, signed.signature, signed.id),
            )

    # Settings, hubs, profiles

    def setting(self, key: str) -> str | None:
        """A setting's value."""
        row = self._file.one("SELECT value FROM settings WHERE key = ?", key)
        return None if row is None else str(row[0])

    def set_setting(self, key: str, value: str | None) -> None:
        """Sets a setting; None removes it."""
        if value is None:
            self._file.write("DELETE FROM settings WHERE key = ?", key)
        else:
            self._file.write("INSERT OR REPLACE INTO settings VALUES (?, ?)", key, value)

    def hubs(self) -> list[HubEntry]:
        """The hubs that were joined, by address."""
        rows = self._file.all("SELECT url, hub, epoch, user, rights FROM hubs ORDER BY url")
        return [HubEntry(*row) for row in rows]

    def put_hub(self, url: str, hub: str, epoch: int, user: str) -> None:
        """Sets what is known of the hub at `url`."""
        self._file.write(
            "INSERT INTO hubs (url, hub, epoch, user) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (url)"
            " DO UPDATE SET hub = ?2, epoch = ?3, user = ?4",
            url,
            hub,
            epoch,
            user,
        )

    def set_rights(self, url: str, rights: str) -> None:
        """Sets what one may do on the hub at `url`."""
        self._file.write("UPDATE hubs SET rights = ?2 WHERE url = ?1 AND rights <> ?2", url, rights)

    def profiles(self) -> list[ProfileEntry]:
        """Every profile of the registry, by name."""
        rows = self._file.all(
            "SELECT id, name, hub, synced_at, deleted FROM profiles ORDER BY name, id"
        )
        return [ProfileEntry(id, name, hub, at, bool(gone)) for id, name, hub, at, gone in rows]

    def put_profile(self, id: str, name: str, hub: str | None) -> None:
        """Adds a profile, or sets its name and hub."""
        with self._file.writing() as conn:
            _put_profile(conn, id, name, hub)

    def rename_profile(self, id: str, name: str) -> None:
        """Sets under which name the profile is known here."""
        self._file.write("UPDATE profiles SET name = ? WHERE id = ?", name, id)

    def mark_deleted(self, id: str) -> None:
        """Remembers that the profile was deleted; its history stays."""
        self._file.write("UPDATE profiles SET deleted = 1 WHERE id = ?", id)

    def forget_profile(self, id: str) -> bool:
        """Takes the profile out of the registry, unless proposals of it are kept; says whether."""
        forgotten = self._file.write(
            "DELETE FROM profiles WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM proposals WHERE profile = ?1)",
            id,
        )
        return forgotten > 0

    def synced(self, profile: str, time: Millis) -> None:
        """Remembers when the profile was last known to hold all that its hub had."""
        self._file.write("UPDATE profiles SET synced_at = ? WHERE id = ?", time, profile)

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
        registering: ProfileEntry | None = None,
    ) -> Proposal:
        """Saves what its author typed, with the next number; durable on return.

        `registering` is the profile, if it is not in the registry yet: both are saved, or nothing.
        Raises KeyError for a profile that is not in the registry.
        """
        with self.proposing(
            profile,
            id=id,
            base=base,
            author=author,
            message=message,
            time=time,
            events=events,
            state=state,
            registering=registering,
        ) as proposal:
            return proposal

    @contextmanager
    def proposing(
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
        registering: ProfileEntry | None = None,
    ) -> Iterator[Proposal]:
        """`propose`, durable only after the block; if the block raises, nothing is saved."""
        with self._file.writing() as conn:
            if registering is not None:
                _put_profile(conn, registering.id, registering.name, registering.hub)
            number = _next_number(conn, profile)
            made = Proposal(id, number, base, message, time, tuple(events))
            proposal = self._signed(profile, made)
            _insert(conn, profile, proposal, author, state)
            yield proposal

    def pending(self, profile: str) -> list[Proposal]:
        """What waits for the hub, in the order of its making."""
        rows = self._file.all(
            f"SELECT {COLUMNS} FROM proposals WHERE profile = ? AND state = 'pending' ORDER BY number",
            profile,
        )
        return [_proposal(row) for row in rows]

    def parked(self, profile: str) -> list[Parked]:
        """What was refused."""
        rows = self._file.all(
            f"SELECT {COLUMNS}, code, sentence FROM proposals"
            " WHERE profile = ? AND state = 'parked' ORDER BY number",
            profile,
        )
        return [Parked(_proposal(row[:WIDTH]), *row[WIDTH:]) for row in rows]

    def local(self, profile: str, skip: int = 0) -> list[Authored]:
        """The proposals of a profile without a hub, all that there ever were but the first `skip`."""
        rows = self._file.all(
            f"SELECT {COLUMNS}, author FROM proposals"
            " WHERE profile = ? AND state = 'local' ORDER BY number LIMIT -1 OFFSET ?",
            profile,
            skip,
        )
        return [Authored(_proposal(row[:WIDTH]), row[WIDTH]) for row in rows]

    def newest_local(self, profile: str) -> tuple[int, str]:
        """How many proposals a profile without a hub has, and the id of the last (empty if none)."""
        row = self._file.one(
            "SELECT count(*), coalesce((SELECT id FROM proposals WHERE profile = ?1"
            " AND state = 'local' ORDER BY number DESC LIMIT 1), '')"
            " FROM proposals WHERE profile = ?1 AND state = 'local'",
            profile,
        )
        assert row is not None, "a count is always one row"
        return int(row[0]), str(row[1])

    def settle(self, ids: Iterable[str]) -> None:
        """These are in the log, and need not be kept; local ones stay, since they are the history."""
        with self._file.writing() as conn:
            conn.executemany(
                "DELETE FROM proposals WHERE id = ? AND state != 'local'", [(id,) for id in ids]
            )

    def park(self, id: str, code: str, sentence: str) -> None:
        """The hub refused a pending proposal."""
        self._file.write(
            "UPDATE proposals SET state = 'parked', code = ?, sentence = ?"
            " WHERE id = ? AND state = 'pending'",
            code,
            sentence,
            id,
        )

    def drop(self, id: str) -> bool:
        """Its author gives a pending or parked proposal up; False if there is no such."""
        dropped = self._file.write("DELETE FROM proposals WHERE id = ? AND state != 'local'", id)
        return dropped > 0

    def retry(self, old: str, *, id: str, base: int) -> Proposal:
        """A refused proposal, made again: the very same events, a new id, number and base.

        Raises KeyError if no such proposal is parked.
        """
        with self._file.writing() as conn:
            row = conn.execute(
                f"SELECT {COLUMNS}, profile, author FROM proposals"
                " WHERE id = ? AND state = 'parked'",
                (old,),
            ).fetchone()
            if row is None:
                raise KeyError(old)
            *columns, profile, author = row
            was, number = _proposal(columns), _next_number(conn, profile)
            made = Proposal(id, number, base, was.message, was.time, was.events)
            proposal = self._signed(profile, made)
            conn.execute("DELETE FROM proposals WHERE id = ?", (old,))
            _insert(conn, profile, proposal, author, "pending")
        return proposal

    def publish(self, profile: str, hub: str, first: Proposal | None = None) -> None:
        """Gives a local profile to a hub: all its proposals wait to be pushed.

        `first` takes the place of the first proposal, which creates the profile, under another name.
        """
        with self._file.writing() as conn:
            conn.execute("UPDATE profiles SET hub = ? WHERE id = ?", (hub, profile))
            if first is not None:
                events = _encode_events(first.events).decode()
                conn.execute(
                    "UPDATE proposals SET events = ?, key = x'', signature = x'' WHERE id = ?",
                    (events, first.id),
                )
            conn.execute(
                "UPDATE proposals SET state = 'pending' WHERE profile = ? AND state = 'local'",
                (profile,),
            )
            self._sign_anew(conn, "pending")

    def counts(self) -> dict[str, Counts]:
        """How many proposals each profile has that are not in its log."""
        rows = self._file.all(
            "SELECT profile, sum(state = 'pending'), sum(state = 'parked')"
            " FROM proposals WHERE state != 'local' GROUP BY profile"
        )
        return {profile: Counts(pending, parked) for profile, pending, parked in rows}


def _put_profile(conn: sqlite3.Connection, id: str, name: str, hub: str | None) -> None:
    conn.execute(
        "INSERT INTO profiles (id, name, hub) VALUES (?1, ?2, ?3) ON CONFLICT (id)"
        " DO UPDATE SET name = ?2, hub = ?3",
        (id, name, hub),
    )


def _next_number(conn: sqlite3.Connection, profile: str) -> int:
    row = conn.execute(
        "INSERT INTO numbers SELECT id, 1 FROM profiles WHERE id = ?"
        " ON CONFLICT (profile) DO UPDATE SET last = last + 1 RETURNING last",
        (profile,),
    ).fetchone()
    if row is None:
        raise KeyError(profile)
    return int(row[0])


def _insert(
    conn: sqlite3.Connection,
    profile: str,
    proposal: Proposal,
    author: str,
    state: ProposalState,
) -> None:
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
            _encode_events(proposal.events).decode(),
            state,
            proposal.key,
            proposal.signature,
        ),
    )


def _proposal(row: Sequence[Any]) -> Proposal:
    id, number, base, message, time, events, key, signature = row
    return Proposal(id, number, base, message, time, _decode_events(events), key, signature)
