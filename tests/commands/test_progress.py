"""Progress bars: shown when work lasts, on a terminal, and gone afterwards."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stackroom.client.commands import progress as module
from stackroom.client.commands.output import Output
from stackroom.client.commands.progress import Bar, progress
from stackroom.client.settings import Settings
from tests.commands.runner import Person, command
from tests.commands.terminal import Terminal


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        job = (self.now + seconds, call)
        self.waiting.append(job)
        return lambda: self.waiting.remove(job) if job in self.waiting else None

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for job in [job for job in self.waiting if job[0] <= self.now]:
            self.waiting.remove(job)
            job[1]()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def bar(clock: Clock) -> Bar:
    return Bar("Syncing", visible=True, delay=0.5, later=clock.later)


def test_short_work_shows_nothing(clock: Clock, capfd: pytest.CaptureFixture[str]) -> None:
    with bar(clock) as short:
        clock.advance(0.4)
        short.at(10, 20)
    clock.advance(10)
    assert capfd.readouterr() == ("", "")


def test_long_work_shows_how_far_it_is_on_stderr(
    clock: Clock, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich: draw as on a terminal
    with bar(clock) as long:
        long.at(10, 20)
        clock.advance(0.5)
        long.at(15, 20)
    out, err = capfd.readouterr()
    assert out == ""
    assert "Syncing" in err
    assert "15/20" in err
    clock.advance(10)
    assert capfd.readouterr() == ("", "")


def test_work_of_many_steps(clock: Clock, capfd: pytest.CaptureFixture[str]) -> None:
    with Bar("Reading", visible=True, delay=0.5, later=clock.later, total=3) as steps:
        steps.step()
        steps.step()
        assert (steps.done, steps.total) == (2, 3)
    assert capfd.readouterr() == ("", "")


def test_programs_and_pipes_get_none(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(output: Output) -> bool:
        with progress(output, "Syncing", later=clock.later):
            return bool(clock.waiting)

    assert not waits(Output())
    monkeypatch.setattr(module.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert waits(Output())
    assert not waits(Output("json"))
    monkeypatch.setenv("TERM", "dumb")
    assert not waits(Output())


def test_the_delay_is_the_one_in_the_settings(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with progress(Output(), "Syncing", later=clock.later):
        ((due, _),) = clock.waiting
    assert due == Settings().progress_delay == 0.5


@contextmanager
def silent_hub() -> Iterator[tuple[str, socket.socket]]:
    """Something that takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"ws://127.0.0.1:{server.getsockname()[1]}", server


def test_a_hub_that_is_slow_to_answer_has_a_bar(ada: Person, tmp_path: Path) -> None:
    with silent_hub() as (url, server):
        args = command("connect", url, "--token", "srm_x")
        with Terminal(args, ada.environment()) as terminal:
            caller, _ = server.accept()
            with caller:
                terminal.until("Fetching")
            assert terminal.ended() == 6
    assert "Error: " in terminal.text
    # Its line was cleared, and the cursor is visible again.
    cleared = terminal.out.rindex("\x1b[2K")
    assert terminal.out.rindex("Fetching") < cleared < terminal.out.rindex("Error:")
    assert terminal.out.rindex("\x1b[?25h") > terminal.out.rindex("\x1b[?25l")
