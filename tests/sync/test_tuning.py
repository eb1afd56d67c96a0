"""hub.toml and --set: what is taken, and the sentence for what is not."""

from pathlib import Path

import pytest

from stackroom.sync.errors import BadSetting
from stackroom.sync.hosting.tuning import tuned
from stackroom.sync.settings import Settings


def test_nothing_said_is_the_defaults(tmp_path: Path) -> None:
    found = tuned(tmp_path, {})
    assert (found.settings, found.sources) == (Settings(), {})


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text(
        'port = 1\nconnections_user = 7\nallowed_hosts = ["a.example"]\n'
    )
    said = {"port": 0, "host": None, "insecure": False, "allowed_origins": ("https://b.example",)}
    found = tuned(
        tmp_path, said, ["connections-user=9", "slow_patience=2.5", "trusted_proxies=::1, 10.0.0.1"]
    )
    settings = found.settings
    assert (settings.port, settings.connections_user, settings.slow_patience) == (0, 9, 2.5)
    assert settings.allowed_hosts == {"a.example"}
    assert settings.allowed_origins == {"https://b.example"}
    assert settings.trusted_proxies == {"::1", "10.0.0.1"}
    assert found.source("allowed_hosts") == "hub.toml"
    assert found.source("port") == found.source("connections_user") == "command line"
    assert found.source("host") == "default"


@pytest.mark.parametrize(("text", "sentence"), [
    ("connection_user=5", "no setting 'connection_user'"),
    ("connections_user=many", "takes a whole number, not 'many'"),
    ("connections_user=2.5", "takes a whole number"),
    ("connections_user=0", "more than 0"),
    ("connections_user=-1", "more than 0"),
    ("messages_second=nan", "more than 0"),
    ("messages_second=inf", "a number that ends"),
    ("insecure=perhaps", "true or false"),
    ("connections_user", "NAME=VALUE"),
    ("failure_delay_most=60", "below hello_timeout"),
    ("message_bytes=1000", "push_bytes must be below"),
    ("tls_cert=x.pem", "go together"),
    ("=", "no setting ''"),
])  # fmt: skip
def test_what_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence) as refused:
        tuned(tmp_path, {}, [text])
    assert refused.value.hint
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(("text", "sentence"), [
    ("connections_user =", "not TOML"),
    ('connections_user = "5"', "takes a whole number"),
    ("insecure = 1", "true or false"),
    ("allowed_hosts = 'a'", "a list of texts"),
    ("[limits]\nx = 1", "no setting 'limits'"),
])  # fmt: skip
def test_a_file_that_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "hub.toml").write_text(text)
    with pytest.raises(BadSetting, match=sentence):
        tuned(tmp_path, {})


def test_a_misspelt_name_is_told_the_near_one(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as refused:
        tuned(tmp_path, {}, ["connection_user=5"])
    assert refused.value.hint == "did you mean 'connections_user'?"
