"""One order to a hub, and its answer: what makes tokens and invitations, and what lets one in.

Called with an event loop; `exchange.order` and `exchange.redeem` are for plain code.
"""

import anyio

from stackroom.client.errors import HubRefused, Unreachable
from stackroom.client.line import Line, dial
from stackroom.client.problems import as_error
from stackroom.client.replica import Problem
from stackroom.client.settings import Settings
from stackroom.client.trust import Trust
from stackroom.events.errors import StackroomError
from stackroom.sync import protocol as wire


async def ordering(
    url: str, settings: Settings, trust: Trust, hello: wire.Hello, order: wire.AnyOrder
) -> wire.Reply:
    """The hub's answer to `order`. Raises HubRefused with its reason, or why it could not be asked."""
    return await _asked(url, settings, trust, hello, wire.Ask(1, order))


async def redeeming(url: str, settings: Settings, trust: Trust, redeem: wire.Redeem) -> wire.Reply:
    """The hub's answer to a one-time code. Raises as `ordering`."""
    return await _asked(url, settings, trust, redeem)


async def _asked(
    url: str, settings: Settings, trust: Trust, *messages: wire.FromReplica
) -> wire.Reply:
    failure: StackroomError | None = None
    reply: wire.Reply | None = None
    try:
        with anyio.fail_after(settings.sync_patience):
            async with dial(url, settings, trust) as line, anyio.create_task_group() as tasks:
                tasks.start_soon(line.write)
                for message in messages:
                    line.send(message)
                try:
                    reply = await _reply(line)
                except wire.MessageError as error:
                    failure = Unreachable(f"the hub at {url} sent no message: {error}")
                except StackroomError as error:
                    failure = error
                tasks.cancel_scope.cancel()
    except TimeoutError:
        raise Unreachable(f"the hub at {url} does not answer") from None
    if failure is not None:
        raise failure
    assert reply is not None
    if reply.code:
        raise HubRefused(reply.code, reply.sentence)
    return reply


async def _reply(line: Line) -> wire.Reply:
    while not isinstance(message := await line.receive(), wire.Reply):
        if isinstance(message, wire.Error):
            raise as_error(Problem(message.code, message.sentence, message.hint, message.profile))
    return message
