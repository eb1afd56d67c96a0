"""What the writer of a file remembers of it holds only as long as the file has not changed."""

import asyncio
from pathlib import Path

import pytest

from stackroom.events.log import Head, LogWriter
from stackroom.events.sqlite import heads as sqlite_heads
from stackroom.events.sqlite.heads import Heads
from stackroom.events.sqlite.log import LogFile, SqliteLog
from tests.events.commits import LOG_ID, PROFILE, Chain


def test_what_another_connection_wrote_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    chain = Chain()

    def write_beside() -> None:
        other = LogFile.open(path, new_id=LOG_ID, synchronous="OFF")
        other.write(lambda w: w.append(PROFILE, [chain.commit()], chain.frontier))
        other.close()

    async def test() -> None:
        log = await SqliteLog.open(path, new_id=LOG_ID, synchronous="OFF")
        for _ in range(3):
            await log.write(lambda w: w.append(PROFILE, [chain.commit()], chain.frontier))
            await asyncio.to_thread(write_beside)
            head = await log.write(lambda w: w.head(PROFILE))
            assert (head.seq, head.frontier) == (chain.frontier.size, chain.frontier)
        await log.aclose()

    asyncio.run(test())


def test_what_a_transaction_wrote_that_failed_is_forgotten(tmp_path: Path) -> None:
    async def test() -> None:
        log = await SqliteLog.open(tmp_path / "hub.db", new_id=LOG_ID, synchronous="OFF")
        chain = Chain()
        await log.write(lambda w: w.append(PROFILE, [chain.commit()], chain.frontier))
        stood = await log.read(lambda r: r.head(PROFILE))

        def fail(writer: LogWriter) -> None:
            writer.append(PROFILE, [chain.commit()], chain.frontier)
            assert writer.head(PROFILE).seq == 2
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await log.write(fail)
        assert await log.write(lambda w: w.head(PROFILE)) == stood
        await log.aclose()

    asyncio.run(test())


def test_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_heads, "KEPT", 2)
    heads = Heads()
    for number, profile in enumerate("abc"):
        heads.put(profile, number, Head())
    assert heads.get("a") is None
    assert heads.get("c") == (2, Head())
    heads.drop("c")
    assert heads.get("c") is None
