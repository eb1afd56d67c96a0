"""Whole conversations with a hub: connections, messages and transactions in any order.

Whatever comes, the hub raises nothing, sends nobody what they may not see, commits nothing under
another's name, and its log folds to the state that it decides by.
"""

import types
import typing
from typing import Any

import msgspec
from msgspec import Struct

from stackroom.events.codec import CHANGES
from stackroom.events.composing.resolve import Side
from stackroom.events.log import LogReader
from stackroom.events.model import Event, Proposal
from stackroom.events.people.permissions import PERMISSIONS
from stackroom.events.proofs.merkle import EMPTY_ROOT
from stackroom.events.proofs.signing import Signer
from stackroom.sync import protocol as wire
from stackroom.sync.messages.drafts import Approve, Do, Intended, Intent, Resolve, Revert
from tests.events.world import uid
from tests.fuzz.choices import Choices
from tests.fuzz.hub import ABSENT, IDENTITY, OTHER, SHARED, USERS, FuzzedHub, fuzzed_hub, token_of

STEPS = 60
PROFILES = (SHARED, OTHER, IDENTITY.id, ABSENT)
ENTITIES = (
    uid(50),
    uid(51),
    uid(200),
    uid(201),
    uid(202),
    *PROFILES,
    *(uid(n) for n in range(100, 112)),
)
IDS = (uid(300), uid(301), uid(302), uid(303), uid(60), uid(61), uid(50), SHARED, IDENTITY.id)
REPLICAS = (uid(400), uid(401), uid(402), uid(70), IDENTITY.id)
SIGNING = REPLICAS[0]
SIGNER = Signer(bytes(range(32)))
NUMBERS = (1, 2, 3, 0, 5, 2**31, 2**53 - 1)
NAMES = (
    "c", "d", "admin", "viewer", "Root", "root", "eve", "profile 0", "", "a/b", " ", "x" * 300,
    "orchestrator", "k8s", "a\u202eb", *PERMISSIONS,
)  # fmt: skip
PATHS = (
    "/config/a", "/config/a/b", "/config", "/description", "/settings/merge", "/active", "/expires",
    "/components/orchestrator", f"/components/orchestrator/{uid(50)}", f"/members/{uid(104)}",
    f"/profiles/{OTHER}", f"/profiles/{SHARED}", "/permissions/people.write", "/permissions/profile.read",
    "/labels/a", "", "/", "x", "/config/~2", "/name",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    1,
    True,
    None,
    "entity",
    {},
    {"b": 2},
    [],
    [uid(50)],
    uid(50),
    2**70,
    -1,
    "",
    1.5,
)
CHANGE_NAMES = tuple(sorted(CHANGES))
ORDERS = typing.get_args(wire.AnyOrder)


def one(data: bytes) -> None:
    """One conversation."""
    choices = Choices(data)
    with fuzzed_hub() as hub:
        for _ in range(STEPS):
            if not choices:
                break
            step(choices, hub)
        while hub.work or hub.reads:
            hub.commit()
            hub.read()
        hub.judge()


def step(c: Choices, hub: FuzzedHub) -> None:
    match c.below(8):
        case 0:
            come(c, hub)
        case 1 | 2 | 3 if hub.sessions:
            session = c.pick(hub.sessions)
            hub.receive(session, message(c, hub))
        case 4:
            hub.commit()
        case 5:
            hub.read()
        case 6:
            hub.now += c.pick((1, 400, 2_000))
            hub.hub.tick(hub.now)
            hub.carry_out()
        case 7 if hub.sessions:
            hub.close(c.pick(hub.sessions).id)
            hub.carry_out()
        case _:
            come(c, hub)


def come(c: Choices, hub: FuzzedHub) -> None:
    """Somebody connects, and says the first thing."""
    session = hub.hub.opened()
    hub.sessions.append(session)
    if c.chance(6):
        hub.receive(session, message(c, hub))
    else:
        replica, token = c.pick(REPLICAS), token_of(c.pick(tuple(USERS)))
        hub.receive(session, wire.Hello(replica, token.text, key=SIGNER.key))


def reading(c: Choices, profile: str) -> wire.FromReplica:
    """What asks for something of a profile."""
    seq = c.pick((0, 1, 10**6))
    match c.below(11):
        case 0:
            return wire.Watch(profile)
        case 1:
            return wire.Unwatch(profile)
        case 2:
            return wire.Look(c.byte(), profile, seq)
        case 3:
            return wire.ReadLog(
                c.byte(),
                profile,
                seq,
                c.byte(),
                c.pick(("", uid(1), "x")),
                values=c.chance(2),
                kind=c.pick(("", "stack")),
                text=c.pick(("", "a #1")),
            )
        case 4:
            return wire.Draft(c.byte(), profile, intent(c), seq)
        case 5:
            return wire.FetchRoots(profile, (0, 1, 2, 10**6))
        case 6:
            return wire.Inspect(c.byte(), c.pick(("", profile, "x")))
        case 7:
            entity, before = c.pick(ENTITIES), c.pick((0, 1, 10**6))
            return wire.ListRuns(c.byte(), profile, entity, c.byte(), seq, before, c.pick(IDS))
        case 8:
            return wire.Diff(c.byte(), profile, seq, c.pick((0, 1, 2, 10**6)))
        case 9:
            return wire.Prove(c.byte(), profile, (2, seq, 1, 2), c.pick((0, 1, 2, 10**6)))
        case _:
            return wire.Fetch(profile, seq, blocks=seq % 2 == 0)


BODIES = ("{}", "[]", '{"set":{"/config/a":1}}', '{"unset":["/name"]}', '{"name":"n"}', "\x00")
PLACES = ("/config/a", "/name", "", "/components/orchestrator", "no path", "/default_stack")


def intent(c: Choices) -> Intent:
    """What could be done, and what could not."""
    id = c.pick((uid(1), uid(60), PROFILES[0], "x"))
    match c.below(4):
        case 0:
            types = ("ComponentUpdated", "StackRenamed", "ProfileDeleted", "ConflictOpened", "No")
            return Do((Intended(c.pick(types), id, c.pick(BODIES)),))
        case 1:
            sides: tuple[Side, ...] = ("ours", "theirs")
            edit = (id, c.pick(PLACES), c.pick(("1", '"x"', "[1]", "{", None)))
            return Resolve(id, c.pick(sides), ((id, c.pick(PLACES), c.pick(sides)),), (edit,))
        case 2:
            return Approve(id)
        case _:
            return Revert(c.pick((0, 1, 2, 10**6)), c.chance(2))


def message(c: Choices, hub: FuzzedHub) -> wire.FromReplica:
    profile = c.pick(PROFILES)
    match c.below(9):
        case 0:
            after, there, snapshot = c.pick((0, 1, 2, 10**6)), root(c, hub, profile), c.chance(2)
            return wire.Subscribe(profile, after, there, snapshot, int(snapshot), snapshot)
        case 1:
            return reading(c, profile)
        case 2:
            return c.pick((wire.ListProfiles(), wire.Unsubscribe(profile)))
        case 3:
            return wire.Ask(c.byte(), order(c))
        case 4 if c.chance(3):
            return wire.Redeem(token_of("code").text, new_token(c), c.pick(NAMES))
        case 8 if c.chance(3):
            return parted(c, hub, profile)
        case 5 if c.chance(3):
            return wire.Hello(c.pick(REPLICAS), c.raw(60).decode("latin-1"))
        case _:
            return wire.Push(profile, tuple(proposal(c) for _ in range(1 + c.below(4))))


def parted(c: Choices, hub: FuzzedHub, profile: str) -> wire.FromReplica:
    """What one says whose history is another."""
    where, there = c.pick((0, 1, 2, 10**6)), root(c, hub, profile)
    if len(there) != 32:
        return wire.Returned(profile, where)
    return c.pick(
        (
            wire.Compare(profile, (wire.Point(where, there),)),
            wire.Offer(profile, 1, where, there, where),
            wire.Returned(profile, where),
        )
    )


def root(c: Choices, hub: FuzzedHub, profile: str) -> bytes:
    def head(log: LogReader) -> bytes:
        return log.head(profile).root

    return c.pick((EMPTY_ROOT, hub.file.read(head), b"", bytes(32)))


def new_token(c: Choices) -> wire.NewToken:
    made = token_of(c.pick(("new", "newer", "root")))
    return wire.NewToken(c.pick(NAMES), made.prefix, made.hash)


def order(c: Choices) -> Any:
    kind = c.pick(ORDERS)
    fields = {}
    for field in msgspec.structs.fields(kind):
        if field.name == "token" and kind is wire.MakeToken:
            fields["token"] = new_token(c)
        elif field.name == "prefix":
            fields["prefix"] = "srj_12345678"
        elif field.name == "hash":
            fields["hash"] = bytes(32)
        elif field.name == "key":
            fields["key"] = SIGNER.key
        elif field.name == "proof":
            fields["proof"] = SIGNER.possession(IDENTITY.id, "edna", SIGNING)
        elif field.name == "lifetime":
            fields["lifetime"] = c.pick((0, 1_000, 2**53 - 1))
        else:
            fields[field.name] = valued(c, field.type)
    return kind(**fields)


def proposal(c: Choices) -> Proposal:
    events = tuple(event(c) for _ in range(c.pick((1, 1, 1, 2, 3, 0))))
    time, by = c.pick(((0, ""), (2**53 - 1, ""), (0, SIGNING), (0, REPLICAS[1])))
    made = Proposal(c.pick(IDS), c.pick(NUMBERS), c.pick((1, 2, 0, 3, 10**6)), "", time, events)
    return SIGNER.sign(SHARED, by, made) if by else made


def event(c: Choices) -> Event:
    name = c.pick(CHANGE_NAMES)
    if c.chance(8):
        body = c.raw(80).decode("latin-1")
    else:
        body = msgspec.json.encode(fields_of(c, CHANGES[name])).decode()
    version = 1 if not c.chance(16) else c.byte()
    return Event(
        name if not c.chance(32) else "Unknown", version, c.pick(ENTITIES), bytes(16), body
    )


def fields_of(c: Choices, kind: type[Struct]) -> dict[str, Any]:
    return {f.name: valued(c, f.type, f.name) for f in msgspec.structs.fields(kind)}


def valued(c: Choices, kind: Any, name: str = "") -> Any:
    """A value that is likely to be of the type."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return valued(c, arguments[0], name)
    if kind is type(None):
        return None
    if origin in (types.UnionType, typing.Union):
        return valued(c, c.pick(arguments), name)
    if kind is str:
        wanted = name in ("role", "subject", "scope", "user", "stack", "token", "profile")
        return c.pick(ENTITIES) if wanted and not c.chance(3) else c.pick(NAMES)
    if kind is bool:
        return c.chance(2)
    if kind is int:
        return c.pick(NUMBERS)
    if origin is dict and name == "set":
        return {c.pick(PATHS): c.pick(VALUES) for _ in range(1 + c.below(2))}
    if origin is dict:
        keys = ENTITIES if name in ("members", "profiles", "teams", "aliases") else NAMES
        value = (
            True
            if arguments[1] is bool
            else c.pick(ENTITIES)
            if name == "aliases"
            else c.pick(VALUES)
        )
        return {c.pick(keys): value} if c.chance(2) else {}
    if origin in (tuple, list):
        options = PATHS if name == "unset" else ENTITIES
        return [c.pick(options) for _ in range(c.below(3))]
    if isinstance(kind, type) and issubclass(kind, Struct):
        return fields_of(c, kind)
    return c.pick(VALUES)
