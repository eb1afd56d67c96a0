"""The shell around a replica core: says what happened, and carries out what the core says, in order.

One task at a time may call a carrier. A cancelled call leaves the files whole, and the core in memory
perhaps ahead of them: a carrier that was cancelled is given up.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, TypeAlias

from msgspec import Struct, structs

from stackroom.client.connection.backlog import Backlog
from stackroom.client.connection.healing import (
    GIVEN_UP,
    HINT,
    SET_ASIDE,
    Anew,
    Healing,
    Rest,
    Say,
    Step,
)
from stackroom.client.connection.keeper import Keeper
from stackroom.client.connection.work import Work, Works
from stackroom.client.replica import replica as core
from stackroom.client.replica.parting import Parting
from stackroom.events.errors import Gap, IntegrityError
from stackroom.events.history.block import Block
from stackroom.events.log import Answer
from stackroom.sync import protocol as wire


class Answered(Struct, frozen=True):
    """The hub said what became of proposals; told before the core is."""

    profile: str
    answers: tuple[Answer, ...]


class Looked(Struct, frozen=True):
    """The proposals that are on disk are the ones in memory."""


class Became(Struct, frozen=True):
    """The home is another replica than it was: it connects anew."""

    replica: str


Told: TypeAlias = core.Effect | Answered | Looked | Became
"""What a carrier tells: each effect once it was carried out, and what the core does not speak of."""

RENEWAL: Final = 0
"""The number of the order by which a token is renewed before it ends."""


class Outbox(Protocol):
    """What a carrier needs of a line."""

    def send(self, message: wire.FromReplica) -> None:
        """Has `message` sent after those before it; nothing happens on a closed line."""

    async def close(self, code: int = ..., reason: str = ...) -> None:
        """Closes the line."""


OnDisk: TypeAlias = (
    core.Store | core.Restart | core.Backfill | core.Settle | core.Park | core.Reached
)


class Carrier:
    """Replica `core`, on the files that `keeper` keeps and on a line, if there is one.

    `worker` is where the keeper's work is done. With `history`, what a snapshot left out is fetched.
    """

    def __init__(
        self,
        worker: Works,
        keeper: Keeper,
        url: str,
        replica: core.Replica,
        tell: Callable[[Told], None],
        *,
        history: bool = True,
    ) -> None:
        self.worker = worker
        self.keeper = keeper
        self.url = url
        self.replica = replica
        self.tell = tell
        self.history = history
        self.line: Outbox | None = None
        self._gaps: set[str] = set()
        """Profiles of which older history is missing."""
        self._again: set[str] = set()
        """Profiles that were begun anew once, as what came did not fit what is here."""
        self._fetching: set[str] = set()
        self._comparing: dict[str, tuple[core.Parted, Parting]] = {}
        """Profiles of which the hub has another history, while it is asked where they part."""
        self._partings: dict[str, Healing] = {}
        """Profiles of which the hub has another history, until they have come together."""
        self._backlog = Backlog(worker, keeper, self._kept_and_told)

    def lacks_history(self, profile: str) -> bool:
        """Whether older history is still to be fetched."""
        return self.history and profile in self._gaps

    # What happened

    async def opened(self, line: Outbox) -> None:
        """A line is there."""
        self.line = line
        parted = list(self._partings)
        self._partings.clear()
        for profile in parted:
            await self._anew(profile)
        self.replica.connected()
        await self.carry_out()

    async def lost(self) -> None:
        """The line is gone."""
        self.line = None
        for profile in list(self._comparing):
            await self._testify(profile)
        await self._backlog.clear()
        self._fetching.clear()
        self.replica.disconnected()
        await self.worker.run(partial(self.keeper.rest, list(self.replica.copies.values())))

    async def receive(self, message: wire.FromHub) -> None:
        """The hub said something."""
        if isinstance(message, wire.Results):
            answers = tuple(a for a in message.answers if not self.replica.renews(a))
            self.tell(Answered(message.profile, answers))
        self.replica.receive(message)
        await self.carry_out()

    async def follow(self, profile: str) -> None:
        """The profile is to be kept up to date from now on."""
        if profile not in self.replica.copies and profile not in self._partings:
            copy, whole = await self.worker.run(partial(self.keeper.load, profile))
            if not whole:
                self._gaps.add(profile)
            self.replica.follow(copy)
            await self._stay_the_same()
            await self.carry_out()

    async def look(self) -> None:
        """Proposals may have been saved or dropped, by this process or by another."""
        profiles = list(self.replica.copies)
        found = await self.worker.run(partial(self.keeper.pending, profiles))
        for profile, pending in found.items():
            copy = self.replica.copies.get(profile)
            if copy is None:
                continue  # The hub has closed it to us meanwhile.
            kept = {proposal.id for proposal in pending}
            copy.pending = [p for p in copy.pending if p.id in kept]
            copy.sent &= kept
            self.replica.propose(profile, pending)
        await self._stay_the_same()
        await self.carry_out()
        self.tell(Looked())

    async def push_again(self) -> None:
        """The hub could not take proposals a while ago."""
        self.replica.push_again()
        await self.carry_out()

    async def ask(self, id: int, order: wire.AnyOrder) -> None:
        """Somebody has an order for the hub."""
        self.replica.ask(id, order)
        await self.carry_out()

    async def list_profiles(self) -> None:
        """Somebody wants to see the hub's catalogue."""
        self.replica.list_profiles()
        await self.carry_out()

    # What is to be done

    async def carry_out(self) -> None:
        """Does what the core says, until it says nothing more.

        One effect after the other, but for pages of an old history: they may still be on their way to the
        disk on return, and are there before any other effect is carried out.
        """
        while effects := self.replica.effects():
            for effect in effects:
                if isinstance(effect, core.Store) and self._is_old(effect):
                    await self._backlog.add(effect)
                    continue
                await self._backlog.clear()
                if await self._one(effect):
                    self.tell(effect)

    async def _renew(self, renew: core.Renew) -> None:
        """Has this home be another replica, unless another process was before."""
        was = self.replica.hello.replica
        await self.worker.run(partial(self.keeper.take_new_identity, was, renew.code))
        await self._stay_the_same()

    async def _look_for_copies(self, store: core.Store) -> None:
        """Has this home be another replica if commits came that another home made under its name.

        Before anything else is pushed: the hub would take what the other wrote for this one's own.
        """
        own = self.replica.hello.replica
        if isinstance(store.commits, Block) and own not in store.commits.columns.replicas:
            return
        made = [c for c in store.commits if c.replica == own and c.id not in store.settled]
        if not made:
            return
        if await self.worker.run(partial(self.keeper.store.disowns, store.profile, made)):
            renew = core.Renew("replica_copied", "another home pushed under this one's name")
            await self._renew(renew)
            self.tell(renew)

    async def _stay_the_same(self) -> None:
        """Sees to it that this connection is that of the replica that the home is now."""
        replica = self.replica.hello.replica
        identity = await self.worker.run(partial(self.keeper.identity_after, replica))
        if identity is None:
            return
        pending = await self.worker.run(partial(self.keeper.pending, list(self.replica.copies)))
        self.replica.become(identity.replica, identity.signer, pending)
        self.tell(Became(identity.replica))
        if self.line is not None:
            await self.line.close(reason="this replica took a new identity")

    async def _clean(self, clean: core.Clean) -> None:
        """Cleans the files of what was redacted, and goes on from what is left."""
        for answer in await self.worker.run(partial(self.keeper.clean, clean)):
            self.tell(core.Park(clean.profile, answer))
        await self._anew(clean.profile, clean.seq)

    async def _anew(self, profile: str, clean_upto: int = 0) -> None:
        """The files were changed under the profile: loads it, and has the hub send what lacks."""
        copy, whole = await self.worker.run(partial(self.keeper.load, profile))
        self._fetching.discard(profile)
        self._gaps.discard(profile)
        if not whole:
            self._gaps.add(profile)
        self.replica.refetch(copy, clean_upto)
        await self._stay_the_same()

    # Where the histories part

    async def _part(self, problem: core.Problem) -> None:
        """Asks where the hub's history parts from ours; what that comes to is told then."""
        profile = problem.profile
        assert self.replica.welcome is not None
        parting = self.keeper.healing(problem, self.replica.welcome)
        self._partings[profile] = parting
        await self._step(parting, await self.worker.run(parting.begin))

    async def _apart(self, message: wire.Compared | wire.Recall | wire.Healed) -> None:
        """The hub said something about it."""
        parting = self._partings.get(message.profile)
        if parting is None:
            return
        match message:
            case wire.Compared():
                step = await self.worker.run(partial(parting.compared, message))
                await self._step(parting, step)
            case wire.Recall():
                page = await self.worker.run(partial(parting.page, message))
                self.replica.say(page)
            case wire.Healed(profile):
                del self._partings[profile]
                await self._anew(profile)

    async def _step(self, parting: Healing, step: Step) -> None:
        profile = parting.profile
        match step:
            case Say(messages):
                self.replica.say(*messages)
            case Anew(parked):
                for id in parked:
                    answer = Answer(id, "rejected", None, GIVEN_UP, SET_ASIDE)
                    self.tell(core.Park(profile, answer))
                del self._partings[profile]
                await self._anew(profile)
            case Rest(found, offer):
                if offer is not None:
                    self.replica.say(offer)
                problem, welcome = parting.problem, self.replica.welcome
                if welcome is None or not welcome.key:
                    problem = structs.replace(problem, sentence=found.sentence)
                self.tell(structs.replace(problem, hint=HINT))

    async def _kept_and_told(self, store: core.Store, work: Work[None]) -> bool:
        if kept := await self._kept(store, work):
            self.tell(store)
        return kept

    def _is_old(self, store: core.Store) -> bool:
        """Whether more will come at once, and nobody waits for these commits."""
        copy = self.replica.copies.get(store.profile)
        return copy is not None and not copy.live and not store.settled

    async def _one(self, effect: core.Effect) -> bool:
        """Carries out one effect; False if that turned into a problem, which was told."""
        match effect:
            case core.Send(message):
                if self.line is not None:
                    self.line.send(message)
            case core.Welcomed(welcome):
                await self.worker.run(partial(self.keeper.meet, self.url, welcome))
            case core.Catalogue(profiles):
                await self.worker.run(partial(self.keeper.register, self.url, profiles))
            case core.Granted(rights):
                await self.worker.run(partial(self.keeper.grant, self.url, rights))
                if rights.renew:
                    self.replica.ask(RENEWAL, wire.RenewToken())
            case core.Clean():
                await self._clean(effect)
            case core.Parted():
                profile = effect.problem.profile
                self._fetching.discard(profile)
                self._comparing[profile] = effect, Parting(profile, effect.seq)
                await self._compare(profile)
            case core.Compared(roots):
                if (found := self._comparing.get(roots.profile)) is not None:
                    found[1].heard(roots)
                    await self._compare(roots.profile)
            case core.Renew():
                await self._renew(effect)
            case core.Problem(profile=profile):
                self._fetching.discard(profile)
                if effect.head is not None and profile in self.replica.parted:
                    await self._part(effect)
                    return False
            case core.Apart(message):
                await self._apart(message)
            case core.Present() | core.Replied():
                pass
            case _:
                return await self._keep(effect)
        return True

    async def _compare(self, profile: str) -> None:
        """Asks the hub for roots that tell more of where histories part, until it is known."""
        _, parting = self._comparing[profile]
        own = await self.worker.run(partial(self.keeper.roots, profile, parting.wanted()))
        asked = parting.ask(own)
        if asked is None or self.line is None:
            await self._testify(profile)
        else:
            self.line.send(asked)

    async def _testify(self, profile: str) -> None:
        """Keeps what the hub has signed, and goes on to offer it what it has lost."""
        parted, parting = self._comparing.pop(profile)
        testify = partial(self.keeper.testify, self.url, parted, parting)
        problem = await self.worker.run(testify)
        if self.line is None:
            self.tell(problem)
        else:
            await self._part(problem)

    async def _keep(self, effect: OnDisk) -> bool:
        copy = self.replica.copies.get(effect.profile)
        return await self._kept(effect, self.worker.start(partial(self.keeper.keep, effect, copy)))

    async def _kept(self, effect: OnDisk, work: Work[None]) -> bool:
        """Whether the work on the disk for `effect` went well; if not, that was told."""
        profile = effect.profile
        try:
            await work
        except Gap:
            # Another process has cleaned the profile and not fetched it all yet, or is yet to clean it. Or it
            # has begun it where this one does not lead: the hub is to say whether it has that.
            await self._anew(profile)
            return False
        except IntegrityError as error:
            if profile not in self._again:
                # The hub may have redacted between two pages, or another process have what it has lost.
                self._again.add(profile)
                await self._anew(profile)
                return False
            self._give_up(effect)
            self.tell(core.Problem("integrity", str(error), error.hint, profile))
            return False
        if isinstance(effect, core.Store):
            await self._look_for_copies(effect)
        if isinstance(effect, core.Restart):
            self._gaps.add(profile)
        if isinstance(effect, core.Backfill):
            self._fetching.discard(profile)
            if not effect.commits:
                self._gaps.discard(profile)
        await self._fetch(profile)
        return True

    def _give_up(self, effect: OnDisk) -> None:
        """What the hub sent does not fit what is here: nothing of it was kept, and no more is asked for."""
        self._gaps.discard(effect.profile)
        self.replica.unfollow(effect.profile)

    async def _fetch(self, profile: str) -> None:
        """Asks for the next page of what a snapshot left out, one page at a time."""
        copy = self.replica.copies.get(profile)
        live = copy is not None and copy.live
        if not live or not self.lacks_history(profile) or profile in self._fetching:
            return
        after = await self.worker.run(partial(self.keeper.next_missing, profile))
        if after is None:
            self._gaps.discard(profile)
        else:
            self._fetching.add(profile)
            self.replica.fetch(profile, after)
