"""What somebody typed, saved by itself."""

from typing import Any

from stackroom.client.home.store import Store
from stackroom.events.model import Proposal


def propose(store: Store, profile: str, **said: Any) -> Proposal:
    """Saves it, durable on return: `Store.proposing`, with nothing in its block."""
    with store.proposing(profile, **said) as proposal:
        pass
    return proposal
