"""A browser for all tests here, and a hub with a story for those that only look."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser

import stackroom.client
from stackroom.client.drafting.draft import Draft
from tests.chromium import CHROMIUM, MISSING, started
from tests.commands.hubs import Hub, running_hub
from tests.dashboard.watched import Watched

T = TypeVar("T")
Opens = Callable[..., Watched]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        for item in items:
            if item.path.is_relative_to(Path(__file__).parent):
                item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.fixture(autouse=True)
def no_blocking() -> None:
    """The loop of this thread is the browser's: nothing of ours runs in it."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module: as long as it is there, this thread is inside its event loop."""
    with started() as browser:
        yield browser


@pytest.fixture
def opens(browser: Browser) -> Iterator[Opens]:
    """Opens a tab of a browser that knows nothing yet; at the end, nothing went wrong in any."""
    with ExitStack() as stack:
        opened: list[Watched] = []

        def open_tab(hub: Hub, **options: object) -> Watched:
            # A worker fetches every file once more: only those who ask for it have one.
            usual = {"locale": "en-GB", "service_workers": "block"}
            context = browser.new_context(**usual | options)  # type: ignore[arg-type]
            stack.callback(context.close)
            context.set_default_timeout(20_000)
            opened.append(Watched(context, hub))
            return opened[-1]

        yield open_tab
        assert [fault for watched in opened for fault in watched.faults] == []


def apart(work: Callable[[], T]) -> T:
    """Does something on another thread: this one has the browser's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@contextmanager
def standing(folder: Path) -> Iterator[Hub]:
    """A hub that runs, with the profile `team`."""
    stack = ExitStack()

    def begin() -> Hub:
        hub = stack.enter_context(running_hub(folder))
        hub.host.stackroom("profile", "create", "team", "-m", "our stacks").ok()
        return hub

    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(begin).result()
        finally:
            pool.submit(stack.close).result()


@contextmanager
def edit(hub: Hub, message: str) -> Iterator[Draft]:
    """A change of the profile, by somebody with a replica of their own; it is there when the block ends."""
    with stackroom.client.connect_sync(hub.url, home=hub.host.home) as connected:
        with connected.profile("team").edit(message) as draft:
            yield draft


def token_of(hub: Hub) -> str:
    """That of the hub's administrator."""
    return hub.host.credentials()[hub.url]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with standing(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A small team's profile, with a past: nobody changes it."""
    with standing(tmp_path_factory.mktemp("story")) as hub:
        tell(hub)
        with edit(hub, "nobody touches prod by accident") as draft:
            draft.stack("prod").protect()
        with edit(hub, "a name for that") as draft:
            draft.tag("v1", 6)
        yield hub


def tell(hub: Hub) -> None:
    """Eight commits, after that which made the profile, by one connection."""
    with stackroom.client.connect_sync(hub.url, home=hub.host.home) as connected:
        _tell(connected.profile("team").edit)


def _tell(edit: Callable[[str], AbstractContextManager[Draft]]) -> None:
    with edit("orchestrators and stores") as draft:
        draft.register_component(
            "orchestrator",
            "k8s",
            "kubernetes",
            config={"namespace": "ml", "gpu": 1.0, "limits": {"cpu": 4, "memory": "16Gi"}},
            labels={"team": "ml"},
        )
        draft.register_component("orchestrator", "laptop", "local")
        draft.register_component(
            "artifact_store", "bucket", "s3", config={"path": "s3://ours/prod"}
        )
        draft.register_component("artifact_store", "here", "local")
    with edit("how we track") as draft:
        draft.register_component("experiment_tracker", "track", "mlflow", config={"retries": 2**60})
    with edit("production, and a laptop to try things") as draft:
        stores = {"orchestrator": "k8s", "artifact_store": "bucket", "experiment_tracker": "track"}
        draft.register_stack(
            "prod", stores, labels={"env": "prod"}, description="what runs at night"
        )
        draft.register_stack("dev", {"orchestrator": "laptop", "artifact_store": "here"})
    with edit("the default") as draft:
        draft.default_stack("dev")
    with edit("one namespace for all") as draft:
        draft.component("orchestrator", "k8s").set("namespace", "platform").set("limits", "cpu", 8)
    with edit("prices") as draft:
        draft.register_component("alerter", "pager", "slack")
        draft.register_stack("nightly", {"orchestrator": "k8s", "alerter": "pager"})
    with edit("nobody used it") as draft:
        draft.stack("nightly").delete()
    with edit("more replicas") as draft:
        draft.component("orchestrator", "k8s").set("namespace", "night")
