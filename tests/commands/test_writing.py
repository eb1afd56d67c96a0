"""Files that commands write: whole or not at all, and nothing else is put in their place."""

import os
import stat
from pathlib import Path
from threading import Thread

import pytest

from stackroom.client.commands.exits import Refused
from stackroom.client.commands.writing import write_whole


def test_a_file_is_there_whole_or_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "out.yaml"
    write_whole(file, [b"a", b"b"], replace=False)
    assert file.read_bytes() == b"ab"
    with pytest.raises(Refused, match="is there already"):
        write_whole(file, [b"c"], replace=False)
    with pytest.raises(ZeroDivisionError):
        write_whole(file, (bytes([1 // n]) for n in (1, 0)), replace=True)
    assert (file.read_bytes(), list(tmp_path.iterdir())) == (b"ab", [file])
    write_whole(file, [b"c"], replace=True)
    assert file.read_bytes() == b"c"


@pytest.mark.parametrize("replace", [True, False])
def test_a_pipe_stays_a_pipe(tmp_path: Path, replace: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, [b"a", b"b"], replace=replace)
    reader.join()
    assert read == [b"ab"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
