"""A home at work: profiles as they stand, drafts, and what is kept about hubs. Synchronous.

Reads never touch the network. Whoever opens a workspace uses it from one thread.
"""

import os
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from msgspec import structs

from stackroom.client.choosing import Why
from stackroom.client.errors import (
    ClientError,
    NoHub,
    NoProfile,
    NotAuthorised,
    NotFound,
    RefusedLocally,
    missing,
)
from stackroom.client.home.cache import Cache, Stored
from stackroom.client.home.home import Home
from stackroom.client.home.key_file import KeyFile
from stackroom.client.home.store import HubEntry, ProfileEntry, Store
from stackroom.client.profile_copy import ProfileCopy
from stackroom.client.rebase import rebase
from stackroom.client.rights import PEOPLE, Access, KnownRights, access, decode
from stackroom.client.settings import Settings
from stackroom.events.carriers import Millis
from stackroom.events.people.who import Who
from stackroom.events.state import State
from stackroom.events.version import VERSION

if TYPE_CHECKING:
    from stackroom.client.connection.keeper import Unsaved
    from stackroom.client.definitions.definitions import Definitions
    from stackroom.client.drafting.draft import Draft, Saved
    from stackroom.client.drafting.local import LocalHub
    from stackroom.client.replica.replica import Replica
    from stackroom.client.repository import Repository
    from stackroom.events.model import Change

DEFAULT: Final = "default"
"""The name of the profile that first use makes, of its stack, and of that stack's components."""


class Workspace:
    """The two files of a home, opened; `clock`, `new_id` and `salt` are time, ids and randomness."""

    def __init__(
        self,
        home: Home,
        store: Store,
        cache: Cache,
        *,
        clock: Callable[[], Millis],
        new_id: Callable[[], str],
        salt: Callable[[], bytes],
        settings: Settings,
    ) -> None:
        self.home = home
        self.store = store
        self.cache = cache
        self.clock = clock
        self.new_id = new_id
        self.salt = salt
        self.settings = settings
        self.allow_plaintext = False
        """Whether drafts may hold credentials in plain text."""
        self.asked = False
        """Whether a hub was asked for something by what goes through this."""
        self.unsaved: Unsaved | None = None
        """What exchanges came to, until this is closed."""
        self.loaded: dict[str, Stored] = {}
        """The profile that was copied last, or all that the last exchange came to: it need not be loaded."""

    @classmethod
    def open(
        cls,
        home: Home,
        *,
        clock: Callable[[], Millis],
        new_id: Callable[[], str],
        salt: Callable[[], bytes],
        settings: Settings | None = None,
    ) -> "Workspace":
        """Opens the home; makes it if there is none. Raises as Store.open and Cache.open do."""
        home.make()
        keys = KeyFile(home.keys, salt)
        open_store = partial(
            Store.open, home.proposals, new_replica_id=new_id(), now=clock(), keys=keys
        )
        open_cache = partial(Cache.open, home.replica)
        if home.replica.exists():
            store = open_store()
            try:
                cache = open_cache()
            except BaseException:
                store.close()
                raise
        else:
            # Late: a home is made once.
            from stackroom.client.home.opening import at_once

            store, cache = at_once(open_store, open_cache)
        return cls(
            home,
            store,
            cache,
            clock=clock,
            new_id=new_id,
            salt=salt,
            settings=settings or Settings(),
        )

    @cached_property
    def local(self) -> "LocalHub":
        """The authority of the profiles that have no hub."""
        from stackroom.client.drafting.local import LocalHub

        every = self.settings.snapshot_tail
        return LocalHub(self.store, self.cache, self.salt, snapshot_every=every)

    @property
    def acted(self) -> bool:
        """Whether anything was done through this that a second time would do twice."""
        return self.asked or self.store.written

    def close(self) -> None:
        """Closes the files; what makes the next start quick is in them then."""
        if self.unsaved is not None:
            self.unsaved.save()
        self.store.close()
        self.cache.close()

    # Who and where

    def user(self, url: str | None = None) -> str:
        """Under which name changes are made: the hub's; else STACKROOM_USER, the setting, the login name."""
        for hub in self.store.hubs():
            if hub.url == url:
                return hub.user
        if named := os.environ.get("STACKROOM_USER"):
            return named
        if named := self.store.setting("user"):
            return named
        import getpass

        return getpass.getuser()

    def who(self, url: str | None, profile: str) -> Who:
        """Who proposes here to the hub at `url`, or (None) in a local profile, as far as is known."""
        rights = self.rights(url) if url is not None else None
        may = rights.of(profile) if rights is not None else None
        return Who(self.store.replica, self.user(url), may)

    def rights(self, url: str) -> KnownRights | None:
        """What the hub at `url` said last that one may do there; None before it said anything."""
        found = next((hub for hub in self.store.hubs() if hub.url == url), None)
        return decode(found.rights) if found is not None else None

    def access(self, profile: str, hub: str | None) -> Access | None:
        """What one may do in a profile, as its hub said last; None for a local one, or before it did."""
        known = self.rights(hub) if hub is not None else None
        return access(known.of(profile)) if known is not None else None

    def hub(self, url: str | None = None) -> HubEntry:
        """The hub at `url`, or the one that was joined last; NoHub."""
        hubs = self.store.hubs()
        wanted = url or self.store.setting("hub")
        for hub in hubs:
            if hub.url == wanted or (wanted is None and len(hubs) == 1):
                return hub
        raise NoHub("no hub was joined")

    def replica(self, url: str, *, token: str | None = None) -> "Replica":
        """This replica's part of a connection to the hub at `url`; NotAuthorised without a token."""
        from stackroom.client.replica.replica import Replica

        token = token or self.home.token(url)
        if token is None:
            raise NotAuthorised(f"there is no token for the hub at {url}")
        identity = self.store.identity()
        return Replica(identity.replica, token, f"stackroom/{VERSION}", identity.signer)

    # Profiles

    def profiles(self) -> list[ProfileEntry]:
        """The profiles that can be worked on, by name."""
        people = {hub.hub for hub in self.store.hubs()}
        return [e for e in self.store.profiles() if not e.deleted and e.id not in people]

    def people(self, url: str) -> ProfileEntry:
        """The stream of the people of the hub at `url`; NotAuthorised where one may not read it."""
        rights = self.rights(url)
        if rights is None or not rights.people:
            raise NotAuthorised(
                f"you may not see the people of the hub at {url} (people.read)",
                hint="ask one of its administrators; if it was granted just now: stackroom sync",
            )
        return next(entry for entry in self.store.profiles() if entry.id == rights.people)

    def knows_people(self, copy: ProfileCopy) -> bool:
        """Whether the people of the profile's hub were asked about at its last contact, or later."""
        rights = self.rights(copy.hub) if copy.hub is not None else None
        stream = rights.people if rights is not None else ""
        asked = [e.synced_at for e in self.store.profiles() if e.id == stream and e.synced_at]
        return bool(asked) and asked[0] >= (copy.synced_at or 0)

    def entry(self, name: str) -> ProfileEntry:
        """The profile of that name or id, or of `NAME@HUB`; NotFound, or ClientError for several."""
        entries = self.profiles()
        found = [e for e in entries if name in (e.name, e.id)] or self._people_called(name)
        if not found and "@" in name:
            bare, _, hub = name.rpartition("@")
            found = [e for e in entries if e.name == bare and hub in (e.hub or "local")]
        if len(found) > 1:
            places = ", ".join(f"{e.name}@{e.hub or 'local'}" for e in found)
            raise ClientError(
                f"there are {len(found)} profiles called {name!r}: {places}",
                hint="say which by NAME@HUB, where a part of the hub's address will do",
            )
        if not found:
            raise missing(
                f"profile {name!r}", name, (e.name for e in entries), "stackroom profile list"
            )
        return found[0]

    def _people_called(self, name: str) -> list[ProfileEntry]:
        """The streams of people that `people`, or `people@` and a part of a hub's address, means."""
        word, _, part = name.partition("@")
        hubs = self.store.hubs() if word == PEOPLE else []
        readable = {r.people for hub in hubs if part in hub.url and (r := decode(hub.rights))}
        return [e for e in self.store.profiles() if e.id in readable]

    def active_profile(
        self, name: str | None = None, repository: "Repository | None" = None
    ) -> tuple[ProfileEntry, Why]:
        """The profile to work on, and who said so; `name` is that of --profile. NoProfile.

        First --profile counts, then STACKROOM_PROFILE, the repository, and what was set for good.
        """
        if name:
            return self.entry(name), "--profile"
        if named := os.environ.get("STACKROOM_PROFILE"):
            return self.entry(named), "STACKROOM_PROFILE"
        if repository is not None and repository.profile:
            try:
                return self.entry(repository.profile), "repository"
            except NotFound as error:
                raise NotFound(f"{error} ({repository.file} names it)", hint=error.hint) from None
        if (chosen := self.chosen_profile()) is not None:
            return chosen, "setting"
        entries = self.profiles()
        if len(entries) == 1:
            return entries[0], "only one"
        for entry in entries:
            if entry.name == DEFAULT and entry.hub is None:
                return entry, "default"
        if not entries:
            hint = "stackroom profile create NAME, or stackroom connect URL --token TOKEN"
            raise NoProfile("there is no profile yet", hint=hint)
        raise NoProfile("no profile is set", hint="stackroom profile set NAME")

    def make_default_profile(self) -> bool:
        """Makes the local profile `default`, with its stack, in a home that has nothing yet; says whether."""
        if self.store.profiles() or self.store.hubs():
            return False
        from stackroom.client.definitions.definitions import default_stack

        # Of two processes that come here at once, the rules let one create the profile of this id.
        id = str(uuid5(UUID(self.store.replica), DEFAULT))
        wanted = default_stack(DEFAULT)
        try:
            self.create_profile(
                DEFAULT, hub=None, message="the default profile", wanted=wanted, id=id
            )
        except RefusedLocally:
            return False
        return True

    def chosen_profile(self) -> ProfileEntry | None:
        """The profile that was set for good, if it is still there."""
        active = self.store.setting("active_profile")
        return next((e for e in self.profiles() if e.id == active), None)

    def set_active_profile(self, id: str | None) -> None:
        """Works on that profile from now on."""
        self.store.set_setting("active_profile", id)

    def active_stack(self, profile: str) -> str | None:
        """The id of the stack that was set in the profile, here."""
        return self.store.setting(f"active_stack/{profile}")

    def set_active_stack(self, profile: str, id: str | None) -> None:
        """Uses that stack here from now on."""
        self.store.set_setting(f"active_stack/{profile}", id)

    def copy(self, id: str) -> ProfileCopy:
        """The profile of that id as it stands here; NotFound."""
        entry = next((e for e in self.store.profiles() if e.id == id), None)
        if entry is None:
            raise NotFound("this profile is not known here", hint="stackroom profile list")
        if entry.hub is None:
            self.local.catch_up(id)
        known = self.loaded.get(id)
        stored = self.cache.load(id, known)
        # Others stay only where an exchange had them in memory: who goes through all has one at a time.
        self.loaded = {**self.loaded, id: stored} if known is not None else {id: stored}
        pending = [] if stored.newer is not None else self.store.pending(id)
        view = rebase(stored.state, pending, self.who(entry.hub, entry.id))
        entry = self._follow(entry, stored.state, view.state)
        return ProfileCopy(entry, stored, view, self.store.parked(id), self.cache)

    # Changes: what makes them is imported with the first one. A command that only reads does without it.

    def create_profile(
        self,
        name: str,
        *,
        hub: str | None,
        message: str = "",
        description: str = "",
        wanted: "Definitions | None" = None,
        id: str | None = None,
    ) -> "tuple[ProfileEntry, Saved]":
        """A new profile, on the hub at that address or (None) local: see `proposing.create_profile`."""
        from stackroom.client.drafting import proposing

        return proposing.create_profile(
            self, name, hub=hub, message=message, description=description, wanted=wanted, id=id
        )

    def publish(self, profile: str, url: str) -> None:
        """Gives a local profile, with its whole history, to a hub: see `proposing.publish`."""
        from stackroom.client.drafting import proposing

        proposing.publish(self, profile, url)

    def edit(self, copy: ProfileCopy, message: str = "") -> "Draft":
        """A draft upon `copy`; ReadOnly where the profile holds something newer than this program."""
        from stackroom.client.drafting import proposing

        return proposing.edit(self, copy, message)

    def propose(
        self, copy: ProfileCopy, changes: "Sequence[tuple[str, Change]]", message: str
    ) -> "Saved":
        """Saves `changes` exactly as they are, as one proposal upon `copy`: see `proposing.propose`."""
        from stackroom.client.drafting import proposing

        return proposing.propose(self, copy, changes, message)

    def _follow(self, entry: ProfileEntry, confirmed: State, view: State) -> ProfileEntry:
        """Brings the registry in line with what the profile says of itself.

        A deletion that is pending does not count yet: it must still be pushed.
        """
        if confirmed.profile_id and confirmed.root is None and not entry.deleted:
            self.store.mark_deleted(entry.id)
            return structs.replace(entry, deleted=True)
        if view.profile is not None and view.profile.name != entry.name:
            self.store.rename_profile(entry.id, view.profile.name)
            return structs.replace(entry, name=view.profile.name)
        return entry
