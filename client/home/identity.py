"""Which replica a home is, and the key by which it signs: for good, until it turns out to be a copy."""

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

from stackroom.client.home.store_file import StoreFile
from stackroom.client.home.store_rows import COLUMNS, proposal_of
from stackroom.events.carriers import Commit, Millis, Proposal

if TYPE_CHECKING:
    from stackroom.events.proofs.signing import Signer


class Keys(Protocol):
    """The keys of a home's replicas; called while the file is locked."""

    def signer(self, replica: str) -> "Signer":
        """The key of the replica, made and kept if it has none."""

    def forget(self, replica: str) -> None:
        """Forgets the key of a replica that this home is no more."""


class Identity(Struct, frozen=True):
    """Which replica a home is, and the key by which it signs, if it does."""

    replica: str
    signer: "Signer | None"


class Renewal(Struct, frozen=True):
    """That this home took a new identity at `time`: which replica it `was`, and the hub's `code` for why."""

    was: str
    code: str
    time: Millis


class Identified:
    """The identity in a home's precious file; what is proposed is signed by its key, if there are `keys`."""

    def __init__(self, file: StoreFile, keys: Keys | None = None) -> None:
        self._file = file
        self._keys = keys

    @property
    def replica(self) -> str:
        """Which replica this home is now; another process may have it take a new identity."""
        row = self._file.one("SELECT value FROM settings WHERE key = 'replica'")
        assert row is not None, "that was looked at when the file was opened"
        return str(row[0])

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

    def disowns(self, profile: str, commits: Iterable[Commit]) -> bool:
        """Whether one of `commits`, all made by this replica, was not made here: this home was copied.

        It has a number that was not given here yet, or that of another proposal which is kept here.
        """
        kept: dict[int, str] = dict(
            self._file.all("SELECT number, id FROM proposals WHERE profile = ?", profile)
        )
        row = self._file.one("SELECT last FROM numbers WHERE profile = ?", profile)
        last = 0 if row is None else row[0]
        return any(c.number > last or kept.get(c.number, c.id) != c.id for c in commits)

    def renewal(self) -> Renewal | None:
        """When and why this home took the identity that it has, if that is not its first."""
        row = self._file.one("SELECT value FROM settings WHERE key = 'renewal'")
        return None if row is None else msgspec.json.decode(row[0], type=Renewal)

    def _signed(self, profile: str, proposal: Proposal) -> Proposal:
        """The proposal, signed by the replica that this is while the file is locked."""
        if self._keys is None:
            return proposal
        replica = self.replica
        return self._keys.signer(replica).sign(profile, replica, proposal)

    def _sign_anew(self, conn: sqlite3.Connection, state: str) -> None:
        """Signs what is in that state and bears no signature of the key of now."""
        if self._keys is None:
            return
        key = self._keys.signer(self.replica).key
        rows = conn.execute(
            f"SELECT {COLUMNS}, profile FROM proposals WHERE state = ? AND key <> ?", (state, key)
        )
        for *row, profile in rows.fetchall():
            signed = self._signed(profile, proposal_of(row))
            conn.execute(
                "UPDATE proposals SET key = ?, signature = ? WHERE id = ?",
                (signed.key, signed.signature, signed.id),
            )
