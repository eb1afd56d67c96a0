"""Groups that load their commands when they are asked for, and commands that know the global options.

Every command and group takes the global options, before or after its name. What is left unsaid on the
command line comes from the environment (`context.App`).
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from stackroom.client.commands import COMPLETE, completing
from stackroom.client.commands.context import App
from stackroom.client.commands.exits import Exit, report
from stackroom.client.commands.output import FORMATS
from stackroom.events.errors import LogCorrupt

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


GLOBAL: Final = {"profile_name", "offline", "output"}
"""The names of the options that every command takes."""


def _tell(attribute: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback that hands a global option's value to the App; what was not given changes nothing."""

    def callback(context: click.Context, _: click.Parameter, value: Any) -> Any:
        if value:
            setattr(context.ensure_object(App), attribute, value)
        return value

    return callback


def _global_options(*, hidden: bool) -> list[click.Parameter]:
    return [
        click.Option(
            ["--profile", "profile_name"],
            metavar="NAME",
            help="Work on this profile instead of the active one.",
            expose_value=False,
            callback=_tell("profile_name"),
            hidden=hidden,
            shell_complete=completing.profiles,
        ),
        click.Option(
            ["--offline"],
            is_flag=True,
            help="Stay off the network.",
            expose_value=False,
            callback=_tell("offline"),
            hidden=hidden,
        ),
        click.Option(
            ["--output"],
            type=click.Choice(FORMATS),
            help="What to print on stdout.",
            expose_value=False,
            callback=_tell("format"),
            is_eager=True,
            hidden=hidden,
        ),
    ]


class Command(click.Command):
    """A command with the global options; `example` (lines of shell) ends its help.

    `settled` are arguments that are not given on the command line, because its group says them.
    """

    def __init__(
        self,
        *args: Any,
        example: str = "",
        settled: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.params += _global_options(hidden=False)
        self.example = example
        self.settled = dict(settled or {})

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's own options, then the global ones."""
        own: list[tuple[str, str]] = []
        shared: list[tuple[str, str]] = []
        for parameter in self.get_params(context):
            if not isinstance(parameter, click.Option):
                continue  # The usage line has the arguments; since click 8.5 they have a record, too.
            if (record := parameter.get_help_record(context)) is not None:
                is_global = parameter.name in GLOBAL
                (shared if is_global else own).append(record)
        for title, records in (("Options", own), ("Global options", shared)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        _format_example(self.example, formatter)


class Group(click.Group):
    """A group of commands: its own, and those in `lazy`, a command's name to `module:attribute`.

    `sections` orders the commands in the help under headings; without it they stand in the order of
    registration. `summaries` are lines for the help in place of what the commands say themselves.
    Those in `lazy` that no section names are only enumerated, under the heading `rest`. `otherwise`
    (`module:function`) is asked for a command of any other name; it takes the context and the name.
    """

    command_class = Command

    def __init__(
        self,
        *args: Any,
        lazy: Mapping[str, str] | None = None,
        sections: Mapping[str, Sequence[str]] | None = None,
        summaries: Mapping[str, str] | None = None,
        rest: str = "Others",
        otherwise: str = "",
        example: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rest = rest
        self.otherwise = otherwise
        self.lazy = dict(lazy or {})
        self.sections = sections
        self.summaries = summaries or {}
        self.example = example
        self.params += _global_options(hidden=True)

    def list_commands(self, context: click.Context) -> list[str]:
        """The names of the commands, in the order in which the help shows them."""
        if self.sections is not None:
            return [name for names in self.sections.values() for name in names]
        return list(dict.fromkeys([*self.commands, *self.lazy]))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of that name, imported now if it was not yet."""
        if name not in self.commands and name in self.lazy:
            module, attribute = self.lazy[name].split(":")
            command = getattr(import_module(module), attribute)
            assert isinstance(command, click.Command)
            self.commands[name] = command
        if name not in self.commands and self.otherwise:
            module, function = self.otherwise.split(":")
            made = getattr(import_module(module), function)(context, name)
            assert made is None or isinstance(made, click.Command)
            return made
        return self.commands.get(name)

    def shell_complete(self, context: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The names of commands, those that `rest` enumerates too, and options.

        Of what `summaries` tell of, nothing is loaded.
        """
        names = dict.fromkeys([*self.list_commands(context), *self.lazy])
        told = [(n, self._line(context, n)) for n in names if n.startswith(incomplete)]
        options = click.Command.shell_complete(self, context, incomplete)
        return completing.items(told, incomplete) + options

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click has it, with the nearest name as a hint when there is no such command."""
        name = args[0]
        if self.get_command(context, name) is None and not name.startswith("-"):
            from difflib import get_close_matches

            names = [*self.list_commands(context), *self.lazy]
            near = get_close_matches(name, names, 1, 0.5)
            path = context.command_path
            error = click.UsageError(f"There is no command {name!r} in {path}", context)
            error.hint = f"{path} {near[0]}" if near else f"{path} --help"  # type: ignore[attr-defined]
            raise error
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with a line each, under the headings of `sections`."""
        sections = self.sections or {"Commands": self.list_commands(context)}
        width = max(len(name) for names in sections.values() for name in names)
        for title, names in sections.items():
            with formatter.section(title):
                formatter.write_dl([(n.ljust(width), self._line(context, n)) for n in names])
        shown = {name for names in sections.values() for name in names}
        if rest := [name for name in self.lazy if name not in shown]:
            with formatter.section(self.rest):
                formatter.write_text(", ".join(rest))

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        _format_example(self.example, formatter)

    def _line(self, context: click.Context, name: str) -> str:
        if (summary := self.summaries.get(name)) is not None:
            return summary
        command = self.get_command(context, name)
        assert command is not None, name
        return command.get_short_help_str(limit=90)


Group.group_class = Group


class Root(Group):
    """The whole command line; the one place where errors become exit codes."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Runs the command that `args` names and ends with its exit code."""
        given = list(args) if args is not None else sys.argv[1:]
        app = extra.setdefault("obj", App())
        if shell := os.environ.get(COMPLETE):
            from stackroom.client.commands import shells

            sys.exit(shells.answer(self, app, shell, given))
        try:
            code = self._run(given, prog_name, complete_var, extra)
            sys.stdout.flush()
            app.tell_profile()
            sys.exit(code if isinstance(code, int) else Exit.DONE)
        except BrokenPipeError:
            # The reader has seen enough. Python would complain when it flushes at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(Exit.DONE)
        except (Exception, KeyboardInterrupt) as error:
            code = report(error, as_json=app.output.format == "json" or _asks_json(given))
            app.tell_profile()
            sys.exit(code)

    def _run(
        self, given: list[str], name: str | None, complete_var: str | None, extra: dict[str, Any]
    ) -> Any:
        """Runs the command; once more where a damaged cache ended it, and was mended."""

        def run() -> Any:
            return super(Root, self).main(given, name, complete_var, standalone_mode=False, **extra)

        try:
            return run()
        except LogCorrupt as error:
            from stackroom.client.commands.mended import mend

            mend(extra["obj"], error)
            return run()


def _asks_json(args: Sequence[str]) -> bool:
    """Whether `args` ask for JSON; for command lines with which the parser did not get so far."""
    pairs = zip(args, [*args[1:], ""], strict=True)
    return any(a == "--output=json" or (a == "--output" and b == "json") for a, b in pairs)


def _format_example(example: str, formatter: click.HelpFormatter) -> None:
    if example:
        with formatter.section("Examples"):
            for line in example.strip().splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line.strip()}\n")


def group(name: str, **kwargs: Any) -> Callable[[Callable[..., Any]], Group]:
    """Makes a `Group` of a function: `lazy`, `sections` and `example` as in `Group`."""
    return click.group(name, cls=Group, **kwargs)


def command(name: str, **kwargs: Any) -> Callable[[Callable[..., Any]], Command]:
    """Makes a `Command` of a function: `example` as in `Command`."""
    return click.command(name, cls=Command, **kwargs)
