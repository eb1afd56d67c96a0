"""Verifying an exported history, by the very rules of `verify`."""

from collections.abc import Sequence

from stackroom.events.audit.audit import Promised, signed_by
from stackroom.events.audit.exported import Reader, hash_of
from stackroom.events.audit.verify import Beside, Tell, Verifier
from stackroom.events.history.history import PAGE


def verify_export(
    reader: Reader,
    keys: Sequence[bytes],
    beside: Sequence[Beside] = (),
    tell: Tell = lambda _: None,
) -> Promised:
    """Verifies an export as `verify` does a log; `keys` are those of its hub, for its checkpoints.

    Gives what its checkpoints have promised. Raises HistoryFault.
    """
    heading = reader.heading
    verifier, promised = Verifier(heading.profile, beside), Promised(heading.profile)
    for entry in reader.entries():
        if isinstance(entry, str):
            note = signed_by(heading.profile, entry, heading.hub, keys)
            promised.meet(note, verifier.tree)
            continue
        verifier.take(entry)
        if verifier.tree.size % PAGE == 0:
            tell(verifier.tree.size)
    verifier.end(heading.seq, hash_of(heading.root))
    return promised
