"""Completion, as bash, zsh and fish do it: the real shells, the real scripts, real homes."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from stackroom.client.commands.app import COMMANDS, TYPE_GROUPS, root
from stackroom.client.commands.shells import SHELLS, Line, split
from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.commands.terminal import Terminal

HARD = "my 'own' $tore: \"2\""
"""A name that needs quotes in every shell."""

STACKROOM = f"""#!/bin/sh
if [ -n "$_STACKROOM_COMPLETE" ]; then
    exec {sys.executable} -c 'from stackroom.client.commands import main; main()' "$@"
fi
for word; do printf '%s\\n' "$word"; done > "$TYPED"
echo taken
"""


@pytest.fixture
def desk(ada: Person, tmp_path: Path) -> Person:
    """Ada, with names to complete, and a `stackroom` on her PATH that writes down its arguments."""
    ada.stackroom("profile", "create", "mine", "--local").ok()
    ada.stackroom("component", "register", "orchestrator", "k8s", "-f", "cluster", "--ns=1").ok()
    ada.stackroom("component", "register", "artifact-store", HARD, "-f", "s3", "--path=s3://x").ok()
    ada.stackroom("stack", "register", "prod", "-o", "k8s", "-a", HARD).ok()
    recorded = ("run", "record", "--pipeline", "training", "--stack", "prod", "--id", "nightly-42")
    ada.stackroom(*recorded).ok()
    program = tmp_path / "bin" / "stackroom"
    program.parent.mkdir()
    program.write_text(STACKROOM)
    program.chmod(0o755)
    path = ":".join([str(program.parent), *ada.environment()["PATH"].split(":")])
    ada.env |= {"PATH": path, "TYPED": str(tmp_path / "typed"), "PS1": "> ", "PROMPT": "> "}
    for shell in SHELLS:
        (tmp_path / f"completion.{shell}").write_text(ada.stackroom("completion", shell).ok().out)
    (tmp_path / "only.yaml").touch()
    ada.env["SCRIPTS"] = str(tmp_path)
    return ada


def asked(person: Person, *words: str) -> list[str]:
    """What completes the last of `words`: the values, as fish is told."""
    ran = person.stackroom(*words, _STACKROOM_COMPLETE="fish").ok()
    assert ran.err == ""
    return [line.split("\t")[1] for line in ran.out.splitlines() if "\t" in line]


def completed(shell: Terminal, desk: Person, line: str, echo: str) -> list[str]:
    """Types `line` and a tab, waits until it grew by `echo`, sends it: what the command was given."""
    typed = Path(desk.env["TYPED"] or "")
    shell.type(line + "\t")
    shell.until(echo)
    shell.type("\n")
    shell.until("taken")
    shell.until("> ")
    return typed.read_text().splitlines()


@pytest.fixture
def bash(desk: Person) -> Iterator[Terminal]:
    if not (path := shutil.which("bash")):
        pytest.skip("bash is not installed")
    with Terminal([path, "--norc", "--noprofile", "-i"], desk.environment(), columns=200) as shell:
        shell.until("> ")
        shell.type('cd "$SCRIPTS"; source completion.bash; echo rea""dy\n')
        shell.until("ready")
        shell.until("> ")
        yield shell


@pytest.fixture
def zsh(desk: Person) -> Iterator[Terminal]:
    if not (path := shutil.which("zsh")):
        pytest.skip("zsh is not installed")
    with Terminal([path, "-f", "-i"], desk.environment(), columns=200) as shell:
        shell.until("> ")
        shell.type(
            "autoload -U compinit && compinit -u -D; "
            'cd "$SCRIPTS"; source ./completion.zsh; echo rea""dy\n'
        )
        shell.until("ready")
        shell.until("> ")
        yield shell


LINES = [
    ("stackroom stack desc", "ribe", ["stack", "describe"]),
    ("stackroom stack describe pr", "od", ["stack", "describe", "prod"]),
    ("stackroom orchestrator get --profile mi", "ne", ["orchestrator", "get", "--profile", "mine"]),
    ("stackroom --profile=mi", "ne", ["--profile=mine"]),
    ("stackroom artifact-store describe my", "2", ["artifact-store", "describe", HARD]),
    ('stackroom component describe artifact-store "my', "2", ["component", "describe", "artifact-store", HARD]),
    ("stackroom stack update prod -a m", "2", ["stack", "update", "prod", "-a", HARD]),
    ("stackroom stack update prod --add artifact_store=my", "2", ["stack", "update", "prod", "--add", f"artifact_store={HARD}"]),
    ("STACKROOM_OFFLINE=1 stackroom orchestrator update k8s --unset n", "s", ["orchestrator", "update", "k8s", "--unset", "ns"]),
    ("stackroom run show nigh", "42", ["run", "show", "nightly-42"]),
    ("stackroom run list --pipeline tr", "ing", ["run", "list", "--pipeline", "training"]),
    ("true && stackroom stack import ./on", "ly.yaml", ["stack", "import", "./only.yaml"]),
]  # fmt: skip


def test_bash_completes(bash: Terminal, desk: Person) -> None:
    for line, echo, wanted in LINES:
        assert completed(bash, desk, line, echo) == wanted, line


def test_zsh_completes(zsh: Terminal, desk: Person) -> None:
    for line, echo, wanted in LINES:
        assert completed(zsh, desk, line, echo) == wanted, line


def test_bash_lists_when_there_are_several(bash: Terminal) -> None:
    bash.type("stackroom stack re\t\t")
    bash.until("remove-component")
    assert "register" in bash.text


def test_fish_completes(desk: Person) -> None:
    if not (path := shutil.which("fish")):
        pytest.skip("fish is not installed")

    def candidates(line: str) -> dict[str, str]:
        script = 'source "$SCRIPTS/completion.fish"; complete -C "$argv[1]"'
        done = subprocess.run(
            [path, "--no-config", "-c", script, line],
            env=desk.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stderr == ""
        rows = [row.partition("\t") for row in done.stdout.splitlines()]
        return {value: help for value, _, help in rows}

    assert candidates("stackroom stack describe p") == {"prod": ""}
    assert candidates("stackroom --profile=m") == {"--profile=mine": "local"}
    assert candidates("stackroom artifact-store describe 'my") == {HARD: "s3"}
    file = f"{desk.env['SCRIPTS']}/only.yaml"
    assert candidates(f"stackroom stack import {file[:-3]}") == {file: ""}
    assert candidates("stackroom sta")["status"].startswith("where things stand")


def test_the_script_for_each_shell_is_one_that_the_shell_takes(desk: Person) -> None:
    for shell in SHELLS:
        if path := shutil.which(shell):
            script = f"{desk.env['SCRIPTS']}/completion.{shell}"
            subprocess.run([path, "-n", script], check=True, timeout=30)
    desk.stackroom("completion", "tcsh").failed(2, "bash")


def test_names_of_each_kind(desk: Person) -> None:
    orchestrators = asked(desk, "component", "describe", "orchestrator", "")
    assert orchestrators == asked(desk, "orchestrator", "describe", "") == ["k8s"]
    assert asked(desk, "component", "list", "artifact-s") == ["artifact-store"]
    assert asked(desk, "blame", "orch") == ["orchestrator/k8s"]
    assert asked(desk, "show", "") == ["5", "4", "3", "2", "1", "yesterday"]
    assert asked(desk, "run", "update", "night") == ["nightly-42"]
    assert asked(desk, "report", "--since", "yes") == ["yesterday"]
    desk.stackroom("tag", "v1", "3").ok()
    assert asked(desk, "stack", "describe", "--at", "v") == ["v1"]
    assert asked(desk, "tag", "delete", "") == ["v1"]
    assert asked(desk, "tag", "v1", "--m") == ["--move", "--message"]
    assert asked(desk, "tag", "d") == ["delete"]
    assert asked(desk, "component", "update", "orchestrator", "k8s", "-f", "") == ["cluster"]
    assert asked(desk, "stack", "remove-component", "prod", "orch") == ["orchestrator=k8s"]
    assert asked(desk, "profile", "publish", "") == ["mine"]
    assert asked(desk, "--profile", "nosuch", "stack", "list", "--prof") == ["--profile"]
    assert "--output" in asked(desk, "stack", "list", "--")
    assert asked(desk, "stack", "list", "--output", "j") == ["json"]


def test_types_and_flavors_of_ones_own(desk: Person) -> None:
    desk.stackroom("flavor", "register", "feature_lake", "delta", "--source", "acme.Delta").ok()
    assert asked(desk, "flavor", "list", "feature") == ["feature-store", "feature_lake"]
    assert asked(desk, "flavor", "delete", "feature_lake", "") == ["delta"]


def test_hubs_conflicts_and_what_waits(team: Hub, ada: Person, ben: Person) -> None:
    update = ("orchestrator", "update", "k8s")
    ben.stackroom(*update, "--ns=ben", "-m", "mine", "--offline").ok()
    assert asked(ben, "pending", "drop", "") == ["1"] == asked(ben, "pending", "show", "")
    assert asked(ben, "pending", "retry", "") == []
    ada.stackroom(*update, "--ns=ada").ok()
    ben.stackroom("sync").failed(5)
    assert asked(ben, "conflicts", "show", "") == ["4"]
    assert asked(ben, "disconnect", "ws") == [team.url] == asked(ben, "connect", "")
    ben.stackroom("disconnect", "--yes").ok()
    assert asked(ben, "disconnect", "ws") == []


def test_commands_are_all_offered(ada: Person) -> None:
    assert asked(ada, "") == [*COMMANDS, *TYPE_GROUPS]


def test_no_home_is_made(ada: Person) -> None:
    assert asked(ada, "stack", "describe", "") == []
    assert asked(ada, "component", "describe", "orch") == ["orchestrator"]
    assert not ada.home.exists()


def test_no_profile_is_made_in_a_home_that_is_empty(ada: Person) -> None:
    ada.stackroom("status")
    assert ada.home.exists()
    assert asked(ada, "stack", "describe", "") == asked(ada, "stack", "list", "--profile", "") == []
    assert ada.data("status")["profiles"] == []


def test_the_profile_of_the_repository_goes_first(
    desk: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.stackroom("profile", "create", "other", "--local").ok()
    desk.stackroom("--profile", "other", "alerter", "register", "bell", "-f", "mine").ok()
    code = tmp_path / "code"
    code.mkdir()
    desk.stackroom("init", "--path", str(code), "--profile", "other").ok()
    desk.stackroom("profile", "set", "mine").ok()
    assert asked(desk, "alerter", "describe", "") == []
    monkeypatch.chdir(code)
    assert asked(desk, "alerter", "describe", "") == ["bell"]


def test_a_broken_home_completes_nothing_in_silence(desk: Person) -> None:
    (desk.home / "proposals.db").write_bytes(b"no database at all" * 100)
    ran = desk.stackroom("stack", "describe", "", _STACKROOM_COMPLETE="fish")
    assert (ran.code, ran.out, ran.err) == (1, "", "")
    told = desk.stackroom("stack", "describe", "", _STACKROOM_COMPLETE="fish", STACKROOM_DEBUG="1")
    assert "LogCorrupt" in told.err


def test_nothing_heavy_is_loaded(desk: Person) -> None:
    heavy = "{'asyncio', 'websockets', 'rich', 'ruamel.yaml', 'socket', 'ssl', 'http.client'}"
    code = (
        "import sys\nfrom stackroom.client.commands.app import root\n"
        "try:\n    root.main(['stack', 'describe', ''], 'stackroom')\n"
        f"finally:\n    print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=desk.environment({"_STACKROOM_COMPLETE": "fish"}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.splitlines() == ["word\tprod", "[]"], done.stderr


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", Line([])),
        ("stackroom sta", Line(["stackroom"], "sta")),
        ("stackroom stack ", Line(["stackroom", "stack"])),
        ("stackroom x 'a b", Line(["stackroom", "x"], "a b", "", "'")),
        ('stackroom x "a \\" b\\n', Line(["stackroom", "x"], 'a " b\\n', "", '"')),
        ("stackroom x a\\ b", Line(["stackroom", "x"], "a b")),
        ("stackroom x --a=b", Line(["stackroom", "x"], "--a=b", "--a=")),
        ("stackroom x ws://h:1", Line(["stackroom", "x"], "ws://h:1", "ws://h:")),
        ("stackroom '' x", Line(["stackroom", ""], "x")),
        ("A=1 B='2 3' stackroom x ", Line(["stackroom", "x"])),
        ("stackroom x a'b", Line(["stackroom", "x"], "ab", "a", "'")),
        ("stackroom x 'a b'", Line(["stackroom", "x"], "a b", "a b")),
        ("stackroom x \\", Line(["stackroom", "x"])),
    ],
)
def test_a_line_of_bash(text: str, line: Line) -> None:
    assert split(text) == line


def test_every_name_on_the_command_line_has_a_completer() -> None:
    """A NAME that is there already is completed; a new one is not."""
    new = {"new_name"}
    known = {"name", "names", "words", "type", "seq", "id", "number", "numbers", "entity", "url"}
    known |= {"source", "code"}
    made = {"register", "create", "clone"}
    for path, parameter in _parameters(root, ()):
        own = getattr(parameter, "_custom_shell_complete", None)
        elsewhere = path[0] == "zenml" and parameter.name == "url"
        other = parameter.name == "target" and path != ("hub", "anchor")  # That may be a file.
        made_now = path[-1] in made and parameter.name == "name"
        if parameter.name in new or elsewhere or other or made_now:
            assert own is None, (path, parameter.name)
        elif parameter.name in known and isinstance(parameter, click.Argument):
            assert own is not None, (path, parameter.name)


def _parameters(
    group: click.Group, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Parameter]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _parameters(command, (*path, name))
        else:
            yield from (((*path, name), parameter) for parameter in command.params)
