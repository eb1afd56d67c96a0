"""Blocks as the hub keeps them: whole spans, packed once, and nothing of before a redaction."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stackroom.events.codec import seal
from stackroom.events.history.block import unpack
from stackroom.events.model import Change, ComponentRegistered, ComponentUpdated, ProfileCreated
from stackroom.events.secrets.redaction import marks, redacted
from stackroom.events.sqlite.log import LogFile
from stackroom.sync.effects import Read
from stackroom.sync.reading import blocks as module
from stackroom.sync.reading.blocks import Blocks
from stackroom.sync.reading.paging import read_page
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


class TestNewest:
    """What follows the last complete span, or begins amid one."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MANY", 3)

    def page(self, hub: Hub, kept: Blocks, after: int, **asked: bool) -> tuple[int, int]:
        """How many commits a subscriber after that seq gets packed, and how many not."""
        read = Read(1, PROFILE, after, **{"blocks": True, **asked})
        with hub.file.reading() as log:
            page = read_page(read, SETTINGS, kept, log)
            packed = unpack(page.block.data) if page.block is not None else ()
            came = [*packed, *page.commits]
            assert came == log.commits(PROFILE, after, len(came))
            return len(packed), len(page.commits)

    def test_many_are_one_block_for_all_who_come_from_there(
        self, hub: Hub, packings: list[int]
    ) -> None:
        blocks = Blocks(SETTINGS)
        for _ in range(2):
            assert self.page(hub, blocks, 7) == (4, 0), "although a span begins within it"
            assert self.page(hub, blocks, 8) == (3, 0)
            assert self.page(hub, blocks, 9) == (0, 2), "too few"
            assert self.page(hub, blocks, 11) == (0, 0)
        assert packings == [8, 9]
        with hub.file.reading() as log:
            assert blocks.of_newest(log, PROFILE, ()) is None
            assert blocks.of_newest(log, PROFILE, log.commits(PROFILE, 0, 1)) is not None
        assert self.page(hub, blocks, 6) == (0, 2), "then a block begins"
        assert self.page(hub, blocks, 0) == (4, 0)

    def test_only_for_who_subscribes_and_takes_them(self, hub: Hub, packings: list[int]) -> None:
        blocks = Blocks(SETTINGS)
        assert self.page(hub, blocks, 8, blocks=False) == (0, 3)
        assert self.page(hub, blocks, 8, history=True) == (0, 3)
        assert packings == []

    def test_it_is_made_anew_once_many_more_are_there(self, hub: Hub, packings: list[int]) -> None:
        blocks = Blocks(SETTINGS)
        with hub.file.reading() as log:
            blocks.of_newest(log, PROFILE, log.commits(PROFILE, 5, 4))
        with hub.file.reading() as log:
            for head, there in ((9, True), (11, True), (12, False), (8, False)):
                assert (blocks.newest(log, PROFILE, 5, head) is not None) == there

    def test_nothing_is_given_of_before_a_value_was_taken_out(self, hub: Hub) -> None:
        blocks = Blocks(SETTINGS)
        with hub.file.reading() as log:
            assert blocks.of_newest(log, PROFILE, log.commits(PROFILE, 0, 3)) is not None
            assert blocks.newest(log, PROFILE, 0, 3) is not None
        hub.redact()
        with hub.file.reading() as log:
            assert blocks.newest(log, PROFILE, 0, 3) is None


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
