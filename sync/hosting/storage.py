"""What a hub's folder takes on its disk."""

import shutil
from pathlib import Path

from stackroom.sync import protocol as wire
from stackroom.sync.hosting.folder import HubFolder


def stored(folder: HubFolder) -> wire.Stored:
    """The sizes of the log's files, the room that is left, and when the log was backed up last."""
    disk = shutil.disk_usage(folder.path)
    wal = folder.log.with_name(f"{folder.log.name}-wal")
    return wire.Stored(_size(folder.log), _size(wal), disk.free, disk.total, folder.backed_up())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
