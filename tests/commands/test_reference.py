"""The command line's reference in `docs/` is made from the commands, and up to date."""

from pathlib import Path

from stackroom.client.commands import reference

CLI = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_reference_is_what_the_commands_say() -> None:
    stale = "stale: run `make generate`"
    assert CLI.read_text("utf-8") == reference.reference(), stale
