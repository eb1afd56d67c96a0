"""A history with all that can be in one: signed and unsigned commits, a conflict, a redaction; always the same.

Keys, salts and times are fixed, so that files made of it are test vectors. It is written as a hub's log.
"""

import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import structs

from stackroom.events import codec
from stackroom.events.fold import fold
from stackroom.events.log import Answer as Answered
from stackroom.events.log import Head, Refused, Snapshot, Taken, Taking
from stackroom.events.model import (
    Change,
    Commit,
    ComponentRegistered,
    ComponentUpdated,
    ConflictOpened,
    Held,
    Overlap,
    ProfileCreated,
    Proposal,
    Redacted,
    RunRecorded,
)
from stackroom.events.people.model import HubFounded, KeyRegistered, UserCreated
from stackroom.events.proofs import checkpoint, merkle
from stackroom.events.proofs.checkpoint import Checkpoint, key_name
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.fingerprints import fingerprint, key_id
from stackroom.events.proofs.signed_note import verifier_key
from stackroom.events.proofs.signing import Signer
from stackroom.events.secrets.redaction import marks, redacted
from stackroom.events.sqlite.cache import INDEX_TYPES
from stackroom.events.sqlite.log import LogFile
from stackroom.events.sqlite.schema import Use
from stackroom.events.sqlite.write import INDEX
from stackroom.events.state import State, encode

HUB: Final = "018f2f6e-0000-4000-8000-000000000001"
PROFILE: Final = "018f2f6e-0000-7000-8000-000000000002"
K8S: Final = "018f2f6e-0000-7000-8000-000000000003"
S3: Final = "018f2f6e-0000-7000-8000-000000000004"
STACK: Final = "018f2f6e-0000-7000-8000-000000000006"
RUN: Final = "018f2f6e-0000-7000-8000-000000000007"
FIRST: Final = "018f2f6e-0000-7000-8000-00000000f001"
"""The proposal of the first commit of `team`."""
USER: Final = "018f2f6e-0000-7000-8000-000000000005"
ADA: Final = "018f2f6e-0000-7000-8000-00000000000a"
"""Ada's replica, which signs."""
BEN: Final = "018f2f6e-0000-7000-8000-00000000000b"
"""Ben's, which does not: it is older than that."""
NOON: Final = 1_796_817_600_000
SECRET: Final = "canary-5ac81e"

HUB_KEY: Final = PrivateKey(bytes(range(32)))
ADA_KEY: Final = Signer(bytes(range(1, 33)))
PUBLIC: Final = verifier_key(key_name(HUB), HUB_KEY.public)


class History:
    """One profile of a hub, commit by commit, in the log at `path` and as `taken`."""

    def __init__(self, file: LogFile, profile: str, begun: int = NOON) -> None:
        self.profile = profile
        self._begun = begun
        self.taken: list[Taken] = []
        self.frontier = merkle.Frontier()
        self.state = State()
        self._file = file

    def commit(
        self,
        *changes: tuple[str, Change],
        by: str = "ada",
        message: str = "",
        outcome: Taking = "accepted",
        signed: bool = True,
        snapshot: bool = False,
    ) -> Commit:
        """Adds a commit of `changes`, each with its entity."""
        proposal = self.proposal(*changes, by=by, message=message, signed=signed)
        seq, replica = len(self.taken) + 1, {"ada": ADA, "ben": BEN}.get(by, self.profile)
        commit = Commit(
            seq,
            proposal.id,
            replica,
            proposal.number,
            proposal.base,
            by,
            message,
            proposal.time,
            self._begun + 1_000 * seq,
            proposal.events,
            b"",
            proposal.key,
            proposal.signature,
        )
        leaf = merkle.leaf_hash(codec.leaf(self.profile, commit))
        self.frontier = merkle.grow(self.frontier, leaf)
        commit = structs.replace(commit, root=merkle.root(self.frontier))
        self.taken.append(Taken(commit, outcome, leaf))
        self.state = fold(self.state, commit)
        with self._file.writing() as log:
            log.append(self.profile, self.taken[-1:], self.frontier)
            if (profile := self.state.profile) is not None:
                log.list_profile(self.profile, profile.name)
            if snapshot:
                log.put_snapshot(self.profile, Snapshot(seq, self.frontier, encode(self.state)))
        return commit

    def proposal(
        self, *changes: tuple[str, Change], by: str, message: str, signed: bool
    ) -> Proposal:
        """What is committed next, if nothing stands against it."""
        seq = len(self.taken) + 1
        salts = [
            sha256(f"{self.profile}{seq}{n}".encode()).digest()[:16] for n in range(len(changes))
        ]
        events = tuple(
            codec.seal(id, change, salt) for (id, change), salt in zip(changes, salts, strict=True)
        )
        id = f"{self.profile[:-4]}{0xF000 + seq:04x}"
        made = Proposal(id, seq, seq - 1, message, self._begun + 1_000 * seq - 7, events)
        return ADA_KEY.sign(self.profile, ADA, made) if signed and by == "ada" else made

    def redact(self, text: str, reason: str) -> None:
        """Takes `text` out of the commits so far, and says so in the next one."""
        seq = len(self.taken) + 1
        rewritten = []
        for place, one in enumerate(self.taken):
            commit, where = redacted(
                one.commit, marks({text: None}, seq), lambda: sha256(reason.encode()).digest()[:16]
            )
            if where:
                rewritten += where
                self.taken[place] = structs.replace(one, commit=commit)
                with self._file.writing() as log:
                    log.redact(self.profile, [commit])
        self.state = fold(State(), *(one.commit for one in self.taken))
        change = Redacted(reason, tuple(rewritten))
        self.commit((self.profile, change), by="hub", message=reason, snapshot=True)

    @property
    def head(self) -> Head:
        """Where it stands."""
        return Head(len(self.taken), merkle.root(self.frontier), self.frontier)

    def checkpoint(self, size: int | None = None, key: PrivateKey = HUB_KEY) -> str:
        """What the hub signs of its first commits; of all, if no `size` is given."""
        size = len(self.taken) if size is None else size
        root = self.taken[size - 1].commit.root
        return checkpoint.sign(Checkpoint(HUB, self.profile, size, root, 1, NOON + size), key)


def written(path: Path, updates: int = 3, use: Use = "log") -> History:
    """A hub's log at `path`, or a replica's: its people, and the profile `team`, which is given."""
    file = LogFile.open(path, new_id=HUB, synchronous="OFF", use=use)
    people = History(file, HUB, NOON - 60_000)
    people.commit((HUB, HubFounded("hub")), by="hub")
    people.commit((USER, UserCreated("ada")), by="hub")
    public = ADA_KEY.key
    registered = KeyRegistered(fingerprint(public), USER, ADA, public.hex(), NOON)
    people.commit((key_id(public), registered), by="hub")
    team = History(file, PROFILE)
    team.commit((PROFILE, ProfileCreated("team", 'Größe \u2028 "1"')), message="begin")
    team.commit(
        (K8S, ComponentRegistered("k8s", "orchestrator", "kubernetes", {"ns": "ml"})),
        (S3, ComponentRegistered("s3", "artifact_store", "s3", {"secret": SECRET})),
        message="what we run",
    )
    team.commit(
        (K8S, ComponentUpdated({"/config/ns": "prod"})),
        (RUN, RunRecorded("train", STACK, FIRST, "running")),
        by="ben",
        outcome="merged",
    )
    held = team.proposal(
        (K8S, ComponentUpdated({"/config/ns": "ada"})), by="ada", message="mine", signed=True
    )
    overlap = Overlap("edit/edit", K8S, "/config/ns", 3, "ben", "ml", "prod", "ada")
    conflict = ConflictOpened(Held("ada", ADA, held), (overlap,))
    team.commit((held.id, conflict), message="mine", outcome="conflict", signed=False)
    team.redact(SECRET, "leaked")
    for n in range(updates):
        team.commit((K8S, ComponentUpdated({"/config/retries": n})), message=f"retries {n}")
    with file.writing() as log:
        answer = Answered("018f2f6e-0000-7000-8000-0000000000ee", "rejected", None, "in_use", "no")
        log.refuse(Refused(answer, PROFILE, BEN, 4, NOON))
        log.put_fact("key", "public", HUB_KEY.public)
        log.put_milestone(PROFILE, len(team.taken), encode(team.state))
        # As it is once a history has grown long: all but its last commits are indexed by entity.
        log._conn.execute(INDEX, (2, 1, 6))
        if use == "cache":
            log._conn.execute(INDEX_TYPES, (2, 1, 6))
        log._conn.execute("UPDATE profiles SET indexed = 6 WHERE number = 2")
    file.close()
    return team


def without_guards(conn: sqlite3.Connection) -> None:
    """Has the file refuse nothing: somebody who may write it can do so, too."""
    names = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        conn.execute(f"DROP TRIGGER {name}")
