"""What a hub's operator does on its folder, beside serving it: its key, and anchors of what it has signed."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stackroom.events.limits import KEY_BYTES
from stackroom.events.sqlite.log import LogFile, open_reader
from stackroom.sync.checkpoints import anchor, hub_key
from stackroom.sync.checkpoints.hub_key import HubKey
from stackroom.sync.checkpoints.notary import Notary
from stackroom.sync.errors import HubKeyLost, NoHubKey
from stackroom.sync.hosting.folder import HubFolder, new_hub_id
from stackroom.sync.hosting.service import clock, notes_of
from stackroom.sync.settings import Settings


def make_key(data: Path) -> HubKey:
    """The key of the hub on the folder, made if it has none, and the log with it. Raises as `serve` does."""
    folder = HubFolder(data)
    folder.prepare()
    with _log_of(folder) as file:
        hub = file.read(lambda reader: reader.identity()).id
        seed = secrets.token_bytes(KEY_BYTES)
        return file.write(lambda log: hub_key.ready(folder, hub, seed, log))


def rotate_key(data: Path, *, lost: bool) -> HubKey:
    """Gives the hub on the folder another key, which the old one names; or, where that is `lost`, does not.

    Raises AlreadyRunning, NoHubKey, HubKeyLost, BadHubKey, and what LogFile.open raises.
    """
    folder = HubFolder(data)
    if not folder.log.exists():
        raise NoHubKey(str(data))
    with folder.lock(), _log_of(folder) as file:
        hub, seed = file.read(lambda reader: reader.identity()).id, secrets.token_bytes(KEY_BYTES)
        key = None if lost else hub_key.read(folder)
        if key is not None:
            made = hub_key.rotate(folder, key, seed, clock())
        elif lost:
            made = hub_key.replace(folder, hub, seed)
        else:
            known = file.read(lambda reader: reader.facts(hub_key.KEY_FACT))
            raise HubKeyLost(str(data)) if known else NoHubKey(str(data))
        file.write(lambda log: hub_key.remember(made, log))
    security = notes_of(folder, Settings())
    security.note("hub_key", what="replaced" if lost else "rotated", key=made.public)
    security.close()
    return made


def anchor_now(data: Path, target: str) -> int:
    """Writes the checkpoints of the hub on the folder to `target`, whether it runs or not; how many.

    Raises NoHubKey, BadHubKey, AnchorFailed, and what open_reader raises.
    """
    folder = HubFolder(data)
    key = hub_key.read(folder)
    if key is None or not folder.log.exists():
        raise NoHubKey(str(data))
    with open_reader(folder.log) as reader:
        notary = Notary(reader.identity(), key)
        notes = anchor.notes_of(reader.profiles(), notary, clock())
    anchor.write(target, key.hub, notes, Settings().anchor_timeout)
    return len(notes)


@contextmanager
def _log_of(folder: HubFolder) -> Iterator[LogFile]:
    file = LogFile.open(folder.log, new_id=new_hub_id(), now=clock())
    try:
        yield file
    finally:
        file.close()
