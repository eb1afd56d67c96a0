"""People on a real hub, for tests that speak its protocol themselves."""

import secrets

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from stackroom.sync import protocol as wire
from stackroom.sync import tokens


def made(kind: str = tokens.PERSONAL) -> tokens.Made:
    """A fresh token or code."""
    return tokens.make(kind, secrets.token_bytes)


def new(token: tokens.Made, name: str = "first") -> wire.NewToken:
    """What the hub is told of a token."""
    return wire.NewToken(name, token.prefix, token.hash)


async def redeem(url: str, code: str, user: str = "") -> tuple[wire.Reply, str]:
    """The hub's reply to a one-time code, and the token that was offered with it."""
    token = made()
    async with connect(
        url, subprotocols=[Subprotocol(wire.MSGPACK)], compression=None, proxy=None
    ) as socket:
        message = wire.Redeem(code, new(token), user)
        await socket.send(wire.encode(message, wire.MSGPACK))
        reply = wire.decode_from_hub(await socket.recv(), wire.MSGPACK)
    assert isinstance(reply, wire.Reply), reply
    return reply, token.text


async def set_up(url: str, code: str | None, user: str = "root") -> str:
    """The token of a hub's first administrator."""
    assert code is not None, "somebody has come in already"
    reply, token = await redeem(url, code, user)
    assert not reply.code, reply
    return token
