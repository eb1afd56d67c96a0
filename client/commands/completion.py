"""`stackroom completion`: the script that has a shell complete commands and names."""

from importlib.resources import files

import click

from stackroom.client.commands.shells import SHELLS
from stackroom.client.commands.tree import command


@command(
    "completion",
    example="""
    eval "$(stackroom completion bash)"                                     in ~/.bashrc
    eval "$(stackroom completion zsh)"                                      in ~/.zshrc, after compinit
    stackroom completion fish > ~/.config/fish/completions/stackroom.fish   once
    """,
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes commands, options and names in SHELL (bash, zsh or fish).

    Names come from this machine: completing never touches the network, and changes nothing.
    """
    script = files("stackroom.client.commands").joinpath(f"completion.{shell}")
    click.echo(script.read_text("utf-8"), nl=False)
