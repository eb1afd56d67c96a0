"""What counts as a credential in plain text: each row of the table in `docs/secrets.md`."""

import re
from pathlib import Path

import pytest

from stackroom.events.check import Accepted, Rejected
from stackroom.events.credentials import FORMATS, plaintext, why
from stackroom.events.model import ComponentRegistered, ComponentUpdated, ProfileUpdated
from stackroom.events.values import Value
from tests.events.world import PROFILE, S3, started, uid

PAGE = (Path(__file__).parents[2] / "docs" / "secrets.md").read_text()
ROWS = re.findall(r"^\| (\w+) \| `([^`]+)` \| `([^`]*)` \| ([^|]+) \|$", PAGE, re.MULTILINE)
PLAIN = ("its key names a credential", "it looks like ")


def typed(text: str) -> Value:
    return True if text == "true" else text


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
    "a private key": "-----BEGIN RSA PRIVATE KEY-----\nabc",
    "an AWS access key": "AKIAIOSFODNN7EXAMPLE",
}


@pytest.mark.parametrize("what", [what for what, _ in FORMATS])
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


def test_every_field_is_looked_at() -> None:
    key = "AKIAIOSFODNN7EXAMPLE"
    change = ComponentRegistered(
        "c", "orchestrator", "x", {"a": {"b": key}}, {"l": key}, {"e": [key]}
    )
    assert [p.path for p in plaintext(change)] == ["/config/a/b", "/labels/l", "/extra/e/0"]
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
