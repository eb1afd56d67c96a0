"""What counts as a credential in plain text: each row of the table in `docs/secrets.md`."""

import json
import re
import time
from pathlib import Path

import pytest

from stackroom.events.deciding.check import Accepted, Rejected
from stackroom.events.model import (
    ComponentRegistered,
    ComponentUpdated,
    FlavorRegistered,
    ProfileUpdated,
)
from stackroom.events.secrets.credential_formats import FORMATS
from stackroom.events.secrets.credentials import located, plaintext, why
from stackroom.events.values import Value
from tests.events.world import PROFILE, S3, started, uid

PAGE = (Path(__file__).parents[2] / "docs" / "secrets.md").read_text()
ROWS = re.findall(r"^\| (\w+) \| `([^`]+)` \| `([^`]*)` \| ([^|]+) \|$", PAGE, re.MULTILINE)
PLAIN = ("its key names a credential", "it looks like ", "it gives a value to ")


def typed(text: str) -> Value:
    """The value that a cell of the table means; text unless it is a number or a boolean of JSON."""
    return json.loads(text) if re.fullmatch(r"true|[0-9]+", text) else text


@pytest.mark.parametrize(("type", "keys", "value", "said"), ROWS, ids=lambda v: str(v)[:30])
def test_each_row_of_the_page(type: str, keys: str, value: str, said: str) -> None:
    found = why(type, tuple(keys.split("/")), typed(value))
    if said.startswith(PLAIN):
        assert found == said.strip()
    else:
        assert found is None


def test_there_are_rows_of_both_kinds() -> None:
    plain = [row for row in ROWS if row[3].startswith(PLAIN)]
    assert 5 < len(plain) < len(ROWS) - 5


SAMPLES = {
    "a GitHub token": "ghp_" + "a1" * 18,
    "a GitLab token": "glpat-" + "a1" * 10,
    "a Slack token": "xoxb-1234567890-abcdefgh",
    "a Slack webhook": "https://hooks.slack.com/services/T00000000/B00000000/" + "x" * 24,
    "a Discord webhook": "https://discord.com/api/webhooks/123/" + "x" * 60,
    "a Google API key": "AIza" + "b" * 35,
    "a Google OAuth secret": "GOCSPX-" + "c" * 28,
    "an Azure storage key": "AccountKey=" + "d" * 86 + "==",
    "an Azure access signature": "https://x.blob.core.windows.net/c?sv=1&sig=" + "e" * 44,
    "an OpenAI key": "sk-proj-" + "f" * 48,
    "an Anthropic key": "sk-ant-" + "g" * 60,
    "a Hugging Face token": "hf_" + "h" * 34,
    "a Databricks token": "dapi" + "0" * 32,
    "an npm token": "npm_" + "i" * 36,
    "a PyPI token": "pypi-AgE" + "j" * 60,
    "a SendGrid key": "SG." + "k" * 22 + "." + "l" * 43,
    "a Stripe key": "sk_live_" + "m" * 24,
    "a Stackroom token": "srm_" + "n" * 47,
    "a JSON Web Token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.SflKxwRJSMeKKF2QT4",
    "an authorization header": "Bearer " + "o" * 24,
    "a Telegram token": "123456789:AA" + "p" * 33,
    "a Twilio key": "SK" + "a1" * 16,
    "a Mailchimp key": "a1" * 16 + "-us12",
    "an Azure client secret": "abc8Q~" + "q" * 34,
    "a Groq key": "gsk_" + "r" * 52,
    "an NVIDIA key": "nvapi-" + "s" * 64,
    "a Replicate token": "r8_" + "t" * 37,
    "a Docker Hub token": "dckr_pat_" + "u" * 27,
    "a Vault token": "hvs." + "v" * 90,
    "a Grafana token": "glsa_" + "w" * 32 + "_0a1b2c3d",
    "a DigitalOcean token": "dop_v1_" + "a1" * 32,
    "a ZenML key": "ZENKEY_" + "x" * 40,
    "a private key": "-----BEGIN RSA PRIVATE KEY-----\nabc",
    "an AWS access key": "AKIAIOSFODNN7EXAMPLE",
}


@pytest.mark.parametrize("what", [format.what for format in FORMATS])
def test_each_format_is_told(what: str) -> None:
    text = SAMPLES[what]
    told = why("orchestrator", ("note",), f"see {text}" if what != "a private key" else text)
    assert told == f"it looks like {what}"
    assert why("orchestrator", ("note",), text[:8]) is None


@pytest.mark.parametrize(
    "text",
    [
        "gs://acme-ml/zenml", "arn:aws:iam::123456789012:role/ml", "skills-and-tools", "sk-learn",
        "https://mlflow.example.org/path", "eu-west-1", "0123456789abcdef0123456789abcdef",
        "git@github.com:acme/ml.git", "projects/acme/secrets/x", "task-" + "a" * 60,
    ],
)  # fmt: skip
def test_what_only_resembles_one_is_none(text: str) -> None:
    assert why("orchestrator", ("note",), text) is None


SECRET_ENV: Value = [
    {"name": "REGION", "value": "eu-west-1"},
    {"name": "DB_PASSWORD", "value": "hunter2"},
    {"name": "DB_PASSWORD", "value": "{{db.password}}"},
    {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "db", "key": "api"}}},
]


@pytest.mark.parametrize(
    ("config", "places"),
    [
        ({"pod_settings": {"env": SECRET_ENV}}, ["pod_settings/env/1/value"]),
        ({"run_args": {"environment": ["A=b", "DB_PASSWORD=hunter2", "X_TOKEN=${X_TOKEN}"]}}, ["run_args/environment/1"]),
        ({"args": ["--api-key=abc", "--key=value", "--sort-key=day"]}, ["args/0"]),
        ({"tolerations": [{"key": "pool", "operator": "Equal", "value": "gpu"}]}, []),
        ({"affinity": {"topologyKey": "kubernetes.io/hostname"}}, []),
        ({"key": "AKIA", "client_kwargs": {"key": "x"}}, ["key", "client_kwargs/key"]),
        ({"api_keys": ["a", "b"], "passwords": []}, ["api_keys/0", "api_keys/1"]),
        ({"args": "--uri postgres://me:hunter2@db/x --n 3"}, ["args"]),
        ({"args": "--uri postgres://me:${PW}@db/x --n 3"}, []),
    ],
)  # fmt: skip
def test_places_in_a_configuration(config: Value, places: list[str]) -> None:
    assert ["/".join(keys) for keys, _ in located("orchestrator", config)] == places


def test_names_in_any_case_and_numbered() -> None:
    for name in ("APIKey", "apiKEY", "db_password", "DB-PASSWORD", "secretKey2", "sas_token_v2"):
        assert why("orchestrator", (name,), "x") is not None, name
    for name in ("APIKeyName", "tokenizer", "keystone", "secretary", "2", "monkey"):
        assert why("orchestrator", (name,), "x") is None, name


@pytest.mark.parametrize(
    "unit",
    [
        "-eyJ" + "a" * 10, "eyJaaaaaaaaaaa.", "//a:", "//", "//a:b", "a=", "-----BEGIN A ", "A ", "?sig=",
        "xoxb-", "SG.", "SG." + "a" * 20, "0:AA", "~Q~", "abc0Q~a", "hf_", "npm_", "Bearer ", "-us1", "/a", "{{",
        "SK", "ghp_", "glsa_", "hvs.", "_v1_", "https://discord.com/api/webhooks/1",
    ],
)  # fmt: skip
def test_a_long_value_costs_in_proportion_to_its_length(unit: str) -> None:
    """A quadratic pattern takes minutes for these; the bound is for the slowest of machines."""
    begun = time.process_time()
    why("orchestrator", ("password",), unit * (1_000_000 // len(unit)))
    why("orchestrator", ("note",), unit * (1_000_000 // len(unit)))
    assert time.process_time() - begun < 5


def test_every_field_is_looked_at() -> None:
    key = "AKIAIOSFODNN7EXAMPLE"
    change = ComponentRegistered(
        "c", "orchestrator", "x", {"a": {"b": key}}, {"l": key}, {"e": [key]}
    )
    assert [p.path for p in plaintext(change)] == ["/config/a/b", "/labels/l", "/extra/e/0"]
    schema: Value = {"properties": {"url": {"default": "https://me:hunter2@x"}}}
    flavor = FlavorRegistered("f", "alerter", f"x?{key}", config_schema=schema)
    assert [p.path for p in plaintext(flavor)] == [
        "/source",
        "/config_schema/properties/url/default",
    ]
    assert list(plaintext(ComponentUpdated({"/labels/password": "x"}))) == []


def test_a_profile_can_refuse_it() -> None:
    world = started()
    secret = ComponentUpdated({"/config/secret": "hunter2"})
    assert isinstance(world.do("ann", (S3, secret)), Accepted)
    world.do("ann", (PROFILE, ProfileUpdated({"/settings/secrets": "refuse"})))
    for change in (
        (S3, ComponentUpdated({"/config/secret": "other"})),
        (uid(99), ComponentRegistered("x", "artifact_store", "s3", {"token": "t"})),
    ):
        outcome = world.do("ann", change)
        assert isinstance(outcome, Rejected)
        assert outcome.refusal.code == "plaintext_secret"
        assert "other" not in outcome.refusal.sentence
    assert isinstance(
        world.do("ann", (S3, ComponentUpdated({"/config/secret": "{{a.b}}"}))), Accepted
    )
