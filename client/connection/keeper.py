"""What a replica core has kept, and what it is started from: the disk side of a connection."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from msgspec import structs

from stackroom.client.connection.healing import Healing
from stackroom.client.errors import OtherHub
from stackroom.client.history.past import lay
from stackroom.client.home.apart import forget
from stackroom.client.home.cache import Cache, Stored
from stackroom.client.home.identity import Identity, Renewal
from stackroom.client.home.store import HubEntry, Store
from stackroom.client.home.trust import Trust
from stackroom.client.replica import replica as core
from stackroom.client.replica.parting import Parting
from stackroom.client.replica.witness import Seen, kept
from stackroom.client.rights import PEOPLE, decode, encode, rights_of
from stackroom.client.settings import Settings
from stackroom.client.transport.hub_key import pinned_by
from stackroom.client.workspace import Workspace
from stackroom.events.errors import StackroomError
from stackroom.events.frontier import Frontier
from stackroom.events.history.block import Block
from stackroom.events.log import Answer, Listed
from stackroom.events.model import Commit, Millis, Proposal
from stackroom.events.secrets.redaction import mentions
from stackroom.events.state import State
from stackroom.sync import protocol as wire

PARTED_HINT: Final = (
    "nothing was changed here; ask the hub's operator: "
    "it was restored from an older backup, or rewritten"
)

UNMET = ""
"""The identity of a hub that has not answered yet."""


class Keeper:
    """Plain functions on the two files; who has an event loop calls them on a worker's thread."""

    def __init__(
        self,
        store: Store,
        cache: Cache,
        clock: Callable[[], Millis],
        settings: Settings,
        trust: Callable[[str], Trust],
        new_id: Callable[[], str],
    ) -> None:
        self.store = store
        self.cache = cache
        self.clock = clock
        self.settings = settings
        self.trust = trust
        """How far the hub at an address is trusted."""
        self.new_id = new_id
        self._loaded: dict[str, Stored] = {}
        """Profiles that somebody else has loaded already, until they are loaded here."""
        self.rested: dict[str, Stored] = {}
        """Profiles as they were when they rested: for who opens them next."""
        self.unsaved = Unsaved(cache)
        """States that came to rest, until the files are closed."""
        self._tails: dict[str, int] = {}
        """Commits stored since the last snapshot, by profile."""
        self.brief = False
        """Whether the connection ends once all is here: what is known then is kept when it rests, at once."""
        self._synced: dict[str, Millis] = {}
        self._reached_at: dict[str, Millis] = {}
        """Profiles that had all that the hub has, and when, which is still to be kept."""
        self._seen: dict[str, Seen] = {}
        """The last checkpoints that were kept, by profile."""
        self._unverified: set[str] | None = None
        """Profiles that brought redacted events, which something must vouch for once all is here."""

    @classmethod
    def open(cls, workspace: Workspace) -> "Keeper":
        """Opens the files of `workspace` once more, for the thread that calls this."""
        opened = Workspace.open(
            workspace.home,
            clock=workspace.clock,
            new_id=workspace.new_id,
            salt=workspace.salt,
            settings=workspace.settings,
        )
        opened.loaded = workspace.loaded
        return cls.on(opened)

    @classmethod
    def on(cls, workspace: Workspace) -> "Keeper":
        """A keeper of the files that `workspace` has open."""
        keeper = cls(
            workspace.store,
            workspace.cache,
            workspace.clock,
            workspace.settings,
            workspace.home.trust,
            workspace.new_id,
        )
        keeper._loaded.update(workspace.loaded)
        keeper.unsaved = workspace.unsaved = workspace.unsaved or keeper.unsaved
        return keeper

    def close(self) -> None:
        """Closes the files."""
        self.unsaved.save()
        self.cache.close()
        self.store.close()

    def meet(self, url: str, welcome: wire.Welcome) -> None:
        """Holds the hub that answers against the one that was known; raises OtherHub, OtherKey."""
        known = self._known(url)
        if known is not None and known.hub not in (UNMET, welcome.hub):
            raise OtherHub(
                f"another hub answers at {url} than the one that was joined",
                hint=f"nothing was sent; to join the new one: stackroom disconnect {url}",
            )
        key = pinned_by(url, self.pinned(url), welcome)
        met, rotations = (welcome.hub, welcome.epoch, welcome.user), tuple(welcome.rotations)
        news = HubEntry(url, *met, key=key, rotations=rotations)
        if known is None or structs.replace(known, rights="") != news:
            # Durable before anything is pushed: what somebody saves later flushes it, too.
            with self.store.together(durable=bool(self.store.counts())):
                self.store.put_hub(url, *met, key, rotations)

    def pinned(self, url: str) -> str:
        """The key that the hub at `url` is known by; empty for none."""
        known = self._known(url)
        return known.key if known is not None else ""

    def grant(self, url: str, rights: wire.Rights) -> None:
        """Keeps what one may do on the hub at `url`, for the rules to foresee with; it says so each time."""
        with self.store.together(durable=False):
            self.store.set_rights(url, encode(rights_of(rights)))
            if rights.people and not self._knows_people(url, rights.people):
                self.store.put_profile(rights.people, PEOPLE, url)

    def _knows_people(self, url: str, stream: str) -> bool:
        """Whether the registry has the stream of the hub's people, as it would be put there."""
        known = ((e.id, e.name, e.hub) for e in self.store.profiles())
        return (stream, PEOPLE, url) in known

    def _known(self, url: str) -> HubEntry | None:
        return next((hub for hub in self.store.hubs() if hub.url == url), None)

    def take_new_identity(self, was: str, code: str) -> None:
        """Has this home be another replica than `was`, which the hub said by `code` that it cannot be.

        What waits, and the local profiles, are signed anew; the commits of the latter are made again.
        """
        local = [entry.id for entry in self.store.profiles() if entry.hub is None]
        for profile in local:
            self.cache.forget(profile)
        # Twice: a crash amid the second leaves no commits here that the proposals would not make again.
        with self.cache.writing() as log:
            for profile in local:
                log.forget(profile)
            self.store.take_new_identity(self.new_id(), Renewal(was, code, self.clock()))

    def identity_after(self, replica: str) -> Identity | None:
        """Which replica this home is now, with its key, if it is not `replica` any more."""
        return None if self.store.replica == replica else self.store.identity()

    # Reading

    def load(self, profile: str) -> tuple[core.Copy, bool]:
        """The profile as the files have it, and whether its history is whole."""
        stored = self.cache.load(profile, self._loaded.pop(profile, None))
        pending = self.store.pending(profile)
        seen = kept(self.store.checkpoint(profile))
        copy = core.Copy(profile, stored.state, stored.frontier, pending, stored.newer, seen)
        return copy, stored.missing is None

    def profiles_of(self, url: str) -> list[str]:
        """The ids of the profiles that the registry has for the hub at `url`.

        Deleted ones, and those that one may read no more, only while something waits for the hub: it is
        to be refused, not to wait for ever.
        """
        counts = self.store.counts()
        waiting = {profile for profile, count in counts.items() if count.pending}
        profiles = [p for p in self.store.profiles() if p.hub == url]
        return [
            p.id
            for p in profiles
            if p.id in waiting or not (p.deleted or self._is_closed(url, p.id))
        ]

    def _is_closed(self, url: str, profile: str) -> bool:
        """Whether the hub said that one may not read the profile."""
        known = self._known(url)
        rights = decode(known.rights) if known is not None else None
        if known is None or rights is None:
            return False
        if profile == known.hub:
            return not rights.people
        return "profile.read" not in rights.of(profile)

    def pending(self, profiles: Sequence[str]) -> dict[str, list[Proposal]]:
        """The proposals that wait, by profile."""
        return {profile: self.store.pending(profile) for profile in profiles}

    def heads(self, profiles: Sequence[str]) -> dict[str, int]:
        """The last confirmed commits, by profile."""
        with self.cache.reader(sought=False) as log:
            return {profile: log.head(profile).seq for profile in profiles}

    def next_missing(self, profile: str) -> int | None:
        """The seq after which history is missing, or None if nothing is."""
        missing = self.cache.missing(profile)
        return None if missing is None else missing.start - 1

    def lacking(self, profile: str) -> int:
        """How many commits of the history are missing."""
        missing = self.cache.missing(profile)
        return 0 if missing is None else len(missing)

    # Keeping

    def keep(self, effect: core.Effect, copy: core.Copy | None) -> None:
        """Carries out what `effect` says about the disk; `copy` is the profile as it is in memory."""
        store, cache = self.store, self.cache
        match effect:
            case core.Store(profile, commits, frontier, settled, leaves, since):
                cache.save(profile, commits, frontier, leaves, since)
                if settled:
                    store.settle(settled)
                if redacted := _redacted(commits):
                    self._to_verify().add(profile)
                    if any(commit.id in settled for commit in redacted):
                        store.scrub()
                self._tails[profile] = self._tails.get(profile, 0) + len(commits)
                long = self._tails[profile] >= self.settings.snapshot_tail
                if long and copy is not None and copy.live:
                    self._snapshot(copy)
            case core.Restart(profile, seq, frontier, state):
                cache.restart(profile, seq, frontier, state)
                self._tails[profile] = 0
            case core.Backfill(profile, commits, frontier):
                cache.backfill(profile, commits, frontier)
                if cache.missing(profile) is None:
                    lay(cache, profile)
            case core.Settle(_, ids):
                store.settle(ids)
            case core.Park(_, answer):
                store.park(answer.id, answer.code, answer.sentence)
            case core.Reached(profile):
                self._reached(profile, copy)

    def clean(self, clean: core.Clean) -> list[Answer]:
        """Has nothing of what was redacted in the files; parks what would bring it back, and says so."""
        profile, parked = clean.profile, []
        texts = self.cache.clean(profile, clean.seq, clean.rewritten)
        for proposal in self.store.pending(profile) if texts else ():
            if any(mentions(event, texts or ()) for event in proposal.events):
                sentence = f"it holds a value that was redacted in #{clean.seq}"
                self.store.park(proposal.id, "redacted_value", sentence)
                parked.append(Answer(proposal.id, "rejected", None, "redacted_value", sentence))
        self._tails.pop(profile, None)
        self._to_verify().discard(profile)
        self.scrub()
        return parked

    def scrub(self) -> None:
        """Leaves no trace of what was cleaned, also by a process that was killed then."""
        if self.cache.to_scrub():
            self.store.scrub()
            self.cache.scrub()

    def healing(self, problem: core.Problem, welcome: wire.Welcome) -> Healing:
        """What is to be said about a profile of which the hub has another history."""
        return Healing(self.store, self.cache, problem, welcome.epoch)

    def register(self, url: str, catalogue: Sequence[Listed]) -> None:
        """Brings the registry of profiles in line with what the hub at `url` lists, each time anew."""
        known = {entry.id: entry for entry in self.store.profiles()}
        with self.store.together(durable=False):
            for listed in catalogue:
                entry = known.get(listed.id)
                if entry is None:
                    if not listed.deleted:
                        self.store.put_profile(listed.id, listed.name, url)
                elif entry.hub == url:
                    if entry.name != listed.name:
                        self.store.rename_profile(listed.id, listed.name)
                    if listed.deleted and not entry.deleted:
                        self.store.mark_deleted(listed.id)

    def roots(self, profile: str, seqs: Sequence[int]) -> dict[int, bytes]:
        """The Merkle roots after those of the commits that are here."""
        with self.cache.reader(sought=False) as log:
            found = {seq: log.root(profile, seq) for seq in seqs}
        return {seq: root for seq, root in found.items() if root is not None}

    def testify(self, url: str, parted: core.Parted, parting: Parting) -> core.Problem:
        """Keeps the checkpoints that contradict each other, and says where the histories part."""
        profile = parting.profile
        name = next((p.name for p in self.store.profiles() if p.id == profile), profile)
        sentence = parting.said(repr(name), url)
        notes = tuple(filter(None, (parted.ours, parted.theirs or parting.checkpoint)))
        if notes:
            sentence += f"; {self._keep_evidence(profile, notes)}"
        return structs.replace(parted.problem, sentence=sentence, hint=PARTED_HINT)

    def _keep_evidence(self, profile: str, notes: Sequence[str]) -> str:
        """Keeps what the hub has signed, and says where; a full disk hides no parting."""
        # Late: few histories part.
        from stackroom.client.connection import evidence

        try:
            kept_in = evidence.keep(self.store.path.parent, profile, notes)
        except OSError as error:
            return f"what it has signed could not be kept: {error.strerror}"
        return f"what it has signed is kept in {kept_in}"

    def rest(self, copies: list[core.Copy]) -> None:
        """At the end of a connection: what was left undone, and what makes the next start quick."""
        self.scrub()
        self._note(copies)
        for copy in copies:
            if copy.newer is None and copy.state.seq == copy.seq:
                missing = self.cache.missing(copy.profile)
                self.rested[copy.profile] = Stored(copy.state, copy.frontier, None, missing)
                if self._tails.get(copy.profile, 0):
                    self.unsaved.add(copy.profile, copy.state, copy.frontier)
            self._tails[copy.profile] = 0

    def _snapshot(self, copy: core.Copy) -> None:
        if copy.newer is None:
            self.cache.keep_snapshot(copy.profile, copy.state, copy.frontier)
        self._tails[copy.profile] = 0

    def _to_verify(self) -> set[str]:
        """As another process, that was killed then, has left it."""
        if self._unverified is None:
            self._unverified = self.cache.unvouched()
        return self._unverified

    def _reached(self, profile: str, copy: core.Copy | None) -> None:
        due = profile in self._to_verify() and self.cache.missing(profile) is None
        if due and copy is not None and copy.live:
            self.cache.verify(profile, copy.frontier)
            self._to_verify().discard(profile)
        now = self.clock()
        if now - self._synced.get(profile, 0) < self.settings.freshness * 1_000:
            return
        self._synced[profile] = self._reached_at[profile] = now
        if not self.brief:
            self._note([] if copy is None else [copy])

    def _note(self, copies: Sequence[core.Copy]) -> None:
        """Keeps when all was here, and the last checkpoints of `copies`, for the hub to be held to them."""
        reached, self._reached_at = self._reached_at, {}
        news = [
            copy.seen
            for copy in copies
            if copy.seen is not None and self._seen.get(copy.profile) != copy.seen
        ]
        if not (reached or news):
            return
        with self.store.together():
            for profile, at in reached.items():
                self.store.synced(profile, at)
                forget(self.store, profile)
            for seen in news:
                self.store.keep_checkpoint(seen)
                self._seen[seen.checkpoint.profile] = seen


class Unsaved:
    """States that are in memory, and whose commits are in the file: kept there when the work is done.

    They make the next start quick, and nobody waits for that now. Who is killed before has lost time, and
    nothing else: the next start folds the commits once more.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._states: dict[str, tuple[State, Frontier]] = {}

    def add(self, profile: str, state: State, frontier: Frontier) -> None:
        """A profile came to rest so; the newest counts."""
        self._states[profile] = state, frontier

    def save(self) -> None:
        """Keeps them, with the milestones that are due; without what cannot be kept, a start takes longer."""
        states, self._states = self._states, {}
        with suppress(StackroomError):
            for profile, (state, frontier) in states.items():
                self._cache.keep_snapshot(profile, state, frontier)
                # Of a past that is not all here yet, nobody asks just now: the rest brings the milestones.
                if self._cache.missing(profile) is None:
                    lay(self._cache, profile)


def _redacted(commits: Sequence[Commit]) -> list[Commit]:
    """Those of which something was redacted."""
    if isinstance(commits, Block) and commits.plain:
        return []
    return [commit for commit in commits if any(event.digest for event in commit.events)]
