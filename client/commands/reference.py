"""Writes `docs/cli.md` from the tree of commands: `python -m stackroom.client.commands.reference`.

A test compares the file with what this makes, so the reference cannot fall behind.
"""

import inspect
from collections.abc import Iterator

import click

from stackroom.client.commands.app import SECTIONS, TYPE_GROUPS, root
from stackroom.client.commands.tree import Command, Group

_INTRODUCTION = """\
# Command line

Made from the commands themselves by `python -m stackroom.client.commands.reference`; do not edit.
[Exit codes](exit-codes.md) have a page of their own.

Every command takes, before or after its name:

| option | environment | |
| --- | --- | --- |
| `--profile NAME` | `STACKROOM_PROFILE` | work on this profile instead of the active one |
| `--offline` | `STACKROOM_OFFLINE=1` | stay off the network |
| `--output table\\|json\\|yaml` | `STACKROOM_OUTPUT` | what to print on stdout |

`STACKROOM_HOME` is the folder of all local state, `STACKROOM_USER` your name, `STACKROOM_TOKEN` the
token for `connect`, `NO_COLOR` asks for no colours (more in [comfort.md](comfort.md)), and
`STACKROOM_DEBUG=1` for tracebacks.

With `--output json` or `yaml`, stdout holds one document and nothing else; what is said beside the
result (how fresh it is, hints, errors) goes to stderr. Keys are added, never renamed or removed.
"""


def reference() -> str:
    """The whole page."""
    with click.Context(root, info_name="stackroom") as context:
        parts = [_INTRODUCTION]
        for section, names in SECTIONS.items():
            parts.append(f"## {section}\n")
            for name in names:
                command = root.get_command(context, name)
                assert command is not None
                parts += _pages(command, context, name)
        parts.append(_type_groups())
    return "\n".join(parts).rstrip() + "\n"


def _type_groups() -> str:
    names = ", ".join(f"`{name}`" for name in TYPE_GROUPS)
    return f"""\
## Component types

As in ZenML, each type has a group of its own: {names}.

Each has the commands of `stackroom component` without their TYPE, and in `flavor` those of
`stackroom flavor`:

```sh
stackroom artifact-store register s3 --flavor s3 --path=s3://acme/zenml
stackroom orchestrator flavor list
```
"""


def _pages(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    with click.Context(command, info_name=name, parent=parent) as context:
        yield f"### `{context.command_path}`\n"
        yield inspect.cleandoc(command.help or "").replace("\b\n", "") + "\n"
        if isinstance(command, Group):
            for inner in command.list_commands(context):
                found = command.get_command(context, inner)
                assert found is not None
                yield from _pages(found, context, inner)
        else:
            yield from _usage(command, context)


def _usage(command: click.Command, context: click.Context) -> Iterator[str]:
    words = [context.command_path]
    own = [p for p in command.params if p.expose_value or isinstance(p, click.Argument)]
    options = [p for p in own if isinstance(p, click.Option) and not p.hidden]
    if options:
        words.append("[OPTIONS]")
    words += [_placeholder(p) for p in own if isinstance(p, click.Argument)]
    yield f"```\n{' '.join(words)}\n```\n"
    if options:
        rows = "\n".join(f"| `{_spelling(o)}` | {_told(o)} |" for o in options)
        yield f"| option | |\n| --- | --- |\n{rows}\n"
    if isinstance(command, Command) and command.example:
        lines = "\n".join(line.strip() for line in command.example.strip().splitlines())
        yield f"```sh\n{lines}\n```\n"


def _placeholder(argument: click.Argument) -> str:
    """`NAME`, `[NAME]` where it may be left out, `NAME...` where there may be several."""
    name = argument.metavar or (argument.name or "").upper()
    if not argument.required and not name.startswith("["):
        name = f"[{name}]"
    return f"{name}..." if argument.nargs == -1 and not name.endswith("...") else name


def _spelling(option: click.Option) -> str:
    """`-m, --message TEXT`; a choice is spelled out."""
    names = ", ".join(option.opts)
    if option.secondary_opts:
        names += " / " + ", ".join(option.secondary_opts)
    if option.is_flag:
        return names
    if isinstance(option.type, click.Choice):
        choices = "\\|".join(map(str, option.type.choices))
        return f"{names} {choices}"
    return f"{names} {option.metavar or option.type.name.upper()}"


def _told(option: click.Option) -> str:
    told = (option.help or "").replace("\n", " ").replace("|", "\\|")
    if not option.show_default:
        return told
    default = option.show_default if isinstance(option.show_default, str) else option.default
    return f"{told} Default: {default}."


if __name__ == "__main__":
    click.echo(reference(), nl=False)
