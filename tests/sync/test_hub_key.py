"""The hub's key in its folder: made once, refused when it is lost, replaced by a statement."""

import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from stackroom.events.proofs import rotation
from stackroom.events.sqlite.log import LogFile
from stackroom.sync.checkpoints import hub_key
from stackroom.sync.checkpoints.hub_key import HubKey
from stackroom.sync.errors import BadHubKey, HubKeyLost
from stackroom.sync.hosting.folder import HubFolder
from tests.events.world import uid

HUB = uid(9)
SEEDS = [bytes([n]) * 32 for n in range(4)]


@pytest.fixture
def folder(tmp_path: Path) -> HubFolder:
    folder = HubFolder(tmp_path / "hub")
    folder.prepare()
    return folder


@pytest.fixture
def log(folder: HubFolder) -> Iterator[LogFile]:
    file = LogFile.open(folder.log, new_id=HUB)
    yield file
    file.close()


def ready(folder: HubFolder, log: LogFile, seed: bytes = SEEDS[1], hub: str = HUB) -> HubKey:
    return log.write(partial(hub_key.ready, folder, hub, seed))


def test_it_is_made_once_and_for_its_owner_alone(folder: HubFolder, log: LogFile) -> None:
    made = ready(folder, log)
    assert made.public.startswith(f"stackroom/{HUB}+")
    again = ready(folder, log, SEEDS[2])
    assert (again.hub, again.public, again.rotations) == (HUB, made.public, ())
    for file in (folder.signing, folder.rotations):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_lost_key_is_not_replaced_in_silence(folder: HubFolder, log: LogFile) -> None:
    ready(folder, log)
    folder.signing.unlink()
    with pytest.raises(HubKeyLost, match="has signed with a key that is not there"):
        ready(folder, log)
    assert not folder.signing.exists()
    hub_key.replace(folder, HUB, SEEDS[2])
    assert ready(folder, log).rotations == ()


@pytest.mark.parametrize("text", ["", "no key", "PRIVATE+KEY+x+00000000+AAAA"])
def test_a_damaged_key_is_said_plainly(folder: HubFolder, log: LogFile, text: str) -> None:
    ready(folder, log)
    folder.signing.write_text(text)
    with pytest.raises(BadHubKey, match="is not the key of this hub"):
        ready(folder, log)


def test_the_key_of_another_hub_is_refused(folder: HubFolder, log: LogFile) -> None:
    hub_key.replace(folder, uid(8), SEEDS[2])
    with pytest.raises(BadHubKey, match="the key of another hub"):
        ready(folder, log)


def test_each_key_names_the_next(folder: HubFolder, log: LogFile) -> None:
    first = ready(folder, log)
    second = hub_key.rotate(folder, first, SEEDS[2], 5)
    third = hub_key.rotate(folder, second, SEEDS[3], 6)
    kept = ready(folder, log)
    assert (kept.public, kept.rotations) == (third.public, third.rotations)
    for key in (first, second, third):
        assert rotation.leads(HUB, key.signing.public, kept.rotations, third.signing.public)


def test_a_rotation_that_a_crash_cut_short_is_forgotten(folder: HubFolder, log: LogFile) -> None:
    first = ready(folder, log)
    before = folder.signing.read_text()
    hub_key.rotate(folder, first, SEEDS[2], 5)
    folder.signing.write_text(before)  # As if the process had ended before it kept the new key.
    kept = ready(folder, log)
    assert kept.public == first.public
    third = hub_key.rotate(folder, kept, SEEDS[3], 6)
    assert len(third.rotations) == 1
    assert rotation.leads(HUB, first.signing.public, third.rotations, third.signing.public)


def test_damaged_statements_are_said_plainly(folder: HubFolder, log: LogFile) -> None:
    hub_key.rotate(folder, ready(folder, log), SEEDS[2], 5)
    folder.rotations.write_text(folder.rotations.read_text() + "more")
    with pytest.raises(BadHubKey):
        ready(folder, log)
