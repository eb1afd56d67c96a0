"""Blocks as the hub keeps them: whole spans, packed once, and nothing of before a redaction."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stackroom.events.block import unpack
from stackroom.events.codec import seal
from stackroom.events.model import Change, ComponentRegistered, ComponentUpdated, ProfileCreated
from stackroom.events.redaction import marks, redacted
from stackroom.events.sqlite_log import LogFile
from stackroom.sync.reading import blocks as module
from stackroom.sync.reading.blocks import Blocks
from stackroom.sync.settings import Settings
from tests.events.commits import PROFILE, Chain
from tests.events.world import K8S, uid

SETTINGS = Settings(page_commits=4)


class Hub:
    """A log of 11 commits, and who reads it."""

    def __init__(self, file: LogFile) -> None:
        self.file = file
        chain = Chain()
        changes: list[tuple[str, Change]] = [
            (PROFILE, ProfileCreated("team")),
            (K8S, ComponentRegistered("k8s", "orchestrator", "kubernetes", {"n": "secret"})),
            *((K8S, ComponentUpdated({"/config/m": f"value {n}" * 99})) for n in range(9)),
        ]
        taken = [chain.commit(seal(id, change, bytes(16))) for id, change in changes]
        self.commits = [one.commit for one in taken]
        file.write(lambda log: log.append(PROFILE, taken, chain.frontier))

    def read(self, blocks: Blocks, after: int, profile: str = PROFILE) -> tuple[int, int] | None:
        """First and last seq of the block after that seq, which has what the log has."""
        with self.file.reading() as log:
            packed = blocks.after(log, profile, after, log.head(profile).seq)
            if packed is None:
                return None
            some = unpack(packed.data)
            assert list(some) == log.commits(profile, after, len(some))
            assert some.last == packed.last
            return some.first, some.last

    def redact(self) -> None:
        commit, _ = redacted(self.commits[1], marks({"secret": None}, 12), lambda: bytes(range(16)))
        assert commit != self.commits[1]
        self.file.write(lambda log: log.redact(PROFILE, [commit]))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    file = LogFile.open(tmp_path / "hub.db", new_id=uid(9), synchronous="OFF")
    yield Hub(file)
    file.close()


@pytest.fixture
def packings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first seq of each block that was packed."""
    made: list[int] = []
    pack = module.pack

    def noted(commits: list) -> bytes:  # type: ignore[type-arg]
        made.append(commits[0].seq)
        return pack(commits)

    monkeypatch.setattr(module, "pack", noted)
    return made


def test_a_span_is_one_block_once_it_is_complete(hub: Hub, packings: list[int]) -> None:
    blocks = Blocks(SETTINGS)
    for _ in range(3):
        assert [hub.read(blocks, after) for after in (0, 4, 8)] == [(1, 4), (5, 8), None]
    assert packings == [1, 5]
    assert blocks.span_end(0) == blocks.span_end(3) == 4
    assert hub.read(blocks, 0, uid(3)) is None


def test_no_block_begins_amid_a_span(hub: Hub, packings: list[int]) -> None:
    assert [hub.read(Blocks(SETTINGS), after) for after in (1, 3, 6)] == [None] * 3
    assert packings == []


def test_a_span_of_many_bytes_is_several_blocks(hub: Hub, packings: list[int]) -> None:
    blocks = Blocks(Settings(page_commits=4, page_bytes=1_000))
    assert hub.read(blocks, 6) is None, "its beginning was not read yet"
    for _ in range(2):
        assert hub.read(blocks, 4) == (5, 6)
        assert hub.read(blocks, 6) == (7, 8)
    assert packings == [5, 7]


def test_what_was_read_weighs_more_than_what_was_kept(hub: Hub) -> None:
    blocks = Blocks(SETTINGS)
    with hub.file.reading() as log:
        first, again = (blocks.after(log, PROFILE, 4, 11) for _ in range(2))
    assert first is not None
    assert again is not None
    assert first.data == again.data
    assert first.weight > again.weight == len(again.data)


def test_the_least_recent_goes_first(hub: Hub, packings: list[int]) -> None:
    blocks = Blocks(Settings(page_commits=1, blocks_bytes=1_200))
    for after in (0, 1, 2, 3, 4, 5, 6, 7, 0, 7):
        hub.read(blocks, after)
    assert packings == [1, 2, 3, 4, 5, 6, 7, 8, 1]


def test_nothing_is_given_of_before_a_value_was_taken_out(hub: Hub, packings: list[int]) -> None:
    blocks = Blocks(SETTINGS)
    hub.read(blocks, 0)
    hub.read(blocks, 4)
    hub.redact()
    assert hub.read(blocks, 0) == (1, 4)
    with hub.file.reading() as log:
        again = blocks.after(log, PROFILE, 0, 11)
    assert again is not None
    assert "secret" not in str(list(unpack(again.data)))
    assert packings == [1, 5, 1]
