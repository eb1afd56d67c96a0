"""One order to a hub, and its answer: what makes tokens and invitations, and what lets one in.

Called with an event loop; `exchange.order`, `redeem` and `ways` are for plain code.
"""

from collections.abc import Sequence
from typing import TypeVar

import anyio

from stackroom.client.errors import HubRefused, Unreachable, no_message
from stackroom.client.home.trust import Trust
from stackroom.client.replica.problems import as_error
from stackroom.client.replica.replica import Problem
from stackroom.client.settings import Settings
from stackroom.client.transport.line import Line, dial
from stackroom.events.errors import StackroomError
from stackroom.sync import protocol as wire

M = TypeVar("M", wire.Reply, wire.Ways, wire.Welcome)


async def ordering(
    url: str, settings: Settings, trust: Trust, hello: wire.Hello, order: wire.AnyOrder
) -> wire.Reply:
    """The hub's answer to `order`. Raises HubRefused with its reason, or why it could not be asked."""
    return await _asked(url, settings, trust, hello, wire.Ask(1, order))


async def redeeming(
    url: str, settings: Settings, trust: Trust, redeem: wire.SigningIn
) -> wire.Reply:
    """The hub's answer to a one-time code, a password or an ID token. Raises as `ordering`."""
    return await _asked(url, settings, trust, redeem)


async def listing_ways(url: str, settings: Settings, trust: Trust) -> wire.Ways:
    """How one signs in on the hub. Raises why it could not be asked."""
    return await _conversation(url, settings, trust, (wire.ListWays(),), wire.Ways)


async def greeting(url: str, settings: Settings, trust: Trust, hello: wire.Hello) -> wire.Welcome:
    """The hub's answer to a hello. Raises why it does not let one in."""
    return await _conversation(url, settings, trust, (hello,), wire.Welcome)


async def _asked(
    url: str, settings: Settings, trust: Trust, *messages: wire.FromReplica
) -> wire.Reply:
    reply = await _conversation(url, settings, trust, messages, wire.Reply)
    if reply.code:
        raise HubRefused(reply.code, reply.sentence)
    return reply


async def _conversation(
    url: str,
    settings: Settings,
    trust: Trust,
    messages: Sequence[wire.FromReplica],
    kind: type[M],
) -> M:
    """The first message of that kind that comes after `messages`."""
    failure: StackroomError | None = None
    heard: M | None = None
    try:
        with anyio.fail_after(settings.sync_patience):
            async with dial(url, settings, trust) as line, anyio.create_task_group() as tasks:
                tasks.start_soon(line.write)
                for message in messages:
                    line.send(message)
                try:
                    heard = await _hear(line, kind)
                except wire.MessageError as error:
                    failure = no_message(url, error)
                except StackroomError as error:
                    failure = error
                tasks.cancel_scope.cancel()
    except TimeoutError:
        raise Unreachable(f"the hub at {url} does not answer") from None
    if failure is not None:
        raise failure
    assert heard is not None
    return heard


async def _hear(line: Line, kind: type[M]) -> M:
    while not isinstance(message := await line.receive(), kind):
        if isinstance(message, wire.Error):
            raise as_error(Problem(message.code, message.sentence, message.hint, message.profile))
    return message
