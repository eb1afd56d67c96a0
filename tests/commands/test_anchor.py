"""`stackroom hub anchor`, beside a hub that runs and on one that does not."""

import signal
from pathlib import Path

import msgspec

from stackroom.client.commands.exits import Exit
from stackroom.events.proofs import checkpoint
from stackroom.events.proofs.signed_note import parse_verifier_key, split
from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.commands.test_hub_commands import process


def stated(hub: Hub, text: str) -> dict[str, list[int]]:
    """The sizes of the checkpoints in `text`, by profile, each signed by the key that `hub status` shows."""
    key = hub.host.data("hub", "status", "--data", str(hub.data))["key"]
    name, public = parse_verifier_key(key)
    found: dict[str, list[int]] = {}
    for note in split(text):
        seen = checkpoint.verify(note, name.removeprefix("stackroom/"), public)
        found.setdefault(seen.profile, []).append(seen.size)
    return found


def test_what_stands_is_kept_whether_the_hub_runs_or_not(team: Hub, tmp_path: Path) -> None:
    target, data = tmp_path / "kept", ("--data", str(team.data))
    kept = team.host.data("hub", "anchor", str(target), *data)
    assert kept == {"target": str(target), "checkpoints": 2}
    team.down()
    shown = team.host.stackroom("hub", "anchor", str(target), *data).ok().out
    assert f"2 checkpoints are kept in {target}." in shown
    team.up()
    found = stated(team, target.read_text())
    assert sorted(map(len, found.values())) == [2, 2]
    assert [2, 2] in found.values()


def test_what_goes_wrong_is_said(hub: Hub, ada: Person, tmp_path: Path) -> None:
    data = ("--data", str(hub.data))
    ada.stackroom("hub", "anchor", str(tmp_path / "x"), "--every", "soon", *data).failed(
        2, "no duration"
    )
    ada.stackroom("hub", "anchor", str(tmp_path), *data).failed(1, "not a git repository")
    nowhere = ("--data", str(tmp_path / "nowhere"))
    ada.stackroom("hub", "anchor", str(tmp_path / "x"), *nowhere).failed(2, "no hub with a key")


def test_again_and_again(hub: Hub, tmp_path: Path) -> None:
    target = tmp_path / "kept"
    args = ("hub", "anchor", str(target), "--every", "1s", "--data", str(hub.data))
    with process(hub.host, *args, "--output", "json") as running:
        assert running.stdout is not None
        for _ in range(2):
            assert msgspec.json.decode(running.stdout.readline())["checkpoints"] == 1
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=30) == Exit.INTERRUPTED
    (sizes,) = stated(hub, target.read_text()).values()
    assert len(sizes) == 2
