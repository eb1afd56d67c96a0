"""The rule that a profile may have: it takes no credentials in plain text."""

from stackroom.events.deciding.rules import Refusal
from stackroom.events.model import Change, Registered
from stackroom.events.secrets.credentials import plaintext
from stackroom.events.state import Component, State


def refuse_plaintext(state: State, id: str, change: Change) -> Refusal | None:
    """Refuses a credential in plain text, where the profile's setting `secrets` is `refuse`."""
    profile = state.profile
    if profile is None or profile.settings.get("secrets") != "refuse":
        return None
    entity = state.get(id)
    type = entity.component_type if isinstance(entity, Component) else ""
    for place in plaintext(change, type):
        named = change if isinstance(change, Registered) else entity
        name = repr(named.name) if named is not None else id
        return Refusal(
            "plaintext_secret",
            f"{change.kind} {name}: {place.path} holds a credential in plain text ({place.why}), and "
            "this profile takes references alone, such as {{name.key}}",
        )
    return None
