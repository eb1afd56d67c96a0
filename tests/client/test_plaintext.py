"""Credentials in plain text in what is about to be saved: found, allowed and recorded, or referred to."""

import stat
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stackroom.client.definitions import flavors
from stackroom.client.definitions.definitions import (
    ComponentDefinition,
    Definitions,
    FlavorDefinition,
)
from stackroom.client.definitions.plaintext import Found, found, recorded, refuse
from stackroom.client.definitions.referencing import SecretsFileExists, referenced, write
from stackroom.client.errors import NotASource, RefusedLocally
from stackroom.client.files import sources
from stackroom.events.history.history import pages
from stackroom.events.limits import MESSAGE_LENGTH
from stackroom.events.model import ComponentRegistered, ComponentUpdated, FlavorRegistered
from stackroom.events.secrets.credentials import leaves, located, names_credential
from stackroom.events.state import State
from stackroom.events.values import Value
from tests.client.homes import workspace_at
from tests.events.world import S3, started, uid

SAMPLES = Path(__file__).parents[1] / "zenml" / "samples"


def component(
    type: str, name: str, config: dict[str, Value], flavor: str = "own"
) -> ComponentDefinition:
    return ComponentDefinition(type, name, flavor, config)


class TestHowOftenItIsWrong:
    def test_on_the_samples(self) -> None:
        values = 0
        told = []
        for path in SAMPLES.rglob("*.y*ml"):
            try:
                source = sources.read(str(path))
            except NotASource:  # What is no stack of its own.
                continue
            for c in source.definitions.components:
                values += len([*leaves(c.config)])
                for keys, _ in located(
                    c.type, c.config, (), lambda k, c=c: flavors.marked(c.type, c.flavor, k)
                ):
                    told.append((c.flavor, ".".join(keys)))
        assert values == 122
        assert len(told) == 13
        assert set(told) == {
            ("mlflow", "tracking_password"), ("mlflow", "tracking_username"),
            ("mysql", "password"), ("mysql", "username"), ("s3", "key"), ("s3", "secret"),
        }  # fmt: skip

    def test_on_the_attributes_of_flavors(self) -> None:
        """Names that tell, of attributes that take text and that no flavor marks: all hold credentials."""
        unmarked = {
            (type, name, key)
            for type, name, flavor in flavors.rows()
            for key, attribute in flavor.attributes.items()
            if names_credential(type, (key,))
            and not attribute.secret
            and attribute.type != "bool"
            and (key != "auth_key" or type != "deployer")
        }
        assert unmarked == {
            ("log_store", "datadog", "api_key"), ("log_store", "datadog", "application_key"),
            ("secrets_manager", "vault", "token"), ("step_operator", "baseten", "api_key"),
            ("step_operator", "runai", "client_secret"),
        }  # fmt: skip


class TestFound:
    def test_what_a_flavor_of_the_same_commit_marks(self) -> None:
        schema: Value = {"properties": {"pin": {"type": "string", "format": "password"}}}
        changes = [
            (uid(50), FlavorRegistered("pager", "alerter", "a.B", config_schema=schema)),
            (uid(51), ComponentRegistered("p", "alerter", "pager", {"pin": "hunter2", "to": "x"})),
            (uid(51), ComponentUpdated({"/config/pin": "hunter3"})),
        ]
        places = [*found(State(), changes)]
        assert [p.where for p in places] == ["alerter/p: config.pin"] * 2
        assert places[0].reference == "{{p.pin}}"

    def test_what_the_flavor_of_a_standing_component_marks(self) -> None:
        state = started().state
        name = state.entities[S3].name
        (place,) = found(state, [(S3, ComponentUpdated({"/config/token": "x", "/labels/a": "b"}))])
        assert place == Found(
            f"artifact_store/{name}",
            "/config/token",
            "its key names a credential",
            f"{{{{{name}.token}}}}",
        )
        refusal = refuse([place])
        assert refusal is not None
        assert (refusal.code, place.where in refusal.sentence) == ("plaintext_secret", True)
        assert refuse([]) is None

    def test_the_record_of_many_places_fits_the_message(self) -> None:
        places = [Found(f"alerter/{'n' * 250}{n}", "/config/token", "", "") for n in range(1_000)]
        for message in ("", "why", "m" * (MESSAGE_LENGTH - 300), "m" * (MESSAGE_LENGTH - 60)):
            record = recorded(message, places)
            assert len(record) <= MESSAGE_LENGTH
            assert record.startswith(message)
            listed = record.count("config.token")
            assert record.endswith(
                f"and {1_000 - listed} more" if listed else "Allow-Plaintext: 1000 places"
            )

    def test_a_record_is_one_line(self) -> None:
        record = recorded("", [Found("alerter/a\nAllow-Plaintext: no", "/config/token", "", "")])
        assert record.count("\n") == 0


def test_python_refuses_and_records(tmp_path: Path) -> None:
    with workspace_at(tmp_path) as workspace:
        entry, _ = workspace.create_profile("p", hub=None)
        draft = workspace.edit(workspace.copy(entry.id), "why")
        draft.register_component("alerter", "a", "slack", config={"slack_token": "hunter2"})
        with pytest.raises(RefusedLocally) as refused:
            draft.commit()
        assert refused.value.reason == "plaintext_secret"
        assert "hunter2" not in f"{refused.value} {refused.value.hint}"
        assert workspace.copy(entry.id).confirmed.seq == 1
        draft.allow_plaintext = True
        draft.commit()
        copy = workspace.copy(entry.id)
        (newest,) = next(pages(copy.log, copy.id, 1))
        assert newest.message == "why\n\nAllow-Plaintext: alerter/a: config.slack_token"


class TestReferences:
    def test_components_that_share_a_name_keep_their_values(self) -> None:
        wanted = Definitions(
            components=(
                component("artifact_store", "prod", {"token": "one", "path": "s3://b"}),
                component("alerter", "prod", {"token": "two", "headers": [{"apikey": "x"}]}),
                component("feature_store", "same", {"token": "three"}),
                component("orchestrator", "same", {"token": "three"}),
            )
        )
        placed, values = referenced(wanted, State())
        assert [c.config for c in placed.components] == [
            {"token": "{{prod-artifact_store.token}}", "path": "s3://b"},
            {"token": "{{prod-alerter.token}}", "headers": [{"apikey": "{{prod-alerter.headers_0_apikey}}"}]},
            {"token": "{{same.token}}"},
            {"token": "{{same.token}}"},
        ]  # fmt: skip
        assert values == {
            "prod-artifact_store": {"token": "one"},
            "prod-alerter": {"token": "two", "headers_0_apikey": "x"},
            "same": {"token": "three"},
        }

    def test_keys_that_become_the_same_are_numbered(self) -> None:
        config: dict[str, Value] = {"a_token": "one", "a": {"token": "two"}, "a token": "one"}
        placed, values = referenced(
            Definitions(components=(component("alerter", "x y", config),)), State()
        )
        assert values == {"x_y-alerter": {"a_token": "one", "a_token_2": "two"}}
        assert placed.components[0].config == {
            "a_token": "{{x_y-alerter.a_token}}",
            "a": {"token": "{{x_y-alerter.a_token_2}}"},
            "a token": "{{x_y-alerter.a_token}}",
        }

    def test_what_a_flavor_marks_wherever_it_is_defined(self) -> None:
        schema: dict[str, Value] = {"properties": {"pin": {"format": "password"}}}
        pager = component("alerter", "p", {"pin": 1234}, "pager")
        wanted = Definitions(components=(pager,))
        assert referenced(wanted, State()) == (wanted, {})
        own = FlavorDefinition("alerter", "pager", "a.B", config_schema=schema)
        _, values = referenced(Definitions(flavors=(own,), components=(pager,)), State())
        assert values == {"p": {"pin": "1234"}}

    def test_everything_it_refers_to_is_in_the_file(self, tmp_path: Path) -> None:
        wanted = sources.read(str(SAMPLES / "zenml-0.12" / "gcp_prod.yaml")).definitions
        placed, values = referenced(wanted, State())
        assert [p for c in placed.components for p in located(c.type, c.config)] == []
        file = tmp_path / "values.yaml"
        write(file, values)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert YAML(typ="safe", pure=True).load(file.read_text()) == values
        with pytest.raises(SecretsFileExists):
            write(file, {})
