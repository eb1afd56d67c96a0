"""News of a hub's people, who change by orders to it: asked for where what is here may be old."""

from typing import TYPE_CHECKING

from stackroom.client.errors import Unreachable

if TYPE_CHECKING:
    from stackroom.client.commands.context import App


def ask_for_people(app: "App", address: str) -> None:
    """Asks the hub for news of its people, for a moment, where one may see them.

    Raises as `exchange`, but for a hub that is away: then what is here is shown, with its age.
    """
    from stackroom.client.connection.exchange import exchange

    workspace = app.workspace
    rights = workspace.rights(address)
    if app.offline or (rights is not None and not rights.people):
        return
    wanted = [rights.people] if rights is not None else ()
    try:
        exchange(workspace, address, wanted, timeout=workspace.settings.write_patience)
    except Unreachable:
        return
