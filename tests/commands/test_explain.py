"""Every code that can come is explained, nothing else is, and the page says the same."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import stackroom.client
import stackroom.events
import stackroom.sync
from stackroom.client.commands.exits import Exit, code_of
from stackroom.client.commands.explanations import explanations, page
from stackroom.events.errors import IntegrityError, StackroomError
from stackroom.sync.protocol import ErrorCode
from tests.commands.hubs import Hub
from tests.commands.runner import Person

ROOT = Path(__file__).parents[2]
ROOMS = (stackroom.events, stackroom.sync, stackroom.client)

BUILT_IN = {"usage": 2, "error": 1, "file": 1, "interrupted": 130, "unexpected": 1}
"""Codes of `exits.failure` that are no class of ours, and their exit codes."""

CODE_AT = {"Refusal": 0, "_Refused": 0, "refused": 0, "join_or_refuse": 1, "Answer": 3}
"""Calls that say a refusal's code, and which argument it is."""


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call in the sources, by the name of what is called."""
    for room in ("events", "sync", "client"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    called = node.func
                    yield getattr(called, "attr", getattr(called, "id", "")), node


def refusals() -> set[str]:
    """The codes of all refusals in the sources."""
    found = set()
    for name, call in calls():
        at = CODE_AT.get(name)
        if (
            at is not None
            and len(call.args) > at
            and isinstance(code := call.args[at], ast.Constant)
        ):
            found.add(code.value)
    return found


def errors() -> dict[str, type[StackroomError]]:
    """The classes of errors by their code, but for bases that nothing raises."""
    for room in ROOMS:
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    made = {name for name, _ in calls()}
    classes: list[type[StackroomError]] = [StackroomError]
    for each in classes:
        classes += each.__subclasses__()
    ours = [c for c in classes if c.__module__.startswith("stackroom.")]
    return {code_of(c): c for c in ours if c.__name__ in made or not c.__subclasses__()}


def test_the_sources_hold_codes_to_explain() -> None:
    assert {"name_in_use", "replica_copied", "not_allowed", "in_use"} <= refusals()
    assert {"not_found", "refused_locally", "log_corrupt", "changed_since"} <= errors().keys()
    assert "stackroom_error" not in errors()


def test_every_code_is_explained_and_nothing_else() -> None:
    can_come = BUILT_IN.keys() | errors().keys() | refusals() | set(get_args(ErrorCode))
    explained = explanations().codes.keys()
    assert can_come - explained == set(), "not in client/commands/explanations.toml"
    assert explained - can_come == set(), "explained, and nowhere in the code"


def test_every_exit_code_is_explained_and_nothing_else() -> None:
    assert set(explanations().exits) == {str(int(code)) for code in Exit}
    listed = (ROOT / "docs" / "exit-codes.md").read_text("utf-8")
    for number in explanations().exits:
        assert f"| {number} |" in listed


def test_the_exit_code_of_an_error_is_the_one_it_ends_with() -> None:
    ends = dict(BUILT_IN)
    for code, kind in errors().items():
        integrity = issubclass(kind, IntegrityError)
        ends[code] = int(Exit.INTEGRITY if integrity else getattr(kind, "exit_code", Exit.ERROR))
    said = {code: e.exit for code, e in explanations().codes.items() if e.exit is not None}
    # A rule's code may be an error's, too: `no_profile`.
    assert said == ends


def test_each_says_all_four_things() -> None:
    known = explanations()
    for code, said in (known.exits | known.codes).items():
        for text in (said.means, said.why, said.next):
            assert text.endswith("."), code
        assert said.example.strip(), code


def test_the_page_is_made_from_them() -> None:
    assert (ROOT / "docs" / "errors.md").read_text("utf-8") == page(), "run make generate"


class TestCommand:
    def test_a_code(self, ada: Person) -> None:
        told = ada.stackroom("explain", "name_in_use").ok().out
        assert "means: There is one of that name already." in told
        assert "$ stackroom stack register prod -o k8s" in told
        assert ada.data("explain", "NAME-IN-USE")["code"] == "name_in_use"

    def test_an_exit_code(self, ada: Person) -> None:
        assert ada.data("explain", "5")["means"] == "There are open conflicts."

    def test_the_list(self, ada: Person) -> None:
        listed = [each["code"] for each in ada.data("explain")]
        assert listed[:2] == ["0", "1"]
        assert "refused_locally" in listed
        assert "refused_locally" in ada.stackroom("explain").ok().out

    def test_a_misspelt_code(self, ada: Person) -> None:
        ada.stackroom("explain", "name_in_us").failed(3, "did you mean 'name_in_use'?")
        ada.stackroom("explain", "zzz").failed(3, "Hint: stackroom explain")

    def test_it_needs_no_home(self, ada: Person) -> None:
        ada.stackroom("explain", "usage").ok()
        assert not ada.home.exists()


class TestTheWayThere:
    @pytest.fixture
    def prod(self, ada: Person) -> Person:
        ada.stackroom("profile", "create", "mine", "--local").ok()
        ada.stackroom("component", "register", "orchestrator", "k8s", "-f", "kubernetes").ok()
        ada.stackroom("stack", "register", "prod", "-o", "k8s").ok()
        return ada

    def test_a_refusal_names_the_command_that_explains_it(self, prod: Person) -> None:
        again = ("stack", "register", "prod", "-o", "k8s")
        prod.stackroom(*again).failed(1, "More: stackroom explain name_in_use")
        told = prod.stackroom(*again, "--output", "json").failed(1).err
        assert '"code":"refused_locally"' in told
        assert '"reason":"name_in_use"' in told

    def test_other_errors_have_no_such_line(self, prod: Person) -> None:
        assert "More:" not in prod.stackroom("stack", "describe", "x").failed(3).err
        assert '"reason":""' in prod.stackroom("stack", "describe", "x", "--output", "json").err

    def test_a_refusal_of_the_hub_does_too(self, team: Hub, ada: Person, ben: Person) -> None:
        ada.stackroom("profile", "create", "more").ok()
        ran = ben.stackroom("profile", "create", "more")
        ran.failed(1, "already", "More: stackroom explain name_in_use")

    def test_a_file_keeps_its_name_in_the_sentence(self, prod: Person) -> None:
        export = ("pending", "export", "--file", "nosuch/mine.json")
        prod.stackroom(*export).failed(1, "Error: nosuch/mine.json: No such")
