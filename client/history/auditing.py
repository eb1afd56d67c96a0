"""What an audit of a history comes to: of a replica's copy, of a hub's file, or of an export."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from stackroom.events.audit.audit import Authors, Each, Promised, nobody, signed_by
from stackroom.events.audit.derived import Derived, Named
from stackroom.events.audit.exported import Reader
from stackroom.events.audit.verify import Tell, verify
from stackroom.events.audit.verify_export import verify_export
from stackroom.events.errors import HistoryFault, ModelError, Part
from stackroom.events.history.history import pages
from stackroom.events.proofs.authors import AuthorResult, KnownKey, known_keys
from stackroom.events.proofs.checkpoint import Checkpoint
from stackroom.events.sqlite.read import SqliteReader


class Fault(Struct, frozen=True):
    """The first place that does not fit: commit `seq`, which part of it, and a sentence on how."""

    seq: int
    part: Part
    sentence: str


class Audited(Struct, frozen=True):
    """What an audit of one profile came to: `seq` commits that lead to `root`, and the first `fault`.

    `signed` is the last commit that a checkpoint of its hub covers, of those that there were to compare
    with; `authors` says how many commits there are of each finding. Past an event that is `newer` than this
    program, hashes were verified, and states not.
    """

    profile: str
    name: str
    seq: int
    root: str
    signed: int
    authors: dict[AuthorResult, int]
    newer: str = ""
    fault: Fault | None = None


class Signatures(Struct, frozen=True):
    """What there is to hold signatures against: of the hub of that id, and of its people.

    `notes` are its checkpoints, of any profile; `hub_keys` those it may have signed them with, `people` as
    `author_finding` takes it.
    """

    hub: str = ""
    hub_keys: Sequence[bytes] = ()
    notes: Sequence[tuple[str, str]] = ()
    """Each with the id of its profile."""
    people: Mapping[bytes, KnownKey] | None = None
    complete: bool = True
    """Whether those are all that the hub knew when it accepted the last commit that is audited."""
    witnessed: Sequence[Checkpoint] = ()
    """What was verified before, by keys that are known no more."""

    def promised(self, profile: str) -> list[Checkpoint]:
        """What the hub has signed of a profile; HistoryFault for what it has not."""
        mine = [note for about, note in self.notes if about == profile]
        signed = [signed_by(profile, note, self.hub, self.hub_keys) for note in mine]
        return [*signed, *(each for each in self.witnessed if each.profile == profile)]


def audit_log(
    log: SqliteReader,
    profile: str,
    name: str,
    signatures: Signatures,
    tell: Tell = lambda _: None,
    each: Each = nobody,
) -> Audited:
    """Audits a profile in a file of ours, with all that the file keeps beside its commits."""
    derived = Derived(log.beside(profile), profile)

    def run(authors: Authors) -> tuple[bytes, int]:
        promised = Promised(profile, signatures.promised(profile))
        head = verify(log, profile, [promised, authors, derived], tell)
        return head.root, promised.upto

    return _audited(profile, name, signatures, derived, run, each)


def audit_export(
    reader: Reader,
    signatures: Signatures,
    tell: Tell = lambda _: None,
    each: Each = nobody,
) -> Audited:
    """Audits an export; its own checkpoints must be signed by the hub's keys in `signatures`."""
    heading = reader.heading
    profile = heading.profile
    derived = Derived(Named(heading.name, heading.deleted), profile)

    def run(authors: Authors) -> tuple[bytes, int]:
        kept = Promised(profile, signatures.promised(profile))
        own = verify_export(reader, signatures.hub_keys, [kept, authors, derived], tell)
        return bytes.fromhex(heading.root), max(kept.upto, own.upto)

    return _audited(profile, heading.name, signatures, derived, run, each)


def people_of(log: SqliteReader, people: str) -> dict[bytes, KnownKey] | None:
    """The keys of a hub's people, by their history in this file; None where it is not whole, or not true."""
    try:
        if not verify(log, people).seq:
            return None
        return known_keys(commit for page in pages(log, people, 0) for commit in page)
    except (HistoryFault, ModelError, ValueError):
        return None


def _audited(
    profile: str,
    name: str,
    signatures: Signatures,
    derived: Derived,
    run: Callable[[Authors], tuple[bytes, int]],
    each: Each,
) -> Audited:
    authors = Authors(profile, signatures.people, complete=signatures.complete, each=each)
    root, signed, fault = b"", 0, None
    try:
        root, signed = run(authors)
    except HistoryFault as error:
        fault = Fault(error.seq, error.part, str(error))
    seq, newer = authors.found.total(), str(derived.newer or "")
    return Audited(profile, name, seq, root.hex(), signed, dict(authors.found), newer, fault)
