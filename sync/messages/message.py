"""What every message between a hub and its replicas is; see `protocol`."""

from msgspec import Struct


class Message(Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of all messages."""
