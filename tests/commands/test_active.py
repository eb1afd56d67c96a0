"""Which profile and stack a command works on, who said so, and that it says it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.commands.hubs import running_hub
from tests.commands.runner import Person


@pytest.fixture
def ada(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Someone with two local profiles, in a folder of their own; stack `prod` is in both."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    who = Person(tmp_path / "ada", "ada")
    for name in ("one", "two"):
        who.stackroom("profile", "create", name, "--local", "--with-default-stack").ok()
        copy = ("stack", "copy", "default", "prod", "--profile", name)
        who.stackroom(*copy).ok()
    return who


@pytest.fixture
def inside(ada: Person, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sub-folder of a repository that is for profile `two`."""
    ada.stackroom("init", "--profile", "two").ok()
    folder = Path.cwd() / "src" / "training"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def on(who: Person, *more: str, **env: str) -> str:
    """The footnote of a reading command: which profile, and why."""
    return who.stackroom("stack", "list", *more, **env).ok().err.strip()


class TestProfile:
    def test_a_first_command_makes_the_default_profile(self, tmp_path: Path) -> None:
        who = Person(tmp_path / "new", "new")
        ran = who.stackroom("stack", "list").ok()
        assert "Profile 'default' was made" in ran.err
        (row,) = who.data("stack", "list")
        assert (row["name"], row["default"], row["active"]) == ("default", True, True)
        assert {type: m[0]["flavor"] for type, m in row["components"].items()} == {
            "artifact_store": "local",
            "orchestrator": "local",
        }
        assert who.data("log")[-1]["seq"] == 1
        assert "was made" not in who.stackroom("stack", "list").ok().err

    def test_many_first_commands_at_once_make_one(self, tmp_path: Path) -> None:
        who = Person(tmp_path / "new", "new")
        with ThreadPoolExecutor(5) as pool:
            ran = list(pool.map(lambda _: who.process("stack", "list"), range(5)))
        assert [each.code for each in ran] == [0] * 5, [each.err for each in ran]
        assert sum("was made" in each.err for each in ran) == 1
        assert [row["name"] for row in who.data("profile", "list")] == ["default"]
        assert len(who.data("log")) == 1

    def test_it_is_not_made_where_a_hub_was_joined(self, tmp_path: Path) -> None:
        who = Person(tmp_path / "new", "new")
        with running_hub(tmp_path) as hub:
            hub.join(who)
            who.stackroom("stack", "list").failed(3, "no profile yet")
            assert who.data("profile", "list") == []

    def test_the_one_profile_of_a_hub_is_active_after_connecting(self, tmp_path: Path) -> None:
        first, second = Person(tmp_path / "a", "a"), Person(tmp_path / "b", "b")
        with running_hub(tmp_path) as hub:
            hub.join(first)
            first.stackroom("profile", "create", "team").ok()
            second.stackroom("stack", "list").ok()
            hub.join(second)
            assert "Profile 'team' (set here)" in on(second)

    def test_the_order(self, ada: Person, inside: Path) -> None:
        assert on(ada) == "Profile 'two' (from repository)"
        assert on(ada, STACKROOM_PROFILE="one") == "Profile 'one' (from STACKROOM_PROFILE)"
        env = {"STACKROOM_PROFILE": "one"}
        assert on(ada, "--profile", "two", **env) == "Profile 'two' (from --profile)"

    def test_outside_of_the_repository_what_was_set_counts(
        self, ada: Person, inside: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(inside.parents[2])
        assert on(ada) == "Profile 'one' (set here)"

    def test_set_goes_to_the_repository_unless_global(self, ada: Person, inside: Path) -> None:
        ada.stackroom("profile", "set", "one").ok()
        assert on(ada) == "Profile 'one' (from repository)"
        ada.stackroom("profile", "set", "two", "--global").ok()
        assert on(ada) == "Profile 'one' (from repository)"
        assert [(r["name"], r["why"]) for r in ada.data("profile", "list") if r["active"]] == [
            ("one", "repository")
        ]
        assert "one (from repository)" in ada.stackroom("profile", "list").ok().out

    def test_a_repository_that_names_what_is_not_there(self, ada: Person, inside: Path) -> None:
        file = inside.parents[1] / ".stackroom" / "config.yaml"
        file.write_text("profile: oen\n")
        ada.stackroom("stack", "list").failed(3, "'oen'", str(file), "did you mean 'one'")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("profile: [a]\n", "names are text"),
            ("profile: 3\n", "names are text"),
            ("profil: one\n", "something else"),
            ("- one\n", "something else"),
            ("profile: 'one\n", "not YAML"),
        ],
    )
    def test_a_repository_file_that_is_none(
        self, ada: Person, inside: Path, text: str, said: str
    ) -> None:
        (inside.parents[1] / ".stackroom" / "config.yaml").write_text(text)
        ada.stackroom("stack", "list").failed(1, said, "stackroom init")

    def test_comments_and_quotes_in_the_file(self, ada: Person, inside: Path) -> None:
        file = inside.parents[1] / ".stackroom" / "config.yaml"
        file.write_text("# ours\nprofile: 'one'  # why not\nstack: prod\n# end\n")
        assert on(ada) == "Profile 'one' (from repository)"
        ada.stackroom("stack", "set", "default").ok()
        assert file.read_text() == "# ours\nprofile: one\nstack: default\n# end\n"

    def test_writes_and_errors_say_it_too(self, ada: Person, inside: Path) -> None:
        ran = ada.stackroom("component", "register", "alerter", "s", "-f", "mine").ok()
        assert "Profile 'two' (from repository)" in ran.err
        ran = ada.stackroom("stack", "describe", "nope").failed(3, "nope")
        assert "Profile 'two' (from repository)" in ran.err
        assert ada.stackroom("stack", "list", "--output", "json").ok().err == ""


class TestStack:
    def test_the_order(self, ada: Person, inside: Path) -> None:
        ada.stackroom("component", "register", "orchestrator", "k", "-f", "mine").ok()
        ada.stackroom("stack", "register", "third", "-o", "k", "-a", "default").ok()

        def got(*more: str, **env: str) -> str:
            return ada.stackroom("stack", "get", *more, **env).ok().out.strip()

        assert got() == "default (the profile's default)"
        ada.stackroom("stack", "set", "prod", "--global").ok()
        assert got() == "prod (set here)"
        ada.stackroom("stack", "set", "third").ok()
        assert got() == "third (from repository)"
        assert got(STACKROOM_STACK="default") == "default (from STACKROOM_STACK)"
        assert got("--stack", "prod", STACKROOM_STACK="default") == "prod (from --stack)"

    def test_the_stack_of_a_repository_is_one_of_its_profile(
        self, ada: Person, inside: Path
    ) -> None:
        ada.stackroom("stack", "set", "prod").ok()
        found = ada.data("stack", "get", "--profile", "one")
        assert (found["name"], found["chosen"]) == ("default", "default")

    def test_a_stack_that_is_not_there(self, ada: Person) -> None:
        ran = ada.stackroom("stack", "get", STACKROOM_STACK="prdo")
        ran.failed(3, "no stack 'prdo'", "did you mean 'prod'")
        assert ada.data("stack", "list", "--profile", "one")

    def test_init_names_a_stack(self, ada: Person) -> None:
        ada.stackroom("init", "--stack", "nope").failed(3, "nope")
        assert not (Path.cwd() / ".stackroom").exists()
        made = ada.data("init", "--stack", "prod", "--profile", "two")
        assert (made["profile"], made["stack"]) == ("two", "prod")
        assert ada.data("stack", "get")["chosen"] == "repository"


def test_two_hubs_with_a_profile_of_one_name(tmp_path: Path) -> None:
    who = Person(tmp_path / "ada", "ada")
    with running_hub(tmp_path / "x") as one, running_hub(tmp_path / "y") as two:
        for hub in (one, two):
            hub.join(who)
            who.stackroom("profile", "create", "team", "--hub", hub.url).ok()
        who.stackroom("stack", "list", "--profile", "team").failed(1, "2 profiles", "NAME@HUB")
        names = [
            who.data("profile", "describe", f"team@{hub.url.removeprefix('ws://')}")["hub"]
            for hub in (one, two)
        ]
        assert names == [one.url, two.url]
