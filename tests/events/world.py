"""A profile to try rules on: proposals by several replicas, straight through `check` and `fold`."""

from stackroom.events.codec import seal
from stackroom.events.deciding.check import (
    Accepted,
    Conflicted,
    Converged,
    Outcome,
    Requested,
    check_changes,
)
from stackroom.events.fold import apply
from stackroom.events.model import (
    Change,
    ComponentRegistered,
    Held,
    ProfileCreated,
    Proposal,
    StackRegistered,
)
from stackroom.events.outcomes import holding
from stackroom.events.people.permissions import Rights, Who
from stackroom.events.state import State

SALT = bytes(16)


def uid(n: int) -> str:
    """A readable id: `uid(7)` ends in 7."""
    return f"00000000-0000-7000-8000-{n:012d}"


PROFILE = uid(1)
K8S, LOCAL, S3 = uid(11), uid(12), uid(13)
PROD = uid(21)


class World:
    """The state of one profile; `do` is what the hub would do with a proposal."""

    def __init__(self, rights: Rights | None = None) -> None:
        self.state = State()
        self.rights = rights
        self.ids = 1_000

    def do(self, replica: str, *changes: tuple[str, Change], base: int | None = None) -> Outcome:
        """Proposes `changes` by `replica`, whose base is the head unless it is given."""
        base = self.state.seq if base is None else base
        outcome = check_changes(self.state, base, changes, Who(replica, replica, self.rights))
        self.ids += 1
        events = tuple(seal(id, change, SALT) for id, change in changes)
        proposal = Proposal(uid(self.ids), self.ids, base, "", 0, events)
        match outcome:
            case Accepted() | Converged():
                apply(self.state, self.state.seq + 1, replica, changes)
            case Conflicted() | Requested():
                held = holding(outcome, Held(replica, replica, proposal))
                apply(self.state, self.state.seq + 1, replica, [held])
        return outcome


def started(rights: Rights | None = None) -> World:
    """A profile with three components and a stack, all registered by `ann`; the head is #5."""
    world = World(rights)
    for id, change in (
        (PROFILE, ProfileCreated("team")),
        (K8S, ComponentRegistered("k8s", "orchestrator", "kubernetes", {"ns": "ml", "gpu": 1})),
        (LOCAL, ComponentRegistered("local", "orchestrator", "local")),
        (S3, ComponentRegistered("s3", "artifact_store", "s3", {"path": "s3://b"})),
        (PROD, StackRegistered("prod", {"orchestrator": [K8S], "artifact_store": [S3]})),
    ):
        assert isinstance(world.do("ann", (id, change)), Accepted)
    return world
