"""Users, teams, projects, roles, tokens and access at the command line, with a hub of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stackroom.client.commands.exits import Exit
from stackroom.events.people.people import BUILT_IN
from stackroom.events.people.permissions import PERMISSIONS
from tests.commands.hubs import Hub, running_hub
from tests.commands.runner import Person


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running_hub(tmp_path) as hub:
        hub.host.stackroom("profile", "create", "lake").ok()
        yield hub


def names(person: Person, *words: str) -> list[str]:
    return [row["name"] for row in person.data(*words)]


class TestUsers:
    def test_their_life(self, hub: Hub, ada: Person) -> None:
        host = hub.host
        hub.join(ada, "--role", "editor")
        assert names(host, "user", "list") == ["ada", "host"]
        host.stackroom("user", "update", "ada", "--full-name", "Ada L.", "--email", "a@b.c").ok()
        shown = host.data("user", "describe", "ada")
        assert (shown["full_name"], shown["email"], shown["active"]) == ("Ada L.", "a@b.c", True)
        assert [(r["role"], r["scope"]) for r in shown["roles"]] == [("editor", "hub")]
        host.stackroom("user", "update", "ada", "--inactive", "-m", "on leave").ok()
        ada.stackroom("sync").failed(Exit.NOT_AUTHORISED, "ended")
        host.stackroom("user", "update", "ada", "--active").ok()
        ada.stackroom("sync").ok()
        host.stackroom("user", "delete", "ada").failed(Exit.USAGE, "--yes")
        host.stackroom("user", "delete", "ada", "--yes").ok()
        ada.stackroom("sync").failed(Exit.NOT_AUTHORISED)
        assert names(host, "user", "list") == ["host"]
        again = host.stackroom("invite", "Ada", "--role", "editor")
        again.failed(Exit.ERROR, "There was a user", "explain name_used_before")

    def test_the_last_administrator_stays(self, hub: Hub) -> None:
        ran = hub.host.stackroom("user", "delete", "host", "--yes")
        ran.failed(Exit.ERROR, "without an administrator")

    def test_a_misspelt_name_has_a_hint(self, hub: Hub) -> None:
        hub.host.stackroom("user", "describe", "hots").failed(
            Exit.NOT_FOUND, "did you mean 'host'?"
        )

    def test_who_may_not_see_people_is_told(self, hub: Hub, ada: Person) -> None:
        hub.join(ada, "--role", "maintainer")
        ada.stackroom("user", "list").failed(Exit.NOT_AUTHORISED, "people.read")
        ada.stackroom("team", "create", "own").failed(Exit.NOT_AUTHORISED)
        ada.stackroom("invite", "eve", "--role", "admin").failed(Exit.NOT_AUTHORISED)
        ada.stackroom("user", "list", "--offline").failed(Exit.NOT_AUTHORISED, "people.read")


class TestTeamsAndProjects:
    def test_a_team_in_a_project(self, hub: Hub, ada: Person) -> None:
        host = hub.host
        link = hub.invite("ada", "--role", "viewer", "--profile", "lake")
        ada.stackroom("join", link).ok()
        host.stackroom("team", "create", "ml", "--description", "machine learning").ok()
        host.stackroom("team", "add", "ml", "ada").ok()
        assert "Nothing to change" in host.stackroom("team", "add", "ml", "ada").ok().out
        host.stackroom("project", "create", "water").ok()
        host.stackroom("project", "add", "water", "lake").ok()
        assign = ("role", "assign", "editor", "--team", "ml", "--project", "water")
        host.stackroom(*assign, "-m", "they own it").ok()
        assert "Nothing to change" in host.stackroom(*assign).ok().out
        (team,) = host.data("team", "list")
        assert (team["members"], team["roles"][0]["scope"]) == (["ada"], "project water")
        (project,) = host.data("project", "list")
        assert (project["profiles"], project["holders"]) == (
            ["lake"], [{"role": "editor", "subject": "ml"}],
        )  # fmt: skip
        ada.stackroom("orchestrator", "register", "k8s", "-f", "kubernetes").failed(
            Exit.NOT_AUTHORISED, "profile.write", "stackroom sync"
        )
        ada.stackroom("sync").ok()
        ran = ada.stackroom("orchestrator", "register", "k8s", "-f", "kubernetes").ok()
        assert "committed as #2" in ran.out
        host.stackroom("team", "remove", "ml", "ada").ok()
        ada.stackroom("sync").ok()
        ada.stackroom("orchestrator", "delete", "k8s", "--yes").failed(Exit.NOT_AUTHORISED)
        host.stackroom("team", "rename", "ml", "ai").ok()
        host.stackroom("project", "rename", "water", "sea").ok()
        host.stackroom("team", "update", "ai", "--description", "more").ok()
        host.stackroom("project", "update", "sea", "--description", "wide").ok()
        assert host.data("team", "describe", "ai")["description"] == "more"
        assert host.data("project", "describe", "sea")["description"] == "wide"
        host.stackroom("project", "remove", "sea", "lake").ok()
        host.stackroom("project", "delete", "sea", "--yes").ok()
        host.stackroom("team", "delete", "ai", "--yes").ok()
        assert host.data("team", "list") == host.data("project", "list") == []
        assert [a["subject"] for a in host.data("assignment", "list")] == ["host", "ada"]

    def test_the_history_says_who_granted_what(self, hub: Hub, ada: Person) -> None:
        hub.join(ada, "--role", "viewer")
        assign = ("role", "assign", "editor", "--user", "ada", "--profile", "lake")
        hub.host.stackroom(*assign, "-m", "for the move").ok()
        newest, *_ = hub.host.data("log", "--profile", "people")
        assert (newest["author"], newest["message"]) == ("host", "for the move")
        assert newest["events"][0] == {
            "type": "RoleAssigned", "entity": newest["events"][0]["entity"], "name": "editor of ada",
        }  # fmt: skip
        row = hub.host.data("assignment", "list", "--user", "ada")[-1]
        assert (row["author"], row["message"], row["scope"]) == (
            "host", "for the move", "profile lake",
        )  # fmt: skip
        shown = hub.host.stackroom("assignment", "describe", row["id"][-6:]).ok().out
        assert "for the move" in shown
        hub.host.stackroom("assignment", "update", row["id"], "--description", "until May").ok()
        hub.host.stackroom("assignment", "delete", row["id"], "--yes").ok()
        assert len(hub.host.data("assignment", "list", "--user", "ada")) == 1
        told = hub.host.stackroom("log", "--profile", "people").ok().out
        assert f"assignment '{row['id'][-12:]}'" in told


class TestRoles:
    def test_a_role_of_ones_own(self, hub: Hub, ada: Person) -> None:
        host = hub.host
        create = ("role", "create", "scribe", "--permission", "profile.read")
        host.stackroom(*create, "--permission", "profile.write").ok()
        hub.join(ada, "--role", "scribe")
        ada.stackroom("orchestrator", "register", "k8s", "-f", "kubernetes").ok()
        host.stackroom("role", "update", "scribe", "--remove", "profile.write").ok()
        ada.stackroom("sync").ok()
        ada.stackroom("orchestrator", "delete", "k8s", "--yes").failed(Exit.NOT_AUTHORISED)
        host.stackroom("role", "rename", "scribe", "reader").ok()
        assert host.data("role", "describe", "reader")["permissions"] == ["profile.read"]
        host.stackroom("role", "delete", "reader", "--yes").ok()
        assert ada.stackroom("sync").ok()
        assert {row["permissions"] == [] for row in ada.data("access", "show")} == {True}

    def test_the_built_in_ones_are_listed_and_stay(self, hub: Hub) -> None:
        rows = {row["name"]: row for row in hub.host.data("role", "list")}
        assert {name: set(rows[name]["permissions"]) for name in BUILT_IN} == {
            name: set(permissions) for name, permissions in BUILT_IN.items()
        }
        for words in (("update", "admin", "--remove", "people.write"), ("create", "viewer")):
            assert hub.host.stackroom("role", *words).code != 0
        shown = hub.host.stackroom("role", "describe", "admin").ok().out
        assert " 1 time\n" in shown
        assert all(PERMISSIONS[each] in shown for each in BUILT_IN["admin"])

    def test_what_cannot_be_meant(self, hub: Hub) -> None:
        assign = ("role", "assign", "editor")
        hub.host.stackroom(*assign).failed(Exit.USAGE, "--user NAME or --team NAME")
        hub.host.stackroom("role", "assign", "editr", "--user", "host").failed(Exit.NOT_FOUND)
        revoke = ("role", "revoke", "editor", "--user", "host")
        hub.host.stackroom(*revoke).failed(Exit.NOT_FOUND, "stackroom assignment list --user host")
        create = ("role", "create", "x", "--permission", "profile.fly")
        hub.host.stackroom(*create).failed(Exit.ERROR, "no permission 'profile.fly'")


class TestTokens:
    def test_their_life(self, hub: Hub, ada: Person, tmp_path: Path) -> None:
        hub.join(ada, "--role", "editor")
        made = ada.data("token", "create", "laptop", "--read-only", "--expires", "2h")
        assert made["token"].startswith(made["prefix"])
        other = Person(tmp_path / "laptop", "ada")
        other.stackroom("connect", hub.url, "--token", made["token"]).ok()
        other.stackroom("orchestrator", "register", "k", "-f", "local").failed(Exit.NOT_AUTHORISED)
        row = next(t for t in ada.data("token", "list") if t["name"] == "laptop")
        assert (row["read_only"], row["user"], row["expires"] - row["created"]) == (
            True, "ada", 7_200_000,
        )  # fmt: skip
        assert row["used"] is not None
        assert len(hub.host.data("token", "list", "--all")) == 3
        ada.stackroom("token", "list", "--all").failed(Exit.NOT_AUTHORISED, "people.read")
        ada.stackroom("token", "renew", "laptop").ok()
        ada.stackroom("token", "revoke", made["prefix"], "--yes").ok()
        other.stackroom("sync").failed(Exit.NOT_AUTHORISED, "does not know")
        ada.stackroom("token", "renew").ok()
        for_ever = ada.data("token", "create", "old", "--expires", "never")
        ada.stackroom("token", "renew", for_ever["prefix"]).failed(Exit.ERROR, "does not expire")
        ada.stackroom("token", "revoke", "laptop", "--yes").failed(Exit.NOT_FOUND)

    def test_a_service_has_a_token_for_one_profile(self, hub: Hub, tmp_path: Path) -> None:
        host = hub.host
        host.stackroom("user", "create", "ci", "--service").ok()
        host.stackroom("role", "assign", "editor", "--user", "ci").ok()
        made = host.data("token", "create", "deploy", "--user", "ci", "--for-profile", "lake")
        ci = Person(tmp_path / "ci", "runner")
        joined = ci.data("connect", hub.url, "--token", made["token"])
        assert joined["user"] == "ci"
        ci.stackroom("orchestrator", "register", "k8s", "-f", "local", "-m", "from CI").ok()
        (newest, *_) = ci.data("log")
        assert (newest["author"], newest["message"]) == ("ci", "from CI")

    def test_an_odd_duration_is_a_usage_error(self, hub: Hub) -> None:
        create = ("token", "create", "x", "--expires", "soon")
        hub.host.stackroom(*create).failed(Exit.USAGE, "no duration")


class TestAccess:
    def test_it_says_by_which_assignment(self, hub: Hub, ada: Person) -> None:
        host = hub.host
        hub.join(ada, "--role", "viewer")
        host.stackroom("team", "create", "ml", "--member", "ada").ok()
        host.stackroom("role", "assign", "editor", "--team", "ml", "--profile", "lake").ok()
        found = host.data("access", "explain", "ada", "lake")
        assert {(r["permission"], r["role"], r["scope"], r["team"]) for r in found["rights"]} == {
            ("profile.read", "viewer", "hub", ""),
            ("profile.read", "editor", "profile lake", "ml"),
            ("profile.write", "editor", "profile lake", "ml"),
            ("run.record", "editor", "profile lake", "ml"),
        }
        ada.stackroom("sync").ok()
        assert ada.data("access", "explain", "ada", "lake") == found
        ada.stackroom("access", "explain", "host").failed(Exit.NOT_AUTHORISED, "people.read")
        assert "may do nothing" not in host.stackroom("access", "explain").ok().out
        rows = {row["profile"]: row["permissions"] for row in ada.data("access", "show")}
        assert rows == {
            None: ["profile.read"],
            "lake": ["profile.read", "profile.write", "run.record"],
        }


class TestInvitations:
    def test_they_are_listed_and_withdrawn(self, hub: Hub, ada: Person) -> None:
        link = hub.invite("ada", "--role", "viewer", "--profile", "lake", "--expires", "30m")
        (row,) = hub.host.data("invitation", "list")
        assert (row["user"], row["role"], row["scope"]) == ("ada", "viewer", "profile lake")
        hub.host.stackroom("invitation", "withdraw", "ada").ok()
        ada.stackroom("join", link).failed(Exit.ERROR, "withdrawn")
        assert hub.host.data("invitation", "list") == []

    def test_what_join_takes(self, hub: Hub, ada: Person) -> None:
        link = hub.invite("ada", "--role", "viewer")
        code = link.partition("#")[2]
        ada.stackroom("join", code).failed(Exit.USAGE, "Which hub?")
        ada.stackroom("join", link[:-1]).failed(Exit.USAGE, "no join code")
        ada.stackroom("join", link, "--offline").failed(Exit.USAGE, "network")
        ada.stackroom("join", code, "--hub", hub.url).ok()

    def test_an_answer_that_got_lost_is_no_loss(self, hub: Hub, ada: Person) -> None:
        """The code was used, and the answer did not come: the same command takes up where it was."""
        link = hub.invite("ada", "--role", "viewer")
        ada.stackroom("join", link).ok()
        token = ada.credentials()[hub.url]
        kept = ada.home / "credentials.json"
        kept.write_text(f'{{"{hub.url}#joining": "{token}"}}')
        assert "as ada" in ada.stackroom("join", link).ok().out
        assert ada.credentials() == {hub.url: token}


def test_a_right_that_is_withdrawn_parks_what_was_edited_meanwhile(hub: Hub, ada: Person) -> None:
    hub.join(ada, "--role", "editor")
    ada.stackroom("orchestrator", "register", "k8s", "-f", "kubernetes", "--offline").ok()
    hub.host.stackroom("role", "revoke", "editor", "--user", "ada").ok()
    ada.stackroom("sync").failed(Exit.NOT_AUTHORISED, "may not read this profile")
    (parked,) = ada.data("pending", "list")
    assert (parked["state"], parked["code"]) == ("parked", "not_allowed")
    assert ada.data("log") != []
    ada.stackroom("sync").ok()
    hub.host.stackroom("role", "assign", "editor", "--user", "ada").ok()
    ada.stackroom("sync").ok()
    ada.stackroom("pending", "retry", "1").ok()
    assert [row["name"] for row in ada.data("component", "list")] == ["k8s"]


def test_no_secret_is_shown_or_kept_but_where_it_must(
    hub: Hub, ada: Person, tmp_path: Path
) -> None:
    link = hub.invite("ada", "--role", "admin")
    code = link.partition("#")[2]
    said = []
    for words in (
        ("join", link),
        ("join", link),
        ("sync",),
        ("status", "--output", "json"),
        ("token", "list"),
        ("user", "list"),
        ("log", "--profile", "people", "--output", "json"),
        ("show", "4", "--profile", "people", "--output", "json"),
        ("profile", "export", str(tmp_path / "out"), "--profile", "lake"),
    ):
        for debug in ("", "1"):
            ran = ada.stackroom(*words, STACKROOM_DEBUG=debug)
            said.append(ran.out + ran.err)
    token = ada.credentials()[hub.url]
    made = ada.data("token", "create", "more")["token"]
    for secret in (token[12:], code[12:], made[12:], hub.link.partition("#")[2][12:]):
        assert all(secret not in text for text in said)
        for path in tmp_path.rglob("*"):
            if path.is_file() and path.name not in ("credentials.json", "hub.json"):
                assert secret.encode() not in path.read_bytes(), path


def test_what_one_may_do_is_seen_beforehand(hub: Hub, ada: Person) -> None:
    hub.join(ada, "--role", "viewer")
    (row,) = ada.data("profile", "list")
    assert (row["name"], row["access"]) == ("lake", "read")
    assert "reading alone" in ada.stackroom("status").ok().out
    assert [p["name"] for p in ada.data("status")["profiles"]] == ["lake"]
    assert hub.host.data("status")["active"]["access"] == "write"
    assert [p["name"] for p in hub.host.data("status")["profiles"]] == ["lake"]
    hub.host.stackroom("role", "revoke", "viewer", "--user", "ada").ok()
    ada.stackroom("sync").ok()
    assert ada.data("status")["active"]["access"] == "none"
