"""Where a history comes from that is audited, and what signatures there are to hold it against."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

from stackroom.client.errors import ClientError, NoHub, NotFound
from stackroom.client.history.auditing import (
    Audited,
    Signatures,
    audit_export,
    audit_log,
    people_of,
)
from stackroom.client.profile_copy import ProfileCopy
from stackroom.client.workspace import Workspace
from stackroom.events.audit.audit import Each, nobody
from stackroom.events.audit.damage import page_faults
from stackroom.events.audit.exported import Heading, Reader
from stackroom.events.audit.inclusion import Signer, prove
from stackroom.events.errors import IntegrityError
from stackroom.events.history.history import PAGE
from stackroom.events.proofs import checkpoint, signed_note
from stackroom.events.proofs.checkpoint import key_name
from stackroom.events.proofs.key_chain import key_chain
from stackroom.events.proofs.signed_note import BadNote, verifier_key
from stackroom.events.sqlite.file import connect, explained
from stackroom.events.sqlite.log import open_reader
from stackroom.events.state import listing
from stackroom.sync.checkpoints.hub_key import KEY_FACT

Tell: TypeAlias = Callable[[int, int | None], None]
"""Is told how many commits were verified, and of how many."""


class Anchors(Struct, frozen=True):
    """What a file of checkpoints has: notes, each after its hub and profile, and statements on keys."""

    notes: tuple[tuple[str, str, str], ...] = ()
    statements: tuple[str, ...] = ()

    @classmethod
    def read(cls, file: Path) -> "Anchors":
        """The file. Raises ClientError for one that holds something else."""
        notes, statements = [], []
        try:
            for note in signed_note.split(file.read_text("utf-8")):
                try:
                    said = checkpoint.parse(note)
                except BadNote:
                    statements.append(note)
                else:
                    notes.append((said.hub, said.profile, note))
        except (BadNote, UnicodeError) as error:
            raise ClientError(f"{file} is no file of checkpoints: {error}") from error
        return cls(tuple(notes), tuple(statements))

    def of(self, hub: str) -> list[tuple[str, str]]:
        """The notes that are said to be of that hub, each with the id of its profile."""
        return [(profile, note) for said, profile, note in self.notes if said == hub]


NO_ANCHORS: Final = Anchors()
"""Nothing was kept elsewhere."""


def of_export(
    file: Path, key: str | None, anchors: Anchors, tell: Tell, each: Each = nobody
) -> Audited:
    """Audits an export, by the hub's public key `key`, or by the one that the export names itself."""
    with file.open("rb") as lines:
        reader = Reader(lines)
        heading = reader.heading
        statements = (*heading.rotations, *anchors.statements)
        keys = keys_of(heading.hub, key or heading.key, statements)
        signatures = Signatures(heading.hub, keys, anchors.of(heading.hub))
        return audit_export(reader, signatures, lambda done: tell(done, heading.seq), each)


def of_copy(
    workspace: Workspace,
    copy: ProfileCopy,
    key: str | None = None,
    anchors: Anchors = NO_ANCHORS,
    tell: Tell = lambda *_: None,
    each: Each = nobody,
) -> Audited:
    """Audits a profile as this replica has it. NotFound while its history was not all fetched."""
    if copy.missing is not None:
        raise _not_whole(copy)
    signatures = Signatures()
    with workspace.cache.reader() as log:
        if copy.hub is not None:
            signer, seen = _signer(workspace, copy)
            keys = keys_of(signer.hub, key or signer.key, (*signer.rotations, *anchors.statements))
            own = [note for note in seen if _is_by(note, signer)]
            # What an earlier key signed was verified when it was witnessed, and that key is gone.
            witnessed = [checkpoint.parse(note) for note in seen if note not in own]
            notes = [*((copy.id, note) for note in own), *anchors.of(signer.hub)]
            rights = workspace.rights(copy.hub)
            people = people_of(log, rights.people) if rights and rights.people else None
            complete = workspace.knows_people(copy)
            signatures = Signatures(signer.hub, keys, notes, people, complete, witnessed)
        told = partial(_onwards, tell, 0, copy.seq)
        return audit_log(log, copy.id, copy.name, signatures, told, each)


def of_hub_file(
    file: Path,
    profile: str | None,
    key: str | None,
    anchors: Anchors,
    tell: Tell,
    each: Each = nobody,
) -> list[Audited]:
    """Audits one profile or all in the log of a hub, which may be running.

    Raises NotFound, and IntegrityError where the file itself is damaged.
    """
    with explained(file), closing(connect(file)) as conn:
        if faults := page_faults(conn):
            raise IntegrityError(f"{file} is damaged: {faults[0]}", hint="restore a backup")
    with open_reader(file) as log:
        hub = log.identity().id
        listed = [each for each in log.profiles() if profile in (None, each.id, each.name)]
        if not listed:
            raise NotFound(f"there is no profile {profile!r} in {file}")
        own = log.facts(KEY_FACT).get("public")
        named = key or (verifier_key(key_name(hub), own) if own is not None else "")
        signatures = Signatures(
            hub, keys_of(hub, named, anchors.statements), anchors.of(hub), people_of(log, hub)
        )
        done, total = 0, sum(each.seq for each in listed)
        found = []
        for one in listed:
            name = "people" if one.id == hub else one.name
            told = partial(_onwards, tell, done, total)
            found.append(audit_log(log, one.id, name, signatures, told, each))
            done += one.seq
        return found


def _onwards(tell: Tell, before: int, total: int, done: int) -> None:
    tell(before + done, total)


def heading(workspace: Workspace, copy: ProfileCopy) -> tuple[Heading, list[tuple[int, str]]]:
    """The first line of an export of the profile, and the checkpoints of it that this replica has."""
    if copy.missing is not None:
        raise _not_whole(copy)
    with workspace.cache.reader() as log:
        head = log.head(copy.id)
    signer, seen = _signer(workspace, copy)
    notes = [(checkpoint.parse(note).size, note) for note in seen if _is_by(note, signer)]
    name, deleted = listing(copy.confirmed) or (copy.name, False)
    made = Heading(
        profile=copy.id,
        name=name,
        deleted=deleted,
        seq=head.seq,
        root=head.root.hex(),
        hub=signer.hub,
        key=signer.key,
        rotations=signer.rotations,
    )
    return made, [(size, note) for size, note in notes if size <= head.seq]


def proof(workspace: Workspace, copy: ProfileCopy, seq: int) -> tuple[bytes, int, str]:
    """The proof of commit `seq`: the file, how many commits its checkpoint covers, and the hub's key.

    Raises NotFound where the hub has signed nothing that covers it, as far as is known here.
    """
    if copy.missing is not None:
        raise _not_whole(copy)
    signer, notes = _signer(workspace, copy)
    for note in notes:
        if _is_by(note, signer) and (size := checkpoint.parse(note).size) >= seq:
            data = prove(copy.log, copy.id, copy.name, seq, signer, note)
            return data, size, signer.key
    if copy.hub is None:
        raise NoHub(
            f"profile {copy.name!r} is local: no hub has signed its history",
            hint=f"stackroom profile publish {copy.name}",
        )
    raise NotFound(
        f"the hub has signed nothing that covers #{seq}, as far as is known here",
        hint="stackroom sync",
    )


def counted(lines: Iterator[bytes], total: int, tell: Tell) -> Iterator[bytes]:
    """The lines of an export, with `tell` told of them as they go by."""
    for number, line in enumerate(lines):
        if number % PAGE == 0:
            tell(number, total)
        yield line


def _signer(workspace: Workspace, copy: ProfileCopy) -> tuple[Signer, list[str]]:
    """Who signs the profile's history, and the last checkpoint of it that was witnessed here, if any was."""
    if copy.hub is None:
        return Signer("", ""), []
    hub = workspace.hub(copy.hub)
    note = workspace.store.checkpoint(copy.id)
    return Signer(hub.hub, hub.key, hub.rotations), [note] if note else []


def _is_by(note: str, signer: Signer) -> bool:
    """Whether a note says that it is signed by the key that is pinned: not by one from before it."""
    try:
        name, public = signed_note.parse_verifier_key(signer.key)
        signatures = signed_note.parse(note).signatures
    except BadNote:
        return True
    return any(each.key == signed_note.key_id(name, public) for each in signatures)


def _not_whole(copy: ProfileCopy) -> NotFound:
    assert copy.missing is not None
    return NotFound(
        f"the history before #{copy.missing.stop} is not on this machine yet",
        hint="stackroom sync",
    )


def keys_of(hub: str, first: str, statements: Sequence[str]) -> list[bytes]:
    """The keys that a hub may have signed with; none for a profile without a hub."""
    if not first:
        return []
    try:
        return key_chain(hub, first, statements)
    except BadNote as error:
        raise IntegrityError(f"this key is not one of the hub's: {error}") from error
