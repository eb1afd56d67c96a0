"""A Hypothesis state machine: several replicas against a model small enough to be believed.

The model knows one component with four keys. It says what `check` must answer by the plain words of
the table: a key written by another replica since the base, to the same value or to another one.
"""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import UNSET

from stackroom.events.check import Accepted, Conflicted, Converged, Outcome
from stackroom.events.compose import updates
from stackroom.events.state import Component, Conflict, State, decode, encode
from stackroom.events.values import Maybe, pointer
from tests.events.world import K8S, World, started

REPLICAS = ("ann", "bob", "cy")
keys = st.sampled_from(["a", "b", "c", "d"])
values = st.sampled_from([UNSET, 1, 2, True, "x"])
replicas = st.sampled_from(REPLICAS)


@dataclass
class Model:
    """Each key's value, and who wrote it last at which seq."""

    values: dict[str, Maybe] = field(default_factory=dict)
    written: dict[str, tuple[int, str]] = field(default_factory=dict)
    conflicts: list[tuple[int, str, set[str]]] = field(default_factory=list)

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
        fresh = {
            key
            for key in writes.keys() - foreign
            if not same_value(self.values.get(key, UNSET), writes[key])
        }
        return Converged if foreign and not fresh else Accepted

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
        self.world: World = started()
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
        else:
            self.model.commit(seq, replica, writes)

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

    @invariant()
    def a_state_survives_its_encoding(self) -> None:
        encoded = encode(self.world.state)
        again: State = decode(encoded)
        assert encode(again) == encoded
        assert again.names == self.world.state.names
        assert again.conflicts == self.world.state.conflicts


TestRules = Rules.TestCase
TestRules.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
