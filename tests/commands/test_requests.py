"""Protected stacks and change requests at the command line, with a hub and several people."""

from pathlib import Path

import pytest

from stackroom.client.commands.exits import Exit
from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.commands.team import settled

UPDATE = ("component", "update", "orchestrator", "k8s")


@pytest.fixture
def eve(tmp_path: Path) -> Person:
    """Someone who may propose changes, and approve none."""
    return Person(tmp_path / "eve", "eve")


@pytest.fixture
def guarded(team: Hub, ada: Person, ben: Person, eve: Person) -> Hub:
    """Ada has protected the stack `prod` of `orchestrator/k8s`; head #4. Ben and Eve have it."""
    ada.stackroom("stack", "register", "prod", "-o", "k8s").ok()
    done = ada.stackroom("stack", "protect", "prod", "-m", "the shop runs on it").ok()
    assert "Stack 'prod' protected: committed as #4" in done.out
    team.join(eve, "--role", "editor")
    ben.stackroom("sync").ok()
    return team


def ns(person: Person) -> str:
    found = person.data("component", "describe", "orchestrator", "k8s")
    return str(found["config"]["ns"])


def test_from_asking_to_approval(guarded: Hub, ada: Person, ben: Person, eve: Person) -> None:
    asked = eve.stackroom(*UPDATE, "--ns=eu", "-m", "move to Europe").ok()
    assert "saved as change request #5, another person must approve it" in asked.out
    assert "Next: stackroom request show 5" in asked.err
    assert ns(eve) == "ml"
    synced = ben.stackroom("sync").ok()
    assert "change request #5 waits for approval" in synced.out
    assert "1 waits for approval" in ben.stackroom("status").ok().out
    assert ben.data("status")["active"]["requests"] == [5]
    (row,) = ben.data("request", "list")
    assert (row["seq"], row["stage"], row["author"]) == (5, "open", "eve")
    assert (row["what"], row["protected"]) == (["orchestrator/k8s"], ["orchestrator/k8s"])
    shown = ben.stackroom("request", "show", "5").ok().out
    for text in ("eve asks", "move to Europe", "~ config.ns: ml → eu", "request approve 5"):
        assert text in shown
    done = ben.stackroom("request", "approve", "5").ok()
    assert "Change request #5 of eve approved: committed as #6" in done.out
    assert ns(ben) == "eu"
    eve.stackroom("sync").ok()
    assert ns(eve) == "eu"
    assert eve.data("request", "list") == []
    (row,) = eve.data("request", "list", "--all")
    assert (row["stage"], row["decided"]["author"], row["decided"]["seq"]) == ("approved", "ben", 6)
    assert "approved" in eve.stackroom("request", "show", "5").ok().out


def test_the_history_tells_of_it(guarded: Hub, ada: Person, ben: Person, eve: Person) -> None:
    eve.stackroom(*UPDATE, "--ns=eu", "-m", "move to Europe").ok()
    ben.stackroom("sync").ok()
    ben.stackroom("request", "approve", "5").ok()
    kinds = [(row["seq"], row["kind"]) for row in ben.data("log")][:3]
    assert kinds == [(6, "approval"), (5, "request"), (4, "commit")]
    assert "approves a request" in ben.stackroom("log").ok().out
    assert "request show 5" in ben.stackroom("show", "5").ok().out
    shown = ben.data("show", "6")
    assert (shown["author"], shown["requested_by"]) == ("ben", ["eve"])
    (ended,) = shown["decided"]
    assert (ended["kind"], ended["seq"], ended["choice"]) == ("request", 5, "approved")
    assert "change request #5: approved" in ben.stackroom("show", "6").ok().out
    assert [(c["place"], c["before"], c["after"]) for c in shown["changes"]] == [
        ("config.ns", "ml", "eu")
    ]
    assert "requested by" in ben.stackroom("show", "6").ok().out
    (line,) = (b for b in ben.data("blame", "orchestrator/k8s") if b["place"] == "config.ns")
    assert (line["author"], line["message"]) == ("ben", "approve #5 of eve: move to Europe")
    ben.stackroom("revert", "5").failed(Exit.ERROR, "approved, rejected or withdrawn")
    assert "change request #7" in ben.stackroom("revert", "6").ok().out


def test_nobody_approves_their_own_and_editors_none(guarded: Hub, ben: Person, eve: Person) -> None:
    ben.stackroom(*UPDATE, "--ns=eu").ok()
    ben.stackroom("request", "approve", "5").failed(
        Exit.ERROR, "Nobody approves a change of their own", "explain own_request"
    )
    eve.stackroom("sync").ok()
    eve.stackroom("request", "approve", "5").failed(Exit.NOT_AUTHORISED, "profile.approve")
    eve.stackroom("request", "reject", "5", "-m", "no").failed(
        Exit.NOT_AUTHORISED, "profile.approve"
    )
    assert eve.data("pending", "list") == []
    eve.stackroom("stack", "protect", "prod").ok()
    eve.stackroom("stack", "unprotect", "prod").failed(Exit.NOT_AUTHORISED, "profile.protect")


def test_rejected_with_a_reason_and_made_anew(guarded: Hub, ben: Person, eve: Person) -> None:
    eve.stackroom(*UPDATE, "--ns=eu", "-m", "move").ok()
    ben.stackroom("sync").ok()
    ben.stackroom("request", "reject", "5").failed(Exit.USAGE, "--message")
    done = ben.stackroom("request", "reject", "5", "-m", "not before the release").ok()
    assert "rejected: committed as #6" in done.out
    eve.stackroom("sync").ok()
    shown = eve.stackroom("request", "show", "5").ok().out
    for text in ("rejected", "by ben in #6: not before the release", "config.ns: ml → eu"):
        assert text in shown
    eve.stackroom("request", "withdraw", "5").failed(Exit.ERROR, "rejected before")
    ben.stackroom("request", "retry", "5").failed(Exit.ERROR, "eve's")
    assert "change request #7" in eve.stackroom("request", "retry", "5").ok().out
    assert eve.data("request", "show", "7")["message"] == "move"


def test_outdated_and_made_anew(guarded: Hub, ben: Person, eve: Person) -> None:
    eve.stackroom(*UPDATE, "--ns=eu", "-m", "move").ok()
    ben.stackroom("--offline", *UPDATE, "--ns=us").ok()
    assert "change request #6" in ben.stackroom("sync").ok().out
    eve.stackroom("sync").ok()
    guarded.host.stackroom("sync").ok()
    host = ("--profile", "team")
    guarded.host.stackroom("request", "approve", "6", *host).ok()
    guarded.host.stackroom("request", "approve", "5", *host).failed(
        Exit.ERROR, "in #7", "explain request_outdated"
    )
    (row,) = guarded.host.data("request", "list", *host)
    assert "after this was proposed" in row["outdated"]
    assert "outdated" in guarded.host.stackroom("request", "list", *host).ok().out
    assert "retry 5" in guarded.host.stackroom("request", "show", "5", *host).ok().out
    eve.stackroom("sync").ok()
    assert "change request #9" in eve.stackroom("request", "retry", "5").ok().out
    stages = [(row["seq"], row["stage"]) for row in eve.data("request", "list", "--all")]
    assert stages == [(5, "withdrawn"), (6, "approved"), (9, "open")]
    assert eve.data("request", "show", "9")["changes"][0]["before"] == "us"


def test_offline_a_request_is_foreseen(guarded: Hub, ben: Person) -> None:
    done = ben.stackroom("--offline", *UPDATE, "--ns=eu").ok()
    assert "saved offline, 1 pending" in done.out
    assert "another person will have to approve it" in done.err
    (row,) = ben.data("pending", "list")
    assert (row["outlook"], row["why"]) == ("request", "protected: orchestrator/k8s")
    assert ns(ben) == "ml"
    (plan,) = ben.data("sync", "--plan", "--profile", "team")
    assert [p["outcome"] for p in plan["proposals"]] == ["request"]
    (done,) = ben.data("sync", "--profile", "team")
    assert ([p["outcome"] for p in done["pushed"]], done["requests"]) == (["requested"], [5])
    assert ben.data("pending", "list") == []


def test_taking_protection_away_needs_approval(guarded: Hub, ada: Person, ben: Person) -> None:
    assert "change request #5" in ben.stackroom("stack", "unprotect", "prod").ok().out
    assert ben.data("stack", "describe", "prod")["protected"]
    ada.stackroom("sync").ok()
    shown = ada.stackroom("request", "show", "5").ok().out
    assert "- protected: true" in shown or "~ protected: true → false" in shown
    ada.stackroom("request", "approve", "5").ok()
    assert not ada.data("stack", "describe", "prod")["protected"]
    ada.stackroom(*UPDATE, "--ns=eu").ok()
    assert ns(ada) == "eu"


def test_what_is_protected_is_marked(guarded: Hub, ada: Person) -> None:
    assert "prod (protected)" in ada.stackroom("stack", "list").ok().out
    assert "changes need approval" in ada.stackroom("stack", "describe", "prod").ok().out
    assert "k8s (protected)" in ada.stackroom("component", "list").ok().out
    described = ("component", "describe", "orchestrator", "k8s")
    assert "through prod" in ada.stackroom(*described).ok().out
    found = ada.data(*described)
    assert (found["protected"], found["protected_by"]) == (False, ["prod"])
    said = ada.stackroom("component", "unprotect", "orchestrator", "k8s").ok()
    assert "Nothing to change" in said.out and "as a part of prod" in said.err
    assert "committed" in ada.stackroom("component", "protect", "orchestrator", "k8s").ok().out
    assert ada.data(*described)["protected"]


def test_files_say_what_is_protected_and_silence_takes_nothing_away(
    guarded: Hub, ada: Person, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    ada.stackroom("profile", "export", str(folder)).ok()
    file = folder / "stacks" / "prod.yaml"
    assert "protected: true" in file.read_text()
    assert not ada.data("plan", "-f", str(folder))["changes"]
    file.write_text(file.read_text().replace("protected: true\n", ""))
    assert not ada.data("plan", "-f", str(folder))["changes"]
    file.write_text(file.read_text() + "protected: false\n")
    assert ada.data("plan", "-f", str(folder))["changes"]


def test_a_local_profile_keeps_the_mark_and_enforces_nothing(tmp_path: Path) -> None:
    ada = settled(tmp_path)
    said = ada.stackroom("stack", "protect", "prod").ok()
    assert "committed" in said.out and "local" in said.err
    assert "committed" in ada.stackroom(*UPDATE, "--ns=eu").ok().out
    assert "No change request waits." in ada.stackroom("request", "list").ok().out


def test_there_is_no_such_request(guarded: Hub, ada: Person) -> None:
    ada.stackroom("request", "show", "4").failed(Exit.NOT_FOUND, "request list --all")


def test_a_secret_in_a_request(guarded: Hub, ada: Person) -> None:
    """It is found and redacted there; what is approved afterwards is what stands there then."""
    host = guarded.host
    ada.stackroom(*UPDATE, "--password=hunter2-hunter2", "--allow-plaintext").ok()
    host.stackroom("sync").ok()
    (found,) = host.stackroom("secrets", "scan", "--output", "json").failed(Exit.ERROR).json
    assert found["path"] == "/config/password"
    seq = str(found["seq"])
    host.stackroom("revert", seq).failed(Exit.ERROR, "stackroom request list")
    host.stackroom("redact", seq, "config.password", "--reason", "leaked", "--yes").ok()
    host.stackroom("secrets", "scan").ok()
    host.stackroom("request", "approve", seq).ok()
    shown = host.data("component", "describe", "orchestrator", "k8s")
    assert shown["config"]["password"].startswith("[redacted in #")
