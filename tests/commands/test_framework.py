"""The command line's framework: help, exit codes, errors, options, output, start-up."""

import os
import pty
import subprocess
from pathlib import Path

import click
import msgspec
import pytest

from stackroom.client.commands.app import COMMANDS, SECTIONS, SUMMARIES, root
from stackroom.client.commands.exits import Exit, failure
from stackroom.client.commands.options import Setting, parse_labels, parse_settings
from stackroom.client.commands.output import Fields, Table, as_yaml, printable
from stackroom.client.commands.times import ago
from stackroom.client.commands.tree import Group
from stackroom.client.zenml.load import load
from stackroom.events.errors import IntegrityError, LogCorrupt
from tests.commands.runner import Person, command

DOCS = Path(__file__).parents[2] / "docs"


def every_command() -> list[list[str]]:
    """The words of each command, groups left out."""
    found: list[list[str]] = []

    def walk(command: click.Command, context: click.Context, words: list[str]) -> None:
        if not isinstance(command, Group):
            found.append(words)
            return
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            walk(inner, context, [*words, name])

    walk(root, click.Context(root), [])
    return found


class TestHelp:
    def test_sections_name_every_command_once(self) -> None:
        names = [name for section in SECTIONS.values() for name in section]
        assert sorted(names) == sorted(COMMANDS) == sorted(SUMMARIES)

    def test_root_help_shows_every_command_under_its_heading(self, ada: Person) -> None:
        shown = ada.stackroom("--help").ok().out
        for heading, names in SECTIONS.items():
            section = shown.split(f"{heading}:\n")[1].split("\n\n")[0]
            assert [line.split()[0] for line in section.splitlines()] == list(names)
        assert "Examples:" in shown
        assert max(map(len, shown.splitlines())) <= 100

    @pytest.mark.parametrize("words", every_command(), ids=" ".join)
    def test_every_command_has_help_with_an_example(self, ada: Person, words: list[str]) -> None:
        shown = ada.stackroom(*words, "--help").ok().out
        assert "Examples:" in shown
        assert "stackroom " + " ".join(words) in shown.split("Examples:")[1]
        for option in ("--profile", "--offline", "--output"):
            assert option in shown

    def test_every_exit_code_is_documented(self) -> None:
        page = (DOCS / "exit-codes.md").read_text()
        for code in Exit:
            assert f"\n| {code.value} | " in page


class TestErrors:
    def test_unknown_command_names_the_nearest(self, ada: Person) -> None:
        ran = ada.stackroom("stak").failed(Exit.USAGE, "Error: ", "Hint: stackroom stack")
        assert ran.out == ""

    def test_unknown_subcommand_names_the_nearest(self, ada: Person) -> None:
        ada.stackroom("profile", "lst").failed(Exit.USAGE, "Hint: stackroom profile list")

    def test_unknown_option_is_a_usage_error(self, ada: Person) -> None:
        ada.stackroom("status", "--nope").failed(Exit.USAGE, "--nope", "stackroom status --help")

    @pytest.mark.parametrize(
        "args",
        [
            ("--output", "json", "stak"),
            ("--output=json", "stak"),
            ("status", "-z", "--output=json"),
        ],
    )
    def test_errors_are_json_when_json_is_asked_for(
        self, ada: Person, args: tuple[str, ...]
    ) -> None:
        ran = ada.stackroom(*args).failed(Exit.USAGE)
        told = msgspec.json.decode(ran.err)["error"]
        assert told["code"] == "usage"
        assert told["exit"] == 2
        assert told["sentence"].endswith(".")
        assert ran.out == ""

    def test_errors_are_json_when_the_environment_says_so(self, ada: Person) -> None:
        ran = ada.stackroom("stak", STACKROOM_OUTPUT="json").failed(Exit.USAGE)
        assert msgspec.json.decode(ran.err)["error"]["code"] == "usage"

    def test_integrity_errors_end_with_9(self) -> None:
        assert failure(IntegrityError("the roots differ")).exit == Exit.INTEGRITY

    def test_other_errors_of_ours_end_with_1_and_keep_their_hint(self) -> None:
        told = failure(LogCorrupt("page 3 is damaged", hint="restore a backup"))
        assert (told.code, told.exit) == ("log_corrupt", Exit.ERROR)
        assert (told.sentence, told.hint) == ("Page 3 is damaged.", "restore a backup")

    def test_an_unexpected_error_says_so_and_asks_for_a_report(self) -> None:
        told = failure(ZeroDivisionError("division by zero"))
        assert told.exit == Exit.ERROR
        assert "fault of stackroom" in told.sentence
        assert "STACKROOM_DEBUG=1" in told.hint

    def test_ctrl_c_ends_with_130(self) -> None:
        assert failure(KeyboardInterrupt()).exit == Exit.INTERRUPTED
        assert failure(click.exceptions.Abort()).exit == Exit.INTERRUPTED

    def test_a_reader_that_goes_away_ends_a_command_in_silence(self, ada: Person) -> None:
        pipeline = subprocess.Popen(
            command("--help"),
            env=ada.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert pipeline.stdout is not None
        pipeline.stdout.close()
        pipeline.stdout = None
        _, err = pipeline.communicate(timeout=30)
        assert err == b""


class TestGlobalOptions:
    @pytest.mark.parametrize(
        "args",
        [
            ("--output", "json", "profile", "list"),
            ("profile", "--output", "json", "list"),
            ("profile", "list", "--output", "json"),
        ],
    )
    def test_they_stand_anywhere(self, ada: Person, args: tuple[str, ...]) -> None:
        assert [row["name"] for row in ada.stackroom(*args).ok().json] == ["default"]

    def test_the_command_line_wins_over_the_environment(self, ada: Person) -> None:
        ran = ada.stackroom("profile", "list", "--output", "yaml", STACKROOM_OUTPUT="json").ok()
        assert ran.out.startswith("- access: null\n  active: true\n")

    def test_an_unknown_format_is_a_usage_error(self, ada: Person) -> None:
        ada.stackroom("profile", "list", "--output", "xml").failed(Exit.USAGE, "xml")


class TestSettings:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("ml", "ml"),
            ("3", 3),
            ("-7", -7),
            ("0.5", 0.5),
            ("true", True),
            ("null", None),
            ("", None),
            ("''", ""),
            ("no", "no"),
            ("on", "on"),
            ("s3://bucket/a b", "s3://bucket/a b"),
            ("2022-01-01", "2022-01-01"),
            ("012", "012"),
            ("12:30", "12:30"),
            ("'3'", "3"),
            ("[a, 2, no]", ["a", 2, "no"]),
            ("{a: {b: 1}}", {"a": {"b": 1}}),
            ("a: 1", {"a": 1}),
            ("@@home", "@home"),
            ("{{aws.key}}", "{{aws.key}}"),
            ("18446744073709551615", 2**64 - 1),
        ],
    )
    def test_values_are_yaml(self, text: str, value: object) -> None:
        (setting,) = parse_settings([f"--key={text}"])
        assert setting == Setting(("key",), value, text)  # type: ignore[arg-type]
        assert type(setting.value) is type(value)

    @pytest.mark.parametrize(
        "text", ["0", "-0", "00", "7", "-7", "+7", "9" * 18, "9" * 19, "true", "True", "null", "٣"]
    )
    def test_what_is_read_without_yaml_is_read_as_yaml_has_it(self, text: str) -> None:
        (setting,) = parse_settings([f"--key={text}"])
        node, _ = load(text, "--key")
        assert (setting.value, type(setting.value)) == (node.plain(), type(node.plain()))

    def test_a_dot_leads_into_a_map_and_an_escaped_one_does_not(self) -> None:
        found = parse_settings(["--a.b=1", r"--c\.d.e=2"])
        assert [s.keys for s in found] == [("a", "b"), ("c.d", "e")]

    def test_a_file_is_taken_as_it_is(self, tmp_path: Path) -> None:
        file = tmp_path / "values.yaml"
        file.write_text("a: 1\n")
        (setting,) = parse_settings([f"--key=@{file}"])
        assert setting.value == "a: 1\n"

    @pytest.mark.parametrize(
        "args",
        [
            ["--key=[1, 2"],
            ["--key={a: 1, a: 2}"],
            ["--key=@/nowhere/at/all"],
            ["--key=18446744073709551616"],
            ["--key=.inf"],
            ["--key"],
            ["--key=1", "--key=2"],
            ["--key..sub=1"],
            ["--key=&a [*a]"],
            ["--key=!!python/object:os.system x"],
        ],
    )
    def test_a_bad_value_is_a_usage_error_that_names_the_key(self, args: list[str]) -> None:
        with pytest.raises(click.UsageError, match="key"):
            parse_settings(args)

    def test_a_bare_word_is_not_a_setting(self) -> None:
        with pytest.raises(click.UsageError, match="unexpected argument 'word'"):
            parse_settings(["word"])

    def test_labels(self) -> None:
        assert parse_labels(["a=1", "b=x=y"]) == {"a": "1", "b": "x=y"}

    @pytest.mark.parametrize("bad", [["a"], ["=a"], ["a=1", "a=2"]])
    def test_bad_labels_are_usage_errors(self, bad: list[str]) -> None:
        with pytest.raises(click.UsageError, match="--label"):
            parse_labels(bad)


class TestOutput:
    def test_control_characters_are_shown_and_not_obeyed(self) -> None:
        assert printable("a\x1b[31mb\u2028c\td") == r"a\x1b[31mb\u2028c\td"

    def test_a_piped_table_is_plain_aligned_columns(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from stackroom.client.commands.output import Output

        rows = [("k8s", {"a": 1}), ("local-one", None)]
        Output().show(rows, Table(("name", "config"), rows))
        assert capsys.readouterr().out == 'NAME       CONFIG\nk8s        {"a":1}\nlocal-one\n'

    def test_an_empty_table_says_so_and_json_is_an_empty_list(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from stackroom.client.commands.output import Output

        table = Table(("name",), [], empty="No stacks yet.")
        Output().show([], table)
        Output("json").show([], table)
        assert capsys.readouterr().out == "No stacks yet.\n[]\n"

    @pytest.mark.parametrize("no_color", [False, True])
    def test_a_terminal_gets_a_table_that_is_bold_unless_no_color_is_set(
        self, ada: Person, no_color: bool
    ) -> None:
        ada.process("profile", "create", "team", "--local").ok()
        environment = {**ada.environment(), "TERM": "xterm", "COLUMNS": "80"}
        environment.pop("NO_COLOR", None)
        if no_color:
            environment["NO_COLOR"] = "1"
        ours, theirs = pty.openpty()
        try:
            args = command("profile", "list")
            subprocess.run(args, env=environment, stdout=theirs, timeout=30, check=True)
            shown = os.read(ours, 4096).decode()
        finally:
            os.close(ours)
            os.close(theirs)
        assert "NAME" in shown
        assert "team" in shown
        assert ("\x1b[" in shown) is not no_color

    def test_fields_are_aligned(self, capsys: pytest.CaptureFixture[str]) -> None:
        from stackroom.client.commands.output import Output

        Output().show({}, [Fields([("a", 1), ("long", "x\ny")]), Fields([("b", True)], "Title")])
        assert capsys.readouterr().out == "a:    1\nlong: x\\ny\n\nTitle\n  b: true\n"

    def test_yaml_says_what_json_says(self) -> None:
        assert as_yaml({"b": [1, "no"], "a": None}) == "a: null\nb:\n- 1\n- 'no'\n"

    @pytest.mark.parametrize(
        ("milliseconds", "words"),
        [
            (-5_000, "0 s ago"),
            (59_999, "59 s ago"),
            (60_000, "1 min ago"),
            (7_200_000, "2 h ago"),
            (86_400_000, "1 day ago"),
            (864_000_000, "10 days ago"),
        ],
    )
    def test_ages(self, milliseconds: int, words: str) -> None:
        assert ago(0, milliseconds) == words


class TestStart:
    def test_version(self, ada: Person) -> None:
        assert ada.stackroom("--version").ok().out.startswith("stackroom ")

    @pytest.mark.parametrize(
        "args", [("--version",), ("profile", "list"), ("stack", "list"), ("status",)], ids=" ".join
    )
    def test_nothing_heavy_is_imported(self, ada: Person, args: tuple[str, ...]) -> None:
        ada.process("profile", "create", "team", "--local").ok()
        ran = ada.process(*args, python=("-X", "importtime")).ok()
        lines = [line for line in ran.err.splitlines() if line.startswith("import time:")]
        imported = {line.rpartition("|")[2].strip() for line in lines}
        assert "stackroom.client.commands" in imported
        heavy = {"asyncio", "anyio", "websockets", "aiosqlite", "rich", "ruamel.yaml", "ssl"}
        assert not imported & heavy
