"""A Hypothesis state machine: several replicas against a model small enough to be believed.

The model knows one component with four keys. It says what `check` must answer by the plain words of
the table: a key written by another replica since the base, to the same value or to another one; and, once
the component is protected, what must be approved, and by whom it can be.
"""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import UNSET

from stackroom.events.composing.compose import updates
from stackroom.events.deciding.approval import held_changes
from stackroom.events.deciding.check import (
    Accepted,
    Conflicted,
    Converged,
    Outcome,
    Rejected,
    Requested,
)
from stackroom.events.model import ComponentUpdated, RequestApproved, RequestClosed
from stackroom.events.people.permissions import PERMISSIONS
from stackroom.events.state import Component, Conflict, Request, State, decode, encode
from stackroom.events.values import Maybe, pointer
from tests.events.world import K8S, World, started

REPLICAS = ("ann", "bob", "cy")
keys = st.sampled_from(["a", "b", "c", "d"])
values = st.sampled_from([UNSET, 1, 2, True, "x"])
replicas = st.sampled_from(REPLICAS)
GUARD = ComponentUpdated({"/protected": True})


@dataclass
class Asked:
    """A change request: who made it from which base, when it was opened, and what it holds."""

    id: str
    opened: int
    author: str
    held: list[tuple[int, dict[str, Maybe]]]

    def keys(self) -> set[str]:
        return {key for _, writes in self.held for key in writes}


@dataclass
class Model:
    """Each key's value, and who wrote it last at which seq; what waits; whether it is protected."""

    values: dict[str, Maybe] = field(default_factory=dict)
    written: dict[str, tuple[int, str]] = field(default_factory=dict)
    conflicts: list[tuple[int, str, set[str]]] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)
    protected: bool = False

    def expected(self, replica: str, base: int, writes: dict[str, Maybe]) -> type[Outcome]:
        for opened, loser, held in self.conflicts:
            if loser == replica and opened > base and held & writes.keys():
                return Conflicted
        foreign = {
            key
            for key in writes
            if key in self.written
            and self.written[key][0] > base
            and self.written[key][1] != replica
        }
        if any(not same_value(self.values.get(key, UNSET), writes[key]) for key in foreign):
            return Conflicted
        for asked in self.requests:
            if asked.author == replica and asked.opened > base and asked.keys() & writes.keys():
                return Requested
        fresh = {
            key
            for key in writes.keys() - foreign
            if not same_value(self.values.get(key, UNSET), writes[key])
        }
        if foreign and not fresh:
            return Converged
        return Requested if fresh and self.protected else Accepted

    def outdated(self, asked: Asked) -> bool:
        """Whether one key was written, to something else, after the request saw it."""
        values, own = dict(self.values), set()
        for base, writes in asked.held:
            for key, value in writes.items():
                seq, writer = self.written.get(key, (0, ""))
                unseen = seq > base and (writer != asked.author or seq > asked.opened)
                if unseen and key not in own and not same_value(values.get(key, UNSET), value):
                    return True
            for key, value in writes.items():
                if not same_value(values.get(key, UNSET), value):
                    values[key] = value
                    own.add(key)
        return False

    def commit(self, seq: int, replica: str, writes: dict[str, Maybe]) -> None:
        for key, value in writes.items():
            if not same_value(self.values.get(key, UNSET), value):
                self.values[key] = value
                self.written[key] = (seq, replica)


def same_value(a: Maybe, b: Maybe) -> bool:
    return type(a) is type(b) and a == b


class Rules(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world: World = started(frozenset(PERMISSIONS))
        self.model = Model({"ns": "ml", "gpu": 1})
        self.base = dict.fromkeys(REPLICAS, self.world.state.seq)

    @rule(replica=replicas)
    def sync(self, replica: str) -> None:
        self.base[replica] = self.world.state.seq

    @rule(replica=replicas, writes=st.dictionaries(keys, values, min_size=1, max_size=3))
    def edit(self, replica: str, writes: dict[str, Maybe]) -> None:
        base = self.base[replica]
        expected = self.model.expected(replica, base, writes)
        changes = updates(
            "component", {pointer("config", key): value for key, value in writes.items()}
        )
        outcome = self.world.do(replica, *((K8S, c) for c in changes), base=base)
        assert type(outcome) is expected, (outcome, expected)
        seq = self.world.state.seq
        if isinstance(outcome, Conflicted):
            self.hold(outcome, seq, replica, set(writes))
        elif isinstance(outcome, Requested):
            self.ask(outcome, seq, replica, base, writes)
        else:
            self.model.commit(seq, replica, writes)

    @rule(replica=replicas)
    def protect(self, replica: str) -> None:
        assert isinstance(self.world.do(replica, (K8S, GUARD)), Accepted)
        self.model.protected = True

    @precondition(lambda self: self.model.requests)
    @rule(replica=replicas, pick=st.integers(0))
    def approve(self, replica: str, pick: int) -> None:
        asked = self.model.requests[pick % len(self.model.requests)]
        request = self.world.state.entities[asked.id]
        assert isinstance(request, Request)
        outdated = self.model.outdated(asked)
        outcome = self.world.do(replica, (asked.id, RequestApproved()), *held_changes(request.held))
        if replica == asked.author or outdated:
            assert isinstance(outcome, Rejected), outcome
            code = "own_request" if replica == asked.author else "request_outdated"
            assert outcome.refusal.code == code
            return
        assert isinstance(outcome, Accepted), outcome
        self.model.requests.remove(asked)
        for _, writes in asked.held:
            self.model.commit(self.world.state.seq, replica, writes)

    @precondition(lambda self: self.model.requests)
    @rule(replica=replicas, pick=st.integers(0))
    def reject(self, replica: str, pick: int) -> None:
        asked = self.model.requests.pop(pick % len(self.model.requests))
        outcome = self.world.do(replica, (asked.id, RequestClosed("rejected")))
        assert isinstance(outcome, Accepted)

    def ask(
        self, outcome: Requested, seq: int, replica: str, base: int, writes: dict[str, Maybe]
    ) -> None:
        if outcome.joins is None:
            (id,) = self.world.state.requests - {asked.id for asked in self.model.requests}
            self.model.requests.append(Asked(id, seq, replica, [(base, writes)]))
        else:
            (asked,) = (a for a in self.model.requests if a.id == outcome.joins)
            asked.held.append((base, writes))

    def hold(self, outcome: Conflicted, seq: int, replica: str, writes: set[str]) -> None:
        if outcome.joins is None:
            self.model.conflicts.append((seq, replica, writes))
        else:
            conflict = self.world.state.entities[outcome.joins]
            assert isinstance(conflict, Conflict)
            for opened, _, held in self.model.conflicts:
                if opened == conflict.opened:
                    held |= writes

    @invariant()
    def the_values_are_the_models(self) -> None:
        component = self.world.state.get(K8S)
        assert isinstance(component, Component)
        assert component.config == {k: v for k, v in self.model.values.items() if v is not UNSET}
        assert len(self.world.state.conflicts) == len(self.model.conflicts)
        assert self.world.state.requests == {asked.id for asked in self.model.requests}
        assert component.protected == self.model.protected

    @invariant()
    def a_state_survives_its_encoding(self) -> None:
        encoded = encode(self.world.state)
        again: State = decode(encoded)
        assert encode(again) == encoded
        assert again.names == self.world.state.names
        assert again.conflicts == self.world.state.conflicts
        assert again.requests == self.world.state.requests
        assert again.protected == self.world.state.protected


TestRules = Rules.TestCase
TestRules.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
