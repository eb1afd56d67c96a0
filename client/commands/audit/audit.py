"""`stackroom audit`: whether a history is what was committed, proven to yourself and to others."""

from stackroom.client.commands.tree import group

_AT = "stackroom.client.commands"


@group(
    "audit",
    lazy={
        "verify": f"{_AT}.audit.verify:verify",
        "export": f"{_AT}.audit.export:export",
        "prove": f"{_AT}.audit.proof:prove",
        "check": f"{_AT}.audit.proof:check",
    },
    example="""
    stackroom audit verify
    stackroom audit export team -o team.jsonl
    stackroom audit prove 43 -o commit-43.json
    stackroom audit check commit-43.json
    """,
)
def audit() -> None:
    """Verify a history from its first commit, and prove it to others."""
