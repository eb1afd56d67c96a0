"""What a restored hub takes back: the table of cases of `docs/healing.md`, upon real files.

The hub's file is an old copy; what its clients have is the file that was lost.
"""

import shutil
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from msgspec import json, structs

from stackroom.events.audit.verify import verify
from stackroom.events.codec import digest, seal, unseal
from stackroom.events.deciding.protection import PROTECTED
from stackroom.events.history.history import state_at
from stackroom.events.log import Answer, LogReader
from stackroom.events.model import (
    Change,
    Commit,
    ComponentRegistered,
    ComponentUpdated,
    ConflictOpened,
    ConflictResolved,
    Event,
    ProfileCreated,
    ProfileDeleted,
    Proposal,
)
from stackroom.events.people.permissions import PERMISSIONS, Who
from stackroom.events.sqlite.log import LogFile
from stackroom.events.state import Component, Conflict, Request, encode
from stackroom.sync import protocol as wire
from stackroom.sync.deciding.authority import Authority, Submission
from stackroom.sync.deciding.redacting import Done, redact
from stackroom.sync.healing.mending import (
    GIVEN_UP_FACT,
    HEALED_FACT,
    Mending,
    Outcome,
    Unmended,
    mend,
)
from stackroom.sync.healing.tails import Proven, Tail, redacted_before
from tests.events.world import uid

HUB, TEAM, K8S, S3 = uid(9), uid(1), uid(11), uid(12)
ANN, BEN, CEM = uid(70), uid(71), uid(72)
NAMES = {ANN: "ann", BEN: "ben", CEM: "cem"}
NOW = 1_800_000_000_000


class File:
    """A hub's file, and who proposes to it."""

    def __init__(self, path: Path) -> None:
        self.log = LogFile.open(path, new_id=HUB, synchronous="OFF")
        self.salts = count(1)
        self.authority = Authority(self.salt, snapshot_every=3, states_kept=4, people=HUB)
        self.ids = count(500 if path.name == "lost.db" else 700)
        self.numbers = count(1 if path.name == "lost.db" else 200)

    def salt(self) -> bytes:
        return next(self.salts).to_bytes(16)

    @property
    def head(self) -> int:
        return self.log.read(lambda log: log.head(TEAM).seq)

    def proposal(self, *changes: tuple[str, Change], base: int | None = None) -> Proposal:
        events = tuple(seal(id, change, self.salt()) for id, change in changes)
        base = self.head if base is None else base
        return Proposal(uid(next(self.ids)), next(self.numbers), base, "why", 5, events)

    def push(self, replica: str, proposal: Proposal) -> Answer:
        who = Who(replica, NAMES[replica], frozenset(PERMISSIONS))
        decide = partial(self.authority.decide, [Submission(TEAM, who, proposal)], NOW)
        (answer,) = self.log.write(decide).answers
        return answer

    def change(self, replica: str, *changes: tuple[str, Change], base: int | None = None) -> Answer:
        return self.push(replica, self.proposal(*changes, base=base))

    def commits(self, after: int = 0) -> list[Commit]:
        return self.log.read(lambda log: log.commits(TEAM, after, 1_000))

    def component(self, id: str = K8S) -> Component:
        found = self.log.read(lambda log: state_at(log, TEAM)).get(id)
        assert isinstance(found, Component)
        return found

    def open(self, kind: type[Conflict | Request]) -> list[int]:
        state = self.log.read(lambda log: state_at(log, TEAM))
        return sorted(entity.opened for _, entity in state.all(kind))

    def redact(self, seq: int, path: str) -> None:
        order = wire.Redact(TEAM, seq, path, "leaked")
        done = self.log.write(partial(redact, self.authority, "root", order, NOW))
        assert isinstance(done, Done)

    def verified(self) -> bytes:
        """The root, once the whole history was found to lead there."""
        with self.log.reading() as log:
            return verify(log, TEAM).root


class Parted:
    """The file that was lost, and the copy of before that the hub goes on with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lost = File(folder / "lost.db")
        self.hub = self.lost
        self.common = 0

    def back_up(self) -> None:
        self.common = self.lost.head
        self.lost.log.close()
        shutil.copy(self.folder / "lost.db", self.folder / "hub.db")
        self.lost.log = LogFile.open(self.folder / "lost.db", new_id=HUB, synchronous="OFF")
        self.hub = File(self.folder / "hub.db")

    def begin_anew(self) -> None:
        """The hub has nothing at all."""
        self.hub.log.close()
        for path in self.folder.glob("hub.db*"):
            path.unlink()
        self.hub = File(self.folder / "hub.db")

    def tail(self, common: int | None = None) -> Tail:
        common = self.common if common is None else common
        commits = tuple(self.lost.commits(common))
        seqs = redacted_before(common, commits)
        return Tail(TEAM, common, commits, tuple(c for c in self.lost.commits() if c.seq in seqs))

    def proven(self, seq: int | None = None) -> Proven:
        seq = seq or self.lost.head
        return Proven(seq, self.lost.commits(seq - 1)[0].root)

    def heal(self, tail: Tail | None = None, **more: object) -> wire.Mended:
        proven = None if more.get("unproven") else self.proven()
        fields = {"proven": proven, "epoch": 1} | more
        mending = Mending(TEAM, "root", "root", tail or self.tail(), **fields)  # type: ignore[arg-type]
        return self.mend(mending).mended

    def mend(self, mending: Mending) -> Outcome:
        try:
            return self.hub.log.write(lambda log: mend(self.hub.authority, mending, NOW + 1, log))
        except Unmended:
            self.hub.authority.forget()
            raise

    def refused(self, tail: Tail | None = None, **more: object) -> str:
        before = self.hub.commits()
        with pytest.raises(Unmended) as caught:
            self.heal(tail, **more)
        assert self.hub.commits() == before
        return caught.value.refusal.code


@pytest.fixture
def parted(tmp_path: Path) -> Iterator[Parted]:
    """A profile with k8s (a: 1, b: 1) at #2, backed up there."""
    both = Parted(tmp_path)
    both.lost.change(ANN, (TEAM, ProfileCreated("team")))
    registered = ComponentRegistered("k8s", "orchestrator", "k8s", {"a": 1, "b": 1, "c": "s3cr3t"})
    both.lost.change(ANN, (K8S, registered))
    both.back_up()
    try:
        yield both
    finally:
        both.lost.log.close()
        both.hub.log.close()


def updated(path: str, value: object) -> tuple[str, Change]:
    return K8S, ComponentUpdated({path: value})  # type: ignore[dict-item]


class TestWhole:
    """The hub has decided on nothing since."""

    def test_it_is_as_it_was(self, parted: Parted) -> None:
        lost, hub = parted.lost, parted.hub
        lost.change(ANN, updated("/config/a", 2))
        lost.change(BEN, updated("/config/b", 2), base=2)
        lost.change(CEM, updated("/config/a", 3), base=2)
        mended = parted.heal()
        assert (mended.kept, mended.common, mended.seq) == (3, 2, 5)
        assert hub.commits() == lost.commits()
        assert hub.verified() == lost.verified()
        assert encode(hub.log.read(lambda log: state_at(log, TEAM))) == encode(
            lost.log.read(lambda log: state_at(log, TEAM))
        )

    def test_who_pushes_again_is_answered_as_before(self, parted: Parted) -> None:
        lost = parted.lost
        made = [
            lost.proposal(updated("/config/a", 2)),
            lost.proposal(updated("/config/b", 2), base=2),
            lost.proposal(updated("/config/b", 2), base=2),
            lost.proposal(updated("/config/b", 5), base=2),
        ]
        replicas = [ANN, BEN, CEM, ANN]
        before = [lost.push(*each) for each in zip(replicas, made, strict=True)]
        told = [answer.outcome for answer in before]
        assert told == ["accepted", "merged", "converged", "conflict"]
        parted.heal()
        assert [parted.hub.push(*each) for each in zip(replicas, made, strict=True)] == before
        assert parted.hub.head == 6
        other = structs.replace(made[0], id=uid(999))
        assert parted.hub.push(ANN, other).code == "replica_copied"

    def test_a_profile_that_the_hub_does_not_know(self, parted: Parted) -> None:
        parted.begin_anew()
        assert parted.heal(parted.tail(0)).kept == 2
        (listed,) = parted.hub.log.read(lambda log: log.profiles())
        assert (listed.name, listed.seq) == ("team", 2)

    def test_a_name_that_another_profile_has_by_now(self, parted: Parted) -> None:
        parted.begin_anew()
        other, hub = uid(2), parted.hub
        created = (seal(other, ProfileCreated("team"), hub.salt()),)
        who = Who(BEN, "ben", frozenset(PERMISSIONS))
        made = Submission(other, who, Proposal(uid(800), 1, 0, "", 5, created))
        hub.log.write(partial(hub.authority.decide, [made], NOW))
        assert parted.refused(parted.tail(0)) == "name_in_use"

    def test_a_redaction_reaches_what_the_backup_brought_back(self, parted: Parted) -> None:
        lost, hub = parted.lost, parted.hub
        lost.change(BEN, updated("/config/d", "s3cr3t"))
        lost.redact(2, "/config/c")
        mended = parted.heal()
        assert mended.kept == 2
        assert hub.commits() == lost.commits()
        assert hub.component().config["c"] == "[redacted in #4]"
        assert hub.verified() == lost.verified()

    def test_a_redaction_that_lacks_what_it_rewrote(self, parted: Parted) -> None:
        parted.lost.redact(2, "/config/c")
        tail = structs.replace(parted.tail(), redacted=())
        assert parted.refused(tail) == "tail_broken"
        assert parted.refused(structs.replace(tail, redacted=(parted.hub.commits()[1],)))


class TestBelief:
    """Nothing is taken that the hub's signature, or an administrator, does not stand for."""

    @pytest.fixture(autouse=True)
    def tail_of_three(self, parted: Parted) -> None:
        for value in (2, 3, 4):
            parted.lost.change(ANN, updated("/config/a", value))

    def test_without_a_signature(self, parted: Parted) -> None:
        assert parted.refused(proven=None) == "unproven"
        assert parted.heal(unproven=True).kept == 3
        (record,) = parted.hub.log.read(lambda log: log.facts(HEALED_FACT)).values()
        assert json.decode(record)["unproven"] is True

    def test_what_comes_after_the_signature_is_cut_off(self, parted: Parted) -> None:
        assert parted.heal(proven=parted.proven(4)).kept == 2
        assert parted.hub.head == 4
        assert parted.heal(parted.tail(4), unproven=True).kept == 1
        assert parted.hub.commits() == parted.lost.commits()

    def test_another_root_than_the_signed_one(self, parted: Parted) -> None:
        assert parted.refused(proven=Proven(5, bytes(32))) == "tail_broken"
        assert parted.refused(proven=Proven(9, bytes(32))) == "tail_broken"

    @pytest.mark.parametrize(
        "change",
        [
            {"author": "eve"},
            {"message": "other"},
            {"seq": 9},
            {"root": bytes(32)},
            {"base": 0},
            {"time": 6},
            {"replica": CEM},
            {"id": "no id"},
            {"events": ()},
            {"events": (Event("ComponentUpdated", 1, K8S, bytes(16), '{"set":{"/config/a":9}}'),)},
            {"events": (Event("ComponentUpdated", 1, K8S, bytes(16), "no json"),)},
            {"events": (Event("Newer", 1, K8S, bytes(16), "{}"),)},
        ],
        ids=lambda change: "+".join(change),
    )
    def test_a_commit_that_was_changed(self, parted: Parted, change: dict[str, object]) -> None:
        first, *rest = parted.tail().commits
        tail = Tail(TEAM, 2, (structs.replace(first, **change), *rest))
        assert parted.refused(tail) == "tail_broken"
        assert parted.refused(tail, unproven=True) == "tail_broken"

    def test_one_removed_swapped_or_put_in(self, parted: Parted) -> None:
        a, b, c = parted.tail().commits
        for commits in ((a, c), (b, a, c), (a, a, b, c), (b, c), (a, structs.replace(c, seq=4))):
            assert parted.refused(Tail(TEAM, 2, commits)) == "tail_broken"
        assert parted.refused(Tail(TEAM, 1, (a, b, c))) == "tail_broken"
        assert parted.refused(Tail(TEAM, 7, (a, b, c))) == "tail_broken"

    def test_a_redaction_nobody_ordered(self, parted: Parted) -> None:
        first, *rest = parted.tail().commits
        event = first.events[0]
        forged = structs.replace(
            event, body='{"set":{"/config/a":9}}', digest=digest(event), salt=bytes(16)
        )
        tail = Tail(TEAM, 2, (structs.replace(first, events=(forged,)), *rest))
        assert parted.refused(tail) == "tail_broken"


class TestParted:
    """The hub has gone on another way: each comes back as its proposal."""

    def test_what_does_not_touch_stands_at_another_place(self, parted: Parted) -> None:
        lost, hub = parted.lost, parted.hub
        lost.change(ANN, updated("/config/a", 2))
        lost.change(BEN, updated("/config/a", 3))
        hub.change(CEM, updated("/config/b", 2))
        mended = parted.heal()
        assert (mended.brought, mended.conflicts, mended.kept) == (2, (), 0)
        assert hub.component().config == {"a": 3, "b": 2, "c": "s3cr3t"}
        assert [(c.author, c.id) for c in hub.commits(3)] == [
            (c.author, c.id) for c in lost.commits(2)
        ]
        hub.verified()

    def test_what_overlaps_is_a_conflict(self, parted: Parted) -> None:
        parted.lost.change(ANN, updated("/config/a", 2))
        parted.hub.change(BEN, updated("/config/a", 7))
        mended = parted.heal()
        assert (mended.brought, mended.conflicts) == (1, (4,))
        assert parted.hub.component().config["a"] == 7
        change = unseal(parted.hub.commits(3)[0].events[0])
        assert isinstance(change, ConflictOpened)
        (overlap,) = change.overlaps
        assert (overlap.before, overlap.theirs, overlap.ours) == (1, 7, 2)
        assert change.held.author == "ann"

    def test_what_both_said_has_converged(self, parted: Parted) -> None:
        parted.lost.change(ANN, updated("/config/a", 2))
        parted.hub.change(BEN, updated("/config/a", 2))
        mended = parted.heal()
        assert (mended.brought, mended.conflicts) == (1, ())

    def test_a_base_in_the_lost_history_hides_nothing_of_the_new_one(self, parted: Parted) -> None:
        """Ben has seen lost #3 to #5; what the hub took as #3 to #5 meanwhile, he has not."""
        for value in (2, 3, 4):
            parted.lost.change(ANN, updated("/config/b", value))
        parted.lost.change(BEN, updated("/config/a", 9))
        for value in (5, 6, 7):
            parted.hub.change(CEM, updated("/config/a", value))
        mended = parted.heal()
        assert len(mended.conflicts) == 1
        assert parted.hub.component().config["a"] == 7
        assert parted.hub.component().config["b"] == 4

    def test_a_conflict_and_its_decision_come_back(self, parted: Parted) -> None:
        lost = parted.lost
        lost.change(ANN, updated("/config/a", 2))
        held = lost.change(BEN, updated("/config/a", 3), base=2)
        assert held.outcome == "conflict"
        lost.change(CEM, updated("/config/a", 3), (held.id, ConflictResolved("ours")))
        parted.hub.change(CEM, updated("/config/b", 2))
        mended = parted.heal()
        assert (mended.brought, len(mended.conflicts)) == (3, 1)
        assert parted.hub.open(Conflict) == []
        assert parted.hub.component().config["a"] == 3

    def test_a_decision_on_what_is_no_conflict_any_more_is_held(self, parted: Parted) -> None:
        lost = parted.lost
        lost.change(ANN, updated("/config/a", 2))
        held = lost.change(BEN, updated("/config/a", 3), base=2)
        lost.change(CEM, updated("/config/a", 4), (held.id, ConflictResolved("edited")))
        parted.hub.change(CEM, updated("/config/a", 3))
        mended = parted.heal()
        assert mended.brought == 3
        assert len(parted.hub.open(Conflict)) == 2
        assert parted.hub.component().config["a"] == 3

    def test_what_breaks_a_rule_by_now_is_held_for_a_decision(self, parted: Parted) -> None:
        parted.lost.change(ANN, updated("/config/a", 2))
        parted.hub.change(BEN, (TEAM, ProfileDeleted()))
        mended = parted.heal()
        assert mended.conflicts == (4,)
        parted.hub.verified()

    def test_what_is_protected_by_now_waits_for_approval(self, parted: Parted) -> None:
        parted.lost.change(ANN, updated("/config/a", 2))
        parted.hub.change(BEN, updated(PROTECTED, True))
        mended = parted.heal()
        assert mended.requests == (4,)
        assert parted.hub.open(Request) == [4]

    def test_a_redaction_is_made_anew(self, parted: Parted) -> None:
        lost, hub = parted.lost, parted.hub
        lost.change(BEN, updated("/config/d", "s3cr3t"))
        lost.redact(2, "/config/c")
        hub.change(CEM, updated("/config/e", "s3cr3t"))
        mended = parted.heal()
        assert (mended.brought, mended.redone) == (1, 1)
        bodies = "".join(e.body for c in hub.commits() for e in c.events)
        assert "s3cr3t" not in bodies
        hub.verified()

    def test_what_its_author_pushed_again_is_not_taken_twice(self, parted: Parted) -> None:
        lost, hub = parted.lost, parted.hub
        proposal = lost.proposal(updated("/config/a", 2))
        lost.push(ANN, proposal)
        lost.change(BEN, updated("/config/a", 3))
        hub.push(ANN, proposal)
        mended = parted.heal()
        assert (mended.known, mended.brought, mended.conflicts) == (1, 1, ())
        assert hub.component().config["a"] == 3
        again = parted.heal()
        assert (again.known, again.brought) == (2, 0)

    def test_what_the_hub_refused_since_comes_under_a_fresh_id(self, parted: Parted) -> None:
        lost, hub = parted.lost, parted.hub
        proposal = lost.proposal(updated("/config/a", 2))
        lost.push(ANN, proposal)
        lost.change(BEN, updated("/config/b", 3))
        nobody = Submission(TEAM, Who(ANN, "ann", frozenset({"profile.read"})), proposal)
        hub.log.write(partial(hub.authority.decide, [nobody], NOW))
        mended = parted.heal()
        assert (mended.known, mended.brought, mended.kept) == (0, 2, 0)
        assert hub.component().config == {"a": 2, "b": 3, "c": "s3cr3t"}
        back = hub.commits(2)[0]
        assert back.author == "ann"
        assert back.id != proposal.id
        hub.verified()

    def test_a_number_that_was_given_to_something_else(self, parted: Parted) -> None:
        lost, hub = parted.lost, parted.hub
        proposal = lost.proposal(updated("/config/a", 2))
        lost.push(ANN, proposal)
        other = hub.proposal(updated("/config/b", 2))
        hub.push(ANN, structs.replace(other, number=proposal.number))
        assert parted.heal().left == (3,)


class TestEpochs:
    def test_it_rises_once_an_order_above_all_that_was_known(self, parted: Parted) -> None:
        parted.lost.change(ANN, updated("/config/a", 2))
        tail, proven = parted.tail(), parted.proven()
        first = parted.mend(Mending(TEAM, "root", "root", tail, proven, epoch=4))
        assert first.epoch == 5
        parted.lost.change(ANN, updated("/config/a", 3))
        tail, proven = parted.tail(3), parted.proven()
        assert parted.mend(Mending(TEAM, "root", "root", tail, proven)).epoch == 5
        assert parted.hub.log.read(lambda log: log.identity().epoch) == 5

    def test_giving_up_is_remembered(self, parted: Parted) -> None:
        parted.hub.change(BEN, updated("/config/a", 2))
        outcome = parted.mend(Mending(TEAM, "root", "root", epoch=1))
        assert (outcome.epoch, outcome.mended.given_up, outcome.commits) == (2, True, {})

        def given_up(log: LogReader) -> dict[str, bytes]:
            return log.facts(GIVEN_UP_FACT)

        assert parted.hub.log.read(given_up) == {TEAM: b"3"}
