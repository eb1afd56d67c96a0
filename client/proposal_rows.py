"""A proposal as the precious file has it: one row."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from stackroom.events.model import Event, Proposal

COLUMNS: Final = "id, number, base, message, time, events, key, signature"
WIDTH: Final = 8
"""Columns of a proposal."""

_decode_events = msgspec.json.Decoder(tuple[Event, ...]).decode
_encoder = msgspec.json.Encoder()


def proposal_of(row: Sequence[Any]) -> Proposal:
    """The proposal in a row of `COLUMNS`."""
    id, number, base, message, time, events, key, signature = row
    return Proposal(id, number, base, message, time, _decode_events(events), key, signature)


def events_text(proposal: Proposal) -> str:
    """What stands in the column `events`: JSON."""
    return _encoder.encode(proposal.events).decode()
