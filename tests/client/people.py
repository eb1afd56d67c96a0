"""People with homes of their own: what the tests of the client begin with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stackroom.client import chance
from stackroom.client.drafting.draft import Draft, Saved
from stackroom.client.home.home import Home
from stackroom.client.settings import Settings
from stackroom.client.workspace import Workspace
from tests.sync.open_access import token_of

QUICK = Settings(
    backoff_base=0.01, backoff_cap=0.05, poll=0.02, open_timeout=5.0, sync_patience=10.0
)
"""No test waits for a person's idea of soon."""


@contextmanager
def person(home: Path, url: str, settings: Settings = QUICK) -> Iterator[Workspace]:
    """Somebody who has joined the hub at `url`; their name is that of the folder."""
    place = Home(home)
    place.keep_token(url, token_of(home.name))
    workspace = open_home(home, settings)
    known = {hub.url for hub in workspace.store.hubs()}
    if url not in known:
        workspace.store.put_hub(url, "", 0, home.name)
    try:
        yield workspace
    finally:
        workspace.close()


def open_home(home: Path, settings: Settings = QUICK) -> Workspace:
    """The home as another process would open it."""
    return Workspace.open(
        Home(home),
        clock=chance.clock,
        new_id=chance.new_id,
        salt=chance.salt,
        settings=settings,
    )


def create_team(workspace: Workspace, url: str | None, name: str = "team") -> str:
    """A profile with an orchestrator k8s (namespace `default`), saved and not sent; its id."""
    entry, _ = workspace.create_profile(name, hub=url)
    draft = edit(workspace, entry.id, "begin")
    draft.register_component("orchestrator", "k8s", "kubernetes", config={"namespace": "default"})
    draft.commit()
    return entry.id


def edit(workspace: Workspace, profile: str, message: str = "") -> Draft:
    """A draft upon the profile as it stands here."""
    return workspace.edit(workspace.copy(profile), message)


def set_key(workspace: Workspace, profile: str, key: str, value: object) -> Saved:
    """Sets one key of the orchestrator, and saves that."""
    draft = edit(workspace, profile, f"{key}={value}")
    draft.component("orchestrator", "k8s").set(key, value)
    return draft.commit()


def config(workspace: Workspace, profile: str) -> dict[str, object]:
    """The orchestrator's configuration as it stands here."""
    return config_of(workspace.copy(profile).view)


def config_of(state: object) -> dict[str, object]:
    """The orchestrator's configuration in a state."""
    from stackroom.events.state import Component, State

    assert isinstance(state, State)
    found = state.find(Component, "k8s", "orchestrator")
    assert found is not None
    return dict(found[1].config)
