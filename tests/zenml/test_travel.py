"""What a person is told before sharing a stack."""

from pathlib import Path

import pytest

from stackroom.client.zenml import ComponentSpec, Form, StackFile, Value, parse_stack, warnings_for

SAMPLES = Path(__file__).parent / "samples"


def kinds(component_type: str, config: dict[str, Value]) -> list[str]:
    spec = ComponentSpec(type=component_type, name="c", flavor="f", config=config)
    stack = StackFile(form=Form.LIST, name="s", components=(spec,))
    return [warning.kind for warning in warnings_for(stack)]


@pytest.mark.parametrize(
    "value",
    ["/home/aria/zen", "~/zen", "~", "file:///tmp/x", "C:\\Users\\aria", "D:/data", "\\\\nas\\ml"],
)
def test_local_paths(value: str) -> None:
    assert kinds("artifact_store", {"path": value}) == ["local path"]


@pytest.mark.parametrize(
    "value",
    [
        "localhost", "localhost:5000", "http://localhost:5000/mlflow", "HTTP://LOCALHOST",
        "127.0.0.1", "http://127.0.0.1:8080", "http://[::1]:80/", "::1", "0.0.0.0:80",
        "host.docker.internal:5000", "mysql://zenml@localhost:3306/db",
    ],
)  # fmt: skip
def test_local_addresses(value: str) -> None:
    assert kinds("experiment_tracker", {"tracking_uri": value}) == ["local address"]


@pytest.mark.parametrize(
    "key",
    [
        "password", "tracking_password", "secret", "slack_token", "api_key", "apiKey", "API_KEY",
        "aws_secret_access_key", "aws_access_key_id", "key", "ssh_private_key", "client_secret",
        "ssh_key_passphrase", "token_secret",
    ],
)  # fmt: skip
def test_plain_secrets(key: str) -> None:
    assert kinds("alerter", {key: "hunter2"}) == ["plain secret"]
    assert kinds("alerter", {"headers": {key: "1234"}}) == ["plain secret"]
    assert kinds("alerter", {key: ["hunter2"]}) == ["plain secret"]
    assert kinds("alerter", {key: "{{slack.token}}"}) == []
    assert kinds("alerter", {key: None, "headers": {key: ""}}) == []
    assert kinds("alerter", {key: True}) == []


def test_a_flavor_marks_credentials_that_their_names_do_not_tell() -> None:
    def marked(type: str, flavor: str, key: str) -> bool:
        return (type, flavor, key) == ("experiment_tracker", "mlflow", "tracking_username")

    config: dict[str, Value] = {"tracking_username": "ada", "workspace": "ml"}
    found: list[list[str]] = []
    for flavor, value in (("mlflow", "ada"), ("mlflow", "{{mlflow.user}}"), ("other", "ada")):
        spec = ComponentSpec(
            "experiment_tracker", "m", flavor, config | {"tracking_username": value}
        )
        stack = StackFile(form=Form.LIST, name="s", components=(spec,))
        found.append([warning.where for warning in warnings_for(stack, marked)])
    assert found == [["experiment_tracker/m: tracking_username"], [], []]


def test_a_password_in_an_address() -> None:
    assert kinds("feature_store", {"uri": "mysql://zenml:pw@db.example/x"}) == ["plain secret"]


@pytest.mark.parametrize(
    ("component_type", "key", "value"),
    [
        ("artifact_store", "path", "s3://acme-ml/zenml"),
        ("artifact_store", "authentication_secret", "gcp_creds"),
        ("metadata_store", "secret", "mysql_secret"),
        ("model_deployer", "kubernetes_secret_name", "seldon"),
        ("orchestrator", "keyboard", "qwerty"),
        ("orchestrator", "1", "one"),
        ("orchestrator", "", "nothing"),
        ("orchestrator", "host", "localhost.acme.example"),
        ("orchestrator", "host", "mylocalhost"),
        ("container_registry", "uri", "eu.gcr.io/acme-ml"),
        ("step_operator", "role", "arn:aws:iam::123456789012:role/zenml"),
        ("orchestrator", "text", "see https://acme.example/a@b"),
    ],
)
def test_nothing_is_said_of_the_rest(component_type: str, key: str, value: str) -> None:
    assert kinds(component_type, {key: value}) == []


def test_a_sample_in_full() -> None:
    stack = parse_stack((SAMPLES / "zenml-0.13" / "aws_sagemaker.yaml").read_bytes())
    found = warnings_for(stack)
    assert [(w.kind, w.where) for w in found] == [
        ("plain secret", "artifact_store/s3_store: key"),
        ("plain secret", "artifact_store/s3_store: secret"),
        ("plain secret", "metadata_store/rds: password"),
    ]
    assert not any("example" in w.sentence for w in found)
