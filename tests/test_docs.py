"""The documentation says what is so: generated pages are fresh, links lead somewhere, names exist."""

import re
import shlex
from pathlib import Path

import click
import pytest

from stackroom.client.commands.app import root
from stackroom.client.commands.options import parse_settings
from stackroom.client.commands.stacks.component_configure import config_of
from stackroom.client.definitions import flavors
from stackroom.events.codec import CHANGES
from stackroom.events.people.people import BUILT_IN
from stackroom.events.people.permissions import PERMISSIONS
from tests import flavors_page, limits_page

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
PAGES += sorted((ROOT / "benchmarks").glob("*.md"))

EVERYWHERE = {"--profile", "--offline", "--output", "--help"}
"""Options that any command takes."""

UNKNOWN = {"stac", "feature-gate"}
"""What examples name that is no command, or becomes one by what a team has."""


def test_the_limits_are_those_of_the_code() -> None:
    assert (ROOT / "docs" / "limits.md").read_text() == limits_page.page(), "run make generate"


def test_the_flavors_are_those_that_are_checked() -> None:
    written = (ROOT / "docs" / "zenml-flavors.md").read_text()
    assert written == flavors_page.page(), "run make generate"


def test_the_permissions_are_those_of_the_code() -> None:
    rows = [
        f"| `{name}` | {what} | "
        + " | ".join("yes" if name in held else "" for held in BUILT_IN.values())
        + " |"
        for name, what in PERMISSIONS.items()
    ]
    page = (ROOT / "docs" / "people.md").read_text()
    assert "| " + " | ".join(("permission", "lets one", *BUILT_IN)) + " |" in page
    listed = [
        line
        for line in page.splitlines()
        if line.startswith(("| `profile.", "| `run.", "| `people.", "| `hub."))
    ]
    assert listed == rows


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_files_that_are_named_exist(path: Path) -> None:
    for named in re.findall(
        r"`((?:docs|tests|events|sync|client|benchmarks)/[\w/.-]+\.\w+)`", path.read_text()
    ):
        assert (ROOT / named).exists(), f"{path.name} names {named}"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_tests_that_are_named_exist(path: Path) -> None:
    for file, name in re.findall(r"`([\w/]+\.py)::(\w+)`", path.read_text()):
        defined = (ROOT / "tests" / file).read_text()
        assert f"def {name}(" in defined, f"{path.name} names {file}::{name}"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_tables_have_a_heading_and_rows_of_one_width(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        rows = [re.sub(r"`[^`]*`", "", row) for row in table.splitlines()]
        assert len(rows) > 1, f"{path.name}: {rows[0]}"
        assert re.fullmatch(r"[|: -]+", rows[1]), f"{path.name}: no heading above {rows[0]}"
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1, (
            f"{path.name}: {rows[0]}"
        )


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_commands_in_examples_exist(path: Path) -> None:
    for line in re.findall(r"^ *(?:\w*\$ )?(stackroom [a-z].*)$", path.read_text(), re.MULTILINE):
        command: click.Command = root
        bare = re.sub(r"\"[^\"]*\"|'[^']*'", "TEXT", line)
        words = re.split(r" {3,}| # |[;`…]", bare)[0].split()[1:]
        if UNKNOWN.intersection(words):
            continue
        while isinstance(command, click.Group) and words:
            word = words.pop(0)
            if word in ("--profile", "--output"):
                words.pop(0)
            elif not word.startswith("-"):
                found = command.get_command(click.Context(command), word)
                assert found is not None, f"{path.name}: no {word} in {line}"
                command = found
        known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
        if not command.context_settings.get("ignore_unknown_options"):
            given = {word.split("=")[0] for word in words if word.startswith("--")}
            assert given <= known | EVERYWHERE, f"{path.name}: {line}"


def test_no_page_names_this_machine() -> None:
    for path in PAGES:
        assert not re.search(r"/(root|work)/", path.read_text()), path.name


def test_every_event_is_in_the_rules_or_the_log_page() -> None:
    text = "".join(p.read_text() for p in PAGES)
    missing = [name for name in CHANGES if name not in text]
    assert not missing, f"no page names {missing}"


def test_every_rejection_is_in_the_rules() -> None:
    rules = (ROOT / "docs" / "rules.md").read_text()
    sources = "".join(
        (ROOT / name).read_text()
        for name in (
            "events/deciding/check.py",
            "events/deciding/rules.py",
            "sync/deciding/authority.py",
            "sync/hub.py",
        )
    )
    codes = set(
        re.findall(r'(?:Refusal|_Refused|join_or_refuse)\(\s*(?:\w+, )?"([a-z_]+)"', sources)
    )
    assert len(codes) > 15
    assert codes - {"unauthorised"} <= set(re.findall(r"`([a-z_]+)`", rules))


def test_configurations_in_examples_fit_their_flavors() -> None:
    checked = 0
    for path in PAGES:
        for line in path.read_text().splitlines():
            found = re.match(r"stackroom (?:component register )?([\w-]+) (?:register )?(.+)", line)
            words = shlex.split(found[2], comments=True) if found and " register " in line else []
            if not found or not {"-f", "--flavor"} & set(words):
                continue
            flavor = words[
                next(i for i, word in enumerate(words) if word in ("-f", "--flavor")) + 1
            ]
            given = [word.replace("=@", "=") for word in words if re.match("--[^=]+=", word)]
            config = config_of(parse_settings(given))
            assert flavors.faults(found[1].replace("-", "_"), flavor, config) == [], line
            checked += 1
    assert checked >= 4
