"""The command line's reference in `docs/` is made from the commands, up to date, and has them all."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from stackroom.client.commands import reference
from stackroom.client.commands.app import COMMANDS, SECTIONS, SUMMARIES, TYPE_GROUPS, root
from stackroom.client.commands.tree import Command

CLI = Path(__file__).parents[2] / "docs" / "cli.md"

DELETES = {"delete", "drop", "disconnect"}
"""Commands after which something is gone."""


def every(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """All commands below `command`, by what is typed; lazily loaded ones included."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command, info_name=path)
    names = dict.fromkeys([*command.list_commands(context), *getattr(command, "lazy", {})])
    for name in names:
        inner = command.get_command(context, name)
        assert inner is not None
        yield from every(inner, f"{path} {name}")


ALL = dict(every(root, "stackroom"))
OF_TYPES = tuple(f"stackroom {group} " for group in TYPE_GROUPS)


def test_the_reference_is_what_the_commands_say() -> None:
    stale = "stale: run `make generate`"
    assert CLI.read_text("utf-8") == reference.reference(), stale


def test_every_command_has_its_place_in_the_help_and_in_the_reference() -> None:
    placed = [name for names in SECTIONS.values() for name in names]
    assert sorted(placed) == sorted(COMMANDS) == sorted(SUMMARIES)
    text = CLI.read_text("utf-8")
    for path in ALL:
        assert path.startswith(OF_TYPES) or f"### `{path}`\n" in text, path
    for group in TYPE_GROUPS:
        assert f"`{group}`" in text


@pytest.mark.parametrize("path", [path for path in ALL if not path.startswith(OF_TYPES)])
def test_every_command_says_what_it_does_and_shows_it(path: str) -> None:
    command = ALL[path]
    assert isinstance(command, Command)
    assert command.help
    assert path in command.example
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, parameter.name


def test_what_deletes_asks_and_takes_yes() -> None:
    deleting = {path for path in ALL if path.rpartition(" ")[2] in DELETES}
    # Only the hub's token is gone with it; a component's reference to a connector is in the history.
    deleting = {p for p in deleting if not p.endswith("disconnect") or p == "stackroom disconnect"}
    assert len(deleting) > 5
    for path in deleting:
        assert any("--yes" in parameter.opts for parameter in ALL[path].params), path
