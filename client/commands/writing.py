"""Writing a file whole or not at all."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from stackroom.client.commands.exits import Refused


def write_whole(file: Path, parts: Iterable[bytes], *, replace: bool) -> None:
    """Writes `parts` to `file`, one after the other; nobody sees it before it is whole.

    Raises Refused if it is there and not to be replaced.
    """
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
