"""What is wrong with a configuration, by the light of its flavor; and that all of ZenML's own fits."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.client.definitions import flavors
from stackroom.client.definitions.definitions import FlavorDefinition
from stackroom.client.zenml import parse_stack
from stackroom.events.values import Value

SAMPLES = sorted((Path(__file__).parents[1] / "zenml" / "samples").rglob("*.yaml"))


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", SAMPLES, ids=named)
def test_what_zenml_wrote_fits(path: Path) -> None:
    for spec in parse_stack(path.read_bytes()).components:
        assert flavors.faults(spec.type, spec.flavor, spec.config) == []


@pytest.mark.parametrize("path", [p for p in SAMPLES if "reconstructed" not in str(p)], ids=named)
def test_the_version_that_wrote_it_knows_its_keys(path: Path) -> None:
    file = parse_stack(path.read_bytes())
    version = (file.zenml_version or "").rpartition(".")[0]
    for spec in file.components:
        known = flavors.known(spec.type, spec.flavor)
        if known is None:
            continue
        assert version in known.versions
        for key in spec.config:
            assert version in (known.attributes[key].versions or known.versions), key


def test_all_that_is_shipped() -> None:
    rows = list(flavors.rows())
    assert len(rows) == 95
    assert [name for type, name, _ in flavors.rows("feature_store")] == ["feast"]
    versions = {version for _, _, flavor in rows for version in flavor.versions}
    assert versions == {"0.10", "0.12", "0.13", "0.98"}
    s3 = flavors.known("artifact_store", "s3")
    assert s3 is not None
    assert s3.attributes["path"].required
    assert s3.attributes["secret"].secret
    assert not s3.attributes["key"].required


def said(type: str, flavor: str, config: dict[str, Value]) -> list[str]:
    return [str(fault) for fault in flavors.faults(type, flavor, config)]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"location": "eu"}, []),
        ({}, ["location is required"]),
        ({"location": "eu", "sychronous": True}, ["there is no attribute 'sychronous' (did you mean 'synchronous'?)"]),
        ({"location": "eu", "zzz": 1}, ["there is no attribute 'zzz'"]),
        ({"location": "eu", "gpu_limit": "four"}, ["gpu_limit must be a whole number"]),
        ({"location": "eu", "gpu_limit": 1.5}, ["gpu_limit must be a whole number"]),
        ({"location": "eu", "gpu_limit": 2.0}, []),
        ({"location": "eu", "gpu_limit": "4"}, []),
        ({"location": "eu", "gpu_limit": "{{vertex.gpus}}"}, []),
        ({"location": "eu", "gpu_limit": None}, []),
        ({"location": None}, ["location must be text"]),
        ({"location": ["eu"]}, ["location must be text"]),
        ({"location": 1}, []),
        ({"location": "eu", "labels": "a=b"}, ["labels must be a map"]),
        ({"location": "eu", "labels": '{"a": "b"}'}, []),
        ({"location": "eu", "labels": ["a"]}, ["labels must be a map"]),
        ({"location": "eu", "synchronous": "maybe"}, ["synchronous must be true or false"]),
        ({"location": "eu", "synchronous": "True"}, []),
        ({"location": "eu", "node_selector_constraint": "a"}, ["node_selector_constraint must be a list"]),
    ],
)  # fmt: skip
def test_faults(config: dict[str, Value], expected: list[str]) -> None:
    assert said("orchestrator", "vertex", config) == expected


@pytest.mark.parametrize(
    ("type", "flavor", "key", "text"),
    [
        ("orchestrator", "vm_aws", "accelerators", "V100:4"),
        ("orchestrator", "vm_gcp", "image_id", "projects/ml/global/images/zen"),
        ("orchestrator", "sagemaker", "input_data_s3_uri", "s3://acme/in"),
        ("step_operator", "sagemaker", "input_data_s3_uri", "s3://acme/in"),
    ],
)
def test_a_map_may_be_text_where_zenml_takes_either(
    type: str, flavor: str, key: str, text: str
) -> None:
    of: list[Value] = [text, {"a": "b"}]
    for value in of:
        assert key not in {f.key for f in flavors.faults(type, flavor, {key: value})}


def test_what_holds_a_credential() -> None:
    own = FlavorDefinition("t", "f", config_schema={"properties": {"pin": {"format": "password"}}})
    assert flavors.marked("experiment_tracker", "mlflow", "tracking_username")
    assert not flavors.marked("experiment_tracker", "mlflow", "tracking_uri")
    assert not flavors.marked("experiment_tracker", "mine", "tracking_username")
    assert flavors.marked("experiment_tracker", "mlflow", "pin", own)
    assert not flavors.marked("experiment_tracker", "mlflow", "tracking_username", own)


def test_of_an_unknown_flavor_nothing_is_wrong() -> None:
    assert said("orchestrator", "mine", {"anything": [1]}) == []
    assert said("my_type", "vertex", {"anything": [1]}) == []


class TestSchemas:
    SCHEMA: dict[str, Value] = {
        "type": "object",
        "properties": {
            "queue": {"type": "string"},
            "slots": {"type": "integer", "maximum": 8},
            "pod": {
                "type": "object",
                "properties": {"cpu": {}, "memory": {}},
                "patternProperties": {"^x_": {}},
                "required": ["cpu", "memory"],
                "additionalProperties": False,
            },
            "spot": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
            "mode": {"type": ["string", "null"]},
        },
        "required": ["queue"],
        "additionalProperties": False,
    }

    def faults(self, config: dict[str, Value], schema: dict[str, Value] | None = None) -> list[str]:
        own = FlavorDefinition("orchestrator", "vertex", config_schema=schema or self.SCHEMA)
        return [str(f) for f in flavors.faults("orchestrator", "vertex", config, own)]

    @pytest.mark.parametrize(
        ("config", "expected"),
        [
            ({"queue": "a"}, []),
            ({}, ["queue is required"]),
            ({"queue": 1}, ["queue must be of type string"]),
            ({"queue": "a", "slot": 1}, ["there is no attribute 'slot' (did you mean 'slots'?)"]),
            ({"queue": "a", "slots": 9}, ["slots breaks the rule 'maximum' of the schema"]),
            ({"queue": "a", "pod": {}}, ["pod.cpu is required", "pod.memory is required"]),
            ({"queue": "a", "pod": {"x_a": 1, "cpus": 1, "cpu": 1, "memory": 1}}, [
                "pod: there is no attribute 'cpus' (did you mean 'cpu'?)"
            ]),
            ({"queue": "a", "slots": "x"}, ["slots must be of type integer"]),
            ({"queue": "a", "slots": "4"}, []),
            ({"queue": "a", "slots": "{{batch.slots}}", "pod": "{{batch.pod}}"}, []),
            ({"queue": "a", "spot": "{{batch.spot}}"}, []),
            ({"queue": "a", "spot": "true"}, []),
            ({"queue": "a", "spot": None}, []),
            ({"queue": "a", "spot": "maybe"}, ["spot breaks the rule 'anyOf' of the schema"]),
            ({"queue": "a", "mode": 1}, ["mode must be of type string or null"]),
        ],
    )  # fmt: skip
    def test_a_teams_own_schema_goes_before_zenmls_flavor(
        self, config: dict[str, Value], expected: list[str]
    ) -> None:
        assert self.faults(config) == expected

    def test_without_a_schema_nothing_is_wrong(self) -> None:
        own = FlavorDefinition("orchestrator", "vertex")
        assert flavors.faults("orchestrator", "vertex", {"x": 1}, own) == []

    @pytest.mark.parametrize(
        ("schema", "expected"),
        [
            ({"type": "nonsense"}, "is no JSON Schema"),
            (
                {"$ref": "http://localhost:1/schema.json"},
                "refers to 'http://localhost:1/schema.json'",
            ),
            ({"$ref": "#/$defs/none"}, "refers to"),
            ({"$ref": "#"}, "refers to itself without end"),
            ({"allOf": [{"$ref": "#"}]}, "refers to itself without end"),
            ({"$id": "http://[bad", "properties": {"a": {"$ref": "b"}}}, "no address"),
            ({"properties": {"a": {"pattern": "["}}}, "is no JSON Schema"),
        ],
    )
    def test_a_schema_that_cannot_be_used(self, schema: dict[str, Value], expected: str) -> None:
        (fault,) = self.faults({"a": 1}, schema)
        assert expected in fault

    def test_its_attributes(self) -> None:
        own = FlavorDefinition("orchestrator", "vertex", config_schema=self.SCHEMA)
        found = flavors.attributes("orchestrator", "vertex", own)
        assert {key: (a.type, a.required) for key, a in found.items()} == {
            "queue": ("str", True),
            "slots": ("int", False),
            "pod": ("dict", False),
            "spot": ("any", False),
            "mode": ("any", False),
        }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
AT_HAND = [(type, name, of) for type, name, of in flavors.rows() if of.attributes]


@given(st.sampled_from(AT_HAND), st.data())
def test_any_value_has_an_answer_that_does_not_give_it_away(
    row: tuple[str, str, flavors.KnownFlavor], data: st.DataObject
) -> None:
    type, name, flavor = row
    keys = st.sampled_from(sorted(flavor.attributes)) | st.text(max_size=20)
    config = data.draw(st.dictionaries(keys, JSON, max_size=4))
    found = flavors.faults(type, name, config)
    needed = {key for key, of in flavor.attributes.items() if of.required}
    assert {fault.key for fault in found if fault.missing} == needed - set(config)
    assert {f.key for f in found if not f.missing} >= set(config) - set(flavor.attributes)
    assert all(fault.nearest in ("", *flavor.attributes) for fault in found)


@given(st.sampled_from(AT_HAND), st.data())
def test_a_misspelt_key_finds_its_way_back(
    row: tuple[str, str, flavors.KnownFlavor], data: st.DataObject
) -> None:
    type, name, flavor = row
    key = data.draw(st.sampled_from(sorted(flavor.attributes)))
    misspelt = key.replace("_", "-") if "_" in key else key + key[-1]
    (fault,) = (f for f in flavors.faults(type, name, {misspelt: "{{a.b}}"}) if not f.missing)
    assert (fault.key, fault.nearest) == (misspelt, key)
