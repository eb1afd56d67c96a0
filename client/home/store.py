"""What a replica must not lose: its identity, the registry of hubs and profiles, and every proposal.

One SQLite file, durable at every return, used by several processes at once. Not for two threads. What a hub
says anew at each contact need not be durable by itself (`together`).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from msgspec import Struct

from stackroom.client.home.identity import Identified, Keys
from stackroom.client.home.store_file import ProposalsDamaged, StoreFile, told_as_precious
from stackroom.client.home.store_rows import (
    COLUMNS,
    WIDTH,
    decode_rotations,
    encode_events,
    insert,
    next_number,
    proposal_of,
    put_profile,
)
from stackroom.events.carriers import Event, Millis, Proposal
from stackroom.events.sqlite.file import Durability

if TYPE_CHECKING:
    from stackroom.client.replica.witness import Seen

ProposalState: TypeAlias = Literal["pending", "parked", "local"]
"""Waiting for the hub; refused, waiting for its author; of a profile without a hub, taken here."""


class HubEntry(Struct, frozen=True):
    """A hub that was joined: its address, its identity when last met, and who we are there.

    `key` is the public key that is pinned for it, `rotations` the statements that led there, oldest first.
    """

    url: str
    hub: str
    epoch: int
    user: str
    rights: str = ""
    key: str = ""
    rotations: tuple[str, ...] = ()


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


class Store(Identified):
    """The precious file of a home. What is proposed is signed by the replica's key, if there are `keys`."""

    def __init__(self, file: StoreFile, keys: Keys | None = None) -> None:
        super().__init__(file, keys)
        self.path = file.path
        if self.setting("replica") is None:
            raise ProposalsDamaged(
                f"{file.path} is damaged: it does not say which replica it is of"
            )

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
        try:
            return cls(file, keys)
        except BaseException:
            file.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    @property
    def written(self) -> bool:
        """Whether anything was written here since it was opened."""
        return self._file.written

    @contextmanager
    def together(self, *, durable: bool = True) -> Iterator[None]:
        """Makes what is written in the block one transaction, and durable with it; or with the next one."""
        with self._file.writing(durable=durable):
            yield

    def data_version(self) -> int:
        """A number that changes when another process has changed the file (`PRAGMA data_version`)."""
        ((version,),) = self._file.all("PRAGMA data_version")
        return int(version)

    def scrub(self) -> None:
        """Leaves no trace in the file of proposals that are in it no more."""
        self._file.scrub()

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
        rows = self._file.all(
            "SELECT url, hub, epoch, user, rights, key, rotations FROM hubs ORDER BY url"
        )
        with told_as_precious(self.path):
            return [
                HubEntry(url, hub, epoch, user, rights, key, decode_rotations(told))
                for url, hub, epoch, user, rights, key, told in rows
            ]

    def put_hub(
        self,
        url: str,
        hub: str,
        epoch: int,
        user: str,
        key: str = "",
        rotations: Sequence[str] = (),
    ) -> None:
        """Sets what is known of the hub at `url`."""
        self._file.write(
            "INSERT INTO hubs (url, hub, epoch, user, key, rotations) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
            " ON CONFLICT (url)"
            " DO UPDATE SET hub = ?2, epoch = ?3, user = ?4, key = ?5, rotations = ?6",
            url,
            hub,
            epoch,
            user,
            key,
            msgspec.json.encode(rotations).decode(),
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
            put_profile(conn, id, name, hub)

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

    # What hubs have signed

    def checkpoint(self, profile: str) -> str:
        """The last checkpoint of the profile that was seen, as a note; empty if there was none."""
        row = self._file.one("SELECT note FROM checkpoints WHERE profile = ?", profile)
        return "" if row is None else str(row[0])

    def forget_checkpoint(self, profile: str) -> None:
        """The hub is held to it no more: an administrator has said what becomes of what it stood for."""
        self._file.write("DELETE FROM checkpoints WHERE profile = ?", profile)

    def keep_checkpoint(self, seen: "Seen") -> None:
        """Keeps a checkpoint that was verified, unless a later one of that hub is kept."""
        new = seen.checkpoint
        self._file.write(
            "INSERT INTO checkpoints VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (profile)"
            " DO UPDATE SET hub = ?2, epoch = ?3, size = ?4, note = ?5"
            " WHERE hub <> ?2 OR epoch < ?3 OR (epoch = ?3 AND size < ?4)",
            new.profile,
            new.hub,
            new.epoch,
            new.size,
            seen.note,
        )

    # Proposals

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
        """Saves what its author typed, with the next number: durable after the block, undone if that raises.

        `registering` is the profile, if it is not in the registry yet: both are saved, or nothing.
        Raises KeyError for a profile that is not in the registry.
        """
        with self._file.writing() as conn:
            if registering is not None:
                put_profile(conn, registering.id, registering.name, registering.hub)
            number = next_number(conn, profile)
            made = Proposal(id, number, base, message, time, tuple(events))
            proposal = self._signed(profile, made)
            insert(conn, profile, proposal, author, state)
            yield proposal

    def pending(self, profile: str) -> list[Proposal]:
        """What waits for the hub, in the order of its making."""
        rows = self._file.all(
            f"SELECT {COLUMNS} FROM proposals WHERE profile = ? AND state = 'pending' ORDER BY number",
            profile,
        )
        with told_as_precious(self.path):
            return [proposal_of(row) for row in rows]

    def parked(self, profile: str) -> list[Parked]:
        """What was refused."""
        rows = self._file.all(
            f"SELECT {COLUMNS}, code, sentence FROM proposals"
            " WHERE profile = ? AND state = 'parked' ORDER BY number",
            profile,
        )
        with told_as_precious(self.path):
            return [Parked(proposal_of(row[:WIDTH]), *row[WIDTH:]) for row in rows]

    def local(self, profile: str, skip: int = 0) -> list[Authored]:
        """The proposals of a profile without a hub, all that there ever were but the first `skip`."""
        rows = self._file.all(
            f"SELECT {COLUMNS}, author FROM proposals"
            " WHERE profile = ? AND state = 'local' ORDER BY number LIMIT -1 OFFSET ?",
            profile,
            skip,
        )
        with told_as_precious(self.path):
            return [Authored(proposal_of(row[:WIDTH]), row[WIDTH]) for row in rows]

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
            was, number = proposal_of(columns), next_number(conn, profile)
            made = Proposal(id, number, base, was.message, was.time, was.events)
            proposal = self._signed(profile, made)
            conn.execute("DELETE FROM proposals WHERE id = ?", (old,))
            insert(conn, profile, proposal, author, "pending")
        return proposal

    def publish(self, profile: str, hub: str, first: Proposal | None = None) -> None:
        """Gives a local profile to a hub: all its proposals wait to be pushed.

        `first` takes the place of the first proposal, which creates the profile, under another name.
        """
        with self._file.writing() as conn:
            conn.execute("UPDATE profiles SET hub = ? WHERE id = ?", (hub, profile))
            if first is not None:
                events = encode_events(first.events).decode()
                conn.execute(
                    "UPDATE proposals SET events = ?, key = x'', signature = x'' WHERE id = ?",
                    (events, first.id),
                )
            conn.execute(
                "UPDATE proposals SET state = 'pending' WHERE profile = ? AND state = 'local'",
                (profile,),
            )
            self._sign_anew(conn, "pending")

    def take_back(
        self, profile: str, made: Iterable[Authored], code: str, sentence: str, *, base: int
    ) -> None:
        """What the hub had and has no more is parked; what waits was made in view of `base` at the most."""
        with self._file.writing() as conn:
            for own in made:
                known = conn.execute(
                    "SELECT 1 FROM proposals WHERE id = ?1 OR (profile = ?2 AND number = ?3)",
                    (own.proposal.id, profile, own.proposal.number),
                )
                if known.fetchone() is None:
                    insert(conn, profile, own.proposal, own.author, "parked")
                    conn.execute(
                        "UPDATE proposals SET code = ?, sentence = ? WHERE id = ?",
                        (code, sentence, own.proposal.id),
                    )
            conn.execute(
                "UPDATE proposals SET base = ?2, key = x'', signature = x''"
                " WHERE profile = ?1 AND state = 'pending' AND base > ?2",
                (profile, base),
            )
            self._sign_anew(conn, "pending")

    def counts(self) -> dict[str, Counts]:
        """How many proposals each profile has that are not in its log."""
        rows = self._file.all(
            "SELECT profile, sum(state = 'pending'), sum(state = 'parked')"
            " FROM proposals WHERE state != 'local' GROUP BY profile"
        )
        return {profile: Counts(pending, parked) for profile, pending, parked in rows}
