"""The test vectors of docs/audit.md: always the same bytes, checked by us, by others, and on the page.

`python -m tests.audit.test_vectors` writes them anew.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from stackroom.client.history.audit_sources import keys_of
from stackroom.client.history.auditing import Signatures, audit_export
from stackroom.events.audit import inclusion
from stackroom.events.audit.exported import Heading, Reader, lines
from stackroom.events.sqlite.log import open_reader
from tests.audit.histories import HUB, PROFILE, PUBLIC, written
from tests.audit.test_exported import independently

VECTORS: Final = Path(__file__).parent / "vectors"
HISTORY: Final = VECTORS / "history.jsonl"
PROOF: Final = VECTORS / "proof.json"
PAGE: Final = Path(__file__).parents[2] / "docs" / "audit.md"


def made(folder: Path) -> tuple[bytes, bytes]:
    """The export of a profile of six commits, and the proof of its second one."""
    team = written(folder / "hub.db", updates=1)
    head = team.head
    heading = Heading(
        profile=PROFILE, name="team", seq=head.seq, root=head.root.hex(), hub=HUB, key=PUBLIC
    )
    notes = [(size, team.checkpoint(size)) for size in (3, 6)]
    with open_reader(folder / "hub.db") as log:
        history = b"".join(lines(log, heading, notes))
        proof = inclusion.prove(
            log, PROFILE, "team", 2, inclusion.Signer(HUB, PUBLIC), team.checkpoint()
        )
    return history, proof


def test_they_are_what_is_made(tmp_path: Path) -> None:
    assert made(tmp_path) == (HISTORY.read_bytes(), PROOF.read_bytes())


def test_they_hold() -> None:
    with HISTORY.open("rb") as text:
        reader = Reader(text)
        audited = audit_export(reader, Signatures(HUB, keys_of(HUB, PUBLIC, ())))
    assert audited.fault is None
    assert (audited.seq, audited.signed) == (6, 6)
    proof = inclusion.read(PROOF.read_bytes())
    assert inclusion.check(proof, keys_of(HUB, PUBLIC, ())).promise.root.hex() == audited.root


def test_they_hold_without_us_and_are_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    for file in (HISTORY, PROOF):
        said = independently(file, PUBLIC)
        assert said.startswith("#"), said
        assert said.strip() in page
    assert PUBLIC in page


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        history, proof = made(Path(scratch))
    VECTORS.mkdir(exist_ok=True)
    HISTORY.write_bytes(history)
    PROOF.write_bytes(proof)
