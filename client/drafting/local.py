"""Profiles without a hub: the replica is its own authority.

Every proposal of such a profile stays in the store. The commits in the cache follow from them, in the
order of their numbers, by the hub's own authority, with the author's time as the time of acceptance:
delete the cache, and the same commits come again.

Whoever decides holds the write lock of the cache, then that of the store; the store is made durable
first. So two processes decide one after the other, and what a crash leaves between the two files is
caught up from the store.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Final

from stackroom.client.errors import RefusedLocally
from stackroom.client.home.cache import Cache
from stackroom.client.home.store import Authored, Store
from stackroom.events.errors import IntegrityError
from stackroom.events.log import Answer, LogWriter
from stackroom.events.model import Proposal
from stackroom.events.people.permissions import Who

if TYPE_CHECKING:
    from stackroom.events.sqlite.cache import SqliteCacheWriter
    from stackroom.sync.deciding.authority import Authority

KEPT: Final = 8
"""Local profiles whose states stay in memory."""


class LocalHub:
    """The authority of a replica's local profiles; `snapshot_every` is in commits."""

    def __init__(
        self, store: Store, cache: Cache, salt: Callable[[], bytes], *, snapshot_every: int
    ) -> None:
        self.store = store
        self.cache = cache
        self.salt = salt
        self.snapshot_every = snapshot_every
        self._authority: Authority | None = None
        self._replica = ""
        """As which replica the authority decides."""
        self._left: dict[str, int] = {}
        """The head of each profile when this process decided last: others may have gone on since."""

    def commit(
        self, profile: str, author: str, saving: AbstractContextManager[Proposal]
    ) -> tuple[Proposal, Answer]:
        """Commits the proposal that `saving` saves. Raises RefusedLocally, with nothing saved."""
        # Not at the top, as below: commands that only read must start at once.
        from stackroom.client.history.past import APART_LEAST, lay
        from stackroom.events.deciding.rules import Refusal

        with self._deciding() as log:
            self._catch_up(profile, log)
            with saving as proposal:
                answer = self._decide(profile, Authored(proposal, author), log)
                if answer.outcome == "rejected":
                    raise RefusedLocally(Refusal(answer.code, answer.sentence))
        if answer.seq is not None and answer.seq % APART_LEAST == 0:
            lay(self.cache, profile)
        return proposal, answer

    def catch_up(self, profile: str) -> None:
        """Commits what the cache lacks: after a crash between the two files, or its deletion."""
        with self.cache.reader(sought=False) as log:
            newest = log.recent(profile, None, 1)
        count, last = self.store.newest_local(profile)
        if count == (newest[0].seq if newest else 0) and last == (newest[0].id if newest else ""):
            return
        with self._deciding() as log:
            self._catch_up(profile, log)

    @contextmanager
    def _deciding(self) -> Iterator["SqliteCacheWriter"]:
        """A writing transaction of the cache; if it is undone, so is what the authority has in mind."""
        try:
            with self.cache.writing() as log:
                yield log
        except BaseException:
            self._authority = None
            raise

    def _catch_up(self, profile: str, log: "SqliteCacheWriter") -> None:
        head = log.head(profile).seq
        if not self._follows(profile, head, log):
            log.forget(profile)
            head = 0
        for kept in self.store.local(profile, head):
            answer = self._decide(profile, kept, log)
            if answer.outcome == "rejected":
                raise IntegrityError(
                    f"local proposal {kept.proposal.number} can no longer be taken: {answer.sentence}"
                )

    def _follows(self, profile: str, head: int, log: LogWriter) -> bool:
        """Whether the commits here come from the proposals that are in the store."""
        if head == 0:
            return True
        last = self.store.local(profile, head - 1)[:1]
        newest = log.recent(profile, None, 1)
        return bool(last and newest) and last[0].proposal.id == newest[0].id

    def _decide(self, profile: str, kept: Authored, log: LogWriter) -> Answer:
        # Not at the top: commands that only read must start at once.
        from stackroom.sync.deciding.authority import Authority, Submission

        head, replica = log.head(profile).seq, self.store.replica
        known = self._authority is not None and replica == self._replica
        if self._authority is None or not known or self._left.get(profile, head) != head:
            self._replica = replica
            self._authority = Authority(
                self.salt, snapshot_every=self.snapshot_every, states_kept=KEPT
            )
            self._left.clear()
        submission = Submission(profile, Who(replica, kept.author), kept.proposal)
        (answer,) = self._authority.decide([submission], kept.proposal.time, log).answers
        self._left[profile] = log.head(profile).seq
        return answer
