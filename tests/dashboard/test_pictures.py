"""The README's pictures, of a team that looks like one. `make pictures` keeps them in docs/pictures/."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import stackroom.client
from stackroom.client.drafting.draft import Draft
from tests.commands.hubs import Hub
from tests.commands.runner import Person
from tests.dashboard.conftest import Opens, apart, standing
from tests.dashboard.watched import SHOTS

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
KEPT = bool(os.environ.get("STACKROOM_PICTURES"))
WIDE = {"width": 1280, "height": 720}

CLOUDS = {
    "aws": ("sagemaker", "s3", {"path": "s3://vision-models"}),
    "gcp": ("vertex", "gcp", {"path": "gs://vision-models"}),
    "lab": ("kubeflow", "s3", {"path": "s3://lab-scratch"}),
}


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, dict[str, Person]]]:
    """A hub with three people who have worked for a while, an open conflict and a change request."""
    with standing(tmp_path_factory.mktemp("pictures")) as hub:
        people = apart(lambda: gathered(hub))
        tell(hub, people)
        yield hub, people


def gathered(hub: Hub) -> dict[str, Person]:
    """Ada maintains; Ben and Chloe edit."""
    roles = {"ada": "maintainer", "ben": "editor", "chloe": "editor"}
    return {
        name: hub.join(Person(hub.folder / name, name), "--role", role)
        for name, role in roles.items()
    }


@contextmanager
def edit(hub: Hub, person: Person, message: str) -> Iterator[Draft]:
    with stackroom.client.connect_sync(hub.url, home=person.home) as connected:
        with connected.profile("team").edit(message) as draft:
            yield draft


def tell(hub: Hub, people: dict[str, Person]) -> None:
    ada, ben, chloe = people.values()
    with edit(hub, ada, "what we run in three places") as draft:
        for cloud, (orchestrator, store, path) in CLOUDS.items():
            draft.register_component("orchestrator", f"{cloud}-pipelines", orchestrator)
            draft.register_component("artifact_store", f"{cloud}-models", store, config=path)
            draft.register_component("container_registry", f"{cloud}-images", cloud.replace("lab", "default"), config={"uri": f"registry.{cloud}.example/vision"})  # fmt: skip
        draft.register_component("orchestrator", "laptop", "local")
        draft.register_component("artifact_store", "here", "local")
        gpus = {"kubernetes_context": "lab", "kubernetes_namespace": "ml", "synchronous": True}
        draft.register_component(
            "orchestrator", "gpu-pool", "kubernetes", config=gpus, labels={"owner": "platform"}
        )
    with edit(hub, chloe, "experiments go to one place") as draft:
        draft.register_component(
            "experiment_tracker", "tracking", "mlflow",
            config={"tracking_uri": "https://mlflow.example", "enable_unity_catalog": False},
        )  # fmt: skip
        draft.register_component("alerter", "on-call", "slack")
        draft.register_component("model_deployer", "serving", "seldon")
    with edit(hub, ada, "stacks for every stage") as draft:
        for stage, cloud in (("prod", "aws"), ("staging", "aws"), ("nightly", "gcp")):
            members = {
                "orchestrator": f"{cloud}-pipelines",
                "artifact_store": f"{cloud}-models",
                "container_registry": f"{cloud}-images",
                "experiment_tracker": "tracking",
            }
            if stage != "nightly":
                members |= {"alerter": "on-call", "model_deployer": "serving"}
            draft.register_stack(stage, members, labels={"stage": stage})
        for person in ("ada", "ben", "chloe"):
            draft.register_stack(f"dev-{person}", {"orchestrator": "laptop", "artifact_store": "here"})  # fmt: skip
        draft.register_stack(
            "training", {"orchestrator": "gpu-pool", "artifact_store": "lab-models", "experiment_tracker": "tracking"},
            labels={"team": "research"},
        )  # fmt: skip
    with edit(hub, ada, "where new people begin") as draft:
        draft.default_stack("dev-ada")
        draft.stack("prod").protect()
    with edit(hub, ben, "namespaces of our own") as draft:
        draft.component("orchestrator", "gpu-pool").set("kubernetes_namespace", "vision")
    with edit(hub, chloe, "the new cluster") as draft:
        pool = draft.component("orchestrator", "gpu-pool")
        pool.set("kubernetes_context", "lab-2").set("pod_settings", {"tolerations": ["gpu"]})
    with edit(hub, ada, "the state that we trained v2 on") as draft:
        draft.tag("v2-training", 6)
    apart(lambda: quarrel(ben, chloe))
    with edit(hub, ben, "scores go to the new channel") as draft:
        draft.component("alerter", "on-call").set("slack_channel_id", "C-SCORES")


def quarrel(ben: Person, chloe: Person) -> None:
    """Ben edits on the train what Chloe edits at her desk."""
    change = ("component", "update", "orchestrator", "gpu-pool", "--profile", "team")
    for person in (ben, chloe):
        person.stackroom("sync").ok()
    ben.stackroom(*change, "--kubernetes_namespace=ben", "-m", "mine while I debug", "--offline")
    chloe.stackroom(*change, "--kubernetes_namespace=ml-gpu", "-m", "as the platform team calls it").ok()  # fmt: skip
    ben.stackroom("sync")


def keep(page: Page, name: str) -> None:
    """Keeps a picture, once nothing waits for anything."""
    expect(page.locator("#main .waiting, #main .spinner")).to_have_count(0)
    folder = PICTURES if KEPT else SHOTS
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def test_pictures(team: tuple[Hub, dict[str, Person]], opens: Opens) -> None:
    hub, people = team
    token = people["ada"].credentials()[hub.url]
    page = opens(hub, viewport=WIDE, color_scheme="light").sign_in(token, "/p/team").page
    expect(page.get_by_role("row")).to_have_count(8)
    expect(page.locator(".who .author").first).to_be_visible()
    keep(page, "stacks")
    page.get_by_role("link", name="gpu-pool").first.click()
    value = page.get_by_role("button", name="ml-gpu", exact=True)
    expect(page.locator(".history .entry").first).to_be_visible()
    value.hover()
    expect(page.locator(".blame.told")).to_contain_text("chloe")
    keep(page, "blame")
    page.get_by_role("link", name="1 in conflict").click()
    page.locator(".card-link").first.click()
    page.get_by_role("radio", name="Ours").first.check()
    expect(page.get_by_role("button", name="Resolve")).to_be_enabled()
    keep(page, "conflict")
    page.get_by_role("link", name="Activity").click()
    expect(page.locator(".entry").first).to_be_visible()
    keep(page, "activity")


def test_the_dark_one(team: tuple[Hub, dict[str, Person]], opens: Opens) -> None:
    hub, people = team
    token = people["ada"].credentials()[hub.url]
    page = opens(hub, viewport=WIDE, color_scheme="dark").sign_in(token, "/p/team?at=6").page
    expect(page.get_by_role("row")).to_have_count(8)
    expect(page.locator(".moment")).to_contain_text("namespaces of our own")
    expect(page.locator(".who .author").first).to_be_visible()
    keep(page, "then")
