"""`stackroom hub`: running the server that a team shares."""

from stackroom.client.commands.tree import group

_AT = "stackroom.client.commands"


@group(
    "hub",
    lazy={
        "init": f"{_AT}.hub_init:init",
        "serve": f"{_AT}.hub_run:serve",
        "up": f"{_AT}.hub_run:up",
        "down": f"{_AT}.hub_run:down",
        "status": f"{_AT}.hub_run:status",
        "anchor": f"{_AT}.hub_anchor:anchor",
        "rotate-key": f"{_AT}.hub_rotate_key:rotate_key",
        "backup": f"{_AT}.hub_backup:backup",
        "restore": f"{_AT}.hub_backup:restore",
        "heal": f"{_AT}.hub_heal:heal",
        "readmit": f"{_AT}.hub_readmit:readmit",
        "limits": f"{_AT}.hub_limits:limits",
        "logs": f"{_AT}.hub_logs:logs",
        "security-log": f"{_AT}.hub_logs:security_log",
    },
    example="stackroom hub up\nstackroom hub status",
)
def hub() -> None:
    """Run the hub: the server that a team shares."""
