"""The documentation says what is so: generated pages are fresh, links lead somewhere, names exist."""

import re
import shlex
from pathlib import Path

import pytest

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
