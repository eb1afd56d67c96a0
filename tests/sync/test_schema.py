"""The protocol's schema is the one that is checked in, and changes only with the version."""

import hashlib
import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from stackroom.events.codec import seal
from stackroom.events.history.history import Difference
from stackroom.events.history.steps import Turn
from stackroom.events.log import Answer, Listed
from stackroom.events.model import Commit, ProfileCreated, Proposal
from stackroom.events.proofs.merkle import Frontier
from stackroom.sync import protocol as wire
from stackroom.sync.messages.drafts import Intended, Resolve
from stackroom.sync.schema import schema, text
from tests.events.world import PROFILE, uid

CHECKED_IN = Path(__file__).parents[2] / "docs" / "protocol.schema.json"

PINNED = {1: "dba33e36268da8456073981443d7a3c3179b992011335f8e856d4db4c1ac96f3"}
"""SHA-256 of the schema of each version that was released or is about to be."""

EVENT = seal(PROFILE, ProfileCreated("team"), bytes(16))
COMMIT = Commit(1, uid(2), uid(3), 1, 0, "ann", "why", 5, 6, (EVENT,), bytes(32))
DIFFERENCE = Difference(uid(4), "component", "k8s", "/config/a", after={"b": 1})
TURN = Turn(uid(5), "conflict", 1, "opened")
ENTRY = wire.Entry(1, uid(2), "ann", "why", 5, 6, ("ComponentUpdated",), (DIFFERENCE,), 3, (TURN,))
RUN = wire.ListedRun(
    uid(5),
    "train",
    "failed",
    uid(4),
    "ann",
    5,
    6,
    3,
    4,
    2,
    "prod",
    "nightly",
    "https://ci.example/1",
)
CONNECTED = wire.Connected("ann", uid(3), "stackroom/0.1.0", 5, (wire.Follows(PROFILE, 7, 2),), 1)
CONDITION = wire.Condition(
    True,
    5,
    "0.1.0",
    wire.Counters(commits=3),
    wire.Stored(database=4096),
    1,
    (wire.Kept(PROFILE, "team", 7, bytes(32), events=9, counted=7, signed=6),),
    wire.Anchored("/var/anchors", 3_600_000, 5, "it answers 500"),
)

MESSAGES: list[wire.FromReplica | wire.FromHub] = [
    wire.Hello(uid(3), "token", "stackroom/0.1.0"),
    wire.Redeem("srj_code", wire.NewToken("laptop", "srm_12345678", bytes(32)), "ann"),
    wire.ListWays(),
    wire.SignIn("ann", "a password", wire.NewToken("laptop", "srm_12345678", bytes(32))),
    wire.SignInOidc("a.b.c", wire.NewToken("laptop", "srm_12345678", bytes(32)), "srj_code", "d"),
    wire.Ask(
        1, wire.MakeToken(wire.NewToken("ci", "srs_12345678", bytes(32)), profiles=(PROFILE,))
    ),
    wire.ListProfiles(),
    wire.Subscribe(PROFILE, 0, bytes(32), snapshot=True),
    wire.Unsubscribe(PROFILE),
    wire.Fetch(PROFILE, 7),
    wire.FetchRoots(PROFILE, (7, 8)),
    wire.Push(PROFILE, (Proposal(uid(2), 1, 0, "why", 5, (EVENT,)),)),
    wire.Watch(PROFILE),
    wire.Unwatch(PROFILE),
    wire.Look(1, PROFILE, 7),
    wire.ReadLog(2, PROFILE, 7, 10, uid(4)),
    wire.Draft(3, PROFILE, Resolve(uid(4), "ours", ((uid(5), "/config/a", "theirs"),)), 7),
    wire.Drafted(3, PROFILE, 7, "accepted", changes=(Intended("StackDeleted", uid(4), "{}"),)),
    wire.ListRuns(4, PROFILE, uid(4), 10, 7, 3, uid(5)),
    wire.Inspect(3, PROFILE),
    wire.Changed(PROFILE, 7, "{}", complete=False),
    wire.Looked(1, PROFILE, 7, "{}"),
    wire.LogRead(2, PROFILE, (ENTRY,)),
    wire.Diff(3, PROFILE, 1, 7),
    wire.Differed(3, PROFILE, 1, 7, (DIFFERENCE,), {uid(5): "k8s"}, complete=False),
    wire.Prove(4, PROFILE, (1, 7), 3),
    wire.Proved(4, PROFILE, 7, "a note", (wire.Proven(COMMIT, (bytes(32),)),), (bytes(32),)),
    wire.RunsListed(4, PROFILE, (RUN,), 3, uid(5)),
    wire.Inspected(3, 7, 2, (CONNECTED,), condition=CONDITION),
    wire.Compare(PROFILE, (wire.Point(3, bytes(32)),)),
    wire.Offer(PROFILE, 3, 5, bytes(32), 1),
    wire.Returned(PROFILE, 3, (COMMIT,)),
    wire.Welcome(uid(9), 1, "ann", "0.1.0", 5, 10, 20),
    wire.Ways(
        passwords=True, oidc=wire.OidcWay("https://provider.example", "cli", ("openid",), "x")
    ),
    wire.Rights(("profile.read",), {PROFILE: ("profile.write",)}, uid(9), 7),
    wire.Reply(
        1, user="ann", seq=3, tokens=(wire.TokenInfo(uid(4), "ann", "laptop", "srm_12345678", 5),)
    ),
    wire.Profiles((Listed(PROFILE, "team", 1, bytes(32)),)),
    wire.Snapshot(PROFILE, 1, Frontier(1, (bytes(32),)), "{}"),
    wire.Commits(PROFILE, (COMMIT,)),
    wire.History(PROFILE, 0, (COMMIT,)),
    wire.Block(PROFILE, 0, b"packed", history=True),
    wire.CaughtUp(PROFILE, 1, bytes(32)),
    wire.Roots(PROFILE, (7, 8), (bytes(32), None), 7, "a note"),
    wire.Results(PROFILE, (Answer(uid(2), "rejected", None, "in_use", "it is in use"),)),
    wire.Presence(PROFILE, (wire.Person(uid(3), "ann", 5),), (uid(4),)),
    wire.Error("parted", "histories differ", "", PROFILE, 3),
    wire.Compared(PROFILE, 4, 3),
    wire.Recall(PROFILE, 3, 5),
    wire.Healed(PROFILE, 2),
]


def test_the_schema_is_the_one_that_is_checked_in() -> None:
    assert CHECKED_IN.read_text() == text(), "run make generate"


def test_a_message_changes_only_with_a_new_version() -> None:
    canonical = json.dumps(schema(), sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    assert PINNED.get(wire.VERSION) == digest, (
        "a message has changed. If peers of the released version would misunderstand it, raise "
        "protocol.VERSION, keep the old pin, and add one for the new version. If it was never released, "
        f"or only gained an optional field, pin this: {digest}"
    )


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_what_is_sent_fits_the_schema(message: wire.FromReplica | wire.FromHub) -> None:
    data = wire.encode(message, wire.JSON)
    jsonschema.validate(json.loads(data), schema())


def test_every_message_has_an_example() -> None:
    assert {type(m) for m in MESSAGES} == {
        *wire.FromReplica.__args__,
        *wire.FromHub.__args__,
    }


@pytest.mark.parametrize("coding", wire.SUBPROTOCOLS)
@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_a_message_survives_its_coding(
    message: wire.FromReplica | wire.FromHub, coding: str
) -> None:
    data = wire.encode(message, coding)
    if isinstance(message, wire.FromReplica):
        assert wire.decode_from_replica(data, coding) == message
    else:
        assert wire.decode_from_hub(data, coding) == message


def test_unknown_fields_are_ignored() -> None:
    text = f'{{"type":"fetch","profile":"{PROFILE}","after":1,"added_in_version_1_5":true}}'
    assert wire.decode_from_replica(text, wire.JSON) == wire.Fetch(PROFILE, 1)


@pytest.mark.parametrize("message", [
    wire.FetchRoots(PROFILE, tuple(range(65))), wire.Prove(1, PROFILE, tuple(range(65))), wire.Fetch("p", 1), wire.Fetch(PROFILE, -1), wire.Fetch(PROFILE, 2**53),
    wire.Subscribe("../x", 0, b""), wire.Push("", ()), wire.Hello("r", "t"),
    wire.Hello(uid(3), "t", "a" * 300), wire.Push(PROFILE, (Proposal(uid(2), -1, 0, "", 5, ()),)),
    wire.Push(PROFILE, (Proposal(uid(2), 1, 2**63, "", 5, ()),)),
])  # fmt: skip
@pytest.mark.parametrize("coding", wire.SUBPROTOCOLS)
def test_numbers_and_ids_are_bounded(message: wire.FromReplica, coding: str) -> None:
    with pytest.raises(wire.MessageError):
        wire.decode_from_replica(wire.encode(message, coding), coding)


def test_each_coding_takes_its_own_frames() -> None:
    for coding, wrong in ((wire.JSON, b"{}"), (wire.MSGPACK, "{}")):
        with pytest.raises(wire.MessageError, match="frames"):
            wire.decode_from_replica(wrong, coding)


def test_bytes_are_base64_in_json() -> None:
    assert msgspec.json.decode(wire.encode(MESSAGES[7], wire.JSON))["root"].startswith("AAAA")


def test_a_token_is_never_shown() -> None:
    token = wire.NewToken("laptop", "srm_12345678", bytes(32))
    for message in (
        wire.Hello(uid(3), "srm_secret"),
        wire.Redeem("srm_secret", token),
        wire.SignIn("ann", "srm_secret", token),
        wire.SignInOidc("srm_secret", token, "srm_secret", "srm_secret"),
        wire.Ask(1, wire.SetPassword("srm_secret")),
        wire.Ask(1, wire.LinkIdentity("srm_secret")),
    ):
        assert "srm_secret" not in repr(message)
