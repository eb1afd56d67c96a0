"""`stackroom hub`: running the server that a team shares."""

from stackroom.client.commands.tree import group

_AT = "stackroom.client.commands"


@group(
    "hub",
    lazy={
        "init": f"{_AT}.hubs.init:init",
        "serve": f"{_AT}.hubs.run:serve",
        "up": f"{_AT}.hubs.run:up",
        "down": f"{_AT}.hubs.run:down",
        "status": f"{_AT}.hubs.run:status",
        "anchor": f"{_AT}.hubs.anchor:anchor",
        "rotate-key": f"{_AT}.hubs.rotate_key:rotate_key",
        "backup": f"{_AT}.hubs.backup:backup",
        "restore": f"{_AT}.hubs.backup:restore",
        "heal": f"{_AT}.hubs.heal:heal",
        "readmit": f"{_AT}.hubs.readmit:readmit",
        "limits": f"{_AT}.hubs.limits:limits",
        "logs": f"{_AT}.hubs.logs:logs",
        "security-log": f"{_AT}.hubs.logs:security_log",
    },
    example="stackroom hub up\nstackroom hub status",
)
def hub() -> None:
    """Run the hub: the server that a team shares."""
