"""What a push must leave equal, or say: connectors, environments, and what is taken away again."""

import pytest

from stackroom.client.zenml_server.rest import Api
from tests.commands.runner import Person
from tests.zenml_real.test_server import ada, api, run

__all__ = ["ada", "api"]

pytestmark = [pytest.mark.zenml, pytest.mark.timeout(600)]


def make(ada: Person) -> None:
    run(ada, "component register artifact-store s3 -f s3 --path=s3://acme")
    run(
        ada,
        "component register orchestrator k8s -f kubernetes --kubernetes_namespace=ml --label team=ml",
    )
    run(ada, "stack register prod -o k8s -a s3")
    run(ada, "stack update prod --label env=prod --description here")


def settled(ada: Person, api: Api, *more: str) -> None:
    """Nothing is left to be done, but for what cannot be."""
    ran = ada.stackroom("zenml", "push", api.url, "--yes", *more).ok()
    assert "of it already" in ran.out, ran.out


def test_what_is_taken_away_here_is_taken_away_there(ada: Person, api: Api) -> None:
    make(ada)
    run(ada, f"zenml push {api.url} --yes")
    settled(ada, api)
    run(ada, "orchestrator remove-attribute k8s --kubernetes_namespace")
    run(ada, "component update orchestrator k8s --unlabel team")
    run(ada, "stack update prod --unlabel env")
    run(ada, f"zenml push {api.url} --yes")
    (there,) = api.all("/components", name="k8s")
    assert "kubernetes_namespace" not in there["metadata"]["configuration"]
    assert not there["metadata"]["labels"]
    settled(ada, api)


def test_an_environment_there(ada: Person, api: Api) -> None:
    make(ada)
    run(ada, f"zenml push {api.url} --yes")
    (component,) = api.all("/components", name="k8s")
    (stack,) = api.all("/stacks", name="prod")
    api.put(f"/components/{component['id']}", {"environment": {"A": "1"}})
    api.put(f"/stacks/{stack['id']}", {"environment": {"B": "2"}})
    settled(ada, api)
    run(ada, f"zenml pull {api.url} --stack prod --on-conflict replace")
    assert ada.data("stack", "describe", "prod")["extra"]["environment"] == {"B": "2"}
    for route in (f"/stacks/{stack['id']}", f"/components/{component['id']}"):
        api.put(route, {"environment": {}})
    run(ada, f"zenml push {api.url} --yes")
    (component,) = api.all("/components", name="k8s")
    assert component["metadata"]["environment"] == {"A": "1"}
    (stack,) = api.all("/stacks", name="prod")
    assert stack["metadata"]["environment"] == {"B": "2"}
    settled(ada, api)


def test_a_connector_that_the_server_lacks_is_said_and_left_out(ada: Person, api: Api) -> None:
    make(ada)
    run(ada, f"zenml push {api.url} --yes")
    connector = api.post(
        "/service_connectors",
        {
            "name": "docker-con",
            "connector_type": "docker",
            "auth_method": "password",
            "resource_types": ["docker-registry"],
            "configuration": {"username": "x", "password": "invented"},
        },
    )
    route = f"/service_connectors/{connector['id']}"
    try:
        (k8s,) = api.all("/components", name="k8s")
        api.put(f"/components/{k8s['id']}", {"connector": connector["id"]})
        run(ada, f"zenml pull {api.url} --stack prod --on-conflict replace")
        api.put(f"/components/{k8s['id']}", {"connector": None})
        run(ada, f"zenml push {api.url} --yes")
        (k8s,) = api.all("/components", name="k8s")
        assert k8s["metadata"]["connector"]["name"] == "docker-con"
        settled(ada, api)
        api.put(f"/components/{k8s['id']}", {"connector": None})
    finally:
        api._ask("DELETE", route)
    ran = ada.stackroom("zenml", "push", api.url, "--yes").ok()
    assert "docker-con" in ran.err
    settled(ada, api)


def test_what_zenml_lets_nobody_change(ada: Person, api: Api) -> None:
    make(ada)
    run(ada, "orchestrator register default -f local")
    run(ada, "artifact-store register default -f local --path=/elsewhere")
    run(ada, "stack register default -o default -a default")
    ran = run(ada, f"zenml push {api.url} --yes")
    assert "3 made, 0 changed" in ran.out
    assert "artifact_store/default differs" in ran.err
    assert "stack 'default' differs" in ran.err
    settled(ada, api)
    run(ada, f"plan --against {api.url} --exit-code")


def test_what_stands_there_with_another_flavor(ada: Person, api: Api) -> None:
    make(ada)
    run(ada, "orchestrator register odd -f local")
    run(ada, "stack register oddly -o odd -a s3")
    run(ada, "experiment-tracker register mlflow -f mlflow")
    run(ada, "stack update prod -e mlflow")
    for type, name, flavor in (
        ("orchestrator", "odd", "local_docker"),
        ("experiment_tracker", "mlflow", "neptune"),
    ):
        body = {"api_token": "invented"} if flavor == "neptune" else {}
        api.post(
            "/components", {"name": name, "type": type, "flavor": flavor, "configuration": body}
        )
    push = ("zenml", "push", api.url, "--yes")
    ada.stackroom(*push).failed(1, "'local_docker'", "'neptune'", "'oddly'", "no orchestrator")
    ran = ada.stackroom(*push, "--leave-out").ok()
    assert "3 made, 0 changed" in ran.out
    (prod,) = api.all("/stacks", name="prod")
    assert prod["metadata"]["components"].keys() == {"orchestrator", "artifact_store"}
    assert not api.all("/stacks", name="oddly")
    settled(ada, api, "--leave-out")


def test_a_refusal_repeats_no_values(ada: Person, api: Api) -> None:
    run(
        ada,
        "alerter register slack -f slack --slack_token={{slack.token}} --timeout=invented --no-validate",
    )
    ran = ada.stackroom("zenml", "push", api.url, "--yes").failed(
        1, "alerter/slack", "timeout: Input"
    )
    assert "invented" not in ran.err
