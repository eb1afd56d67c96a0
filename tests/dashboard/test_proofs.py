"""What the page verifies itself: commits in the hub's tree, the hub's key, and that it stands by what it signed."""

import json
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, expect

from stackroom.events import codec
from stackroom.events.model import Commit, Event
from stackroom.events.proofs import checkpoint, rotation, signed_note
from stackroom.events.proofs.ed25519 import PrivateKey
from stackroom.events.proofs.merkle import Frontier, extended, leaf_hash, root
from stackroom.events.proofs.merkle_proofs import consistency, inclusion
from stackroom.events.proofs.signing import Signer
from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, apart, edit, standing, tell, token_of
from tests.dashboard.test_hostile import SCRIPTS, named
from tests.dashboard.watched import Watched, broken_rules
from tests.events.world import PROFILE, uid

NASTY = [
    "",
    "".join(map(chr, range(0x20))),
    '"\\/\x7f\x80\x9f',
    "\u2028\u2029\ufeff\ufffe\uffff\u200d",
    "😀 👩‍💻 ünï 中文",
    "1e400 9007199254740993 -0 1.0",
    "a" * 1_000,
    *SCRIPTS,
]
LARGEST = 2**53 - 1
SIGNER = Signer(bytes(range(32)))


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub that nothing is done to."""
    with standing(tmp_path_factory.mktemp("proofs")) as hub:
        tell(hub)
        yield hub


def run(tab: Watched, module: str, script: str, given: object) -> Any:
    """What `script`, a function of a module of the page and `given`, comes to."""
    base = tab.evaluate("document.querySelector('script[type=module]').getAttribute('src')")
    address = base.replace("app.js", f"lib/{module}.js")
    return tab.page.evaluate(
        f"async ([at, given]) => {{ const m = await import(at); return await ({script})(m, JSON.parse(given)); }}",
        [address, given if isinstance(given, str) else json.dumps(given)],
    )


def commits() -> Iterator[Commit]:
    for n, text in enumerate(NASTY):
        events = tuple(
            Event(f"T{text}", LARGEST, text, bytes([k]) * 16, json.dumps({text: text}) + text)
            for k in range(n % 3)
        )
        made = Commit(
            LARGEST - n, uid(n), uid(70), n, LARGEST, text, text, LARGEST, 0, events, bytes(32)
        )
        yield made
        yield SIGNER.sign(PROFILE, made.replica, made)
        yield msgspec.structs.replace(
            made, events=tuple(msgspec.structs.replace(e, digest="ab" * 32) for e in events)
        )


def test_leaves_and_statements_are_those_of_the_hub(team: Hub, opens: Opens) -> None:
    tab = opens(team)
    tab.go("/")
    script = """async ({ leafOf, statementOf }, { profile, commits }) => {
        const said = [];
        for (const c of commits) said.push([await leafOf(profile, c), await statementOf(profile, c.replica, c)]
          .map((bytes) => Array.from(bytes)));
        return said;
    }"""
    given = list(commits())
    text = msgspec.json.encode({"profile": PROFILE, "commits": given}).decode()
    for commit, (leaf, statement) in zip(given, run(tab, "leaf", script, text), strict=True):
        assert bytes(leaf) == codec.leaf(PROFILE, commit)
        assert bytes(statement) == codec.statement(PROFILE, commit.replica, commit)


def test_proofs_hold_and_all_others_do_not(team: Hub, opens: Opens) -> None:
    tab = opens(team)
    tab.go("/")
    leaves = [leaf_hash(bytes([n])) for n in range(19)]
    trees = [extended(Frontier(), leaves[:n]) for n in range(20)]
    roots = [root(tree).hex() for tree in trees]

    def read(first: int, end: int) -> list[bytes]:
        return leaves[first:end]

    included, consistent = [], []
    for size in range(1, 20):
        for index in range(size):
            path = [h.hex() for h in inclusion(trees[index], size, read)]
            included.append([leaves[index].hex(), index, size, path, roots[size]])
        for first in range(1, size + 1):
            path = [h.hex() for h in consistency(trees[first], size, read)]
            consistent.append([first, size, roots[first], roots[size], path])
    script = """async ({ isIncluded, isConsistent }, { included, consistent }) => {
        const bytes = (x) => Array.isArray(x) ? x.map(bytes) : typeof x === "string" ? Uint8Array.from(x.match(/../g), (d) => parseInt(d, 16)) : x;
        const wrong = [];
        const look = async (test, given, right) => (await test(...given.map(bytes))) !== right && wrong.push([test.name, given]);
        for (const it of included) {
          const [leaf, index, size, path, root] = it;
          await look(isIncluded, it, true);
          for (const other of [...(size > 1 ? [[root, index, size, path, leaf]] : []), [leaf, index + 1, size, path, root], [leaf, index, size + 40, path, root],
            [leaf, index, size, [...path, root], root], [leaf, size, size, path, root],
            ...path.map((_, i) => [leaf, index, size, path.filter((_, j) => j !== i), root])]) await look(isIncluded, other, false);
        }
        for (const it of consistent) {
          const [first, second, before, after, path] = it;
          await look(isConsistent, it, true);
          for (const other of [[first, second, after + "00", after, path], [first, second, before, before.replace(/^../, "zz"), path],
            [second + 1, second, before, after, path], [0, second, before, after, path], [first, second, before, after, [...path, after]],
            ...path.map((_, i) => [first, second, before, after, path.filter((_, j) => j !== i)])]) await look(isConsistent, other, false);
        }
        return wrong;
    }"""
    given = {"included": included, "consistent": consistent}
    assert run(tab, "merkle", script, given) == []


def test_notes_and_keys_are_those_of_the_hub(team: Hub, opens: Opens) -> None:
    tab = opens(team)
    tab.go("/")
    hub, first, second, third = uid(9), *(PrivateKey(bytes([n]) * 32) for n in (1, 2, 3))
    made = checkpoint.Checkpoint(hub, PROFILE, LARGEST, bytes(range(32)), 3, 5)
    note = checkpoint.sign(made, first)
    other = signed_note.sign(checkpoint.body(made), "somebody", second).split("\n\n")[1]
    name = checkpoint.key_name(hub)
    keys = [signed_note.verifier_key(name, key.public) for key in (first, second, third)]
    statements = [
        rotation.state(hub, second.public, 7, first),
        rotation.state(hub, third.public, 8, second),
    ]
    wrong = [
        "",
        note[:-1],
        note.replace("epoch 3", "epoch 4"),
        note.replace("epoch 3\n", ""),
        note + "\x07\n",
        f"{note}{note.splitlines()[-1][:-2]}A=\n",
        checkpoint.sign(made, second),
        checkpoint.sign(msgspec.structs.replace(made, profile=uid(3)), first),
        checkpoint.sign(msgspec.structs.replace(made, hub=uid(3)), first),
        statements[0],
        note.split("\n\n")[0] + "\n\n" + other,
        note * 40,
    ]
    script = """async (m, { hub, profile, note, wrong, keys, statements, broken }) => {
        const key = await m.keyOf(keys[0], hub);
        const { root, ...said } = await m.checkpoint(note, hub, key, profile);
        const refused = [];
        for (const each of wrong) await m.checkpoint(each, hub, key, profile).catch((e) => e instanceof m.BadNote && refused.push(each));
        for (const each of broken) await m.keyOf(each, hub).catch((e) => e instanceof m.BadNote && refused.push(each));
        const led = async (from, some) => {
          const to = Array.from(await m.followed(some, hub, await m.keyOf(keys[from], hub)));
          for (const [n, text] of keys.entries()) if (String(Array.from(await m.keyOf(text, hub))) === String(to)) return n;
        };
        const [one, two] = statements;
        return [said, Array.from(root), refused, [await led(0, statements), await led(1, statements), await led(2, statements),
          await led(0, [two]), await led(0, [two, one]), await led(0, [one.replace("time 7", "time 8"), two])]];
    }"""
    broken = ["", keys[0][:-1], keys[0].replace("+", "-"), keys[0].replace(hub, uid(3))]
    given = {
        "hub": hub, "profile": PROFILE, "note": note + other, "wrong": wrong, "keys": keys,
        "statements": statements, "broken": broken,
    }  # fmt: skip
    said, bytes_of_root, refused, led = run(tab, "note", script, given)
    assert said == {"hub": hub, "profile": PROFILE, "size": LARGEST, "epoch": 3, "time": 5}
    assert bytes(bytes_of_root) == made.root
    assert refused == [*wrong, *broken]
    assert led == [2, 2, 2, 0, 1, 0]


# In the page


def verify(page: Page, seq: int) -> None:
    page.get_by_role("button", name=f"Verify #{seq} in this browser").click()


def entry(page: Page, seq: int):  # type: ignore[no-untyped-def]
    return page.get_by_role("article", name=f"commit {seq}", exact=True)


def test_a_commit_is_verified_and_what_was_checked_is_said(team: Hub, opens: Opens) -> None:
    page = opens(team).sign_in(token_of(team), "/p/team/activity").page
    verify(page, 6)
    found = entry(page, 6)
    expect(found.locator(".proof")).to_have_text("✓ verified in this browser")
    found.get_by_text("What was checked").click()
    checks = found.locator(".checks > ul > li")
    expect(checks).to_have_count(5)
    with sqlite3.connect(team.data / "hub.db") as database:
        leaf, key = database.execute(
            "SELECT leaf, c.key FROM commits c JOIN profiles p ON p.number = c.profile"
            " WHERE p.name = 'team' AND c.seq = 6"
        ).fetchone()
    database.close()
    expect(checks.nth(0)).to_contain_text(
        f"{leaf.hex()[:16]}…, computed here from what the hub has stored, is number 6 of the 9"
    )
    expect(checks.nth(1)).to_contain_text("The hub has signed that root with its key")
    expect(checks.nth(2)).to_contain_text("9 commits that this browser has seen signed")
    expect(checks.nth(4)).to_contain_text(f"signed by the key {sha256(key).hexdigest()[:16]}")
    found.get_by_text("As it is stored").click()
    expect(found.locator("pre")).to_contain_text('"/config/namespace":"platform"')
    page.get_by_role("button", name="Verify all shown").click()
    expect(page.locator(".verify-all")).to_have_text("✓ 9 of 9 commits verified in this browser")
    expect(page.get_by_role("button", name="Verify all shown")).to_have_count(0)


def test_a_history_is_verified_too(team: Hub, opens: Opens) -> None:
    page = opens(team).sign_in(token_of(team), "/p/team/components/orchestrator/k8s").page
    page.get_by_role("button", name="Verify all shown").click()
    expect(page.locator(".verify-all")).to_have_text("✓ 3 of 3 commits verified in this browser")


def altered(hub: Hub, *statements: str) -> None:
    """Somebody who may write the hub's file changes it while the hub is down."""

    def change() -> None:
        hub.down()
        with sqlite3.connect(hub.data / "hub.db") as database:
            triggers = database.execute(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
            ).fetchall()
            for name, _ in triggers:
                database.execute(f'DROP TRIGGER "{name}"')
            for statement in statements:
                database.execute(statement)
            for _, sql in triggers:
                database.execute(sql)
        database.close()
        hub.up()

    apart(change)


OURS = "profile = (SELECT number FROM profiles WHERE name = 'team')"


def test_a_message_that_was_changed_in_the_file_does_not_hold(hub: Hub, opens: Opens) -> None:
    tell(hub)
    (hub.data / "hub.toml").write_text("verify_start = 1\n")
    altered(hub, f"UPDATE commits SET message = 'what never was' WHERE seq = 6 AND {OURS}")
    page = opens(hub).sign_in(token_of(hub), "/p/team/activity").page
    expect(page.locator(".entry")).to_have_count(9)
    page.get_by_role("button", name="Verify all shown").click()
    expect(page.locator(".verify-all")).to_contain_text("✗ 1 of 9 commits does not hold")
    found = entry(page, 6)
    expect(found).to_contain_text("what never was")
    expect(found.locator(".proof")).to_have_text("✗ does not hold")
    expect(found.locator(".wrong")).to_have_count(2)
    expect(found.locator(".wrong").first).to_contain_text("is not what the hub has signed")
    expect(found.locator(".wrong").last).to_contain_text("The signature in it is not one of")
    expect(entry(page, 5).locator(".proof")).to_have_text("✓ verified in this browser")
    assert broken_rules(page) == []


def test_a_hub_that_lost_what_it_signed_is_told_on(hub: Hub, opens: Opens, tmp_path: Path) -> None:
    """Its file is put back as it was one commit before."""
    tell(hub)
    tab = opens(hub, viewport={"width": 1280, "height": 800}).sign_in(
        token_of(hub), "/p/team/activity"
    )
    kept = tmp_path / "kept.db"
    apart(lambda: hub.host.stackroom("hub", "backup", str(kept), "--data", str(hub.data)).ok())
    with edit(hub, "more") as draft:
        draft.component("orchestrator", "k8s").set("namespace", "gone")
    tab.may_be_gone = True
    page = tab.page
    verify(page, 10)
    expect(entry(page, 10).locator(".proof")).to_have_text("✓ verified in this browser")
    seen = tab.evaluate("JSON.stringify({...localStorage})")
    assert f"stackroom.checkpoint.{profile_of(hub)}" in seen

    def back() -> None:
        hub.down()
        for file in hub.data.glob("hub.db*"):
            file.unlink()
        (hub.data / "hub.db").write_bytes(kept.read_bytes())
        hub.up()

    apart(back)
    page.reload()
    banner = page.locator(".distrust")
    expect(banner).to_contain_text("Do not trust what this profile shows.", timeout=40_000)
    expect(banner).to_contain_text("signed 10 commits of this profile, and shows 9 now")
    tab.shot("distrust-light-wide")
    assert broken_rules(page) == []
    verify(page, 9)
    expect(entry(page, 9).locator(".proof")).to_have_text("✗ does not hold")
    with page.expect_download() as download:
        banner.get_by_role("button", name="Download what was signed").click()
    before, now = signed_note.split(Path(download.value.path()).read_text())
    assert (checkpoint.parse(before).size, checkpoint.parse(now).size) == (10, 9)
    banner.get_by_role("button", name="It is right").click()
    banner.get_by_role("button", name="Yes, hold the hub").click()
    expect(page.locator(".entry")).to_have_count(9)
    expect(banner).to_have_count(0)
    verify(page, 9)
    expect(entry(page, 9).locator(".proof")).to_have_text("✓ verified in this browser")


def profile_of(hub: Hub) -> str:
    with sqlite3.connect(hub.data / "hub.db") as database:
        (id,) = database.execute("SELECT id FROM profiles WHERE name = 'team'").fetchone()
    database.close()
    return str(id)


def rotate(hub: Hub, *more: str) -> None:
    def change() -> None:
        hub.down()
        hub.host.stackroom("hub", "rotate-key", "--data", str(hub.data), *more).ok()
        hub.up()

    apart(change)


def test_another_key_is_followed_or_told_on(hub: Hub, opens: Opens) -> None:
    tell(hub)
    tab = opens(hub).sign_in(token_of(hub), "/p/team/activity")
    tab.may_be_gone = True
    page = tab.page
    verify(page, 9)
    expect(entry(page, 9).locator(".proof")).to_have_text("✓ verified in this browser")
    first = tab.evaluate("localStorage['stackroom.hub']")
    rotate(hub)
    page.reload()
    verify(page, 9)
    expect(entry(page, 9).locator(".proof")).to_have_text("✓ verified in this browser")
    assert tab.evaluate("localStorage['stackroom.hub']") != first
    expect(page.locator(".distrust")).to_have_count(0)
    rotate(hub, "--lost")
    page.reload()
    banner = page.locator(".distrust")
    expect(banner).to_contain_text("Do not trust this hub.", timeout=40_000)
    expect(banner).to_contain_text("another key than the one that this browser knows")
    verify(page, 9)
    expect(entry(page, 9).locator(".proof")).to_have_text("✗ does not hold")
    banner.get_by_role("button", name="It is right").click()
    banner.get_by_role("button", name="Yes, hold the hub").click()
    expect(banner).to_have_count(0)
    verify(page, 9)
    expect(entry(page, 9).locator(".proof")).to_have_text("✓ verified in this browser")


def test_a_browser_without_ed25519_says_so(team: Hub, opens: Opens) -> None:
    tab = opens(team)
    tab.context.add_init_script(
        "for (const name of ['generateKey', 'importKey']) { const own = crypto.subtle[name].bind(crypto.subtle);"
        " crypto.subtle[name] = (...given) => JSON.stringify(given).includes('Ed25519')"
        " ? Promise.reject(new DOMException('no', 'NotSupportedError')) : own(...given); }"
    )
    page = tab.sign_in(token_of(team), "/p/team/activity").page
    verify(page, 9)
    expect(entry(page, 9)).to_contain_text("cannot be verified")
    expect(entry(page, 9)).to_contain_text("this browser cannot verify Ed25519 signatures")
    expect(page.locator(".distrust")).to_have_count(0)


def test_hostile_commits_are_verified_as_text(hub: Hub, opens: Opens) -> None:
    for text in (*SCRIPTS, *NASTY[2:6]):
        with edit(hub, text) as draft:
            name = named(text) if text in SCRIPTS else sha256(text.encode()).hexdigest()
            draft.register_component("orchestrator", name, "k8s", config={"v": text, "k": 2**60})
    tab = opens(hub).sign_in(token_of(hub), "/p/team/activity")
    page = tab.page
    count = len(SCRIPTS) + 5
    expect(page.locator(".entry")).to_have_count(count)
    page.get_by_role("button", name="Verify all shown").click()
    expect(page.locator(".verify-all")).to_contain_text(f"✓ {count} of {count} commits verified")
    for summary in page.get_by_text("What was checked").all():
        summary.click()
    for summary in page.get_by_text("As it is stored").all():
        summary.click()
    expect(page.locator(".stored pre").first).to_be_visible()
    assert (
        tab.evaluate("document.querySelectorAll('main script, main iframe, main img').length") == 0
    )


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_everybody_can_read_it(team: Hub, opens: Opens, scheme: str, width: int) -> None:
    tab = opens(
        team, color_scheme=scheme, viewport={"width": width, "height": 860}, reduced_motion="reduce"
    ).sign_in(token_of(team), "/p/team/activity")
    page = tab.page
    page.get_by_role("button", name="Verify all shown").click()
    expect(page.locator(".verify-all")).to_contain_text("9 of 9")
    page.get_by_text("What was checked").first.click()
    tab.shot(f"proofs-{scheme}-{'wide' if width > 1_000 else 'narrow'}")
    assert broken_rules(page) == []
    assert not tab.evaluate("document.documentElement.scrollWidth > innerWidth")
