"""Frames of either coding, from replicas and from hubs, and the events in them."""

from contextlib import suppress

from stackroom.events import codec
from stackroom.events.codec import leaf, unseal
from stackroom.events.deciding.check import Rejected, check, unsealed
from stackroom.events.deciding.rules import refuse_change
from stackroom.events.errors import IntegrityError, ModelError
from stackroom.events.history.block import unpack
from stackroom.events.model import Commit, Event
from stackroom.events.people.permissions import Who
from stackroom.events.state import State
from stackroom.sync import protocol as wire

ME = Who("replica", "ann")


def one(data: bytes) -> None:
    """The first byte says which coding and direction; the rest is the frame."""
    if not data:
        return
    kind, frame = data[0], data[1:]
    coding = wire.SUBPROTOCOLS[kind & 1]
    try:
        payload = frame.decode() if coding == wire.JSON else frame
        decode = wire.decode_from_hub if kind & 2 else wire.decode_from_replica
        message = decode(payload, coding)
    except (wire.MessageError, UnicodeDecodeError):
        return
    for other in wire.SUBPROTOCOLS:
        assert decode(wire.encode(message, other), other) == message, other
    if isinstance(message, wire.Hello) and len(message.token) > 12:
        assert message.token[12:] not in repr(message).replace(message.client, "")
    if isinstance(message, wire.Push):
        for proposal in message.proposals:
            outcome = check(State(), proposal, ME)
            if isinstance(outcome, Rejected):
                assert outcome.refusal.code
            if not isinstance(unsealed(proposal), Rejected):
                for event in proposal.events:
                    event_survives(event)
    if isinstance(message, wire.Block):
        with suppress(IntegrityError):
            for commit in unpack(message.data):
                commit_survives(message.profile, commit)
    if isinstance(message, wire.Commits | wire.History):
        for commit in message.commits:
            commit_survives(message.profile, commit)


def event_survives(event: Event) -> None:
    """What was read of an event, written and read again, is the same change."""
    change = unseal(event)
    refuse_change(change)
    again = codec.seal(event.entity, change, event.salt)
    assert unseal(again) == change


def commit_survives(profile: str, commit: Commit) -> None:
    leaf(profile, commit)
    for event in commit.events:
        try:
            unseal(event)
        except ModelError:
            continue
