"""`hub backup` and `hub restore` on real files, killed and starved in the middle."""

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from stackroom.events.audit.verify import verify
from stackroom.events.log import Snapshot
from stackroom.events.sqlite.log import LogFile, open_reader
from stackroom.sync.errors import AlreadyRunning, HubDamaged, NotBackedUp, NotRestored
from stackroom.sync.hosting.backup import back_up
from stackroom.sync.hosting.folder import HubFolder
from stackroom.sync.hosting.restoring import finish, restore
from tests.damaging import cut, flip, pages, settle, zero
from tests.events.commits import LOG_ID, NOON, OTHER, PROFILE, Chain, event

BIG = 400


@pytest.fixture
def folder(tmp_path: Path) -> HubFolder:
    """A hub that is down, with two profiles: 400 and 3 commits."""
    made = HubFolder(tmp_path / "hub")
    made.prepare()
    return filled(made)


def filled(folder: HubFolder, id: str = LOG_ID) -> HubFolder:
    log = LogFile.open(folder.log, new_id=id)
    for profile, count in ((PROFILE, BIG), (OTHER, 3)):
        more(log, Chain(profile), count)
    log.close()
    return folder


def more(log: LogFile, chain: Chain, count: int) -> None:
    with log.writing() as writer:
        body = '{"name":"' + "x" * 200 + '"}'
        taken = [chain.commit(event("e1", body)) for _ in range(count)]
        writer.append(chain.profile, taken, chain.frontier)


def heads(path: Path) -> dict[str, int]:
    with open_reader(path) as log:
        return {listed.id: verify(log, listed.id).seq for listed in log.profiles()}


WHOLE = {PROFILE: BIG, OTHER: 3}


class TestBackup:
    def test_it_holds_all_and_says_so(self, folder: HubFolder, tmp_path: Path) -> None:
        (folder.path / "hub.toml").write_text("port = 1\n")
        made = back_up(folder, tmp_path / "copy.db", now=NOON)
        assert heads(tmp_path / "copy.db") == WHOLE
        assert {p.profile: p.seq for p in made.profiles} == WHOLE
        assert (made.hub, made.commits, made.time) == (LOG_ID, BIG + 3, NOON)
        assert made.bytes == (tmp_path / "copy.db").stat().st_size
        assert [each.name for each in made.beside] == ["hub.toml"]
        assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
        assert [p.name for p in tmp_path.glob("copy*")] == ["copy.db"]
        with open_reader(tmp_path / "copy.db") as log:
            assert all(log.head(p.profile).root.hex() == p.root for p in made.profiles)

    def test_never_over_a_file_unless_told(self, folder: HubFolder, tmp_path: Path) -> None:
        target = tmp_path / "copy.db"
        target.write_text("precious")
        with pytest.raises(NotBackedUp, match="already") as refused:
            back_up(folder, target, now=NOON)
        assert "--force" in refused.value.hint
        assert target.read_text() == "precious"
        back_up(folder, target, now=NOON, replace=True)
        assert heads(target) == WHOLE

    def test_never_over_what_is_no_file(self, folder: HubFolder, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with pytest.raises(NotBackedUp, match="is no file"):
            back_up(folder, pipe, now=NOON, replace=True)
        assert pipe.is_fifo()

    @pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
    def test_never_over_the_hubs_own_files(self, folder: HubFolder, ending: str) -> None:
        with pytest.raises(NotBackedUp, match="own file"):
            back_up(folder, folder.path / f"hub.db{ending}", now=NOON, replace=True)
        assert heads(folder.log) == WHOLE

    def test_beside_somebody_who_writes(self, folder: HubFolder, tmp_path: Path) -> None:
        begun, stop = threading.Event(), threading.Event()
        written = [BIG]

        def write() -> None:
            log = LogFile.open(folder.log, new_id="")
            with log.reading() as reader:
                chain = Chain(PROFILE, reader.head(PROFILE))
            while not stop.is_set():
                more(log, chain, 1)
                written[0] = chain.frontier.size
                begun.set()
            log.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            assert begun.wait(30)
            for n in range(3):
                before = written[0]
                made = back_up(folder, tmp_path / f"{n}.db", now=NOON)
                (of_profile,) = (p for p in made.profiles if p.profile == PROFILE)
                assert before <= of_profile.seq <= written[0] + 1
                assert heads(tmp_path / f"{n}.db")[PROFILE] == of_profile.seq
        finally:
            stop.set()
            writer.join()
        assert heads(folder.log)[PROFILE] == written[0]

    def test_no_trace_of_what_was_taken_out(self, folder: HubFolder, tmp_path: Path) -> None:
        canary = b"canary-" * 2_000
        log = LogFile.open(folder.log, new_id="")
        with log.writing() as writer:
            head = writer.head(PROFILE)
            writer.put_snapshot(PROFILE, Snapshot(head.seq, head.frontier, canary))
        log.close()
        with closing(sqlite3.connect(folder.log)) as conn, conn:
            conn.execute("PRAGMA secure_delete = OFF")  # As some builds of SQLite have it on.
            conn.execute("DELETE FROM snapshots")
        assert b"canary" in folder.log.read_bytes(), "there is something to leave out"
        back_up(folder, tmp_path / "copy.db", now=NOON)
        assert b"canary" not in (tmp_path / "copy.db").read_bytes()

    def test_a_damaged_hub_gives_no_backup(self, folder: HubFolder, tmp_path: Path) -> None:
        with closing(sqlite3.connect(folder.log)) as conn, conn:
            conn.execute("DROP TRIGGER commits_are_not_updated")
            conn.execute("UPDATE commits SET message = 'mine' WHERE seq = 217")
        with pytest.raises(HubDamaged, match="commit #217 of profile") as refused:
            back_up(folder, tmp_path / "copy.db", now=NOON)
        assert str(folder.log) in str(refused.value)
        assert "hub restore" in refused.value.hint
        assert "hub heal" in refused.value.hint
        assert not [p for p in tmp_path.iterdir() if "copy" in p.name]

    def test_no_hub_and_no_folder(self, tmp_path: Path, folder: HubFolder) -> None:
        with pytest.raises(NotBackedUp, match="no hub in"):
            back_up(HubFolder(tmp_path / "none"), tmp_path / "copy.db", now=NOON)
        with pytest.raises(NotBackedUp, match="cannot be written"):
            back_up(folder, tmp_path / "none" / "copy.db", now=NOON)

    def test_a_full_disk(self, folder: HubFolder, tmp_path: Path) -> None:
        size = folder.log.stat().st_size
        limit = size // 2

        def starved() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        ran = run(folder, tmp_path / "copy.db", preexec_fn=starved)
        assert ran.returncode == 1
        assert "NotBackedUp" in ran.stderr
        assert "no room" in ran.stderr
        assert not [p for p in tmp_path.iterdir() if "copy" in p.name]
        assert heads(folder.log) == WHOLE

    def test_killed_in_the_middle(self, folder: HubFolder, tmp_path: Path) -> None:
        target, unfinished = tmp_path / "copy.db", tmp_path / "copy.db.unfinished"
        killed = 0
        for _ in range(5):
            process = subprocess.Popen(script(folder, target), stderr=subprocess.DEVNULL)
            while process.poll() is None:
                if unfinished.exists():
                    process.send_signal(signal.SIGKILL)
                    break
            killed += process.wait() == -signal.SIGKILL
            assert not target.exists()
        assert killed
        back_up(folder, target, now=NOON)
        assert heads(target) == WHOLE
        assert not unfinished.exists()

    def test_two_to_one_file(self, folder: HubFolder, tmp_path: Path) -> None:
        from stackroom.sync.hosting.whole_file import written_whole

        with written_whole(tmp_path / "copy.db", replace=False) as unfinished:
            with pytest.raises(NotBackedUp, match="under way"):
                back_up(folder, tmp_path / "copy.db", now=NOON)
            unfinished.write_text("first")
        assert (tmp_path / "copy.db").read_text() == "first"


def script(folder: HubFolder, target: Path) -> list[str]:
    code = (
        "from pathlib import Path\n"
        "from stackroom.sync.hosting.backup import back_up\n"
        "from stackroom.sync.hosting.folder import HubFolder\n"
        f"back_up(HubFolder(Path({str(folder.path)!r})), Path({str(target)!r}), now=1)"
    )
    return [sys.executable, "-c", code]


def run(folder: HubFolder, target: Path, **more: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        script(folder, target), capture_output=True, text=True, check=False, **more
    )  # type: ignore[call-overload,no-any-return]


class TestRestore:
    @pytest.fixture
    def backup(self, folder: HubFolder, tmp_path: Path) -> Path:
        target = tmp_path / "copy.db"
        back_up(folder, target, now=NOON)
        return target

    @pytest.fixture
    def ahead(self, folder: HubFolder, backup: Path) -> HubFolder:
        """The hub, ten commits later, killed: the ten are in its write-ahead log alone."""
        code = (
            "import os; from pathlib import Path\n"
            "from tests.sync.test_backup import *\n"
            f"log = LogFile.open(Path({str(folder.log)!r}), new_id='')\n"
            "with log.reading() as reader: chain = Chain(PROFILE, reader.head(PROFILE))\n"
            "more(log, chain, 10); os._exit(0)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)
        assert folder.log.with_name("hub.db-wal").stat().st_size
        return folder

    def test_it_takes_the_place_of_what_is_kept_aside(self, ahead: HubFolder, backup: Path) -> None:
        bytes = backup.read_bytes()
        done = restore(ahead, backup, now=NOON)
        assert heads(ahead.log) == WHOLE
        assert heads(Path(done.aside)) == {PROFILE: BIG + 10, OTHER: 3}
        assert (done.hub, done.commits, done.lost) == (LOG_ID, BIG + 3, 10)
        assert backup.read_bytes() == bytes
        assert stat.S_IMODE(ahead.log.stat().st_mode) == 0o600
        again = restore(ahead, Path(done.aside), now=NOON)
        assert again.aside != done.aside
        assert heads(ahead.log) == {PROFILE: BIG + 10, OTHER: 3}
        assert not [
            p.name for p in ahead.path.iterdir() if "restored" in p.name or "prep" in p.name
        ]

    def test_into_an_empty_folder(self, backup: Path, tmp_path: Path) -> None:
        done = restore(HubFolder(tmp_path / "new"), backup, now=NOON)
        assert (done.aside, done.lost) == ("", None)
        assert [each.name for each in done.lacking] == [
            "hub.toml",
            "tls.crt",
            "tls.key",
            "hub.key",
            "hub.key.rotations",
        ]
        assert heads(tmp_path / "new" / "hub.db") == WHOLE

    def test_over_a_file_that_nothing_can_be_read_of(self, ahead: HubFolder, backup: Path) -> None:
        ahead.log.write_bytes(b"\0" * 5_000)
        done = restore(ahead, backup, now=NOON)
        assert done.lost is None
        assert Path(done.aside).read_bytes() == b"\0" * 5_000
        assert heads(ahead.log) == WHOLE

    def test_never_under_a_hub_that_runs(self, ahead: HubFolder, backup: Path) -> None:
        with ahead.lock(), pytest.raises(AlreadyRunning):
            restore(ahead, backup, now=NOON)

    def test_never_another_hubs(self, backup: Path, tmp_path: Path) -> None:
        other = HubFolder(tmp_path / "other")
        other.prepare()
        filled(other, id="another")
        with pytest.raises(NotRestored, match="another hub"):
            restore(other, backup, now=NOON)
        assert heads(other.log) == WHOLE
        assert sorted(p.name for p in other.path.iterdir()) == ["hub.db", "hub.lock"]

    def test_what_is_no_backup(self, folder: HubFolder, tmp_path: Path) -> None:
        cache = LogFile.open(tmp_path / "cache.db", new_id="cache", use="cache")
        more(cache, Chain(), 2)
        cache.close()
        (tmp_path / "text").write_text("what a day " * 1_000)
        (tmp_path / "empty").touch()
        foreign = sqlite3.connect(tmp_path / "foreign.db")
        foreign.execute("CREATE TABLE t (a)")
        foreign.close()
        for name, kind in (
            ("cache.db", NotRestored),
            ("text", HubDamaged),
            ("empty", NotRestored),
            ("foreign.db", NotRestored),
            ("none", NotRestored),
        ):
            before = (tmp_path / name).read_bytes() if name != "none" else b""
            with pytest.raises(kind) as refused:
                restore(folder, tmp_path / name, now=NOON)
            assert name in str(refused.value)
            assert name == "none" or (tmp_path / name).read_bytes() == before
            assert heads(folder.log) == WHOLE

    @pytest.mark.parametrize("seed", range(12))
    def test_a_damaged_backup_is_refused_or_whole(
        self, folder: HubFolder, backup: Path, seed: int
    ) -> None:
        random = Random(seed)
        page = random.randint(1, pages(backup))
        match seed % 3:
            case 0:
                zero(backup, page)
            case 1:
                flip(backup, random, page)
            case _:
                cut(backup, random.randrange(backup.stat().st_size))
        try:
            restore(folder, backup, now=NOON)
        except (HubDamaged, NotRestored):
            assert sorted(p.name for p in folder.path.iterdir()) == [
                "backup.json",
                "hub.db",
                "hub.lock",
            ]
        assert heads(folder.log) == WHOLE

    def test_a_full_disk_leaves_all_as_it_was(self, ahead: HubFolder, backup: Path) -> None:
        before = {p.name: p.read_bytes() for p in ahead.path.iterdir() if "shm" not in p.name}
        code = (
            "import resource; from pathlib import Path\n"
            "from stackroom.sync.hosting.folder import HubFolder\n"
            "from stackroom.sync.hosting.restoring import restore\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
            f"restore(HubFolder(Path({str(ahead.path)!r})), Path({str(backup)!r}), now=1)"
        )
        command = [sys.executable, "-c", code]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 1
        assert "NotRestored" in ran.stderr
        after = {p.name: p.read_bytes() for p in ahead.path.iterdir() if "shm" not in p.name}
        after.pop("hub.lock")
        assert after == before
        assert heads(ahead.log) == {PROFILE: BIG + 10, OTHER: 3}

    def test_killed_at_each_step(self, ahead: HubFolder, backup: Path, tmp_path: Path) -> None:
        """Whatever stands afterwards is whole, and the next to hold the folder ends what was decided."""
        before, after = {PROFILE: BIG + 10, OTHER: 3}, WHOLE
        seen = set()
        for step in range(1, 9):
            code = (
                "import os; from pathlib import Path\n"
                "from stackroom.sync.hosting.folder import HubFolder\n"
                "from stackroom.sync.hosting.restoring import restore\n"
                f"rename, left = Path.rename, [{step}]\n"
                "def dying(self, target):\n"
                "    left[0] -= 1\n"
                "    if not left[0]: os._exit(9)\n"
                "    return rename(self, target)\n"
                "Path.rename = dying\n"
                f"restore(HubFolder(Path({str(ahead.path)!r})), Path({str(backup)!r}), "
                f"now={NOON + step * 1_000})"
            )
            ended = subprocess.run([sys.executable, "-c", code], check=False).returncode
            assert ended in (0, 9)
            with ahead.lock():
                finish(ahead)
            now = heads(ahead.log)
            assert now in (before, after)
            seen.add((ended, now == after))
            aside = max(ahead.path.glob("hub.db.before-*Z"), default=None)
            if now == after:
                assert aside is not None
                assert heads(aside) == before
                restore(ahead, aside, now=NOON + step * 1_000 + 500)
                for old in ahead.path.glob("hub.db.before-*"):
                    old.unlink()
        assert {(9, False), (9, True), (0, True)} <= seen


def test_a_wal_that_is_gone_loses_its_tail_alone(folder: HubFolder, tmp_path: Path) -> None:
    settle(folder.log)
    log = LogFile.open(folder.log, new_id="")
    with log.reading() as reader:
        chain = Chain(PROFILE, reader.head(PROFILE))
    more(log, chain, 10)
    for name in ("hub.db", "hub.db-wal"):
        (tmp_path / name).write_bytes((folder.path / name).read_bytes())
    log.close()
    other = HubFolder(tmp_path / "other")
    restore(other, tmp_path / "hub.db", now=NOON)
    assert heads(other.log)[PROFILE] == BIG + 10, "with its write-ahead log beside it"
    (tmp_path / "hub.db-wal").unlink()
    restore(other, tmp_path / "hub.db", now=NOON)
    assert heads(other.log) == WHOLE
