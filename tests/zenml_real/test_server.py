"""A real ZenML server: pulled, compared, pushed, and again."""

from pathlib import Path

import pytest

from stackroom.client.zenml_server.rest import Api, Credentials
from tests.commands.runner import Person, Ran
from tests.commands.test_zenml_page import PAGE, commands, table
from tests.zenml_real.conftest import Server, Zenml

pytestmark = [pytest.mark.zenml, pytest.mark.timeout(600)]

SAMPLES = Path(__file__).parents[1] / "zenml" / "samples"


@pytest.fixture
def api(server: Server) -> Api:
    """The server's API, with nothing on it but what it begins with."""
    api = Api(server.url, Credentials("", "default", "invented"), timeout=60)
    for route in ("/stacks", "/components"):
        for found in api.all(route):
            if found["name"] != "default":
                api._ask("DELETE", f"{route}/{found['id']}")
    if not list(api.all("/secrets", name="mlflow")):
        api.post("/secrets", {"name": "mlflow", "values": {"username": "x", "password": "x"}})
        api.post("/secrets", {"name": "wandb", "values": {"api_key": "x"}})
    return api


@pytest.fixture
def ada(ada: Person, server: Server) -> Person:
    """Someone who may sign in to the server."""
    ada.env |= server.env
    return ada


def run(who: Person, line: str) -> Ran:
    return who.stackroom(*line.split()).ok()


def test_pushed_and_pulled_it_is_the_same(ada: Person, api: Api, tmp_path: Path) -> None:
    run(ada, f"stack import {SAMPLES / 'zenml-0.98' / 'gcp_prod.yaml'}")
    run(ada, "component update orchestrator vertex_orc --label team=ml")
    run(ada, "stack update gcp_prod --description here --label env=prod")
    ran = run(ada, f"zenml push {api.url} --yes")
    assert "8 made, 0 changed" in ran.out
    again = run(ada, f"zenml push {api.url} --yes")
    assert "says all of it already" in again.out
    run(ada, f"plan --against {api.url} --exit-code")
    run(ada, "profile create other --local")
    run(ada, f"zenml pull {api.url} --stack gcp_prod --profile other")
    here, there = (
        ada.data("stack", "describe", "gcp_prod", "--profile", name) for name in ("team", "other")
    )
    for shown in (here, there):
        for row in (shown, *(m for members in shown["components"].values() for m in members)):
            row.pop("id")
        shown.pop("extra")
    assert there == here


def test_a_change_there_is_shown_and_taken(ada: Person, api: Api) -> None:
    run(ada, "component register orchestrator k8s -f kubernetes --kubernetes_namespace=ml")
    run(ada, "component register artifact-store s3 -f s3 --path=s3://acme")
    run(ada, "stack register prod -o k8s -a s3")
    run(ada, f"zenml push {api.url} --yes")
    (there,) = api.all("/components", name="k8s")
    api.put(f"/components/{there['id']}", {"configuration": {"kubernetes_namespace": "prod"}})
    shown = ada.data("plan", "--against", api.url)
    assert [(d["path"], d["before"], d["after"]) for d in shown["difference"]] == [
        ("/config/kubernetes_namespace", "prod", "ml")
    ]
    pull = ("zenml", "pull", api.url, "--stack", "prod")
    ada.stackroom(*pull).failed(1, "'k8s'", "config.kubernetes_namespace")
    ada.stackroom(*pull, "--on-conflict", "replace").ok()
    found = ada.data("component", "describe", "orchestrator", "k8s")
    assert found["config"] == {"kubernetes_namespace": "prod"}


def test_what_the_server_has_no_place_for(ada: Person, api: Api) -> None:
    run(ada, "component register metadata-store old -f mysql --host=h --database=d")
    run(ada, "component register orchestrator mine -f my_own")
    run(ada, "component register artifact-store s3 -f s3 --path=s3://acme")
    run(ada, "component register orchestrator k8s -f kubernetes")
    run(ada, "stack register prod -o k8s -a s3 --metadata-store old")
    push = ("zenml", "push", api.url, "--yes")
    ran = ada.stackroom(*push).failed(1, "metadata_store/old", "flavor 'my_own'", "--leave-out")
    assert not list(api.all("/stacks", name="prod")), ran.err
    ada.stackroom(*push, "--leave-out").ok()
    (stack,) = api.all("/stacks", name="prod")
    assert stack["metadata"]["components"].keys() == {"orchestrator", "artifact_store"}


def test_what_the_server_refuses_is_told_and_can_be_gone_on_with(ada: Person, api: Api) -> None:
    run(ada, "component register artifact-store s3 -f s3 --path=s3://acme")
    run(
        ada,
        "component register orchestrator k8s -f kubernetes --kubernetes_namspace=x --no-validate",
    )
    run(ada, "stack register prod -o k8s -a s3")
    push = ("zenml", "push", api.url, "--yes")
    ada.stackroom(*push).failed(1, "kubernetes_namspace", "1 made, 0 changed")
    run(ada, "orchestrator remove-attribute k8s --kubernetes_namspace")
    assert "2 made, 0 changed" in ada.stackroom(*push).ok().out


def test_who_may_not(ada: Person, api: Api) -> None:
    wrong = {"ZENML_STORE_PASSWORD": "wrong"}
    ada.stackroom("zenml", "pull", api.url, **wrong).failed(
        4, "does not let us in", "ZENML_STORE_API_KEY"
    )
    ada.stackroom("zenml", "pull", "ftp://x").failed(1, "not the address")
    ada.stackroom("zenml", "pull", "http://127.0.0.1:1").failed(6, "cannot be reached")
    ada.stackroom("zenml", "pull", api.url, "--stack", "nope").failed(3, "'nope'")
    ada.stackroom("zenml", "pull", api.url, "--offline").failed(2, "--offline")


def test_a_service_accounts_key(ada: Person, api: Api) -> None:
    account = api.post("/service_accounts", {"name": "ci", "active": True})
    key = api.post(f"/service_accounts/{account['id']}/api_keys", {"name": "k", "description": ""})
    env = {
        "ZENML_STORE_USERNAME": "",
        "ZENML_STORE_PASSWORD": "",
        "ZENML_STORE_API_KEY": key["body"]["key"],
    }
    ada.stackroom("zenml", "pull", api.url, "--dry-run", **env).ok()


def test_a_token_that_the_server_gave(ada: Person, api: Api) -> None:
    env = {
        "ZENML_STORE_USERNAME": "",
        "ZENML_STORE_PASSWORD": "",
        "ZENML_STORE_API_TOKEN": api.get("/api_token"),
    }
    ada.stackroom("zenml", "pull", api.url, "--dry-run", **env).ok()
    env["ZENML_STORE_API_TOKEN"] = "invented"
    ada.stackroom("zenml", "pull", api.url, **env).failed(4, "does not let us in", "API_TOKEN")


def test_the_table_in_the_docs(ada: Person, api: Api, zenml: Zenml) -> None:
    zenml.ask("wipe")
    run(ada, "component register orchestrator k8s -f kubernetes")
    run(ada, "component register artifact-store s3 -f s3 --path=s3://acme")
    run(ada, "stack register prod -o k8s -a s3")
    stand_for = {"http://zenml.example:8080": api.url, "~/.config/zenml": str(zenml.config)}
    rows = list(table(PAGE, "| | stackroom |"))
    for _, ours in rows:
        ((_, *words),) = [["", *command] for command in commands(ours)]
        ada.stackroom(*(stand_for.get(word, word) for word in words)).ok()
    assert len(rows) == 4
