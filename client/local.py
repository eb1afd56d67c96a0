"""Profiles without a hub: the replica is its own authority.

Every proposal of such a profile stays in the store. The commits in the cache follow from them, by the
hub's own authority, with the author's time as the time of acceptance: delete the cache, and the same
commits come again.
"""

from collections.abc import Callable
from functools import partial

from stackroom.client.cache import Cache
from stackroom.client.settings import Settings
from stackroom.client.store import Saved, Store
from stackroom.events.log import Answer
from stackroom.sync.authority import Authority, Submission


class LocalHub:
    """The authority of a replica's local profiles."""

    def __init__(
        self, store: Store, cache: Cache, settings: Settings, salt: Callable[[], bytes]
    ) -> None:
        self.store = store
        self.cache = cache
        self.authority = Authority(salt, snapshot_every=settings.snapshot_tail, states_kept=8)

    def decide(self, profile: str, saved: Saved) -> Answer:
        """Takes one proposal; a rejected one is parked."""
        submission = Submission(profile, self.store.replica, saved.author, saved.proposal)
        work = partial(self.authority.decide, [submission], saved.proposal.time)
        try:
            (answer,) = self.cache.file.write(work).answers
        except BaseException:
            self.authority.forget()
            raise
        if answer.outcome == "rejected":
            self.store.park(answer.id, answer.code, answer.sentence)
        return answer

    def catch_up(self, profile: str) -> None:
        """Takes what the cache does not have: after a crash between the two files, or its deletion."""
        with self.cache.reader() as log:
            head = log.head(profile).seq
        saved = self.store.local(profile)
        if head < len(saved):
            for one in saved[head:]:
                self.decide(profile, one)
