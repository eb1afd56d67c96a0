"""What somebody at the dashboard waits for, in a real Chromium, over a profile of a thousand stacks.

Times within the page are taken by the page, from an event to the rows that it leads to, laid out. Times from
elsewhere go by the clock that this process and the browser share.
"""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

from playwright.sync_api import CDPSession, Page
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Target
from benchmarks.processes import Running
from benchmarks.series import Series
from benchmarks.workload import Shape, Team, build
from stackroom.events.model import (
    Change,
    ComponentRegistered,
    Event,
    ProfileCreated,
    Proposal,
    StackRegistered,
)
from stackroom.events.values import Value
from stackroom.sync import protocol as wire
from stackroom.sync.web.pages import dashboard
from tests.chromium import CHROMIUM, MISSING, started

SCRIPT: Final = Path(__file__).with_name("dashboard.js").read_text("utf-8")
"""What measures within the page; it is laid there before anything else runs."""
TYPES: Final = {
    "orchestrator": "kubernetes",
    "artifact_store": "s3",
    "alerter": "slack",
    "step_operator": "vertex",
}
STACKS: Final = 1_000
HISTORY: Final = 2_000
"""Commits at the beginning, for the slider."""
LIVE: Final = 10_000
"""Commits that are made while the page is open."""
AT_ONCE: Final = 100
"""Of these, in one push."""
WORDS: Final = ("stack-0777", "kubernetes 42", "no such stack")
ROUNDS: Final = 10
"""At the most: each looks further back, and the history ends."""
COLLECTIONS: Final = 3
"""Of garbage, each followed by a look at the heap: one alone leaves what finalizers let go of."""
MEGABYTE: Final = 1e6


class Thousand(Team):
    """A profile of many stacks, of four components each."""

    def opening(self) -> tuple[Event, ...]:
        changes: list[tuple[str, Change]] = [(self.profile, ProfileCreated(self.name, "measured"))]
        for n, id in enumerate(self.components):
            stack, type = n // len(TYPES), list(TYPES)[n % len(TYPES)]
            config: dict[str, Value] = {"n": n, "where": "eu"}
            made = ComponentRegistered(f"{type}-{stack:04}", type, TYPES[type], config)
            changes.append((id, made))
        for n in range(self.shape.stacks):
            own = self.components[n * len(TYPES) : (n + 1) * len(TYPES)]
            members = {type: [id] for type, id in zip(TYPES, own, strict=True)}
            changes.append((self.new_id(), StackRegistered(f"stack-{n:04d}", members)))
        return tuple(self.seal(id, change) for id, change in changes)


class Elsewhere:
    """Somebody who changes the profile by another connection."""

    def __init__(self, running: Running, team: Team) -> None:
        self.team = team
        self._numbers = count(1)
        msgpack = [Subprotocol(wire.MSGPACK)]
        self._socket = connect(running.url, subprotocols=msgpack, compression=None, proxy=None)
        self._say(wire.Hello(team.new_id(), running.token, "benchmark"))

    def push(self, events: list[Event]) -> None:
        """Pushes each as a commit of its own, and waits until all are durable."""
        made = (
            Proposal(self.team.new_id(), next(self._numbers), HISTORY, "live", 1, (event,))
            for event in events
        )
        self._say(wire.Push(self.team.profile, tuple(made)))
        while True:
            said = wire.decode_from_hub(self._socket.recv(), wire.MSGPACK)
            if isinstance(said, wire.Results):
                for answer in said.answers:
                    assert answer.seq is not None, answer
                return

    def _say(self, message: wire.FromReplica) -> None:
        self._socket.send(wire.encode(message, wire.MSGPACK))

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()


def run(bench: Bench) -> list[Outcome]:
    """One page, and all that is measured on it."""
    packed = dashboard().packed_bytes / 1e3
    small = Target("bytes of the first view, compressed", packed, "less than", 100, "kB", 1)
    if CHROMIUM is None:
        return [Outcome("The dashboard", ("what", "kB"), (), (small,), (MISSING,))]
    data = bench.folder / "dashboard"
    data.mkdir()
    team = Thousand("team", Shape(STACKS * len(TYPES), STACKS, HISTORY), seed=7, space=7)
    build(data / "hub.db", [team])
    rounds = min(bench.scale.command_runs, ROUNDS)
    with processes.hub(data) as running, started() as browser:
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        context.add_init_script(SCRIPT)
        page = context.new_page()
        elsewhere = Elsewhere(running, team)
        _sign_in(page, running)
        bench.say("signed in")
        first = _series(_first_rows(page) for _ in range(rounds))
        typed = _series(ms for _ in range(rounds) for ms in _typed(page))
        seen = _series(_seen(page, elsewhere) for _ in range(rounds))
        past = _series(ms for n in range(rounds) for ms in _looked(page, HISTORY - 100 * (n + 1)))
        bench.say("the page has been measured; now it stays open")
        heap = _heap_while(page, elsewhere, bench.scale.command_runs >= 10)
        elsewhere.close()
    rows = (
        ("first rows after a reload", first.shown(), "ms"),
        ("a letter typed into the search, until its rows are laid out", typed.shown(1), "ms"),
        ("a change made elsewhere, from its push until it is in the page", seen.shown(), "ms"),
        ("one commit back in time, until it is shown", past.shown(), "ms"),
        (f"heap after {heap[0][0]:,} live commits", f"{heap[0][1]:.1f}", "MB"),
        (f"heap after {heap[-1][0]:,} live commits", f"{heap[-1][1]:.1f}", "MB"),
    )
    grown = heap[-1][1] / heap[0][1]
    targets = (
        Target("first rows after a reload", first.median, "less than", 1_000, "ms"),
        Target("typing, to the rows", typed.median, "at most", 16.7, "ms", 1),
        Target("a change made elsewhere", seen.median, "less than", 150, "ms"),
        Target("growth of the heap between these", grown, "at most", 1.2, "times", 2),
        small,
    )
    notes = (
        f"{STACKS:,} stacks of {len(TYPES)} components each after {HISTORY:,} commits; hub, browser and "
        "whoever changes the profile are on one machine",
        f"medians (least–most) of {rounds} rounds; typing, of every letter of "
        + ", ".join(f"`{word}`" for word in WORDS),
    )
    return [Outcome("The dashboard", ("what", "figure", "unit"), rows, targets, notes)]


def _series(values: Iterator[float]) -> Series:
    return Series(tuple(values))


def _sign_in(page: Page, running: Running) -> None:
    page.goto(running.url.replace("ws:", "http:"))
    page.get_by_label("Token or one-time code").fill(running.token)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("row").nth(20).wait_for()


def _first_rows(page: Page) -> float:
    page.reload()
    return _asked(page, "window.measured.firstRows")


def _typed(page: Page) -> Iterator[float]:
    """Milliseconds of each letter, and of taking them all away again."""
    for word in WORDS:
        for end in range(1, len(word) + 1):
            yield _asked(page, f"window.measured.typed({word[:end]!r})")
        yield _asked(page, "window.measured.typed('')")


def _seen(page: Page, elsewhere: Elsewhere) -> float:
    team = elsewhere.team
    name = f"seen-{team.new_id()}"
    page.evaluate(f"window.measured.awaits({name!r})")
    begun = time.time()
    renamed = StackRegistered(f"0-{name}", {"orchestrator": [team.components[0]]})
    elsewhere.push([team.seal(team.new_id(), renamed)])
    return _asked(page, "window.measured.seen") - begun * 1e3


def _looked(page: Page, seq: int) -> Iterator[float]:
    """Goes to that moment, and from there a few commits back; gives the milliseconds of these."""
    _asked(page, f"window.measured.moment({seq})")
    for back in range(1, 4):
        yield _asked(page, f"window.measured.moment({seq - back})")
    _asked(page, "window.measured.moment(null)")


def _heap_while(page: Page, elsewhere: Elsewhere, whole: bool) -> list[tuple[int, float]]:
    """(commits, megabytes of the page's heap), while commits are made."""
    session = page.context.new_cdp_session(page)
    team, found, done = elsewhere.team, [], 0
    for upto in (2_000, 2_000 + (LIVE if whole else LIVE // 4)):
        while done < upto:
            elsewhere.push([team.update(done + n) for n in range(AT_ONCE)])
            done += AT_ONCE
        _asked(page, "window.measured.quiet()")
        found.append((done, min(_heap(session) for _ in range(COLLECTIONS)) / MEGABYTE))
    return found


def _heap(session: CDPSession) -> float:
    """Bytes that the page's heap has after a collection."""
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"])


def _asked(page: Page, script: str) -> float:
    """What the page answers; nothing counts as no time."""
    return float(page.evaluate(script) or 0)
