"""Our hub as a peer: real messages of its protocol, in its own process, all checks on."""

import asyncio
import secrets
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from benchmarks import processes, speaker
from benchmarks.peers import raw
from benchmarks.peers.peer import Caught, Heard, Message, Peer
from benchmarks.peers.workload import COMPONENTS, Made, team
from benchmarks.speaker import Speaker
from benchmarks.workload import FIRST_TIME
from stackroom.client import chance
from stackroom.client.connection.exchange import exchange
from stackroom.client.home.home import Home
from stackroom.client.workspace import Workspace
from stackroom.events.model import Proposal
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.events.proofs.signing import Signer
from stackroom.events.state import Component
from stackroom.sync import protocol as wire

AT_ONCE: Final = 500
"""Proposals in a push, at most; a history is loaded by such pushes."""
IN_FLIGHT: Final = 4
"""Pushes that wait for their answers then."""


class OurWriter:
    """A replica that pushes; every proposal must be accepted, and its answer is what counts.

    As a client does, it sends all that waits in one push: what is appended in the same turn of the loop
    goes together.
    """

    def __init__(self, line: Speaker, replica: str, profile: str, base: int) -> None:
        self.line = line
        self.replica = replica
        self.profile = profile
        self.base = base
        self.head = base
        self.signer: Signer | None = None
        self._number = 0
        self._unsent: list[bytes] = []
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._reading: asyncio.Task[None] | None = None

    async def register(self, welcome: wire.Welcome) -> None:
        """Signs from now on, with a fresh key that the hub is told of."""
        self.signer = Signer(secrets.token_bytes(32))
        proof = self.signer.possession(welcome.hub, welcome.user, self.replica)
        await self.line.send(wire.Ask(1, wire.RegisterKey(self.signer.key, proof)))
        while not isinstance(reply := await self.line.receive(), wire.Reply):
            pass
        if reply.code:
            raise AssertionError(f"the hub does not take the key: {reply}")

    def message(self, events: Sequence[Made]) -> Message:
        """A proposal for each event."""
        return tuple(msgspec.msgpack.encode(self._proposal(made)) for made in events)

    def _proposal(self, made: Made) -> Proposal:
        self._number += 1
        id, message = chance.new_id(), f"change {made.number}"
        proposal = Proposal(id, self._number, self.base, message, FIRST_TIME, (made.event,))
        if self.signer is None:
            return proposal
        return self.signer.sign(self.profile, self.replica, proposal)

    async def append(self, message: Message) -> None:
        """Pushes; the answers come in the order of the pushes."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((len(message), answered))
        first = not self._unsent
        self._unsent += message
        if first:
            await asyncio.sleep(0)
            waiting, self._unsent = self._unsent, []
            for n in range(0, len(waiting), AT_ONCE):
                push = speaker.push_of(self.profile, waiting[n : n + AT_ONCE])
                await self.line.socket.send(push)
        await answered

    async def _read(self) -> None:
        missing = 0
        while True:
            try:
                results = await self.line.receive()
                if not isinstance(results, wire.Results):
                    raise AssertionError(f"no results, but {results}")
                for answer in results.answers:
                    if answer.outcome != "accepted" or answer.seq is None:
                        raise AssertionError(f"not accepted: {answer}")
                    self.head = max(self.head, answer.seq)
            except Exception as error:
                for _, answered in self._waiting:
                    answered.set_exception(error)
                return
            missing += len(results.answers)
            while self._waiting and missing >= self._waiting[0][0]:
                count, answered = self._waiting.popleft()
                missing -= count
                answered.set_result(None)

    async def close(self) -> None:
        """Ends the connection."""
        if self._reading is not None:
            self._reading.cancel()
        await self.line.close()


class OurServer:
    """Our hub; a room is a profile with its components."""

    def __init__(self, url: str, token: str, pid: int, signing: bool) -> None:
        self.url = url
        self.token = token
        self.pid = pid
        self.signing = signing
        self._writers: dict[str, list[OurWriter]] = {}
        self._heads: dict[str, int] = {}
        self._caught_up: dict[str, wire.CaughtUp] = {}

    def __reduce__(self) -> tuple[type, tuple[str, str, int, bool]]:
        """Connections stay in their process."""
        return OurServer, (self.url, self.token, self.pid, self.signing)

    async def prepare(self, room: str, components: int = COMPONENTS, stacks: int = 0) -> None:
        """Creates the profile with all its components and stacks, in one commit."""
        one = team(room, components, stacks)
        line, _ = await self._open()
        await line.commit(one.profile, one.begin())
        await line.close()
        self.stands(room, 1)

    def stands(self, room: str, head: int) -> None:
        """The room is there, and has come so far; said by whoever knows it from elsewhere."""
        self._writers[room], self._heads[room] = [], head

    async def writer(self, room: str, *, told: bool = False) -> OurWriter:
        """A replica that knows the head as it is now, and no more."""
        known, replica = self._writers[room], chance.new_id()
        base = max((self._heads[room], *(each.head for each in known)))
        line, welcome = await self._open(replica)
        writer = OurWriter(line, replica, team(room, 1).profile, base)
        if self.signing:
            await writer.register(welcome)
        known.append(writer)
        return writer

    async def _open(self, replica: str = "") -> tuple[Speaker, wire.Welcome]:
        line = Speaker(await speaker.dial(self.url, wire.MSGPACK))
        await line.send(wire.Hello(replica or chance.new_id(), self.token, "benchmark"))
        welcome = await line.receive()
        if not isinstance(welcome, wire.Welcome):
            raise AssertionError(f"the hub does not let us in: {welcome}")
        return line, welcome

    async def subscribe(self, room: str, heard: Heard) -> raw.Ear:
        """A subscriber from the head as it is now."""
        profile, stands = team(room, 1).profile, await self._standing(room)
        hello = wire.Hello(chance.new_id(), self.token, "benchmark")
        subscribe = wire.Subscribe(profile, stands.seq, stands.root)
        said = (raw.frame(speaker.encoded(each)) for each in (hello, subscribe))
        greeting = raw.upgrade("/", wire.MSGPACK) + b"".join(said)
        port = urlsplit(self.url).port
        assert port is not None
        return await raw.listen(port, heard, greeting, b"caught_up")

    async def _standing(self, room: str) -> wire.CaughtUp:
        """Where the room's profile stands; asked once, as nothing is written while subscribers come."""
        if room not in self._caught_up:
            line, _ = await self._open()
            await line.send(wire.Subscribe(team(room, 1).profile, 0, EMPTY_ROOT))
            while not isinstance(said := await line.receive(), wire.CaughtUp):
                pass
            self._caught_up[room] = said
            await line.close()
        return self._caught_up[room]

    async def load(self, room: str, events: Sequence[Made]) -> None:
        """Pushes of many proposals, some of them in flight."""
        writer = await self.writer(room)
        room_for = asyncio.Semaphore(IN_FLIGHT)

        async def push(part: Sequence[Made]) -> None:
            async with room_for:
                await writer.append(writer.message(part))

        async with asyncio.TaskGroup() as tasks:
            for n in range(0, len(events), AT_ONCE):
                tasks.create_task(push(events[n : n + AT_ONCE]))
        await writer.close()

    async def settle(self) -> None:
        """What was acknowledged is stored."""

    async def answer(self, room: str) -> None:
        """Where the profile stands."""
        line, _ = await self._open()
        await line.send(wire.FetchRoots(team(room, 1).profile, (1,)))
        while not isinstance(await line.receive(), wire.Roots):
            pass
        await line.close()

    def catch_up(self, room: str, count: int, folder: Path) -> Caught:
        """A new home: everything verified, folded, stored, and opened for use as a command would."""
        home = Home(folder)
        workspace = Workspace.open(home, clock=chance.clock, new_id=chance.new_id, salt=chance.salt)
        home.keep_token(self.url, self.token)
        profile = team(room, 1).profile
        report = exchange(workspace, self.url, (profile,))
        if report.interrupted is not None:
            raise report.interrupted
        received = report.profiles[profile].received
        entities = sum(1 for _ in workspace.copy(profile).view.all(Component))
        workspace.close()
        return Caught(received - 1, entities)  # The opening is not among what the others have.


class Ours(Peer):
    """Our hub, as `stackroom hub up` runs it."""

    name = "stackroom"
    acknowledged = "checked, in the Merkle tree, fsynced"
    ours = True
    signing = False

    def missing(self) -> str:
        """It is what this is about."""
        return ""

    def version(self) -> str:
        """Of this very tree."""
        return f"stackroom {version('stackroom')}"

    @contextmanager
    def serving(self, folder: Path) -> Iterator[OurServer]:
        """Snapshots of an earlier start are dropped: who comes is to read the history itself."""
        folder.mkdir(exist_ok=True)
        if (folder / "hub.db").exists():
            _drop_snapshots(folder / "hub.db")
        with processes.hub(folder) as running:
            yield OurServer(running.url, running.token, running.pid, self.signing)


class OursSigned(Ours):
    """The same with replicas that sign every proposal, as those of people do."""

    name = "stackroom, signed"
    acknowledged = "checked, author's signature too, fsynced"
    subscribers = False
    history = False
    signing = True


def _drop_snapshots(path: Path) -> None:
    conn = sqlite3.connect(path)
    with conn:
        conn.execute("DELETE FROM snapshots")
    conn.close()
