"""Writing a file whole or not at all."""

import os
from collections.abc import Iterable
from pathlib import Path

from stackroom.client.commands.exits import Refused


def write_whole(file: Path, parts: Iterable[bytes], *, replace: bool) -> None:
    """Writes `parts` to `file`, one after the other; nobody sees it before it is whole.

    What is no file, such as a pipe or a device, takes them as they come: in its place would be a file.
    Raises Refused if there is a file, and it is not to be replaced.
    """
    if file.exists() and not file.is_file():
        with file.open("wb") as stream:
            stream.writelines(parts)
        return
    # Late: commands that only might write a file import this.
    import tempfile

    handle, scratch = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(parts)
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            Path(scratch).replace(file)
        else:
            os.link(scratch, file)
    except FileExistsError:
        raise Refused(f"{file} is there already", hint="add --yes to replace it") from None
    finally:
        Path(scratch).unlink(missing_ok=True)
