"""One abuser beside many honest clients, at the hub's default limits: what the honest notice."""

import asyncio
import secrets
import subprocess
import sys
import time
from typing import Final

from msgspec import Struct

from benchmarks import machine, processes, speaker
from benchmarks.bench import Bench
from benchmarks.outcome import Outcome, Target
from benchmarks.processes import Running
from benchmarks.series import Series, percentile, ratios
from benchmarks.speaker import Speaker
from benchmarks.workload import FIRST_TIME, Ids, Shape, Team
from stackroom.events.model import Proposal
from stackroom.sync import protocol as wire
from stackroom.sync.people import tokens
from stackroom.sync.settings import Settings

HONEST: Final = 50
PACE: Final = 1.0
"""Commits a second of each honest client."""
KINDS: Final = {
    "calm": "nobody",
    "busy": "a process that uses a processor, and does not connect",
    "messages": "requests for the history, without a pause",
    "refused": "pushes that break a rule, without a pause",
    "handshakes": "comes in and is gone, without a pause",
}
TIMES: Final = 10.0
"""How many times longer than in calm the honest may wait at p99 during abuse."""
WARM_UP: Final = 2.0
"""Seconds of abuse before anything is measured: the burst that everybody may have is over then."""


class Honest:
    """One honest client, under a name of its own: updates its own component at a steady pace."""

    def __init__(self, line: Speaker, team: Team, number: int, base: int) -> None:
        self.line = line
        self.team = team
        self.component = team.components[number]
        self.number = 0
        self.base = base

    async def work(self, seconds: float, delay: float) -> list[float]:
        """Milliseconds from each push to its answer."""
        waited = []
        begun = time.monotonic() + delay
        for n in range(round(seconds * PACE)):
            self.number += 1
            event = self.team.update(self.number, self.component)
            id = self.team.new_id()
            proposal = Proposal(id, self.number, self.base, "change", FIRST_TIME, (event,))
            message = speaker.encoded_push(self.team.profile, [proposal])
            await asyncio.sleep(max(0.0, begun + n / PACE - time.monotonic()))
            pushed = time.monotonic()
            (answer,) = await self.line.push(message)
            waited.append((time.monotonic() - pushed) * 1e3)
            if answer.outcome not in ("accepted", "merged"):
                raise AssertionError(f"not accepted: {answer}")
        return waited


class Round(Struct, frozen=True):
    """Milliseconds of every honest push, and what the abuser got done a second."""

    waited: tuple[float, ...]
    rate: float


async def one_round(
    kind: str, running: Running, token: str, honest: list[Honest], seconds: float
) -> Round:
    """The honest at work, and (but for `calm`) the abuser in a process of its own."""
    abuser = None
    lasts = WARM_UP + seconds + 1.0
    if kind != "calm":
        abuser = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.abuser", kind, running.url),
            *(honest[0].team.profile, str(lasts)),
            stdout=subprocess.PIPE,
            env=processes.environment(STACKROOM_TOKEN=token),
        )
        assert abuser.stdout is not None
        if await abuser.stdout.readline() != b"ready\n":
            raise AssertionError("the abuser did not come so far")
        await asyncio.sleep(WARM_UP)
    work = [each.work(seconds, n / PACE / len(honest)) for n, each in enumerate(honest)]
    waited = [value for values in await asyncio.gather(*work) for value in values]
    rate = 0.0
    if abuser is not None:
        assert abuser.stdout is not None
        rate = int(await abuser.stdout.read()) / lasts
        await abuser.wait()
    return Round(tuple(waited), rate)


async def member(running: Running, root: Speaker, name: str, role: str) -> str:
    """The token of a new user."""
    code = tokens.make(tokens.JOIN, secrets.token_bytes)
    made = tokens.make(tokens.PERSONAL, secrets.token_bytes)
    await root.send(wire.Ask(1, wire.Invite(name, code.prefix, code.hash, 600_000, role)))
    while not isinstance(reply := await root.receive(), wire.Reply):
        pass
    if reply.code:
        raise AssertionError(reply.sentence)
    socket = await speaker.dial(running.url, wire.MSGPACK)
    new = wire.NewToken("bench", made.prefix, made.hash)
    await socket.send(wire.encode(wire.Redeem(code.text, new), wire.MSGPACK))
    joined = wire.decode_from_hub(await socket.recv(), wire.MSGPACK)
    await socket.close()
    if not isinstance(joined, wire.Reply) or joined.code:
        raise AssertionError(f"not joined: {joined}")
    return made.text


async def measure(bench: Bench) -> dict[str, list[Round]]:
    """All rounds, each kind in turn, so that what changes on the machine meets all alike."""
    scale = bench.scale
    found: dict[str, list[Round]] = {kind: [] for kind in KINDS}
    with processes.hub(bench.folder / "abuse", Settings(port=0)) as running:
        new_replica = Ids(20)
        root = await Speaker.open(running.url, running.token, new_replica())
        team = Team("team", Shape(components=1_000), seed=20, space=21)
        await root.commit(team.profile, team.begin())
        honest = []
        for n in range(HONEST):
            token = await member(running, root, f"honest{n}", "editor")
            line = await Speaker.open(running.url, token, new_replica())
            honest.append(Honest(line, team, n, base=1))
        mallory = {kind: await member(running, root, f"mallory-{kind}", "editor") for kind in found}
        for turn in range(scale.abuse_rounds):
            for kind, rounds in found.items():
                machine.settle()
                token, seconds = mallory[kind], scale.abuse_seconds
                rounds.append(await one_round(kind, running, token, honest, seconds))
                p99 = percentile(rounds[-1].waited, 99)
                bench.say(f"round {turn + 1}, {kind}: p99 of the honest {p99:.1f} ms")
        for each in honest:
            each.line.socket.transport.abort()
    return found


def run(bench: Bench) -> list[Outcome]:
    """Measures, and tells."""
    found = speaker.run(lambda: measure(bench))
    calm = _waited(found["calm"], 99)
    rows, targets = [], []
    for kind, rounds in found.items():
        p50, p99 = _waited(rounds, 50), _waited(rounds, 99)
        times = ratios(p99, calm)
        rate = f"{Series(tuple(r.rate for r in rounds)).median:,.0f}"
        rows.append((KINDS[kind], rate, p50.shown(2), p99.shown(2), times.shown(2)))
        if kind not in ("calm", "busy"):
            targets.append(
                Target(f"{kind}: p99 during / before", times.median, "at most", TIMES, "times", 2)
            )
    scale = bench.scale
    notes = (
        f"{HONEST} honest users, each with a connection of its own and {PACE:g} commit a second; one "
        "abuser in a process of its own, with a token of its own; the hub's default limits",
        f"all kinds in turn, {scale.abuse_rounds} rounds of {scale.abuse_seconds:g} s each; medians "
        "(least–most) of rounds, ratios are taken within a round",
        f"measured from {WARM_UP:g} s after the abuse begins: everybody may have a burst at first",
        "`busy` is what a process costs that uses as much of this machine, without a connection",
    )
    heading = ("abuser", "its actions a second", "p50 ms", "p99 ms", "p99 / calm")
    return [Outcome("Abuse", heading, tuple(rows), tuple(targets), notes)]


def _waited(rounds: list[Round], percent: float) -> Series:
    return Series(tuple(percentile(one.waited, percent) for one in rounds))
