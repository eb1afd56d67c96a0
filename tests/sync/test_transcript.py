"""The conversation in `docs/protocol.md`, said to a real hub, word for word."""

import json
import re
from pathlib import Path

import anyio
import jsonschema
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from stackroom.sync import protocol as wire
from stackroom.sync.schema import schema
from tests.sync.speaking import serving

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()


async def test_the_conversation_goes_as_it_is_written(tmp_path: Path) -> None:
    (block,) = [b for b in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL) if b.startswith(">")]
    async with (
        serving(tmp_path / "hub.db") as hub,
        connect(hub.url, subprotocols=[Subprotocol(wire.JSON)], proxy=None) as socket,
    ):
        for line in block.splitlines():
            said, rest = line[0], line[2:]
            if said == ">":
                await socket.send(rest)
                continue
            kind, _, part = rest.partition(" ")
            with anyio.fail_after(10):
                heard = json.loads(await socket.recv())
            assert heard["type"] == kind
            jsonschema.validate(heard, schema())
            assert json.loads(part or "{}").items() <= heard.items()


def test_every_message_error_and_close_code_is_described() -> None:
    for message in (*wire.FromReplica.__args__, *wire.FromHub.__args__):
        assert f"`{message.__struct_config__.tag}`" in PAGE
    for code in wire.ErrorCode.__args__:
        assert f"`{code}`" in PAGE
    codes = {v for k, v in vars(wire.CloseCode).items() if k.isupper() and v != 1000}
    for code in codes:
        assert f"| {code} |" in PAGE
